import { quantileSorted } from "../core/metrics";

/** Class probabilities of n items, row-major n × classes. */
export interface ClassProbabilities {
  readonly values: ArrayLike<number>;
  readonly n: number;
  readonly nClasses: number;
}

const PROBABILITY_MIN = 1e-15;

/** Probabilities of one row clipped to [1e-15, 1 − 1e-15] and brought back to sum 1, so that no log loss is infinite. */
export function clippedRow(matrix: ClassProbabilities, row: number, out: Float64Array): Float64Array {
  const { values, nClasses } = matrix;
  let sum = 0;
  for (let c = 0; c < nClasses; c++) {
    out[c] = Math.min(1 - PROBABILITY_MIN, Math.max(PROBABILITY_MIN, values[row * nClasses + c]));
    sum += out[c];
  }
  for (let c = 0; c < nClasses; c++) out[c] /= sum;
  return out;
}

/** Most probable class of every row; ties go to the lowest class. */
export function mostProbableClasses({ values, n, nClasses }: ClassProbabilities): Int32Array {
  const classes = new Int32Array(n);
  for (let i = 0; i < n; i++) {
    for (let c = 1; c < nClasses; c++) if (values[i * nClasses + c] > values[i * nClasses + classes[i]]) classes[i] = c;
  }
  return classes;
}

/** Moments of the log loss −ln f(y|x) when y follows the surrogate: what the scores below are made of. */
function logLossMoments(
  target: ClassProbabilities,
  surrogate: ClassProbabilities,
): { first: Float64Array; second: Float64Array } {
  checkSameShape("logLossMoments", target, surrogate);
  const { n, nClasses } = target;
  const row = new Float64Array(nClasses);
  const first = new Float64Array(n);
  const second = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    clippedRow(target, i, row);
    for (let c = 0; c < nClasses; c++) {
      const loss = -Math.log(row[c]);
      const weight = surrogate.values[i * nClasses + c];
      first[i] += weight * loss;
      second[i] += weight * loss * loss;
    }
  }
  return { first, second };
}

/** Expected log loss of the target when labels follow the surrogate. With the target as its own surrogate: its entropy. */
export function expectedLogLoss(target: ClassProbabilities, surrogate: ClassProbabilities): Float64Array {
  return logLossMoments(target, surrogate).first;
}

/** √E[loss²] of the log loss: the best score without a control variate when labels are as random as the surrogate says. */
export function rootSecondMomentLogLoss(target: ClassProbabilities, surrogate: ClassProbabilities): Float64Array {
  return logLossMoments(target, surrogate).second.map(Math.sqrt);
}

/** Standard deviation of the log loss under the surrogate: the best score when its mean is used as control variate. */
export function deviationOfLogLoss(target: ClassProbabilities, surrogate: ClassProbabilities): Float64Array {
  const { first, second } = logLossMoments(target, surrogate);
  return second.map((square, i) => Math.sqrt(Math.max(0, square - first[i] * first[i])));
}

/** Probability that the target's most probable class is wrong: 1 − π(ŷ|x). */
export function expectedError(target: ClassProbabilities, surrogate: ClassProbabilities): Float64Array {
  checkSameShape("expectedError", target, surrogate);
  return expectedErrorOf(mostProbableClasses(target), surrogate);
}

/** The same for given predicted classes. */
export function expectedErrorOf(predicted: ArrayLike<number>, surrogate: ClassProbabilities): Float64Array {
  const { values, n, nClasses } = surrogate;
  if (predicted.length !== n) throw new RangeError(`expectedErrorOf: ${predicted.length} predictions for ${n} rows.`);
  return Float64Array.from({ length: n }, (_, i) => Math.max(0, 1 - values[i * nClasses + predicted[i]]));
}

/** √p of probabilities of error: the default score, used with a tuned control variate. */
export function rootScores(scores: ArrayLike<number>): Float64Array {
  return Float64Array.from(scores, (score) => Math.sqrt(Math.max(0, score)));
}

