import type { Kernels } from "../kernels/types";
import { gatherRows } from "./rowMatrix";
import { StrategyError } from "./strategyError";
import type { RowMatrix } from "./types";

/** Rows gathered into one float32 matrix for the kernels. */
export interface EmbeddingBlock {
  readonly rows: Uint32Array;
  readonly n: number;
  readonly d: number;
  /** n × d, shifted by `shift`: distances are unchanged and keep their digits when all values share a large offset. */
  readonly x: Float32Array;
  /** Squared norms of the shifted rows. */
  readonly norms: Float32Array;
  readonly shift: Float64Array;
}

/**
 * Largest squared length of a vector that every distance kernel can take. Shifted by a mean of such vectors a row's squared
 * norm grows at most fourfold, and the squared distance of two rows at most fourfold again: below float32's 2^128.
 */
export const EMBEDDING_SQUARED_NORM_MAX = 2 ** 123;

/** Rows gathered at a time, so that a float64 source never exists twice in full. */
const GATHER_ROWS = 8192;

/** First rows averaged to find the shift. */
const SHIFT_ROWS = 256;

/**
 * Gathers rows of the embeddings for the distance kernels.
 *
 * @param rows  in the order wanted; geometric strategies give them by item key, so that sums and ties do not depend on
 *              positions.
 * @param shift subtracted from every row; by default the mean of the first 256 rows.
 * @throws E_EMBEDDING_ROWS when a value is NaN or infinite.
 */
export async function gatherEmbeddings(
  kernels: Kernels,
  matrix: RowMatrix,
  rows: Uint32Array,
  shift?: Float64Array,
): Promise<EmbeddingBlock> {
  const n = rows.length;
  const d = matrix.dim;
  const x = kernelFloats(kernels, n * d);
  const norms = kernelFloats(kernels, n);
  const source = new Float64Array(Math.min(n, GATHER_ROWS) * d);
  const origin = shift ?? (await meanOfFirst(matrix, rows.subarray(0, SHIFT_ROWS)));
  for (let start = 0; start < n; start += GATHER_ROWS) {
    const end = Math.min(n, start + GATHER_ROWS);
    const block = source.subarray(0, (end - start) * d);
    await gatherRows(matrix, rows.subarray(start, end), block);
    for (let i = start; i < end; i++) {
      let sum = 0;
      for (let j = 0; j < d; j++) {
        const value = block[(i - start) * d + j];
        sum += value;
        x[i * d + j] = value - origin[j];
      }
      // An overflow of finite values is refused too: distances would be infinite.
      if (!Number.isFinite(sum)) throw notFinite(rows[i]);
    }
  }
  kernels.rowNorms(x, n, d, norms);
  for (let i = 0; i < n; i++) if (!Number.isFinite(norms[i])) throw notFinite(rows[i]);
  return { rows, n, d, x, norms, shift: origin };
}

/**
 * Floats in the kernels' own memory while there is room, else an ordinary array: the kernels give the same bits for
 * both and only copy more. The caller releases with mark and release.
 */
export function kernelFloats(kernels: Kernels, n: number): Float32Array {
  try {
    return kernels.allocF32(n);
  } catch (error) {
    if (error instanceof RangeError) return new Float32Array(n);
    throw error;
  }
}

async function meanOfFirst(matrix: RowMatrix, rows: Uint32Array): Promise<Float64Array> {
  const d = matrix.dim;
  const mean = new Float64Array(d);
  const values = new Float64Array(rows.length * d);
  await gatherRows(matrix, rows, values);
  for (let i = 0; i < rows.length; i++) for (let j = 0; j < d; j++) mean[j] += values[i * d + j] / rows.length;
  for (let j = 0; j < d; j++) if (!Number.isFinite(mean[j])) mean[j] = 0;
  return mean;
}

function notFinite(row: number): StrategyError {
  return new StrategyError(
    "E_EMBEDDING_ROWS",
    `Row ${row} of the embeddings holds NaN, infinity or a value too large for float32; finite values were expected. Recompute the features of this item.`,
    { row },
  );
}

/** Exact float64 squared distance of two rows of `values` (row-major, width d). */
export function squaredDistance(values: Float64Array, a: number, b: number, d: number): number {
  let sum = 0;
  for (let j = 0; j < d; j++) {
    const difference = values[a * d + j] - values[b * d + j];
    sum += difference * difference;
  }
  return sum;
}
