import type { Kernels } from "../kernels/types";
import { kernelFloats } from "./embeddingBlock";
import type { KeyedRandom } from "./keyedRandom";

export interface KMeansResult {
  /** Clusters found: the number asked, or fewer when the rows have fewer distinct points. */
  readonly k: number;
  /** k × d. */
  readonly centroids: Float32Array;
  /** Cluster of each row. */
  readonly assignment: Int32Array;
  /** Squared distance of each row to its centroid. */
  readonly distances: Float32Array;
  readonly sizes: Int32Array;
  readonly iterations: number;
  /** Weighted sum of squared distances to the centroids. */
  readonly inertia: number;
}

export interface KMeansArguments {
  readonly x: Float32Array;
  readonly norms: Float32Array;
  readonly n: number;
  readonly d: number;
  readonly k: number;
  /** ≥ 0, not all 0; default 1 each. */
  readonly weights?: Float64Array;
  readonly maxIterations: number;
  readonly random: KeyedRandom;
  readonly checkAbort?: () => void;
}

/** Rows whose distances to all centroids are held at once. */
const ASSIGN_ROWS = 1024;

/** Relative fall of the inertia below which the iteration ends. */
const TOLERANCE = 1e-5;

/**
 * Weighted Lloyd iterations from a k-means++ start.
 *
 * Deterministic for the rows' order, the seed and the kernels. Ties: lowest cluster. A cluster that loses all its rows
 * keeps its centroid. Cost: O(n·k·d) per iteration by GEMM; memory O(k·d + n).
 * Source: Arthur & Vassilvitskii 2007 for the start.
 */
export function kMeans(kernels: Kernels, args: KMeansArguments): KMeansResult {
  const { n, d } = args;
  const mark = kernels.mark();
  try {
    const start = kMeansPlusPlus(kernels, args);
    const k = start.length;
    const centroids = kernelFloats(kernels, k * d);
    start.forEach((row, c) => {
      centroids.set(args.x.subarray(row * d, (row + 1) * d), c * d);
    });
    const assignment = new Int32Array(n);
    const distances = new Float32Array(n);
    let inertia = Number.POSITIVE_INFINITY;
    let iterations = 0;
    for (;;) {
      args.checkAbort?.();
      assignClusters(kernels, args, centroids, k, assignment, distances);
      const next = weightedSum(distances, args.weights);
      const isDone = iterations >= args.maxIterations || next >= inertia * (1 - TOLERANCE);
      inertia = Math.min(inertia, next);
      if (isDone) break;
      moveCentroids(args, centroids, k, assignment);
      iterations++;
    }
    const sizes = new Int32Array(k);
    for (let i = 0; i < n; i++) sizes[assignment[i]]++;
    return { k, centroids: centroids.slice(), assignment, distances, sizes, iterations, inertia };
  } finally {
    kernels.release(mark);
  }
}

/**
 * Rows drawn one after the other with probability proportional to weight × squared distance to the nearest earlier one
 * (the first ∝ weight). Stops early when every row coincides with one drawn.
 */
function kMeansPlusPlus(kernels: Kernels, args: KMeansArguments): number[] {
  const { x, norms, n, d, weights, random } = args;
  const minDist = kernelFloats(kernels, n).fill(Number.POSITIVE_INFINITY);
  const chosen: number[] = [];
  const mass = new Float64Array(n);
  for (let c = 0; c < Math.min(args.k, n); c++) {
    args.checkAbort?.();
    let total = 0;
    for (let i = 0; i < n; i++) {
      const distance = c === 0 ? 1 : Math.max(0, minDist[i]);
      total += distance * (weights === undefined ? 1 : weights[i]);
      mass[i] = total;
    }
    if (!(total > 0)) {
      if (c > 0) break;
      throw new RangeError("kMeans: the weights are all 0.");
    }
    const row = firstAtLeast(mass, random.uniform(c) * total);
    chosen.push(row);
    kernels.distanceUpdate({
      x,
      n,
      d,
      norms,
      center: x.subarray(row * d, (row + 1) * d),
      centerNorm: norms[row],
      minDist,
    });
    // A drawn row has no mass left; float32 rounding could leave it a little. Coinciding rows round likewise.
    const own = minDist[row];
    minDist[row] = 0;
    if (own > 0) for (let i = 0; i < n; i++) if (minDist[i] <= own) minDist[i] = 0;
  }
  return chosen;
}

/** Index of the first value ≥ target in ascending values. */
function firstAtLeast(ascending: Float64Array, target: number): number {
  let low = 0;
  let high = ascending.length - 1;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (ascending[middle] >= target) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Nearest centroid of every row: ‖x‖² + ‖c‖² − 2⟨x, c⟩, the products by GEMM over blocks of rows. */
export function assignClusters(
  kernels: Kernels,
  rows: { readonly x: Float32Array; readonly norms: Float32Array; readonly n: number; readonly d: number },
  centroids: Float32Array,
  k: number,
  assignment: Int32Array,
  distances: Float32Array,
): void {
  const { x, norms, n, d } = rows;
  const mark = kernels.mark();
  const products = kernelFloats(kernels, Math.min(n, ASSIGN_ROWS) * k);
  const centroidNorms = kernelFloats(kernels, k);
  kernels.rowNorms(centroids, k, d, centroidNorms);
  for (let start = 0; start < n; start += ASSIGN_ROWS) {
    const m = Math.min(ASSIGN_ROWS, n - start);
    kernels.gemm({
      m,
      n: k,
      k: d,
      a: x.subarray(start * d, (start + m) * d),
      b: centroids,
      out: products,
      transB: true,
    });
    for (let i = 0; i < m; i++) {
      let best = 0;
      let least = Number.POSITIVE_INFINITY;
      for (let c = 0; c < k; c++) {
        const value = centroidNorms[c] - 2 * products[i * k + c];
        if (value < least) {
          least = value;
          best = c;
        }
      }
      assignment[start + i] = best;
      distances[start + i] = Math.max(0, norms[start + i] + least);
    }
  }
  kernels.release(mark);
}

function moveCentroids(args: KMeansArguments, centroids: Float32Array, k: number, assignment: Int32Array): void {
  const { x, n, d, weights } = args;
  const sums = new Float64Array(k * d);
  const mass = new Float64Array(k);
  for (let i = 0; i < n; i++) {
    const weight = weights === undefined ? 1 : weights[i];
    const to = assignment[i] * d;
    mass[assignment[i]] += weight;
    for (let j = 0; j < d; j++) sums[to + j] += weight * x[i * d + j];
  }
  for (let c = 0; c < k; c++) {
    if (!(mass[c] > 0)) continue;
    for (let j = 0; j < d; j++) centroids[c * d + j] = sums[c * d + j] / mass[c];
  }
}

function weightedSum(values: Float32Array, weights: Float64Array | undefined): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i] * (weights === undefined ? 1 : weights[i]);
  return sum;
}
