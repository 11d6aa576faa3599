import { gatherRows, readView } from "../core/rowMatrix";
import { StrategyError } from "../core/strategyError";
import type { RowMatrix } from "../core/types";
import type { Floats, Kernels } from "../kernels/types";
import { allocFloats } from "./algebra/floats";
import type { Precision } from "./algebra/types";

/** Rows copied at a time. */
const BLOCK_ROWS = 4096;

/**
 * Rows of a matrix in one array, in the order given, in the wanted precision. Runs of consecutive rows are copied whole.
 *
 * @throws E_EMBEDDING_ROWS when a value is NaN, infinite or too large for its squared norm to be finite.
 */
export async function gatherFeatures(
  kernels: Kernels,
  matrix: RowMatrix,
  rows: Uint32Array,
  precision: Precision,
): Promise<Floats> {
  const { dim } = matrix;
  const out = allocFloats(kernels, precision, rows.length * dim);
  for (let at = 0; at < rows.length; ) {
    const first = rows[at];
    const shard = matrix.shards.find(({ start, end }) => first >= start && first < end);
    const last = Math.min(rows.length - at, BLOCK_ROWS, shard === undefined ? 0 : shard.end - first);
    let run = 1;
    while (run < last && rows[at + run] === first + run) run++;
    if (run >= 16) {
      out.set(await readView(matrix, first, first + run), at * dim);
    } else {
      run = Math.min(BLOCK_ROWS, rows.length - at);
      await gatherRows(matrix, rows.subarray(at, at + run), out.subarray(at * dim, (at + run) * dim));
    }
    at += run;
  }
  const mark = kernels.mark();
  const squares = allocFloats(kernels, precision, rows.length);
  kernels.rowSquares({ x: out, n: rows.length, d: dim, out: squares });
  const bad = squares.findIndex((value) => !Number.isFinite(value));
  kernels.release(mark);
  if (bad >= 0) {
    throw new StrategyError(
      "E_EMBEDDING_ROWS",
      `Row ${rows[bad]} of the embeddings holds NaN, infinity or a value too large for its squared length; finite values were expected. Recompute the features of this item.`,
      { row: rows[bad] },
    );
  }
  return out;
}
