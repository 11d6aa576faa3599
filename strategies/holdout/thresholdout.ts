/** The whole state, to be stored between sessions. */
export interface ThresholdoutState {
  /** Noisy threshold in force. */
  readonly threshold: number;
  /** Surprises that may still be told. */
  readonly budget: number;
  /** Laplace numbers drawn so far: no number is used twice. */
  readonly draws: number;
  /** Answers given, by query: asking again gives the same, or noise could be averaged out. */
  readonly answers: Readonly<Record<string, ThresholdoutAnswer>>;
}

export interface ThresholdoutAnswer {
  readonly value: number;
  /** false: "consistent with the development estimate", which is not a test accuracy. */
  readonly usedHoldout: boolean;
}

export interface ThresholdoutOptions {
  /** T: about 2 to 4 standard errors of the holdout mean. */
  readonly threshold: number;
  /** σ: about T/4, and no less than the standard error of an actively sampled holdout mean. */
  readonly noise: number;
  readonly budget: number;
}

/** Draw number k of a Laplace distribution of scale 1. The seed behind it must not be visible to those who ask. */
export type LaplaceDraws = (k: number) => number;

/** A Laplace number of scale 1 from a uniform one in (0, 1). */
export function laplaceFromUniform(u: number): number {
  return u < 0.5 ? Math.log(2 * u) : -Math.log(2 * (1 - u));
}

export function startThresholdout(options: ThresholdoutOptions, laplace: LaplaceDraws): ThresholdoutState {
  const { threshold, noise, budget } = options;
  if (!(threshold > 0 && noise > 0 && budget >= 0)) {
    throw new RangeError(
      `startThresholdout: threshold and noise above 0 and a budget ≥ 0 were expected, got ${threshold}, ${noise}, ${budget}.`,
    );
  }
  return { threshold: threshold + 2 * noise * laplace(0), budget, draws: 1, answers: {} };
}

/**
 * Answers "how good is this model version?" from a holdout that is asked again and again. While the development estimate
 * and the holdout agree, the answer is the development estimate and tells nothing of the holdout; a disagreement is told
 * with noise and spends budget. The answer is all that may be revealed: no confusion matrix, no single errors.
 *
 * @param query       name of what is asked, such as a model version.
 * @param development out-of-fold mean in [0, 1]. @param holdout  holdout mean in [0, 1]; a ratio needs two queries.
 * @returns the answer, null once the budget is spent, and the state to store.
 * Source: Dwork et al. 2015, "The reusable holdout".
 */
export function askThresholdout(
  state: ThresholdoutState,
  query: string,
  development: number,
  holdout: number,
  options: ThresholdoutOptions,
  laplace: LaplaceDraws,
): { readonly answer: ThresholdoutAnswer | null; readonly state: ThresholdoutState } {
  for (const [name, value] of [
    ["development", development],
    ["holdout", holdout],
  ] as const) {
    if (!(value >= 0 && value <= 1))
      throw new RangeError(`askThresholdout: the ${name} mean must be in [0, 1], got ${value}.`);
  }
  const known = Object.hasOwn(state.answers, query) ? state.answers[query] : undefined;
  if (known !== undefined) return { answer: known, state };
  if (state.budget < 1) return { answer: null, state };
  const { threshold, noise } = options;
  let draws = state.draws;
  const next = (scale: number) => scale * laplace(draws++);
  if (Math.abs(holdout - development) > state.threshold + next(4 * noise)) {
    const renewed = threshold + next(2 * noise);
    const answer = { value: holdout + next(noise), usedHoldout: true };
    const answers = { ...state.answers, [query]: answer };
    return { answer, state: { threshold: renewed, budget: state.budget - 1, draws, answers } };
  }
  const answer = { value: development, usedHoldout: false };
  return { answer, state: { ...state, draws, answers: { ...state.answers, [query]: answer } } };
}

/** Level of each interval when the holdout is looked at `looks` times and all are to hold together (union bound). */
export function levelPerLook(level: number, looks: number): number {
  return 1 - (1 - level) / Math.max(1, looks);
}
