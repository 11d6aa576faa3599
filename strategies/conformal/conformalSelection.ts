import { benjaminiHochberg } from "./falseDiscovery";

/** Above the range of any confidence: what a right machine label adds to its score. */
const CLIP = 1000;

/** Clipped scores of calibration items: CLIP − confidence where the machine label was right, −confidence where wrong. */
export function calibrationScores(confidence: ArrayLike<number>, isRight: ArrayLike<number>): Float64Array {
  if (confidence.length !== isRight.length) {
    throw new RangeError(`calibrationScores: ${confidence.length} confidences and ${isRight.length} outcomes.`);
  }
  return Float64Array.from(confidence, (value, i) => (isRight[i] > 0 ? CLIP : 0) - value);
}

/** Scores of unlabelled items under "the machine label is wrong". */
export function candidateScores(confidence: ArrayLike<number>): Float64Array {
  return Float64Array.from(confidence, (value) => -value);
}

/** How ties of scores are counted. */
export type TieRule =
  /** A tie counts fully against the item: deterministic, and the default. */
  | { readonly kind: "conservative" }
  /** A tie counts for the item; only valid where scores never tie. */
  | { readonly kind: "strict" }
  /** A tie counts by an independent uniform number per item. */
  | { readonly kind: "randomized"; readonly u: ArrayLike<number> };

/**
 * Conformal p-values of "this machine label is wrong": small where few wrong calibration items looked as good.
 *
 * Calibration items must be a uniform sample of the same pool and time, or weighted to be one; they must have had no part in
 * training or tuning the confidence, and accepted machine labels never belong among them.
 *
 * @param weights of calibration items and of candidates, for covariate shift; all 1 unless given.
 * Source: Jin & Candès 2023, "Selection by prediction with conformal p-values".
 */
export function conformalPValues(
  calibration: ArrayLike<number>,
  candidates: ArrayLike<number>,
  ties: TieRule = { kind: "conservative" },
  weights?: { readonly calibration: ArrayLike<number>; readonly candidates: ArrayLike<number> },
): Float64Array {
  const n = calibration.length;
  const order = Uint32Array.from({ length: n }, (_, i) => i).sort((a, b) => calibration[a] - calibration[b]);
  const sorted = Float64Array.from(order, (i) => calibration[i]);
  const cumulative = new Float64Array(n + 1);
  for (let i = 0; i < n; i++)
    cumulative[i + 1] = cumulative[i] + (weights === undefined ? 1 : weights.calibration[order[i]]);
  return Float64Array.from(candidates, (score, j) => {
    const below = cumulative[firstAtLeast(sorted, score, false)];
    const atMost = cumulative[firstAtLeast(sorted, score, true)];
    const own = weights === undefined ? 1 : weights.candidates[j];
    const total = cumulative[n] + own;
    switch (ties.kind) {
      case "conservative":
        return (atMost + own) / total;
      case "strict":
        return (below + own) / total;
      case "randomized":
        return (below + ties.u[j] * (own + atMost - below)) / total;
    }
  });
}

/** Number of sorted values below x, or at most x. */
function firstAtLeast(sorted: Float64Array, x: number, isAtMost: boolean): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (isAtMost ? sorted[middle] <= x : sorted[middle] < x) low = middle + 1;
    else high = middle;
  }
  return low;
}

export interface AutoLabelPlan {
  /** Candidates whose machine label may be accepted, ascending. */
  readonly accepted: Uint32Array;
  /** Expected number of wrong ones among them, at most: level · accepted. */
  readonly expectedWrong: number;
  readonly pValues: Float64Array;
  readonly calibrationSize: number;
  /** Calibration labels without which not even all candidates together could be accepted. */
  readonly calibrationNeeded: number;
}

/**
 * Which machine labels may be accepted so that on average at most `level` of them disagree with the annotators. The rate
 * is an average over batches: about half of single batches exceed it a little.
 *
 * @param confidence of candidates: how sure the model is that its label is right.
 * @param calibration the same for uniformly drawn labelled items, and whether the machine label was right.
 */
export function planAutoLabels(
  confidence: ArrayLike<number>,
  calibration: {
    readonly confidence: ArrayLike<number>;
    readonly isRight: ArrayLike<number>;
    readonly weights?: { readonly calibration: ArrayLike<number>; readonly candidates: ArrayLike<number> };
  },
  level: number,
  ties: TieRule = { kind: "conservative" },
): AutoLabelPlan {
  if (!(level > 0 && level < 1))
    throw new RangeError(`planAutoLabels: the error rate must be in (0, 1), got ${level}.`);
  const scores = calibrationScores(calibration.confidence, calibration.isRight);
  const pValues = conformalPValues(scores, candidateScores(confidence), ties, calibration.weights);
  const accepted = benjaminiHochberg(pValues, level);
  return {
    accepted,
    expectedWrong: level * accepted.length,
    pValues,
    calibrationSize: scores.length,
    calibrationNeeded: Math.ceil(1 / level - 1 - 1e-9),
  };
}
