import type { Interval } from "../core/metrics";
import { normalQuantile, studentQuantile } from "../core/metrics";
import type { MeanEstimate } from "./lure";

/** Fewer non-zero losses than this, and a normal interval covers less often than it says. */
export const NON_ZERO_LOSSES_MIN = 10;

export interface GuardedInterval {
  /** null while it is withheld. */
  readonly interval: Interval | null;
  readonly withheld: "one-draw" | "few-non-zero-losses" | null;
  readonly standardError: number | null;
}

/**
 * The plug-in interval of a martingale estimate: asymptotic, valid at one look that was planned beforehand. Student's
 * quantile with draws − 1 degrees of freedom and the factor M/(M − 1); withheld while fewer than ten losses are non-zero.
 * It speaks of the frame; see {@link populationVariance} for the distribution the frame came from.
 *
 * @param nonZero labelled losses that are not 0.
 * @param smallSample false leaves quantile and factor at their large-sample values, and withholds nothing.
 */
export function martingaleInterval(
  estimate: MeanEstimate,
  args: { readonly poolSize: number; readonly nonZero: number; readonly level: number; readonly smallSample?: boolean },
): GuardedInterval {
  const { value, variance, draws: m } = estimate;
  const { poolSize, nonZero, level, smallSample = true } = args;
  if (!(level > 0 && level < 1)) throw new RangeError(`martingaleInterval: the level must be in (0, 1), got ${level}.`);
  if (m === poolSize) return { interval: { low: value, high: value }, withheld: null, standardError: 0 };
  if (!smallSample) {
    const error = Math.sqrt(variance);
    const half = normalQuantile(0.5 + level / 2) * error;
    return { interval: { low: value - half, high: value + half }, withheld: null, standardError: error };
  }
  if (m < 2) return { interval: null, withheld: "one-draw", standardError: null };
  const error = Math.sqrt((variance * m) / (m - 1));
  if (nonZero < NON_ZERO_LOSSES_MIN) return { interval: null, withheld: "few-non-zero-losses", standardError: error };
  const half = studentQuantile(0.5 + level / 2, m - 1) * error;
  return { interval: { low: value - half, high: value + half }, withheld: null, standardError: error };
}

export function countNonZero(losses: ArrayLike<number>): number {
  let count = 0;
  for (let i = 0; i < losses.length; i++) if (losses[i] !== 0) count++;
  return count;
}

/** Variance about the mean of the distribution that the frame was drawn from, instead of the frame's own mean. */
export function populationVariance(frameVariance: number, lossVariance: number, poolSize: number): number {
  return frameVariance + lossVariance / poolSize;
}
