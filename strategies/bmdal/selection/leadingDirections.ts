import type { Kernels } from "../../kernels/types";

/** Passes of subspace iteration: directions need not be exact, only orthonormal. */
const ITERATIONS = 3;

/**
 * About the q leading eigenvectors of a covariance matrix (d×d), by subspace iteration from `start` (d×q). The columns
 * are orthonormal to float64 rounding before they are stored as float32.
 *
 * @returns directions d×q sorted by variance, and the share of the whole variance they hold.
 */
export function leadingDirections(
  kernels: Kernels,
  covariance: Float32Array,
  d: number,
  q: number,
  start: Float32Array,
): { directions: Float32Array; explained: number } {
  let total = 0;
  for (let j = 0; j < d; j++) total += covariance[j * d + j];
  const product = start.slice();
  let columns: Float64Array[] = [];
  for (let pass = 0; pass <= ITERATIONS; pass++) {
    columns = orthonormalColumns(product, d, q);
    kernels.gemm({ m: d, n: q, k: d, a: covariance, b: Float32Array.from(rowMajor(columns, d, q)), out: product });
  }
  const variances = columns.map((column, c) => column.reduce((sum, value, j) => sum + value * product[j * q + c], 0));
  const sorted = variances.map((_, c) => c).sort((a, b) => variances[b] - variances[a]);
  const kept = variances.reduce((sum, value) => sum + value, 0);
  const directions = Float32Array.from(
    rowMajor(
      sorted.map((c) => columns[c]),
      d,
      q,
    ),
  );
  return { directions, explained: total > 0 ? kept / total : 1 };
}

/** Gram–Schmidt, twice, of the columns of a d×q matrix; a column without anything new becomes a unit vector that is. */
function orthonormalColumns(matrix: Float32Array, d: number, q: number): Float64Array[] {
  const columns: Float64Array[] = [];
  for (let c = 0; c < q; c++) {
    let column = new Float64Array(d);
    for (let j = 0; j < d; j++) column[j] = matrix[j * q + c];
    let spare = 0;
    while (!orthonormalize(column, columns)) {
      column = new Float64Array(d);
      column[spare++] = 1;
    }
    columns.push(column);
  }
  return columns;
}

function orthonormalize(column: Float64Array, earlier: readonly Float64Array[]): boolean {
  const before = norm(column);
  if (!(before > 0)) return false;
  for (let pass = 0; pass < 2; pass++) {
    for (const other of earlier) {
      let product = 0;
      for (let j = 0; j < column.length; j++) product += column[j] * other[j];
      for (let j = 0; j < column.length; j++) column[j] -= product * other[j];
    }
  }
  const after = norm(column);
  if (!(after > 1e-10 * before)) return false;
  for (let j = 0; j < column.length; j++) column[j] /= after;
  return true;
}

function norm(column: Float64Array): number {
  return Math.sqrt(column.reduce((sum, value) => sum + value * value, 0));
}

function rowMajor(columns: readonly Float64Array[], d: number, q: number): Float64Array {
  const matrix = new Float64Array(d * q);
  for (let c = 0; c < q; c++) for (let j = 0; j < d; j++) matrix[j * q + c] = columns[c][j];
  return matrix;
}
