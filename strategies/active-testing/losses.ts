import type { ClassProbabilities } from "./proposals";
import { clippedRow } from "./proposals";

/** 0/1 loss of every pair. */
export function zeroOneLosses(labels: ArrayLike<number>, predicted: ArrayLike<number>): Float64Array {
  sameLength("zeroOneLosses", labels, predicted);
  return Float64Array.from(labels, (label, i) => (label === predicted[i] ? 0 : 1));
}

/**
 * −ln p(label), in nats. @param cap larger losses are set to it: name the metric "clipped log loss" then; the betting
 * sequence needs the losses divided by it.
 */
export function logLosses(
  labels: ArrayLike<number>,
  probabilities: ClassProbabilities,
  rows: ArrayLike<number>,
  cap = Number.POSITIVE_INFINITY,
): Float64Array {
  sameLength("logLosses", labels, rows);
  const row = new Float64Array(probabilities.nClasses);
  return Float64Array.from(labels, (label, i) =>
    Math.min(cap, -Math.log(clippedRow(probabilities, rows[i], row)[label])),
  );
}

export function squaredErrors(values: ArrayLike<number>, predicted: ArrayLike<number>): Float64Array {
  sameLength("squaredErrors", values, predicted);
  return Float64Array.from(values, (value, i) => (value - predicted[i]) ** 2);
}

export function absoluteErrors(values: ArrayLike<number>, predicted: ArrayLike<number>): Float64Array {
  sameLength("absoluteErrors", values, predicted);
  return Float64Array.from(values, (value, i) => Math.abs(value - predicted[i]));
}

/**
 * Loss per item of multi-label answers; both matrices items × nLabels with 1 for a label that applies.
 * @param loss "hamming": share of wrong labels; "subset": 1 unless all labels are right.
 */
export function multiLabelLosses(
  labels: ArrayLike<number>,
  predicted: ArrayLike<number>,
  nLabels: number,
  loss: "hamming" | "subset",
): Float64Array {
  sameLength("multiLabelLosses", labels, predicted);
  const n = labels.length / nLabels;
  return Float64Array.from({ length: n }, (_, i) => {
    let wrong = 0;
    for (let l = i * nLabels; l < (i + 1) * nLabels; l++) if (labels[l] > 0 !== predicted[l] > 0) wrong++;
    return loss === "hamming" ? wrong / nLabels : Math.min(1, wrong);
  });
}

function sameLength(name: string, a: ArrayLike<number>, b: ArrayLike<number>): void {
  if (a.length !== b.length) throw new RangeError(`${name}: ${a.length} and ${b.length} values; they must agree.`);
}
