/** Cohen's κ of two lists of classes; 1 when they are identical, also where the formula is 0/0. */
export function cohenKappa(a: ArrayLike<number>, b: ArrayLike<number>, nClasses: number): number {
  const n = a.length;
  if (n === 0 || b.length !== n) throw new RangeError(`cohenKappa: ${n} and ${b.length} predictions.`);
  const countA = new Float64Array(nClasses);
  const countB = new Float64Array(nClasses);
  let same = 0;
  for (let i = 0; i < n; i++) {
    countA[a[i]]++;
    countB[b[i]]++;
    if (a[i] === b[i]) same++;
  }
  if (same === n) return 1;
  let chance = 0;
  for (let c = 0; c < nClasses; c++) chance += (countA[c] / n) * (countB[c] / n);
  return (same / n - chance) / (1 - chance);
}

/** One round as stability criteria see it. */
export interface StopRound {
  /** Labels used for training. */
  readonly labels: number;
  /** Predicted classes on the stop set: a fixed random part of the original pool, the same rows in every round. */
  readonly predictions: ArrayLike<number>;
  /** Names what a comparison with the round before depends on, such as the label set and the kind of model; a change resets stability. */
  readonly setting?: string;
}

/** What a criterion says: "unknown" when it cannot be asked yet, which is not "no". */
export type Vote = "stop" | "go-on" | "unknown";

export type UnknownReason = "too-few-rounds" | "stop-set-too-small" | "setting-changed" | "nothing-to-compare";

export interface StabilityVote {
  readonly vote: Vote;
  readonly reason: UnknownReason | null;
  /** Mean over the last window; null while unknown. */
  readonly value: number | null;
  /** One per pair of consecutive rounds of the same setting, oldest first. */
  readonly trail: readonly number[];
  /** Largest change of F1, in [0, 1], that agreement this close allows between consecutive models; null while unknown. */
  readonly f1ChangeAtMost: number | null;
}

export const STOP_SET_MIN = 100;
/** A criterion must hold at this many rounds in a row before it votes to stop. */
export const ROUNDS_IN_A_ROW = 2;
/** Agreement wanted: cautious, normal, eager. */
export const AGREEMENT_LEVELS = { cautious: 0.99, normal: 0.97, eager: 0.95 } as const;

/**
 * Stabilizing predictions: stop when the mean κ of the last `window` pairs of consecutive models is at least `agreement`,
 * twice in a row. Stability is not quality: a model that cannot learn the task is stable too.
 *
 * Source: Bloodgood & Vijay-Shanker 2009; the bound 4(1 − κ)/κ: Bloodgood & Grothendieck 2013.
 */
export function stabilizingPredictions(
  rounds: readonly StopRound[],
  nClasses: number,
  options: { readonly agreement?: number; readonly window?: number } = {},
): StabilityVote {
  const { agreement = AGREEMENT_LEVELS.cautious, window = 3 } = options;
  return stability(
    rounds,
    window,
    (a, b) => cohenKappa(a, b, nClasses),
    (mean) => mean >= agreement - 1e-12,
    true,
  );
}

/**
 * Predicted change of F1: stop when the last `window` values 1 − 2a/(2a+b+c) are all below `threshold`. Looks at predicted
 * positives alone, so for rare classes. With several classes, the largest over the classes that either model predicts.
 *
 * @param classes the classes that count as positive, each on its own.
 * Source: Altschuler & Bloodgood 2019. 0.02 is what we found usable; 0.05 stopped 2 to 4 points short.
 */
export function predictedChangeOfF(
  rounds: readonly StopRound[],
  classes: readonly number[],
  options: { readonly threshold?: number; readonly window?: number } = {},
): StabilityVote {
  const { threshold = 0.02, window = 3 } = options;
  return stability(
    rounds,
    window,
    (a, b) => changeOfF(a, b, classes),
    (_, last) => last.every((x) => x < threshold),
    false,
  );
}

function changeOfF(a: ArrayLike<number>, b: ArrayLike<number>, classes: readonly number[]): number | null {
  let largest: number | null = null;
  for (const c of classes) {
    let both = 0;
    let either = 0;
    for (let i = 0; i < a.length; i++) {
      both += a[i] === c && b[i] === c ? 1 : 0;
      either += (a[i] === c ? 1 : 0) + (b[i] === c ? 1 : 0);
    }
    // Nobody predicts the class: 0/0, unknown.
    if (either > 0) largest = Math.max(largest ?? 0, 1 - (2 * both) / either);
  }
  return largest;
}

/**
 * Classification change: stop when at most a share of the predictions changed. A supporting light: small batches change
 * little and stop too early.
 * Source: Zhu, Wang & Hovy 2008.
 */
export function classificationChange(rounds: readonly StopRound[], tolerated = 0): StabilityVote {
  const share = (a: ArrayLike<number>, b: ArrayLike<number>) => {
    let changed = 0;
    for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) changed++;
    return changed / a.length;
  };
  return stability(rounds, 1, share, (mean) => mean <= tolerated + 1e-12, false);
}

function stability(
  rounds: readonly StopRound[],
  window: number,
  compare: (before: ArrayLike<number>, after: ArrayLike<number>) => number | null,
  holds: (mean: number, last: readonly number[]) => boolean,
  isKappa: boolean,
): StabilityVote {
  const unknown = (reason: UnknownReason, trail: readonly number[]): StabilityVote => ({
    vote: "unknown",
    reason,
    value: null,
    trail,
    f1ChangeAtMost: null,
  });
  const latest = rounds.at(-1);
  if (latest === undefined) return unknown("too-few-rounds", []);
  if (latest.predictions.length < STOP_SET_MIN) return unknown("stop-set-too-small", []);
  const trail: number[] = [];
  let wasReset = false;
  for (let t = 1; t < rounds.length; t++) {
    const [before, after] = [rounds[t - 1], rounds[t]];
    if (before.setting !== after.setting || before.predictions.length !== after.predictions.length) {
      trail.length = 0;
      wasReset = true;
      continue;
    }
    const value = compare(before.predictions, after.predictions);
    if (value === null) trail.length = 0;
    else trail.push(value);
  }
  if (trail.length === 0 && rounds.length > window && !wasReset) return unknown("nothing-to-compare", trail);
  if (trail.length < window) return unknown(wasReset ? "setting-changed" : "too-few-rounds", trail);
  const meanOf = (list: readonly number[]) => list.reduce((sum, x) => sum + x / list.length, 0);
  let inARow = 0;
  for (let end = trail.length; end >= window; end--) {
    const last = trail.slice(end - window, end);
    if (!holds(meanOf(last), last)) break;
    inARow++;
  }
  const value = meanOf(trail.slice(-window));
  return {
    vote: inARow >= ROUNDS_IN_A_ROW ? "stop" : "go-on",
    reason: null,
    value,
    trail,
    f1ChangeAtMost: isKappa ? (value > 0 ? Math.min(1, (4 * (1 - value)) / value) : 1) : null,
  };
}
