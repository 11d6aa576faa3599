import type { Kernels } from "../kernels/types";
import { gatherRows } from "./rowMatrix";
import { embeddingInput } from "./scoreInputs";
import type { Pool } from "./types";

/** Rows read at a time, so that a float32 source never exists twice in full. */
const GATHER_ROWS = 4096;

/** Float64 numbers in the kernels' own memory while there is room, else an ordinary array. */
export function kernelDoubles(kernels: Kernels, n: number): Float64Array {
  try {
    return kernels.allocF64(n);
  } catch (error) {
    if (error instanceof RangeError) return new Float64Array(n);
    throw error;
  }
}

/**
 * Hands the embeddings of rows to `use` block by block, in the order given, as float64.
 *
 * @param use gets block.length / d rows, the first being rows[start]; the block is reused.
 * @throws E_EMBEDDING_ROWS naming the first row that is not finite.
 */
export async function eachEmbeddingBlock(
  pool: Pool,
  rows: Uint32Array,
  use: (block: Float64Array, start: number, count: number) => void,
): Promise<void> {
  const { matrix, check } = embeddingInput(pool);
  const d = matrix.dim;
  const buffer = new Float64Array(Math.min(rows.length, GATHER_ROWS) * d);
  for (let start = 0; start < rows.length; start += GATHER_ROWS) {
    const count = Math.min(GATHER_ROWS, rows.length - start);
    const block = buffer.subarray(0, count * d);
    await gatherRows(matrix, rows.subarray(start, start + count), block);
    for (let i = 0; i < count; i++) check(block, i, d, rows[start + i]);
    use(block, start, count);
  }
}
