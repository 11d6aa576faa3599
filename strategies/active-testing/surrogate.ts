import type { ClassProbabilities } from "./proposals";
import { clippedRow } from "./proposals";

/** Label counts at which a surrogate is worth refitting; from 400 on, every 200. */
const REFIT_LABELS = [5, 10, 20, 30, 40, 50, 100, 250, 400] as const;
const REFIT_STEP = 200;

/**
 * Whether labels passed a refit mark since the surrogate was fitted. The surrogate may learn from test labels; the
 * evaluated model may not.
 */
export function surrogateRefitDue(fittedOn: number, labels: number): boolean {
  if (labels <= fittedOn) return false;
  const last = REFIT_LABELS[REFIT_LABELS.length - 1];
  if (REFIT_LABELS.some((mark) => fittedOn < mark && labels >= mark)) return true;
  const steps = (count: number) => Math.floor(Math.max(0, count - last) / REFIT_STEP);
  return steps(labels) > steps(fittedOn);
}

/**
 * Share of votes per class, with a pseudo-count of each class: a surrogate made of other models' hard predictions.
 * Miscalibrated by nature; temper it before it is used for more than ranking.
 *
 * @param predictions n × m class numbers, −1 for none.
 * @param smoothing   pseudo-votes per class.
 */
export function voteShareSurrogate(
  predictions: ArrayLike<number>,
  n: number,
  m: number,
  nClasses: number,
  smoothing: number,
): ClassProbabilities {
  const values = new Float64Array(n * nClasses).fill(smoothing);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < m; j++) {
      const vote = predictions[i * m + j];
      if (vote >= 0 && vote < nClasses) values[i * nClasses + vote]++;
    }
    let sum = 0;
    for (let c = 0; c < nClasses; c++) sum += values[i * nClasses + c];
    for (let c = 0; c < nClasses; c++)
      values[i * nClasses + c] = sum > 0 ? values[i * nClasses + c] / sum : 1 / nClasses;
  }
  return { values, n, nClasses };
}

/** p^(1/T), normalised. T above 1 makes probabilities more cautious; T = 1 changes nothing but rounding. */
export function withTemperature(matrix: ClassProbabilities, temperature: number): ClassProbabilities {
  if (!(temperature > 0)) throw new RangeError(`withTemperature: the temperature must be above 0, got ${temperature}.`);
  const { n, nClasses } = matrix;
  const values = new Float64Array(n * nClasses);
  const row = new Float64Array(nClasses);
  for (let i = 0; i < n; i++) {
    clippedRow(matrix, i, row);
    let largest = Number.NEGATIVE_INFINITY;
    for (let c = 0; c < nClasses; c++) {
      row[c] = Math.log(row[c]) / temperature;
      largest = Math.max(largest, row[c]);
    }
    let sum = 0;
    for (let c = 0; c < nClasses; c++) {
      row[c] = Math.exp(row[c] - largest);
      sum += row[c];
    }
    for (let c = 0; c < nClasses; c++) values[i * nClasses + c] = row[c] / sum;
  }
  return { values, n, nClasses };
}

const TEMPERATURE_MIN = 0.05;
const TEMPERATURE_MAX = 20;

/**
 * The temperature in [0.05, 20] with the smallest log loss on labelled rows, by golden-section search over its logarithm.
 * Rows must be predictions the surrogate made without the row's own label (out of fold).
 *
 * @param rows    rows of the matrix that are labelled. @param labels  their classes.
 * @param weights one per labelled row; LURE weights or 1/q make it calibrated for the frame instead of for the draws.
 */
export function fitTemperature(
  matrix: ClassProbabilities,
  rows: ArrayLike<number>,
  labels: ArrayLike<number>,
  weights?: ArrayLike<number>,
): number {
  if (rows.length === 0) return 1;
  const { nClasses } = matrix;
  const logs = new Float64Array(rows.length * nClasses);
  const row = new Float64Array(nClasses);
  for (let i = 0; i < rows.length; i++) {
    clippedRow(matrix, rows[i], row);
    for (let c = 0; c < nClasses; c++) logs[i * nClasses + c] = Math.log(row[c]);
  }
  const lossAt = (logTemperature: number): number => {
    const inverse = Math.exp(-logTemperature);
    let loss = 0;
    for (let i = 0; i < rows.length; i++) {
      let largest = Number.NEGATIVE_INFINITY;
      for (let c = 0; c < nClasses; c++) largest = Math.max(largest, logs[i * nClasses + c] * inverse);
      let sum = 0;
      for (let c = 0; c < nClasses; c++) sum += Math.exp(logs[i * nClasses + c] * inverse - largest);
      const weight = weights === undefined ? 1 : Math.max(0, weights[i]);
      loss += weight * (largest + Math.log(sum) - logs[i * nClasses + labels[i]] * inverse);
    }
    return loss;
  };
  return Math.exp(goldenSection(lossAt, Math.log(TEMPERATURE_MIN), Math.log(TEMPERATURE_MAX)));
}

function goldenSection(value: (x: number) => number, from: number, to: number): number {
  const ratio = (Math.sqrt(5) - 1) / 2;
  let low = from;
  let high = to;
  let a = high - ratio * (high - low);
  let b = low + ratio * (high - low);
  let atA = value(a);
  let atB = value(b);
  while (high - low > 1e-6) {
    if (atA <= atB) {
      high = b;
      b = a;
      atB = atA;
      a = high - ratio * (high - low);
      atA = value(a);
    } else {
      low = a;
      a = b;
      atA = atB;
      b = low + ratio * (high - low);
      atB = value(b);
    }
  }
  return (low + high) / 2;
}
