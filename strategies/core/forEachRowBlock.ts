import { gatherRows } from "./rowMatrix";
import { embeddingInput } from "./scoreInputs";
import type { Pool, SelectContext } from "./types";

/** Rows gathered at a time: 4,096 × 512 float32 are 8 MiB. */
export const ROW_BLOCK = 4096;

/**
 * Calls `use` with the embeddings of the rows, block by block, as float32. The block is one reused array.
 *
 * @param rows best in ascending order, so that neighbours are read in one view.
 * @param use  gets the values ((end − start) × d) of rows[start … end − 1].
 * @throws E_EMBEDDING_ROWS when one of them holds NaN, infinity or a value too large for float32.
 */
export async function forEachRowBlock(
  context: SelectContext,
  pool: Pool,
  rows: Uint32Array,
  use: (values: Float32Array, start: number, end: number) => void,
): Promise<void> {
  const { matrix, check } = embeddingInput(pool);
  const d = matrix.dim;
  const buffer = new Float32Array(Math.min(rows.length, ROW_BLOCK) * d);
  for (let start = 0; start < rows.length; start += ROW_BLOCK) {
    context.checkAbort();
    const end = Math.min(rows.length, start + ROW_BLOCK);
    const values = buffer.subarray(0, (end - start) * d);
    await gatherRows(matrix, rows.subarray(start, end), values);
    for (let i = start; i < end; i++) check(values, i - start, d, rows[i]);
    use(values, start, end);
    context.progress("rows", end, rows.length);
  }
}
