import type { ClusterWeight } from "../../kernels/types";
import { allocIntegers } from "../algebra/floats";
import type { KernelRows } from "../algebra/types";
import { exactLargest, exactSquaredDistance, NEAR_MAX, ROUNDING } from "./exactTies";
import { indexOfLargest } from "./maxDist";
import type { NearestOptions, NearestState } from "./nearestState";
import { nearestState } from "./nearestState";
import type { MethodPicks, SelectionProblem } from "./types";
import { candidateCount } from "./types";

/**
 * Largest cluster, maximum distance: every candidate belongs to its nearest selected row (the first on ties); of the
 * clusters with the largest weight, the candidate farthest from its row is picked. With nothing selected the first pick
 * has the largest k(x, x).
 *
 * Weights are summed anew at every pick: keeping them up to date would round otherwise and could flip ties. All clusters
 * of exactly the largest weight stay in. Ties: lowest row.
 * Source: Holzmüller, Zaverkin, Kästner & Steinwart 2023, §5.2.7. Cost O((b + known)·n·dim), less where bounds prune.
 */
export function lcmd(problem: SelectionProblem, weight: ClusterWeight, options: NearestOptions): MethodPicks {
  const { kernels, kernel, nKnown, count, mode } = problem;
  const n = candidateCount(problem);
  const mark = kernels.mark();
  try {
    const state = nearestState(problem, options);
    const taken = allocIntegers(kernels, n);
    const sizes = new Float64Array((mode === "tp" ? nKnown : 0) + count);
    if (mode === "tp") state.addRange(0, nKnown);
    const rows: number[] = [];
    const scores: number[] = [];
    const nearest: (number | null)[] = [];
    const clusters: ({ rows: number; share: number } | null)[] = [];
    const stop = (cause: NonNullable<MethodPicks["stopped"]>): MethodPicks => ({
      rows,
      scores,
      nearest,
      clusters,
      stopped: cause,
    });
    while (rows.length < count) {
      const nCenters = state.centers.length;
      const { minDist, owner } = state;
      const isFirst = nCenters === 0;
      const diagonal = isFirst ? kernel.diagonal().subarray(nKnown) : undefined;
      const found = diagonal
        ? indexOfLargest(diagonal, n)
        : kernels.largestCluster({ minDist, owner, taken, n, weight, sizes, nCenters });
      if (found < 0)
        return stop(sizes.subarray(0, nCenters).some((size) => Number.isNaN(size)) ? "not-finite" : "nothing-left");
      const row = diagonal ? found : trulyFarthest(found, state, taken, sizes, kernel, nKnown);
      const score = diagonal ? diagonal[row] : minDist[row];
      if (!Number.isFinite(score)) return stop("not-finite");
      taken[row] = 1;
      rows.push(row);
      scores.push(score);
      nearest.push(isFirst ? null : state.centers[owner[row]]);
      clusters.push(isFirst ? null : clusterOf(owner, n, owner[row], sizes, nCenters));
      if (rows.length < count) state.add(nKnown + row);
      problem.onPick?.(rows.length);
    }
    return { rows, scores, nearest, clusters, evaluatedShare: state.evaluatedShare() };
  } finally {
    kernels.release(mark);
  }
}

/** Of the candidates in the found one's cluster that float32 cannot tell from it, the farthest in float64. */
function trulyFarthest(
  found: number,
  { minDist, owner, centers }: NearestState,
  taken: Int32Array,
  sizes: Float64Array,
  kernel: KernelRows,
  nKnown: number,
): number {
  if (kernel.kind !== "dense" || !(minDist instanceof Float32Array)) return found;
  const { values, dim } = kernel;
  const center = centers[owner[found]];
  const squared = (row: number) => {
    let sum = 0;
    for (let j = row * dim; j < (row + 1) * dim; j++) sum += values[j] * values[j];
    return sum;
  };
  const bound = minDist[found] - 2 * ROUNDING * (squared(nKnown + found) + squared(center));
  const size = sizes[owner[found]];
  const near = rowsInClusters(minDist, bound, owner, taken, sizes, size);
  if (near.length < 2 || near.length > NEAR_MAX || minDist[found] === 0) return found;
  return exactLargest(near, (row) => exactSquaredDistance(values, dim, nKnown + row, centers[owner[row]]));
}

/** Free rows of the clusters of a size that lie at least `bound` from their owner; at most one more than NEAR_MAX. */
function rowsInClusters(
  minDist: Float32Array,
  bound: number,
  owner: Int32Array,
  taken: Int32Array,
  sizes: Float64Array,
  size: number,
): number[] {
  const rows: number[] = [];
  const n = minDist.length;
  for (let i = 0; i < n; i++) {
    if (minDist[i] < bound) continue;
    if (owner[i] >= 0 && sizes[owner[i]] === size && taken[i] === 0) rows.push(i);
    if (rows.length > NEAR_MAX) break;
  }
  return rows;
}

function clusterOf(
  owner: Int32Array,
  n: number,
  own: number,
  sizes: Float64Array,
  nCenters: number,
): { rows: number; share: number } {
  let rows = 0;
  for (let i = 0; i < n; i++) if (owner[i] === own) rows++;
  let total = 0;
  for (let j = 0; j < nCenters; j++) total += sizes[j];
  return { rows, share: total > 0 ? sizes[own] / total : 0 };
}
