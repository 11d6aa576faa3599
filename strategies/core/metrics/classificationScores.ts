import { KeyedRandom } from "../keyedRandom";
import type { Estimate } from "./estimateFromSample";
import { quantileSorted } from "./ranks";

export interface ClassScore {
  readonly truth: number;
  readonly predicted: number;
  readonly correct: number;
  /** null where the denominator is 0. */
  readonly precision: number | null;
  readonly recall: number | null;
  readonly f1: number | null;
}

/** nClasses × nClasses counts, row = true class, column = predicted class. */
export function confusionMatrix(truth: ArrayLike<number>, predicted: ArrayLike<number>, nClasses: number): Int32Array {
  if (truth.length !== predicted.length) {
    throw new RangeError(`confusionMatrix: ${truth.length} true classes, ${predicted.length} predicted ones.`);
  }
  const counts = new Int32Array(nClasses * nClasses);
  for (let i = 0; i < truth.length; i++) {
    const inRange = truth[i] >= 0 && truth[i] < nClasses && predicted[i] >= 0 && predicted[i] < nClasses;
    if (!inRange) throw new RangeError(`confusionMatrix: entry ${i} is not a class in 0 … ${nClasses - 1}.`);
    counts[truth[i] * nClasses + predicted[i]]++;
  }
  return counts;
}

/** Precision, recall and F1 of every class. A class that occurs neither as truth nor as prediction has f1 null. */
export function classScores(confusion: Int32Array, nClasses: number): ClassScore[] {
  return Array.from({ length: nClasses }, (_, c) => {
    let truth = 0;
    let predicted = 0;
    for (let j = 0; j < nClasses; j++) {
      truth += confusion[c * nClasses + j];
      predicted += confusion[j * nClasses + c];
    }
    const correct = confusion[c * nClasses + c];
    return {
      truth,
      predicted,
      correct,
      precision: predicted === 0 ? null : correct / predicted,
      recall: truth === 0 ? null : correct / truth,
      f1: truth + predicted === 0 ? null : (2 * correct) / (truth + predicted),
    };
  });
}

/** Mean F1 over the classes that occur as truth or as prediction; null when none does. */
export function macroF1(confusion: Int32Array, nClasses: number): number | null {
  return meanOf(classScores(confusion, nClasses).map((score) => score.f1));
}

/** Mean recall over the classes that occur as truth; null when none does. */
export function balancedAccuracy(confusion: Int32Array, nClasses: number): number | null {
  return meanOf(classScores(confusion, nClasses).map((score) => score.recall));
}

function meanOf(values: readonly (number | null)[]): number | null {
  const present = values.filter((value) => value !== null);
  return present.length === 0 ? null : present.reduce((sum, value) => sum + value, 0) / present.length;
}

/**
 * Macro-F1 on a simple random sample with a percentile bootstrap interval over its items. Fewer than two items give no
 * interval. The draws are keyed by seed, so the same sample gives the same interval everywhere.
 */
export function estimateMacroF1(args: {
  readonly truth: ArrayLike<number>;
  readonly predicted: ArrayLike<number>;
  readonly nClasses: number;
  readonly level: number;
  readonly replicates: number;
  readonly seed: string;
}): Estimate {
  const { truth, predicted, nClasses, level, replicates } = args;
  const n = truth.length;
  const value = macroF1(confusionMatrix(truth, predicted, nClasses), nClasses);
  if (value === null || n < 2) return { value, interval: null, level, n, method: "bootstrap" };
  const random = new KeyedRandom(args.seed, "macro-f1-bootstrap");
  const values = new Float64Array(replicates);
  const confusion = new Int32Array(nClasses * nClasses);
  for (let b = 0; b < replicates; b++) {
    confusion.fill(0);
    for (let i = 0; i < n; i++) {
      const j = random.below(n, i, b);
      confusion[truth[j] * nClasses + predicted[j]]++;
    }
    values[b] = macroF1(confusion, nClasses) ?? 0;
  }
  values.sort();
  const tail = (1 - level) / 2;
  return {
    value,
    interval: { low: quantileSorted(values, tail), high: quantileSorted(values, 1 - tail) },
    level,
    n,
    method: "bootstrap",
  };
}
