import { squaredDistance } from "../core/embeddingBlock";
import { gatherRows } from "../core/rowMatrix";
import type { RowMatrix } from "../core/types";

/** Added to the mean distance, so that coinciding rows have a finite typicality. */
const TYPICALITY_FLOOR = 1e-5;

/**
 * 1 / (mean distance of a row to its neighbours + 1e-5) in float64; null without neighbours.
 *
 * @param rows     pool row of every position.
 * @param isSquared mean of squared distances, as in the released code.
 */
export async function exactTypicality(
  embeddings: RowMatrix,
  rows: Uint32Array,
  pick: { readonly index: number; readonly neighbours: Int32Array },
  isSquared: boolean,
): Promise<number | null> {
  const m = pick.neighbours.length;
  if (m === 0) return null;
  const d = embeddings.dim;
  const values = new Float64Array((m + 1) * d);
  await gatherRows(
    embeddings,
    Uint32Array.from([pick.index, ...pick.neighbours], (i) => rows[i]),
    values,
  );
  let sum = 0;
  for (let j = 1; j <= m; j++) {
    const squared = squaredDistance(values, 0, j, d);
    sum += isSquared ? squared : Math.sqrt(squared);
  }
  return 1 / (sum / m + TYPICALITY_FLOOR);
}
