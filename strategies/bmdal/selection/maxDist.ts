import { allocFloats, allocIntegers, precisionOf } from "../algebra/floats";
import type { DenseKernel, KernelRows } from "../algebra/types";
import { exactLargest, exactSquaredDistance, NEAR_MAX, ROUNDING, rowsAbove, rowsOfHeapAbove } from "./exactTies";
import type { NearestOptions, NearestState } from "./nearestState";
import { nearestState } from "./nearestState";
import type { MethodPicks, SelectionProblem } from "./types";
import { candidateCount } from "./types";

/**
 * Farthest point: always the candidate with the largest squared distance to the nearest selected row. With nothing
 * selected the first pick has the largest k(x, x). Ties: lowest row; coinciding rows come last, in row order.
 *
 * Float32 distances too close to tell apart are compared in float64.
 * With explicit features only candidates that could be farthest are brought up to date. Cost O(n·(b + known)·dim) at worst.
 */
export function maxDist(problem: SelectionProblem, options: NearestOptions): MethodPicks {
  const { kernel } = problem;
  return kernel.kind === "dense" && options.isClamped && options.prune !== "never"
    ? maxDistLazily(problem, kernel)
    : maxDistByPasses(problem, options);
}

function maxDistLazily(problem: SelectionProblem, kernel: DenseKernel): MethodPicks {
  const { kernels, nKnown, count, mode } = problem;
  const n = candidateCount(problem);
  const d = kernel.dim;
  const precision = precisionOf(kernel.values);
  const mark = kernels.mark();
  try {
    const x = kernel.values.subarray(nKnown * d);
    const nFirst = mode === "tp" ? nKnown : 0;
    const vectors = allocFloats(kernels, precision, (nFirst + count) * d);
    const scalars = allocFloats(kernels, precision, nFirst + count);
    const norms = allocFloats(kernels, precision, n);
    const values = allocFloats(kernels, precision, n).fill(Number.POSITIVE_INFINITY);
    const heap = allocIntegers(kernels, n);
    const steps = allocIntegers(kernels, n);
    const owner = allocIntegers(kernels, n).fill(-1);
    kernels.rowSquares({ x, n, d, out: norms });
    vectors.set(kernel.values.subarray(0, nFirst * d));
    kernels.rowSquares({ x: vectors, n: nFirst, d, out: scalars });
    kernels.orderHeap(heap, n, values);
    const picks: MethodPicks = { rows: [], scores: [], nearest: [] };
    const trulyFarthest = (front: number): number => {
      const bound = values[front] - 2 * ROUNDING * (norms[front] + scalars[Math.max(0, owner[front])]);
      const near = rowsOfHeapAbove(heap, n, values, bound);
      if (near.length < 2 || near.length > NEAR_MAX || values[front] === 0) return front;
      const centers = [...Array(nFirst).keys(), ...picks.rows.map((row) => nKnown + row)];
      const best = exactLargest(near, (row) => exactNearest(kernel, nKnown + row, centers));
      if (steps[best] < nVectors) values[best] = Math.fround(exactNearest(kernel, nKnown + best, centers));
      return best;
    };
    let nVectors = nFirst;
    while (picks.rows.length < count) {
      const isFirst = nVectors === 0;
      const front = isFirst
        ? indexOfLargest(norms, n)
        : kernels.farthestOfHeap({ x, d, norms, vectors, scalars, nVectors, heap, n, values, owner, steps });
      const row = isFirst || precision === "f64" ? front : trulyFarthest(front);
      const score = isFirst ? norms[row] : values[row];
      if (row < 0 || !Number.isFinite(score)) return { ...picks, stopped: "not-finite" };
      picks.rows.push(row);
      picks.scores.push(score);
      picks.nearest.push(kernelRowOf(owner[row], nFirst, nKnown, picks.rows));
      vectors.set(x.subarray(row * d, (row + 1) * d), nVectors * d);
      scalars[nVectors] = norms[row];
      nVectors++;
      values[row] = Number.NEGATIVE_INFINITY;
      // The first pick of all, and one that float64 put first, are not in front of the heap.
      if (isFirst || row !== front) kernels.orderHeap(heap, n, values);
      else kernels.sinkFirst(heap, n, values);
      problem.onPick?.(picks.rows.length);
    }
    let looked = 0;
    for (let i = 0; i < n; i++) looked += steps[i];
    return { ...picks, evaluatedShare: looked / Math.max(1, n * nVectors) };
  } finally {
    kernels.release(mark);
  }
}

/** Kernel row of a centre given by its place among known rows and picks. */
function kernelRowOf(ordinal: number, nFirst: number, nKnown: number, rows: readonly number[]): number | null {
  if (ordinal < 0) return null;
  return ordinal < nFirst ? ordinal : nKnown + rows[ordinal - nFirst];
}

/** Squared distance of a kernel row to the nearest of the centres, in float64. */
function exactNearest({ values, dim }: DenseKernel, row: number, centers: readonly number[]): number {
  return centers.reduce((least, center) => Math.min(least, exactSquaredDistance(values, dim, row, center)), Infinity);
}

function maxDistByPasses(problem: SelectionProblem, options: NearestOptions): MethodPicks {
  const { kernels, kernel, nKnown, count, mode } = problem;
  const n = candidateCount(problem);
  const mark = kernels.mark();
  try {
    const state = nearestState(problem, options);
    if (mode === "tp") state.addRange(0, nKnown);
    const norms = kernel.diagonal();
    const taken = new Uint8Array(n);
    const picks: MethodPicks = { rows: [], scores: [], nearest: [] };
    while (picks.rows.length < count) {
      const scores = state.centers.length === 0 ? kernel.diagonal().subarray(nKnown) : state.minDist;
      const front = indexOfLargest(scores, n, taken);
      const row = front < 0 ? front : trulyFarthest(front, state, norms, taken, kernel, nKnown);
      if (row < 0 || !Number.isFinite(scores[row])) return { ...picks, stopped: "not-finite" };
      taken[row] = 1;
      picks.rows.push(row);
      picks.scores.push(scores[row]);
      picks.nearest.push(state.owner[row] < 0 ? null : state.centers[state.owner[row]]);
      if (picks.rows.length < count) state.add(nKnown + row);
      problem.onPick?.(picks.rows.length);
    }
    return picks;
  } finally {
    kernels.release(mark);
  }
}

function trulyFarthest(
  front: number,
  { minDist, owner, centers }: NearestState,
  norms: Float64Array,
  taken: Uint8Array,
  kernel: KernelRows,
  nKnown: number,
): number {
  if (kernel.kind !== "dense" || !(minDist instanceof Float32Array) || centers.length === 0) return front;
  const bound = minDist[front] - 2 * ROUNDING * (norms[nKnown + front] + norms[centers[owner[front]]]);
  const near = rowsAbove(minDist, bound, taken);
  if (near.length < 2 || near.length > NEAR_MAX || minDist[front] === 0) return front;
  return exactLargest(near, (row) => exactNearest(kernel, nKnown + row, centers));
}

/** Lowest row of the largest value among rows not taken; a NaN is never the largest; −1 when there is none. */
export function indexOfLargest(values: ArrayLike<number>, n: number, taken?: ArrayLike<number>): number {
  let best = -1;
  for (let i = 0; i < n; i++) {
    if (taken !== undefined && taken[i] !== 0) continue;
    if (best < 0 ? !Number.isNaN(values[i]) : values[i] > values[best]) best = i;
  }
  return best;
}
