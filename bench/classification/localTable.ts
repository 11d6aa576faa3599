/** Runs of the local table against those of the reference, as figures. */

export interface LocalRun {
  readonly set: string;
  readonly strategy: string;
  readonly seed: number;
  /** Balanced accuracy on the test rows after each training; entry 0 is the initial set. */
  readonly test: readonly number[];
  readonly pool: readonly number[];
  /** Labels of the rarest class after each round. */
  readonly rarest: readonly number[];
  readonly selectSeconds: number;
  /** Rounds whose selection was not `ok`. */
  readonly notOk: number;
}

export interface ReferenceCurve {
  readonly seeds: readonly number[];
  readonly test_mean: readonly number[];
  readonly test_std: readonly number[];
  readonly min_class_count_mean: readonly number[];
  readonly curve_mean_minus_random: number;
  readonly curve_mean_minus_random_se: number;
}

export interface Reference {
  readonly initial_lists: Readonly<Record<string, Readonly<Record<string, readonly number[]>>>>;
  readonly results: Readonly<
    Record<
      string,
      {
        readonly initial: number;
        readonly batch: number;
        readonly num_labeled: readonly number[];
        readonly strategies: Readonly<Record<string, ReferenceCurve>>;
      }
    >
  >;
}

/** A mean with its standard error; the error is null for a single value. */
export interface Estimate {
  readonly n: number;
  readonly mean: number;
  readonly error: number | null;
}

export function estimate(values: readonly number[]): Estimate {
  const n = values.length;
  const mean = values.reduce((sum, value) => sum + value, 0) / n;
  if (n < 2) return { n, mean, error: null };
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (n - 1);
  return { n, mean, error: Math.sqrt(variance / n) };
}

/** Mean over the rounds after the start: the number of the table. */
export function curveMean(values: readonly number[]): number {
  return values.slice(1).reduce((sum, value) => sum + value, 0) / (values.length - 1);
}

/** Gain of one strategy over another, paired over the seeds that both have. */
export function pairedGain(
  runs: readonly LocalRun[],
  set: string,
  strategy: string,
  other: string,
  value: (run: LocalRun) => number = (run) => curveMean(run.test),
): Estimate | null {
  const own = runs.filter((run) => run.set === set && run.strategy === strategy);
  const gains = own.flatMap((run) => {
    const pair = runs.find((entry) => entry.set === set && entry.strategy === other && entry.seed === run.seed);
    return pair === undefined ? [] : [value(run) - value(pair)];
  });
  return gains.length === 0 ? null : estimate(gains);
}

/**
 * Whether our gain over random and the reference's agree: their difference within two standard errors, those of both
 * joined. Both come from the same initial sets, so the errors are, if anything, too large. Null with fewer than two seeds.
 */
export function isWithinNoise(own: Estimate, reference: ReferenceCurve): boolean | null {
  if (own.error === null) return null;
  const joined = Math.hypot(own.error, reference.curve_mean_minus_random_se);
  // Deterministic strategies differ by rounding alone.
  return Math.abs(own.mean - reference.curve_mean_minus_random) <= Math.max(2 * joined, 5e-4);
}

/** Largest difference of any round between the mean test curve of these runs and the reference's. */
export function largestDifference(own: readonly LocalRun[], reference: ReferenceCurve): number {
  return Math.max(
    ...reference.test_mean.map((value, round) => Math.abs(estimate(own.map((run) => run.test[round])).mean - value)),
  );
}
