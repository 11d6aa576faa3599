import type { NearestOptions } from "./nearestState";
import { nearestState } from "./nearestState";
import type { MethodPicks, SelectionProblem } from "./types";
import { candidateCount } from "./types";

/** Where the random numbers of k-means++ come from. */
export interface DistanceSampler {
  /** First pick when nothing is selected: a row of n, all equally likely. */
  first(n: number): number;
  /**
   * A row with probability proportional to max(distance, 0), never a taken one; −1 when all weights are 0.
   * @param pick counts the draws of this selection from 0.
   */
  draw(distances: ArrayLike<number>, n: number, pick: number, taken: Uint8Array): number;
}

/**
 * k-means++ seeding: every pick is drawn with probability proportional to its squared distance to the nearest selected
 * row. Cost as LCMD. Source: Arthur & Vassilvitskii 2007; as batch selection: Ash et al. 2020 (BADGE).
 */
export function kMeansPlusPlus(
  problem: SelectionProblem,
  sampler: DistanceSampler,
  options: NearestOptions,
): MethodPicks {
  const { kernels, nKnown, count, mode } = problem;
  const n = candidateCount(problem);
  const mark = kernels.mark();
  try {
    const state = nearestState(problem, options);
    if (mode === "tp") state.addRange(0, nKnown);
    const taken = new Uint8Array(n);
    const picks: MethodPicks = { rows: [], scores: [], nearest: [] };
    let draws = 0;
    while (picks.rows.length < count) {
      const isFirst = state.centers.length === 0;
      const row = isFirst ? sampler.first(n) : sampler.draw(state.minDist, n, draws++, taken);
      if (row < 0) return { ...picks, stopped: "nothing-left" };
      const score = isFirst ? problem.kernel.diagonal()[nKnown + row] : state.minDist[row];
      if (!Number.isFinite(score)) return { ...picks, stopped: "not-finite" };
      taken[row] = 1;
      picks.rows.push(row);
      picks.scores.push(score);
      picks.nearest.push(isFirst ? null : state.centers[state.owner[row]]);
      if (picks.rows.length < count) state.add(nKnown + row);
      problem.onPick?.(picks.rows.length);
    }
    return { ...picks, evaluatedShare: state.evaluatedShare() };
  } finally {
    kernels.release(mark);
  }
}

/** The first row whose cumulative weight exceeds u times the total: one uniform number in (0, 1) per pick. */
export function drawByCumulation(distances: ArrayLike<number>, n: number, u: number, taken: Uint8Array): number {
  let total = 0;
  for (let i = 0; i < n; i++) total += weight(distances, i, taken);
  if (!(total > 0)) return -1;
  const target = u * total;
  let sum = 0;
  let last = -1;
  for (let i = 0; i < n; i++) {
    const own = weight(distances, i, taken);
    if (own <= 0) continue;
    sum += own;
    last = i;
    if (sum > target) return i;
  }
  return last;
}

/** The row with the largest weight / e, e ~ Exp(1) of its own: the same law by a race. */
export function drawByRace(
  distances: ArrayLike<number>,
  n: number,
  exponential: (row: number) => number,
  taken: Uint8Array,
): number {
  let best = -1;
  let largest = 0;
  for (let i = 0; i < n; i++) {
    const own = weight(distances, i, taken);
    if (own <= 0) continue;
    const value = own / exponential(i);
    if (best < 0 || value > largest) {
      best = i;
      largest = value;
    }
  }
  return best;
}

function weight(distances: ArrayLike<number>, i: number, taken: Uint8Array): number {
  return taken[i] === 0 && distances[i] > 0 ? distances[i] : 0;
}