/** √(p(1 − p)): standard deviation of a 0/1 loss; only good together with a control variate. */
export function deviationOfError(errors: ArrayLike<number>): Float64Array {
  return Float64Array.from(errors, (p) => Math.sqrt(Math.max(0, p * (1 - p))));
}

/** Expected squared error of a regression: (μ_surrogate − μ_target)² + σ_surrogate² + noise². */
export function expectedSquaredError(args: {
  readonly target: ArrayLike<number>;
  readonly surrogateMean: ArrayLike<number>;
  readonly surrogateDeviation: ArrayLike<number>;
  readonly noiseDeviation: number;
}): Float64Array {
  const { target, surrogateMean, surrogateDeviation, noiseDeviation } = args;
  if (surrogateMean.length !== target.length || surrogateDeviation.length !== target.length) {
    throw new RangeError(
      `expectedSquaredError: ${target.length}, ${surrogateMean.length} and ${surrogateDeviation.length} values.`,
    );
  }
  return Float64Array.from(
    target,
    (value, i) => (surrogateMean[i] - value) ** 2 + surrogateDeviation[i] ** 2 + noiseDeviation ** 2,
  );
}

/**
 * Expected loss of multi-label predictions when the labels follow the surrogate independently.
 *
 * @param predicted n × labels, 1 where the target asserts the label.
 * @param loss "hamming": share of wrong labels; "subset": 1 unless all labels are right.
 */
export function expectedMultiLabelLoss(
  predicted: ArrayLike<number>,
  surrogate: ClassProbabilities,
  loss: "hamming" | "subset",
): Float64Array {
  const { values, n, nClasses } = surrogate;
  if (predicted.length !== n * nClasses) {
    throw new RangeError(`expectedMultiLabelLoss: ${predicted.length} predictions for ${n} × ${nClasses} labels.`);
  }
  return Float64Array.from({ length: n }, (_, i) => {
    let wrong = 0;
    let allRight = 1;
    for (let l = 0; l < nClasses; l++) {
      const p = values[i * nClasses + l];
      const right = predicted[i * nClasses + l] > 0 ? p : 1 - p;
      wrong += 1 - right;
      allRight *= right;
    }
    return loss === "hamming" ? wrong / nClasses : 1 - allRight;
  });
}

/**
 * Scores for an F-measure F = TP/(α(TP+FP) + (1−α)(TP+FN)); α = ½ is F1.
 *
 * @param positive  surrogate probability that the item is positive.
 * @param predicted 1 where the target predicts positive.
 * @param f         the F-measure as far as it is known.
 * Source: Sawade, Landwehr & Scheffer 2010, "Active estimation of F-measures".
 */
export function fMeasureScores(
  positive: ArrayLike<number>,
  predicted: ArrayLike<number>,
  f: number,
  alpha = 0.5,
): Float64Array {
  return Float64Array.from(positive, (p, i) =>
    predicted[i] > 0 ? Math.sqrt(p * (1 - f) ** 2 + (1 - p) * alpha * alpha * f * f) : (1 - alpha) * f * Math.sqrt(p),
  );
}

/** Scores for the recall of one class: √π_c · |1[ŷ = c] − R_c|. */
export function recallScores(positive: ArrayLike<number>, predicted: ArrayLike<number>, recall: number): Float64Array {
  return Float64Array.from(positive, (p, i) => Math.sqrt(p) * Math.abs((predicted[i] > 0 ? 1 : 0) - recall));
}

/** Scores for the precision of one class: 0 where it is not predicted. */
export function precisionScores(
  positive: ArrayLike<number>,
  predicted: ArrayLike<number>,
  precision: number,
): Float64Array {
  return Float64Array.from(positive, (p, i) =>
    predicted[i] > 0 ? Math.sqrt(p * (1 - precision) ** 2 + (1 - p) * precision * precision) : 0,
  );
}

/**
 * Scores for balanced accuracy, the mean of the recalls.
 * @param recalls, prevalences  one per class, as far as they are known; a class of prevalence 0 is left out.
 */
