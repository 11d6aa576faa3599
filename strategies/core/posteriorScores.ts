/**
 * Disagreement among posterior samples of one row, in float64 and nats.
 *
 * `q` holds samples × nClasses probabilities from `at`. Single-label rows sum to 1; in multi-label rows every entry is a yes
 * of its own, and the value is the mean over the classes.
 */
export type Disagreement = "bald" | "vote-entropy" | "consensus-entropy" | "variation-ratio";

export type DisagreementOf = (
  q: Float32Array | Float64Array,
  at: number,
  samples: number,
  nClasses: number,
  isMultiLabel: boolean,
) => number;

/** −p·ln p, 0 at p ≤ 0. */
export function plogp(p: number): number {
  return p > 0 ? -p * Math.log(p) : 0;
}

/** Entropy of a yes with probability p. */
export function binaryEntropy(p: number): number {
  return plogp(p) + plogp(1 - p);
}

/** H(mean) − mean H: what one label would tell about the model. Also the mean divergence of the samples from their mean. */
const bald: DisagreementOf = (q, at, samples, nClasses, isMultiLabel) => {
  let value = 0;
  for (let c = 0; c < nClasses; c++) {
    let mean = 0;
    let inner = 0;
    for (let s = 0; s < samples; s++) {
      const p = q[at + s * nClasses + c];
      mean += p;
      inner += isMultiLabel ? binaryEntropy(p) : plogp(p);
    }
    value += (isMultiLabel ? binaryEntropy(mean / samples) : plogp(mean / samples)) - inner / samples;
  }
  return Math.max(0, isMultiLabel ? value / nClasses : value);
};

const consensusEntropy: DisagreementOf = (q, at, samples, nClasses, isMultiLabel) => {
  let value = 0;
  for (let c = 0; c < nClasses; c++) {
    let mean = 0;
    for (let s = 0; s < samples; s++) mean += q[at + s * nClasses + c];
    value += isMultiLabel ? binaryEntropy(mean / samples) : plogp(mean / samples);
  }
  return isMultiLabel ? value / nClasses : value;
};

/** 1 − the largest mean probability; multi-label: the mean chance that a class's answer is wrong. */
const variationRatio: DisagreementOf = (q, at, samples, nClasses, isMultiLabel) => {
  let value = 0;
  let largest = 0;
  for (let c = 0; c < nClasses; c++) {
    let mean = 0;
    for (let s = 0; s < samples; s++) mean += q[at + s * nClasses + c];
    mean /= samples;
    if (mean > largest) largest = mean;
    value += Math.min(mean, 1 - mean);
  }
  return Math.max(0, isMultiLabel ? value / nClasses : 1 - largest);
};

/** Entropy of the histogram of the samples' answers; ties within a sample go to the lower class. */
const voteEntropy: DisagreementOf = (q, at, samples, nClasses, isMultiLabel) => {
  let value = 0;
  if (isMultiLabel) {
    for (let c = 0; c < nClasses; c++) {
      let yes = 0;
      for (let s = 0; s < samples; s++) if (q[at + s * nClasses + c] > 0.5) yes++;
      value += binaryEntropy(yes / samples) / nClasses;
    }
    return value;
  }
  const votes: number[] = new Array(nClasses).fill(0);
  for (let s = 0; s < samples; s++) {
    let best = 0;
    const from = at + s * nClasses;
    for (let c = 1; c < nClasses; c++) if (q[from + c] > q[from + best]) best = c;
    votes[best]++;
  }
  for (let c = 0; c < nClasses; c++) value += plogp(votes[c] / samples);
  return value;
};

export const DISAGREEMENTS: Readonly<Record<Disagreement, DisagreementOf>> = {
  bald,
  "vote-entropy": voteEntropy,
  "consensus-entropy": consensusEntropy,
  "variation-ratio": variationRatio,
};

/** Largest possible value. */
export function disagreementMax(
  measure: Disagreement,
  samples: number,
  nClasses: number,
  isMultiLabel: boolean,
): number {
  const classes = isMultiLabel ? 2 : Math.max(1, nClasses);
  if (measure === "variation-ratio") return 1 - 1 / classes;
  return Math.log(measure === "consensus-entropy" ? classes : Math.max(1, Math.min(classes, samples)));
}
