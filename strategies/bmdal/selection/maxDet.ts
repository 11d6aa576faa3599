import { allocFloats, allocIntegers, inPrecision } from "../algebra/floats";
import type { DenseKernel, KernelRows } from "../algebra/types";
import type { MethodPicks, SelectionProblem, StopCause } from "./types";
import { candidateCount } from "./types";

/**
 * Greedy maximisation of det(k(S, S) + σ²I): always the candidate whose variance given what is selected is largest,
 * v(x) = k(x, x | S) + σ². Float64 throughout; ties: lowest row.
 *
 * With explicit features v(x) = σ² + ‖φ‖² − Σ ⟨φ, u_t⟩²/a_t, where u_t = φ_t − Σ_{s<t} u_s⟨u_s, φ_t⟩/a_s and a_t the
 * variance of pick t: one vector of dim values per pick instead of a column of n, and only rows that could be next are
 * brought up to date. Otherwise pivoted Cholesky. Both pick the same.
 * Cost: features O(nb·dim) at worst; otherwise b kernel rows + O(nb²).
 */
export function maxDet(problem: SelectionProblem, sigma: number, form: "auto" | "kernel" = "auto"): MethodPicks {
  const { kernel } = problem;
  return kernel.kind === "dense" && form === "auto"
    ? maxDetOfFeatures(problem, kernel, sigma)
    : maxDetOfKernel(problem, kernel, sigma);
}

function maxDetOfFeatures(problem: SelectionProblem, kernel: DenseKernel, sigma: number): MethodPicks {
  const { kernels, nKnown, count, mode } = problem;
  const n = candidateCount(problem);
  const d = kernel.dim;
  const mark = kernels.mark();
  try {
    const all = inPrecision(kernels, kernel.values, "f64") as Float64Array;
    const x = all.subarray(nKnown * d);
    const nFirst = mode === "tp" ? nKnown : 0;
    const vectors = allocFloats(kernels, "f64", (nFirst + count) * d);
    const scalars = allocFloats(kernels, "f64", nFirst + count);
    const values = allocFloats(kernels, "f64", n);
    const heap = allocIntegers(kernels, n);
    const steps = allocIntegers(kernels, n);
    kernels.rowSquares({ x, n, d, out: values });
    for (let i = 0; i < n; i++) values[i] += sigma * sigma;
    let nVectors = 0;
    const add = (phi: Float64Array, variance?: number) => {
      const at = nVectors * d;
      const u = vectors.subarray(at, at + d);
      const norm = residual(vectors, scalars, nVectors, d, phi, u);
      scalars[nVectors] = variance ?? norm + sigma * sigma;
      // A known row without any variance left tells nothing more.
      if (scalars[nVectors] > 0) nVectors++;
    };
    for (let t = 0; t < nFirst; t++) add(all.subarray(t * d, (t + 1) * d));
    kernels.orderHeap(heap, n, values);
    const rows: number[] = [];
    const scores: number[] = [];
    let stopped: StopCause | undefined;
    while (rows.length < count) {
      const row = kernels.uncertainOfHeap({ x, d, vectors, scalars, nVectors, heap, n, values, steps });
      const variance = values[row];
      if (!(variance > 0)) {
        stopped = Number.isNaN(variance) ? "not-finite" : "not-positive";
        break;
      }
      rows.push(row);
      scores.push(variance);
      values[row] = Number.NEGATIVE_INFINITY;
      kernels.sinkFirst(heap, n, values);
      if (rows.length < count) add(x.subarray(row * d, (row + 1) * d), variance);
      problem.onPick?.(rows.length);
    }
    let looked = 0;
    for (let i = 0; i < n; i++) looked += steps[i];
    const evaluatedShare = looked / Math.max(1, n * nVectors);
    return { rows, scores, nearest: rows.map(() => null), stopped, evaluatedShare };
  } finally {
    kernels.release(mark);
  }
}

/** u = φ − Σ u_s⟨u_s, φ⟩/a_s; returns ⟨φ, u⟩ = k(x, x | S). */
function residual(
  vectors: Float64Array,
  scalars: Float64Array,
  nVectors: number,
  d: number,
  phi: Float64Array,
  u: Float64Array,
): number {
  u.set(phi);
  for (let s = 0; s < nVectors; s++) {
    const at = s * d;
    let product = 0;
    for (let j = 0; j < d; j++) product += vectors[at + j] * phi[j];
    const weight = product / scalars[s];
    for (let j = 0; j < d; j++) u[j] -= weight * vectors[at + j];
  }
  let norm = 0;
  for (let j = 0; j < d; j++) norm += u[j] * phi[j];
  return norm;
}

/** Pivoted Cholesky over kernel rows: u = (k(·, x*) + σ²·[x*] − L·L[x*]ᵀ)/√v(x*). */
function maxDetOfKernel(problem: SelectionProblem, kernel: KernelRows, sigma: number): MethodPicks {
  const { nKnown, count, mode } = problem;
  const { n } = kernel;
  const variances = kernel.diagonal().map((value) => value + sigma * sigma);
  const columns: Float64Array[] = [];
  const add = (pivot: number) => {
    const column = new Float64Array(n);
    kernel.row(pivot, column);
    column[pivot] += sigma * sigma;
    for (const earlier of columns) {
      const weight = earlier[pivot];
      for (let j = 0; j < n; j++) column[j] -= weight * earlier[j];
    }
    const root = Math.sqrt(variances[pivot]);
    for (let j = 0; j < n; j++) {
      column[j] /= root;
      variances[j] -= column[j] * column[j];
    }
    columns.push(column);
    variances[pivot] = Number.NEGATIVE_INFINITY;
  };
  if (mode === "tp") for (let t = 0; t < nKnown; t++) if (variances[t] > 0) add(t);
  const rows: number[] = [];
  const scores: number[] = [];
  let stopped: StopCause | undefined;
  while (rows.length < count) {
    let best = -1;
    for (let j = nKnown; j < n; j++) {
      if (Number.isNaN(variances[j])) stopped = "not-finite";
      if (best < 0 || variances[j] > variances[best]) best = j;
    }
    if (stopped === undefined && !(variances[best] > 0)) stopped = "not-positive";
    if (stopped !== undefined) break;
    rows.push(best - nKnown);
    scores.push(variances[best]);
    add(best);
    problem.onPick?.(rows.length);
  }
  return { rows, scores, nearest: rows.map(() => null), stopped };
}
