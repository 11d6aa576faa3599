import type { Interval } from "../core/metrics";
import { studentQuantile } from "../core/metrics";
import type { DrawDesign } from "./draws";
import { checkDesign } from "./draws";
import { martingaleInterval, NON_ZERO_LOSSES_MIN } from "./intervals";
import { combineIncrements, lureWeights, martingaleIncrements } from "./lure";

/** A metric from weighted draws. */
export interface MetricEstimate {
  /** null while its denominator is 0: not yet estimable. */
  readonly value: number | null;
  /** null while it is not estimable or would promise too much. */
  readonly interval: Interval | null;
  readonly reason: "not-yet-estimable" | "too-few" | null;
  /** Draws the denominator rests on. */
  readonly support: number;
}

/** Sums of weight · value / draws. */
function weightedMean(weights: Float64Array, values: ArrayLike<number>): number {
  let sum = 0;
  for (let m = 0; m < weights.length; m++) sum += (weights[m] * values[m]) / weights.length;
  return sum;
}

/**
 * A ratio of two frame means, both from the same weights (Hájek form): consistent, with a bias of O(1/draws); the interval is
 * the delta method in the martingale form.
 *
 * @param numerators, denominators per draw; for the accuracy of a slice 1[right and in it] and 1[in it].
 */
export function estimateRatio(
  design: DrawDesign,
  numerators: ArrayLike<number>,
  denominators: ArrayLike<number>,
  level: number,
): MetricEstimate {
  checkDesign("estimateRatio", design);
  const weights = lureWeights(design);
  if (numerators.length !== weights.length || denominators.length !== weights.length) {
    throw new RangeError(
      `estimateRatio: ${weights.length} draws, ${numerators.length} and ${denominators.length} values.`,
    );
  }
  let support = 0;
  for (let m = 0; m < weights.length; m++) if (denominators[m] !== 0) support++;
  const bottom = weights.length === 0 ? 0 : weightedMean(weights, denominators);
  if (support === 0 || bottom <= 0) return { value: null, interval: null, reason: "not-yet-estimable", support };
  const value = weightedMean(weights, numerators) / bottom;
  const influence = Float64Array.from(weights, (_, m) => (numerators[m] - value * denominators[m]) / bottom);
  return withInterval(design, value, influence, support, level);
}

/** @param influence per draw: what the item's values change the metric by; its frame mean is about 0. */
function withInterval(
  design: DrawDesign,
  value: number,
  influence: Float64Array,
  support: number,
  level: number,
): MetricEstimate {
  const m = influence.length;
  if (m === design.poolSize) return { value, interval: { low: value, high: value }, reason: null, support };
  if (m < 2 || support < NON_ZERO_LOSSES_MIN) return { value, interval: null, reason: "too-few", support };
  const { variance } = combineIncrements(martingaleIncrements({ ...design, losses: influence }), design.poolSize);
  // Draws outside the denominator say nothing about the spread: the support is what there is to learn it from.
  const half = studentQuantile(0.5 + level / 2, support - 1) * Math.sqrt((variance * support) / (support - 1));
  return { value, interval: { low: value - half, high: value + half }, reason: null, support };
}

export interface ClassificationEstimates {
  /** 1 − error: the weighted mean of "correct" has a far larger variance under proposals that seek errors. */
  readonly accuracy: MetricEstimate;
  readonly error: MetricEstimate;
  readonly recall: readonly MetricEstimate[];
  readonly precision: readonly MetricEstimate[];
  readonly f1: readonly MetricEstimate[];
  /** Mean of the recalls of all classes; not estimable before every class was drawn. */
  readonly balancedAccuracy: MetricEstimate;
  /** Mean of the F1 of all classes. */
  readonly macroF1: MetricEstimate;
}

/**
 * Every classification metric from one set of draws.
 * @param labels, predicted  classes 0 … nClasses − 1 of the drawn items.
 */
export function estimateClassification(
  design: DrawDesign,
  labels: ArrayLike<number>,
  predicted: ArrayLike<number>,
  nClasses: number,
  level: number,
): ClassificationEstimates {
  const weights = lureWeights(design);
  const errors = Float64Array.from(weights, (_, m) => (labels[m] === predicted[m] ? 0 : 1));
  const flags = (test: (m: number) => boolean) => Float64Array.from(weights, (_, m) => (test(m) ? 1 : 0));
  const parts = Array.from({ length: nClasses }, (_, c) => {
    const right = flags((m) => labels[m] === c && predicted[m] === c);
    const actual = flags((m) => labels[m] === c);
    const claimed = flags((m) => predicted[m] === c);
    const half = actual.map((value, m) => (value + claimed[m]) / 2);
    return { right, actual, claimed, half };
  });
  const error = estimateError(design, errors, level);
  return {
    error,
    accuracy: {
      ...error,
      value: error.value === null ? null : 1 - error.value,
      interval: error.interval && { low: 1 - error.interval.high, high: 1 - error.interval.low },
    },
    recall: parts.map(({ right, actual }) => estimateRatio(design, right, actual, level)),
    precision: parts.map(({ right, claimed }) => estimateRatio(design, right, claimed, level)),
    f1: parts.map(({ right, half }) => estimateRatio(design, right, half, level)),
    balancedAccuracy: meanOfRatios(
      design,
      weights,
      parts.map(({ right, actual }) => [right, actual]),
      level,
    ),
    macroF1: meanOfRatios(
      design,
      weights,
      parts.map(({ right, half }) => [right, half]),
      level,
    ),
  };
}

function estimateError(design: DrawDesign, errors: Float64Array, level: number): MetricEstimate {
  const support = errors.reduce((count, loss) => count + (loss === 0 ? 0 : 1), 0);
  if (errors.length === 0) return { value: null, interval: null, reason: "not-yet-estimable", support };
  const estimate = combineIncrements(martingaleIncrements({ ...design, losses: errors }), design.poolSize);
  const guarded = martingaleInterval(estimate, { poolSize: design.poolSize, nonZero: support, level });
  return {
    value: estimate.value,
    interval: guarded.interval,
    reason: guarded.withheld === null ? null : "too-few",
    support,
  };
}

function meanOfRatios(
  design: DrawDesign,
  weights: Float64Array,
  pairs: readonly (readonly [Float64Array, Float64Array])[],
  level: number,
): MetricEstimate {
  const influence = new Float64Array(weights.length);
  let value = 0;
  let least = Number.POSITIVE_INFINITY;
  for (const [top, bottom] of pairs) {
    const denominator = weights.length === 0 ? 0 : weightedMean(weights, bottom);
    const support = bottom.reduce((count, entry) => count + (entry === 0 ? 0 : 1), 0);
    least = Math.min(least, support);
    if (support === 0 || denominator <= 0)
      return { value: null, interval: null, reason: "not-yet-estimable", support: 0 };
    const ratio = weightedMean(weights, top) / denominator;
    value += ratio / pairs.length;
    for (let m = 0; m < influence.length; m++)
      influence[m] += (top[m] - ratio * bottom[m]) / denominator / pairs.length;
  }
  return withInterval(design, value, influence, least, level);
}
