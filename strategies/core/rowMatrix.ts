import { StrategyError } from "./strategyError";
import type { RowMatrix, RowRange } from "./types";

/** Rows in one block of a streaming pass: a block of 65,536 × 10 float32 is 2.6 MB. */
export const BLOCK_ROWS = 65536;

/** Rows of a gap that is read rather than skipped when rows are gathered. */
const GATHER_GAP_MAX = 32;

/**
 * A matrix held in one array.
 *
 * @param data     n × dim, row-major.
 * @param shardRows rows per shard; by default one shard.
 * @throws E_ARRAY_SHAPE when data does not have n · dim values.
 */
export function arrayMatrix(data: Float32Array | Float64Array, n: number, dim: number, shardRows = n): RowMatrix {
  if (data.length !== n * dim) {
    throw new StrategyError(
      "E_ARRAY_SHAPE",
      `A ${n} × ${dim} matrix needs ${n * dim} values; the array has ${data.length}.`,
      { n, dim, values: data.length },
    );
  }
  return {
    n,
    dim,
    dtype: data instanceof Float64Array ? "f64" : "f32",
    shards: evenShards(n, shardRows),
    view: (start, end) => data.subarray(start * dim, end * dim),
  };
}

/** Ranges of `shardRows` rows that cover 0 … n − 1; the last may be shorter. */
export function evenShards(n: number, shardRows: number): RowRange[] {
  const shards: RowRange[] = [];
  for (let start = 0; start < n; start += Math.max(1, shardRows)) {
    shards.push({ start, end: Math.min(n, start + Math.max(1, shardRows)) });
  }
  return shards;
}

/** The blocks of a streaming pass: never across a shard, never more than `blockRows` rows, ascending. */
export function blocksOf(matrix: Pick<RowMatrix, "shards">, blockRows = BLOCK_ROWS): RowRange[] {
  const blocks: RowRange[] = [];
  for (const shard of matrix.shards) {
    for (let start = shard.start; start < shard.end; start += blockRows) {
      blocks.push({ start, end: Math.min(shard.end, start + blockRows) });
    }
  }
  return blocks;
}

/** The rows that all matrices cover, cut wherever one of them has a shard boundary. */
export function sharedShards(matrices: readonly RowMatrix[]): readonly RowRange[] {
  if (matrices.length === 1) return matrices[0].shards;
  const n = Math.min(...matrices.map((matrix) => matrix.n));
  const ends = new Set(matrices.flatMap((matrix) => matrix.shards.map((shard) => Math.min(n, shard.end))));
  const sorted = [...ends].filter((end) => end > 0).sort((a, b) => a - b);
  return sorted.map((end, i) => ({ start: i === 0 ? 0 : sorted[i - 1], end }));
}

/**
 * Copies rows of a matrix, in the order given, into out (rows.length × dim). Neighbouring rows are read in one view.
 *
 * @throws E_ARRAY_SHAPE when a row lies outside the matrix or a view has the wrong length.
 */
export async function gatherRows(
  matrix: RowMatrix,
  rows: Uint32Array,
  out: Float32Array | Float64Array,
): Promise<void> {
  const { dim } = matrix;
  const order = Array.from(rows, (_, i) => i).sort((a, b) => rows[a] - rows[b]);
  let shard = 0;
  for (let i = 0; i < order.length; ) {
    const first = rows[order[i]];
    while (shard < matrix.shards.length && matrix.shards[shard].end <= first) shard++;
    if (shard >= matrix.shards.length || first < matrix.shards[shard].start) {
      throw new StrategyError("E_ARRAY_SHAPE", `Row ${first} lies outside a matrix of ${matrix.n} rows.`, {
        row: first,
        n: matrix.n,
      });
    }
    const shardEnd = matrix.shards[shard].end;
    let next = i + 1;
    let last = first;
    while (next < order.length) {
      const row = rows[order[next]];
      if (row >= shardEnd || row - last > GATHER_GAP_MAX || row - first >= BLOCK_ROWS) break;
      last = row;
      next++;
    }
    const view = await readView(matrix, first, last + 1);
    for (; i < next; i++) {
      const from = (rows[order[i]] - first) * dim;
      const to = order[i] * dim;
      for (let j = 0; j < dim; j++) out[to + j] = view[from + j];
    }
  }
}

/** One view of the matrix, its length checked. */
export async function readView(matrix: RowMatrix, start: number, end: number): Promise<Float32Array | Float64Array> {
  const view = await matrix.view(start, end);
  if (view.length !== (end - start) * matrix.dim) {
    throw new StrategyError(
      "E_ARRAY_SHAPE",
      `The view of rows ${start} … ${end - 1} has ${view.length} values; ${(end - start) * matrix.dim} were expected.`,
      { start, end, values: view.length, dim: matrix.dim },
    );
  }
  return view;
}