export function balancedAccuracyScores(
  surrogate: ClassProbabilities,
  predicted: ArrayLike<number>,
  recalls: ArrayLike<number>,
  prevalences: ArrayLike<number>,
): Float64Array {
  const { values, n, nClasses } = surrogate;
  return Float64Array.from({ length: n }, (_, i) => {
    let sum = 0;
    for (let c = 0; c < nClasses; c++) {
      if (prevalences[c] <= 0) continue;
      const gap = ((predicted[i] === c ? 1 : 0) - recalls[c]) / prevalences[c];
      sum += values[i * nClasses + c] * gap * gap;
    }
    return Math.sqrt(sum);
  });
}

/**
 * Scores for the difference of two models' accuracies: √P(exactly one is right), 0 where they agree. Use a small floor,
 * for agreements carry no loss difference whatever the label.
 */
export function disagreementScores(
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  surrogate: ClassProbabilities,
): Float64Array {
  const { values, n, nClasses } = surrogate;
  return Float64Array.from({ length: n }, (_, i) =>
    a[i] === b[i] ? 0 : Math.sqrt(Math.max(0, values[i * nClasses + a[i]] + values[i * nClasses + b[i]])),
  );
}

/** Scores below a percentile of the scores (linear between neighbours) are raised to it. The papers use 0.1 for log loss. */
export function floorAtPercentile(scores: ArrayLike<number>, share: number): Float64Array {
  if (scores.length === 0) return new Float64Array(0);
  const floor = quantileSorted(Float64Array.from(scores).sort(), share);
  return Float64Array.from(scores, (score) => Math.max(floor, score));
}

/** Scores below a share of the largest are raised to it. The papers use 0.05 for accuracy. */
export function floorAtShareOfMax(scores: ArrayLike<number>, share: number): Float64Array {
  let largest = 0;
  for (let i = 0; i < scores.length; i++) largest = Math.max(largest, scores[i]);
  return Float64Array.from(scores, (score) => Math.max(share * largest, score));
}

/** Scores as probabilities. Negative ones are shifted by the smallest; all zero gives the uniform distribution. */
export function normalizedScores(scores: ArrayLike<number>): Float64Array {
  let least = 0;
  for (let i = 0; i < scores.length; i++) {
    if (!Number.isFinite(scores[i])) throw new RangeError(`normalizedScores: score ${i} is ${scores[i]}.`);
    least = Math.min(least, scores[i]);
  }
  let sum = 0;
  for (let i = 0; i < scores.length; i++) sum += scores[i] - least;
  return Float64Array.from(scores, (score) => (sum > 0 ? (score - least) / sum : 1 / scores.length));
}

/** q ← max(q, share/n), then normalised. */
export function clippedToUniform(q: ArrayLike<number>, share: number): Float64Array {
  return normalizedScores(Float64Array.from(q, (value) => Math.max(value, share / q.length)));
}

/** q ← τ/n + (1 − τ)q: bounds every 1/q by n/τ, at a cost of at most 1/(1 − τ) in variance. */
export function mixedWithUniform(q: ArrayLike<number>, share: number): Float64Array {
  return Float64Array.from(q, (value) => share / q.length + (1 - share) * value);
}

/** One proposal for several metrics: the mean of their normalised scores, so that none of them is starved. */
export function averagedProposal(scores: readonly ArrayLike<number>[]): Float64Array {
  if (scores.length === 0) throw new RangeError("averagedProposal: no scores.");
  const out = new Float64Array(scores[0].length);
  for (const list of scores) {
    if (list.length !== out.length) throw new RangeError(`averagedProposal: ${out.length} and ${list.length} scores.`);
    const q = normalizedScores(list);
    for (let i = 0; i < out.length; i++) out[i] += q[i] / scores.length;
  }
  return out;
}

function checkSameShape(name: string, a: ClassProbabilities, b: ClassProbabilities): void {
  if (a.n !== b.n || a.nClasses !== b.nClasses) {
    throw new RangeError(`${name}: ${a.n} × ${a.nClasses} and ${b.n} × ${b.nClasses} probabilities; they must agree.`);
  }
}
