import type { Kernels } from "../kernels/types";
import { fillNormals } from "./keyedNormals";
import { KeyedRandom } from "./keyedRandom";
import { symmetricEigen } from "./symmetricEigen";

/** Up to this size the whole eigenproblem is solved: 9·n³ operations are then a fraction of a second. */
const WHOLE_MAX = 256;

/** Directions carried beyond the wanted ones, and passes over the matrix. */
const OVERSAMPLE = 8;
const ITERATIONS = 12;

export interface PrincipalAxes {
  /** n × dim: the leading eigenvectors as columns. */
  readonly axes: Float64Array;
  /** Largest first. */
  readonly values: Float64Array;
  readonly dim: number;
  /** Share of the trace that the values hold, in [0, 1]. */
  readonly kept: number;
}

/**
 * Leading eigenvectors of a symmetric positive semidefinite n×n matrix, such as Σ x·xᵀ.
 *
 * Up to n = 256 by solving the whole eigenproblem, beyond by subspace iteration from fixed starting vectors: eigenvalues
 * that lie close together then mix, which changes the basis a little and the space hardly. Deterministic.
 * Source: Halko, Martinsson & Tropp 2011, algorithm 4.4, then a Rayleigh-Ritz step.
 */
export function principalAxes(kernels: Kernels, matrix: Float64Array, n: number, dim: number): PrincipalAxes {
  let trace = 0;
  for (let i = 0; i < n; i++) trace += matrix[i * n + i];
  const width = Math.min(n, dim + OVERSAMPLE);
  const { values, vectors } = n <= WHOLE_MAX ? { ...symmetricEigen(matrix, n) } : iterate(kernels, matrix, n, width);
  const columns = vectors.length / n;
  const wanted = Math.min(dim, columns);
  const axes = new Float64Array(n * wanted);
  let sum = 0;
  for (let j = 0; j < wanted; j++) {
    sum += Math.max(0, values[j]);
    for (let i = 0; i < n; i++) axes[i * wanted + j] = vectors[i * columns + j];
  }
  return { axes, values: values.slice(0, wanted), dim: wanted, kept: trace > 0 ? Math.min(1, sum / trace) : 1 };
}

function iterate(kernels: Kernels, matrix: Float64Array, n: number, width: number) {
  const basis = new Float64Array(n * width);
  fillNormals(new KeyedRandom("principal-axes", "start"), 0, basis);
  const image = new Float64Array(n * width);
  for (let i = 0; i < ITERATIONS; i++) {
    orthonormalizeColumns(basis, n, width);
    kernels.gemmF64({ m: n, n: width, k: n, a: matrix, b: basis, out: image });
    basis.set(image);
  }
  orthonormalizeColumns(basis, n, width);
  kernels.gemmF64({ m: n, n: width, k: n, a: matrix, b: basis, out: image });
  const small = new Float64Array(width * width);
  kernels.gemmF64({ m: width, n: width, k: n, a: basis, b: image, out: small, transA: true });
  for (let i = 0; i < width; i++) {
    for (let j = 0; j < i; j++) {
      const mean = (small[i * width + j] + small[j * width + i]) / 2;
      small[i * width + j] = mean;
      small[j * width + i] = mean;
    }
  }
  const { values, vectors: turn } = symmetricEigen(small, width);
  const vectors = new Float64Array(n * width);
  kernels.gemmF64({ m: n, n: width, k: width, a: basis, b: turn, out: vectors });
  return { values, vectors };
}

/** Columns with less than this share of their length left depend on earlier ones and become 0. */
const DEPENDENT = 1e-10;

/** Gram-Schmidt, twice for each column, in place; dependent columns become 0. */
export function orthonormalizeColumns(values: Float64Array, n: number, width: number): void {
  const dots = new Float64Array(width);
  for (let j = 0; j < width; j++) {
    const before = Math.sqrt(columnDot(values, n, width, j, j));
    for (let pass = 0; pass < 2; pass++) {
      dots.fill(0, 0, j);
      for (let i = 0; i < n; i++) {
        const value = values[i * width + j];
        for (let q = 0; q < j; q++) dots[q] += value * values[i * width + q];
      }
      for (let i = 0; i < n; i++) {
        let change = 0;
        for (let q = 0; q < j; q++) change += dots[q] * values[i * width + q];
        values[i * width + j] -= change;
      }
    }
    const length = Math.sqrt(columnDot(values, n, width, j, j));
    const factor = length > DEPENDENT * before && length > 0 ? 1 / length : 0;
    for (let i = 0; i < n; i++) values[i * width + j] *= factor;
  }
}

function columnDot(values: Float64Array, n: number, width: number, a: number, b: number): number {
  let sum = 0;
  for (let i = 0; i < n; i++) sum += values[i * width + a] * values[i * width + b];
  return sum;
}
