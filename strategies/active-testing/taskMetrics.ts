import type { DrawDesign } from "./draws";
import { countNonZero, martingaleInterval } from "./intervals";
import { combineIncrements, martingaleIncrements } from "./lure";
import type { MetricEstimate } from "./ratioMetrics";
import { estimateRatio } from "./ratioMetrics";

/** A mean loss with its guarded interval. */
function meanMetric(design: DrawDesign, losses: Float64Array, level: number): MetricEstimate {
  const support = countNonZero(losses);
  if (losses.length === 0) return { value: null, interval: null, reason: "not-yet-estimable", support };
  const estimate = combineIncrements(martingaleIncrements({ ...design, losses }), design.poolSize);
  const { interval, withheld } = martingaleInterval(estimate, { poolSize: design.poolSize, nonZero: support, level });
  return { value: estimate.value, interval, reason: withheld === null ? null : "too-few", support };
}

function complement(metric: MetricEstimate): MetricEstimate {
  const { value, interval } = metric;
  return {
    ...metric,
    value: value === null ? null : 1 - value,
    interval: interval && { low: 1 - interval.high, high: 1 - interval.low },
  };
}

export interface RegressionEstimates {
  readonly meanSquaredError: MetricEstimate;
  /** Root of the mean squared error, with the ends of its interval. */
  readonly rootMeanSquaredError: MetricEstimate;
  readonly meanAbsoluteError: MetricEstimate;
  /** 1 − squared error / variance of the values over the frame. */
  readonly explained: MetricEstimate;
}

/** Metrics of numbers from one set of draws. @param values, predicted  of the drawn items. */
export function estimateRegression(
  design: DrawDesign,
  values: ArrayLike<number>,
  predicted: ArrayLike<number>,
  level: number,
): RegressionEstimates {
  if (values.length !== predicted.length)
    throw new RangeError(`estimateRegression: ${values.length} and ${predicted.length} values.`);
  const squared = Float64Array.from(values, (value, m) => (value - predicted[m]) ** 2);
  const absolute = squared.map(Math.sqrt);
  const meanSquaredError = meanMetric(design, squared, level);
  const root = (value: number) => Math.sqrt(Math.max(0, value));
  const { value, interval } = meanSquaredError;
  return {
    meanSquaredError,
    rootMeanSquaredError: {
      ...meanSquaredError,
      value: value === null ? null : root(value),
      interval: interval && { low: root(interval.low), high: root(interval.high) },
    },
    meanAbsoluteError: meanMetric(design, absolute, level),
    explained: explainedVariance(design, values, squared, level),
  };
}

/** The centre of the variance is the estimated mean of the values; its own error enters at second order only. */
function explainedVariance(
  design: DrawDesign,
  values: ArrayLike<number>,
  squared: Float64Array,
  level: number,
): MetricEstimate {
  if (squared.length === 0) return { value: null, interval: null, reason: "not-yet-estimable", support: 0 };
  const losses = Float64Array.from(values);
  const centre = combineIncrements(martingaleIncrements({ ...design, losses }), design.poolSize).value;
  return complement(
    estimateRatio(
      design,
      squared,
      losses.map((value) => (value - centre) ** 2),
      level,
    ),
  );
}

export interface MultiLabelEstimates {
  /** Share of wrong labels. */
  readonly hammingLoss: MetricEstimate;
  /** Share of items with all labels right. */
  readonly subsetAccuracy: MetricEstimate;
  readonly recall: readonly MetricEstimate[];
  readonly precision: readonly MetricEstimate[];
  readonly f1: readonly MetricEstimate[];
  /** F1 over all labels together. */
  readonly microF1: MetricEstimate;
}

/**
 * Metrics of label sets from one set of draws.
 * @param labels, predicted  draws × nLabels, 1 for a label that applies.
 */
export function estimateMultiLabel(
  design: DrawDesign,
  labels: ArrayLike<number>,
  predicted: ArrayLike<number>,
  nLabels: number,
  level: number,
): MultiLabelEstimates {
  const nDraws = design.q.length;
  if (labels.length !== nDraws * nLabels || predicted.length !== labels.length) {
    throw new RangeError(
      `estimateMultiLabel: ${labels.length} and ${predicted.length} labels for ${nDraws} draws of ${nLabels}.`,
    );
  }
  const perDraw = (of: (m: number) => number) => Float64Array.from({ length: nDraws }, (_, m) => of(m));
  const sum = (m: number, of: (at: number) => number) => {
    let total = 0;
    for (let at = m * nLabels; at < (m + 1) * nLabels; at++) total += of(at);
    return total;
  };
  const isRight = (at: number) => (labels[at] > 0 && predicted[at] > 0 ? 1 : 0);
  const half = (at: number) => ((labels[at] > 0 ? 1 : 0) + (predicted[at] > 0 ? 1 : 0)) / 2;
  const wrong = perDraw((m) => sum(m, (at) => (labels[at] > 0 !== predicted[at] > 0 ? 1 : 0)));
  const each = (bottom: (at: number) => number) =>
    Array.from({ length: nLabels }, (_, l) =>
      estimateRatio(
        design,
        perDraw((m) => isRight(m * nLabels + l)),
        perDraw((m) => bottom(m * nLabels + l)),
        level,
      ),
    );
  return {
    hammingLoss: meanMetric(
      design,
      wrong.map((count) => count / nLabels),
      level,
    ),
    subsetAccuracy: complement(
      meanMetric(
        design,
        wrong.map((count) => Math.min(1, count)),
        level,
      ),
    ),
    recall: each((at) => (labels[at] > 0 ? 1 : 0)),
    precision: each((at) => (predicted[at] > 0 ? 1 : 0)),
    f1: each(half),
    microF1: estimateRatio(
      design,
      perDraw((m) => sum(m, isRight)),
      perDraw((m) => sum(m, half)),
      level,
    ),
  };
}
