import type { Interval } from "../core/metrics";
import { normalQuantile } from "../core/metrics";

export interface PredictionPoweredEstimate {
  readonly value: number;
  readonly standardError: number;
  readonly interval: Interval;
  /** Share of the predictions that was used: 0 is the classical mean, 1 plain prediction-powered inference. */
  readonly lambda: number;
}

/**
 * Mean of an outcome from uniformly drawn labels and predictions for all items (PPI; tuned: PPI++).
 *
 * @param outcomes    of the labelled items. @param predicted  for the same items.
 * @param unlabelled  predictions for the items without a label: these exclude the labelled ones.
 * @param lambda      fixed, or "tuned": the variance-minimising share in [0, 1].
 * Source: Angelopoulos et al. 2023, "Prediction-powered inference"; Angelopoulos, Duchi & Zrnic 2023, "PPI++".
 */
export function predictionPoweredMean(
  outcomes: ArrayLike<number>,
  predicted: ArrayLike<number>,
  unlabelled: ArrayLike<number>,
  level: number,
  lambda: number | "tuned" = "tuned",
): PredictionPoweredEstimate {
  const n = outcomes.length;
  const big = unlabelled.length;
  if (n < 2 || predicted.length !== n || big < 1) {
    throw new RangeError(
      `predictionPoweredMean: ${n} outcomes, ${predicted.length} predictions for them and ${big} others.`,
    );
  }
  const share = lambda === "tuned" ? tunedShare(outcomes, predicted, unlabelled) : lambda;
  const residuals = Float64Array.from(outcomes, (y, i) => y - share * predicted[i]);
  const value = share * mean(unlabelled) + mean(residuals);
  const standardError = Math.sqrt((share * share * variance(unlabelled, 0)) / big + variance(residuals, 0) / n);
  const half = normalQuantile(0.5 + level / 2) * standardError;
  return { value, standardError, interval: { low: value - half, high: value + half }, lambda: share };
}

function tunedShare(outcomes: ArrayLike<number>, predicted: ArrayLike<number>, unlabelled: ArrayLike<number>): number {
  const n = outcomes.length;
  const meanY = mean(outcomes);
  const meanF = mean(predicted);
  let covariance = 0;
  for (let i = 0; i < n; i++) covariance += ((outcomes[i] - meanY) * (predicted[i] - meanF)) / n;
  const spread = variance([...Array.from(predicted), ...Array.from(unlabelled)], 1);
  return spread === 0 ? 0 : Math.max(0, Math.min(1, covariance / ((1 + n / unlabelled.length) * spread)));
}

export interface ActiveInferenceEstimate {
  readonly value: number;
  /** For the distribution the pool came from. */
  readonly standardError: number;
  /** For the pool itself. */
  readonly poolStandardError: number;
}

/**
 * Mean of an outcome when every item was labelled on the toss of its own coin.
 *
 * @param predicted g of every item. @param outcomes of every item; read only where it was labelled.
 * @param probability of labelling the item, above 0. @param isLabelled 1 where the coin said yes.
 * Source: Zrnic & Candès 2024, "Active statistical inference".
 */
export function activeInferenceMean(
  predicted: ArrayLike<number>,
  outcomes: ArrayLike<number>,
  probability: ArrayLike<number>,
  isLabelled: ArrayLike<number>,
): ActiveInferenceEstimate {
  const n = predicted.length;
  let design = 0;
  const terms = Float64Array.from(predicted, (g, i) => {
    if (isLabelled[i] === 0) return g;
    if (!(probability[i] > 0))
      throw new RangeError(`activeInferenceMean: item ${i} was labelled with probability ${probability[i]}.`);
    const residual = outcomes[i] - g;
    design += ((1 - probability[i]) / probability[i] ** 2) * residual * residual;
    return g + residual / probability[i];
  });
  return {
    value: mean(terms),
    standardError: Math.sqrt(variance(terms, 0) / n),
    poolStandardError: Math.sqrt(design) / n,
  };
}

function mean(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i];
  return sum / values.length;
}

function variance(values: ArrayLike<number>, freedomLost: number): number {
  const centre = mean(values);
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += (values[i] - centre) ** 2;
  return sum / (values.length - freedomLost);
}
