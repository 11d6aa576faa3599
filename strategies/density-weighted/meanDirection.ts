import { hasBit } from "../core/bitmap";
import { blocksOf, readView } from "../core/rowMatrix";
import { embeddingInput } from "../core/scoreInputs";
import type { Pool, SelectContext } from "../core/types";

/** Components of unit vectors are summed as whole multiples of this: exact up to 2²⁴ rows, so in any order. */
const UNIT = 2 ** -29;

/**
 * Mean of the eligible rows scaled to length 1, in one streaming pass: its product with a row of length 1 is that row's
 * mean cosine to the pool. Rows of length 0 count as 0.
 *
 * The sums are exact, so that shards and the numbering of the rows cannot change them. Memory: d numbers and one block.
 * @throws E_EMBEDDING_ROWS naming the first eligible row that is not finite.
 */
export async function meanDirection(context: SelectContext, pool: Pool): Promise<Float64Array> {
  const { matrix, check } = embeddingInput(pool);
  const d = matrix.dim;
  const sums = new Float64Array(d);
  let n = 0;
  for (const block of blocksOf(matrix)) {
    context.checkAbort();
    const values = await readView(matrix, block.start, block.end);
    for (let i = 0; i < block.end - block.start; i++) {
      if (!hasBit(pool.eligible, block.start + i)) continue;
      check(values, i, d, block.start + i);
      const scale = inverseLength(values, i * d, d) / UNIT;
      for (let j = 0; j < d; j++) sums[j] += Math.round(values[i * d + j] * scale);
      n++;
    }
    context.progress("density", block.end, matrix.n);
  }
  return sums.map((sum) => (n === 0 ? 0 : (sum * UNIT) / n));
}

/** 1 / |x| of the d values at an offset; 0 for a row of length 0. */
export function inverseLength(values: ArrayLike<number>, offset: number, d: number): number {
  let square = 0;
  for (let j = offset; j < offset + d; j++) square += values[j] * values[j];
  return square > 0 ? 1 / Math.sqrt(square) : 0;
}
