/**
 * Figures that are often taken as stopping rules and should not be: thresholds on a model's own confidence fired on one
 * data set in six when we tried them, and say more about calibration than about quality. Show them with a calibration
 * beside them; they carry no vote.
 */
export interface ConfidenceDiagnostics {
  /** Mean entropy over ln classes, in [0, 1]. */
  readonly overallUncertainty: number;
  /** Mean of 1 − largest probability. */
  readonly expectedError: number;
  /** Largest normalised entropy. */
  readonly largestUncertainty: number;
}

/** @param probabilities n × nClasses of the unlabelled pool; null where it is empty. */
export function confidenceDiagnostics(
  probabilities: ArrayLike<number>,
  n: number,
  nClasses: number,
): ConfidenceDiagnostics | null {
  if (n === 0) return null;
  let entropySum = 0;
  let errorSum = 0;
  let largest = 0;
  for (let i = 0; i < n; i++) {
    let entropy = 0;
    let top = 0;
    for (let c = 0; c < nClasses; c++) {
      const p = probabilities[i * nClasses + c];
      if (p > 0) entropy -= p * Math.log(p);
      top = Math.max(top, p);
    }
    const normalised = nClasses > 1 ? entropy / Math.log(nClasses) : 0;
    entropySum += normalised / n;
    errorSum += (1 - top) / n;
    largest = Math.max(largest, normalised);
  }
  return { overallUncertainty: entropySum, expectedError: errorSum, largestUncertainty: largest };
}

/** Accuracy of the model before a batch on the batch it chose: biased low by design, for it chose what it found hard. */
export function selectedAccuracy(labels: ArrayLike<number>, predicted: ArrayLike<number>): number | null {
  if (labels.length === 0) return null;
  let right = 0;
  for (let i = 0; i < labels.length; i++) if (labels[i] === predicted[i]) right++;
  return right / labels.length;
}

/**
 * Whether a model's own estimate of its performance has come to rest: the mean of the last `window` is the largest so far
 * and rose by less than `step`. Source: Laws & Schütze 2008, "Stopping criteria for active learning of named entity recognition".
 */
export function selfEstimateConverged(estimates: readonly number[], window = 10, step = 5e-5): boolean {
  const meanUpTo = (end: number) => estimates.slice(end - window, end).reduce((sum, x) => sum + x / window, 0);
  if (estimates.length < window + 1) return false;
  const means = Array.from({ length: estimates.length - window + 1 }, (_, k) => meanUpTo(k + window));
  const last = means[means.length - 1];
  const before = Math.max(...means.slice(0, -1));
  return last > before && last - before < step;
}

/** Whether the variance of the chosen items' uncertainty has passed its peak: `falls` decreases of at least `least` in a row. Source: Ghayoomi 2010. */
export function variancePastPeak(variances: readonly number[], falls = 2, least = 0.5): boolean {
  if (variances.length <= falls) return false;
  return variances.slice(-falls).every((value, k) => variances[variances.length - falls + k - 1] - value >= least);
}
