import { KeyedRandom } from "@/strategies/core/keyedRandom";
import { symmetricEigen } from "@/strategies/core/symmetricEigen";
import type { Kernels } from "@/strategies/kernels";
import { orthonormalize } from "./orthonormalize";
import type { SparseRows } from "./sparseRows";
import { transposeSparse } from "./sparseRows";

/** Columns beyond the wanted ones that the random sketch carries. */
const OVERSAMPLE = 16;
/** Passes over the matrix and its transpose that sharpen the sketch; on Banking77 a second one changed no accuracy. */
const POWER_ITERATIONS = 1;
/** Directions whose singular value is below this share of the first are noise of float32 and are left out. */
const VALUE_FLOOR = 1e-4;

export interface TruncatedSvd {
  /** Directions kept: at most the number asked for, fewer when the matrix has less rank. */
  dim: number;
  /** nColumns×dim: right singular vectors as columns. */
  directions: Float32Array;
  /** Largest first. */
  singularValues: Float64Array;
}

/**
 * Leading right singular vectors of a sparse matrix by a randomised sketch with power iterations.
 *
 * Deterministic for a seed and kind of kernels. Kernel memory: (nRows + nColumns)·2·(dim + 16) float32.
 * @param progress called after each of its four passes over the matrix.
 * Source: Halko, Martinsson & Tropp 2011, "Finding structure with randomness", algorithms 4.4 and 5.1; the sketch is of
 * signs instead of normal numbers.
 */
export function truncatedSvd(
  kernels: Kernels,
  matrix: SparseRows,
  dimWanted: number,
  seed: string,
  progress: (done: number, total: number) => void,
): TruncatedSvd {
  const { nRows, nColumns } = matrix;
  const k = Math.min(dimWanted + OVERSAMPLE, nRows, nColumns);
  const total = 2 * POWER_ITERATIONS + 2;
  const mark = kernels.mark();
  const transposed = transposeSparse(matrix);
  const tall = kernels.allocF32(nRows * k);
  const tallScratch = kernels.allocF32(nRows * k);
  const wide = kernels.allocF32(nColumns * k);
  const wideScratch = kernels.allocF32(nColumns * k);
  fillSigns(wide, nColumns, k, seed);
  kernels.sparseTimesDense({ ...matrix, dense: wide, k, out: tall });
  progress(1, total);
  for (let i = 0; i < POWER_ITERATIONS; i++) {
    // Between passes a rough basis is enough: it only keeps the columns from collapsing onto the first directions.
    orthonormalize(kernels, tall, nRows, k, tallScratch);
    kernels.sparseTimesDense({ ...transposed, dense: tallScratch, k, out: wide });
    progress(2 * i + 2, total);
    orthonormalize(kernels, wide, nColumns, k, wideScratch);
    kernels.sparseTimesDense({ ...matrix, dense: wideScratch, k, out: tall });
    progress(2 * i + 3, total);
  }
  orthonormalize(kernels, tall, nRows, k, tallScratch);
  orthonormalize(kernels, tallScratch, nRows, k, tall);
  kernels.sparseTimesDense({ ...transposed, dense: tall, k, out: wide });
  progress(total, total);
  const result = rotate(kernels, wide, nColumns, k, dimWanted);
  kernels.release(mark);
  return result;
}

/** `projected` (nColumns×k) = matrixᵀ·Q: its left singular vectors are the directions. */
function rotate(kernels: Kernels, projected: Float32Array, nColumns: number, k: number, dimWanted: number) {
  const gram32 = kernels.allocF32(k * k);
  kernels.gemm({ m: k, n: k, k: nColumns, a: projected, b: projected, out: gram32, transA: true });
  const { values, vectors } = symmetricEigen(Float64Array.from(gram32), k);
  const singular = values.map((value) => Math.sqrt(Math.max(0, value)));
  const floor = singular[0] * VALUE_FLOOR;
  let dim = 0;
  while (dim < Math.min(dimWanted, k) && singular[dim] > floor) dim++;
  const turn = kernels.allocF32(k * dim);
  for (let i = 0; i < k; i++) for (let j = 0; j < dim; j++) turn[i * dim + j] = vectors[i * k + j] / singular[j];
  const directions = new Float32Array(nColumns * dim);
  kernels.gemm({ m: nColumns, n: dim, k, a: projected, b: turn, out: directions });
  return { dim, directions, singularValues: singular.slice(0, dim) };
}

/** ±1 in every place, 32 signs to a draw. */
function fillSigns(out: Float32Array, nRows: number, k: number, seed: string): void {
  const random = new KeyedRandom(seed, "features/sketch");
  for (let i = 0; i < nRows; i++) {
    for (let j = 0; j < k; j += 32) {
      let bits = random.below(2 ** 32, i, j);
      for (let b = j; b < Math.min(k, j + 32); b++) {
        out[i * k + b] = bits & 1 ? 1 : -1;
        bits >>>= 1;
      }
    }
  }
}
