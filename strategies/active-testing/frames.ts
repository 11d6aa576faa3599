import type { Interval } from "../core/metrics";
import { normalQuantile } from "../core/metrics";
import type { DrawDesign, TestDraws } from "./draws";
import { combineIncrements, estimateLure, lureWeights, martingaleIncrements } from "./lure";
import type { MetricEstimate } from "./ratioMetrics";
import { estimateRatio } from "./ratioMetrics";

/** Where a draw stands. "unlabelable" is an answer; "removed" items no longer exist. */
export type DrawStatus = "labelled" | "outstanding" | "unlabelable" | "removed";

/**
 * Draws that may be evaluated now: those before the first one that is still outstanding. Order is draw order, not the order
 * of answers, and the rule does not look at the estimate. Dropping unfinished draws instead would bias it.
 */
export function completedPrefix(statuses: readonly DrawStatus[]): number {
  const first = statuses.indexOf("outstanding");
  return first < 0 ? statuses.length : first;
}

/**
 * Mean loss over the part of the frame that can be labelled and still exists: Σ v·loss·z / Σ v·z with z = 0 for
 * unlabelable and removed items. Losses of those are not read.
 */
export function estimateOverPresent(
  design: DrawDesign,
  losses: ArrayLike<number>,
  statuses: readonly DrawStatus[],
  level: number,
): MetricEstimate {
  const present = Float64Array.from(statuses, (status) => (status === "labelled" ? 1 : 0));
  const numerators = present.map((z, m) => (z === 0 ? 0 : losses[m]));
  return estimateRatio(design, numerators, present, level);
}

/** Several frames as one: items added later open a frame of their own, the first keeps its size. */
export function combineFrames(
  frames: readonly { readonly size: number; readonly value: number; readonly variance: number }[],
): { readonly value: number; readonly variance: number; readonly size: number } {
  const size = frames.reduce((sum, frame) => sum + frame.size, 0);
  if (size === 0) throw new RangeError("combineFrames: no items.");
  let value = 0;
  let variance = 0;
  for (const frame of frames) {
    value += (frame.size / size) * frame.value;
    variance += (frame.size / size) ** 2 * frame.variance;
  }
  return { value, variance, size };
}

/** Variance of the loss over the frame, E loss² − (E loss)², both by LURE; never below 0. */
export function lossVariance(draws: TestDraws): number {
  const mean = estimateLure(draws).value;
  const squares = Float64Array.from(draws.losses, (loss) => loss * loss);
  const second = combineIncrements(martingaleIncrements({ ...draws, losses: squares }), draws.poolSize).value;
  return Math.max(0, second - mean * mean);
}

/**
 * Labels that plain random sampling without replacement would have needed for the same variance, at most the frame; null
 * where the variance of the loss is not known to be above 0.
 */
export function equivalentRandomLabels(variance: number, varianceOfLoss: number, poolSize: number): number | null {
  if (!(varianceOfLoss > 0)) return null;
  return Math.min(poolSize, 1 / (Math.max(0, variance) / varianceOfLoss + 1 / poolSize));
}

/**
 * Labels until the interval has the wanted half width, if further draws are as informative as those so far: the variance
 * is taken to fall as 1/M − 1/N. Never fewer than there are; null before anything is known.
 */
export function labelsForHalfWidth(args: {
  readonly variance: number;
  readonly draws: number;
  readonly poolSize: number;
  readonly halfWidth: number;
  readonly level: number;
}): number | null {
  const { variance, draws, poolSize, halfWidth, level } = args;
  if (draws >= poolSize) return poolSize;
  if (!(variance > 0) || draws < 2 || !(halfWidth > 0)) return null;
  const scale = variance / (1 / draws - 1 / poolSize);
  const wanted = (halfWidth / normalQuantile(0.5 + level / 2)) ** 2;
  return Math.max(draws, Math.min(poolSize, Math.ceil(1 / (wanted / scale + 1 / poolSize))));
}

/** The projected cost of a target width. */
export function costOfHalfWidth(
  args: Parameters<typeof labelsForHalfWidth>[0] & { readonly costPerLabel: number },
): { readonly labels: number; readonly further: number; readonly cost: number } | null {
  const labels = labelsForHalfWidth(args);
  if (labels === null) return null;
  const further = labels - args.draws;
  return { labels, further, cost: further * args.costPerLabel };
}

/**
 * Draws worth a second annotator: those that carry the largest part of the estimate, largest first, until together they
 * carry `share` of it. High losses under high weights are disproportionately mislabelled items.
 */
export function heavyDraws(draws: TestDraws, share: number): number[] {
  const weights = lureWeights(draws);
  const parts = weights.map((weight, m) => Math.abs(weight * draws.losses[m]));
  const total = parts.reduce((sum, part) => sum + part, 0);
  const order = Array.from(parts, (_, m) => m).sort((a, b) => parts[b] - parts[a] || a - b);
  const heavy: number[] = [];
  let carried = 0;
  for (const m of order) {
    if (carried >= share * total || parts[m] === 0) break;
    heavy.push(m);
    carried += parts[m];
  }
  return heavy;
}

/**
 * A slice of the frame with an honest interval of its own, or the reason why there is none.
 * @param isInside 1 per draw that belongs to the slice.
 */
export function estimateSlice(
  draws: TestDraws,
  isInside: ArrayLike<number>,
  level: number,
): MetricEstimate & { readonly interval: Interval | null } {
  const inside = Float64Array.from(draws.losses, (_, m) => (isInside[m] > 0 ? 1 : 0));
  return estimateRatio(
    draws,
    inside.map((z, m) => z * draws.losses[m]),
    inside,
    level,
  );
}

/**
 * Items of the test frame that the evaluated model was fitted, calibrated, thresholded or stopped on: with any of them the
 * estimate speaks of memory. Also for near-duplicates, when keys name their content.
 *
 * @returns the offending keys, each once, in the order of the frame.
 */
export function trainedTestItems<Key>(frame: Iterable<Key>, trainedOn: Iterable<Key>): Key[] {
  const known = new Set(trainedOn);
  return [...new Set(frame)].filter((key) => known.has(key));
}
