import type { Interval } from "../core/metrics";
import { clopperPearsonInterval, finitePopulationInterval } from "../core/metrics";

export interface AuditQuality {
  readonly value: number | null;
  /** One-sided: with this probability, over all looks together, accuracy is at least `lower`. */
  readonly level: number;
  readonly lower: number | null;
  /** Level spent at this look. */
  readonly alphaAtLook: number;
  readonly vote: "good-enough" | "not-shown" | "unknown";
  /** Further audit labels after which `lower` would reach the target if the share of right ones stayed; null when it never would. */
  readonly furtherLabels: number | null;
}

/** Level for look t = 1, 2, …: the shares 6/(π²t²) sum to one, so that looking every round keeps the promise. */
export function alphaAtLook(alpha: number, look: number): number {
  return (6 * alpha) / (Math.PI ** 2 * look ** 2);
}

/** One-sided lower limit of an accuracy from a simple random audit, exact; by the hypergeometric law when the population is finite. */
export function lowerAccuracy(correct: number, n: number, alpha: number, population?: number): number {
  const level = 1 - 2 * alpha;
  if (n === 0 || level <= 0) return 0;
  const interval: Interval =
    population === undefined
      ? clopperPearsonInterval(correct, n, level)
      : finitePopulationInterval(correct, n, population, level);
  return interval.low;
}

const FURTHER_MAX = 100_000;

/**
 * Whether an audit shows that the target is met. Audit labels are random draws that never trained the model they audit.
 *
 * @param look   how often it has been looked at, from 1, this time included.
 * @param population size of the audited population, for the tighter exact limit.
 */
export function auditQuality(args: {
  readonly correct: number;
  readonly n: number;
  readonly target: number;
  readonly level: number;
  readonly look: number;
  readonly population?: number;
}): AuditQuality {
  const { correct, n, target, level, look, population } = args;
  const alpha = alphaAtLook(1 - level, look);
  if (n === 0) {
    return { value: null, level, lower: null, alphaAtLook: alpha, vote: "unknown", furtherLabels: null };
  }
  const lower = lowerAccuracy(correct, n, alpha, population);
  const isShown = lower >= target;
  return {
    value: correct / n,
    level,
    lower,
    alphaAtLook: alpha,
    vote: isShown ? "good-enough" : "not-shown",
    furtherLabels: isShown ? 0 : furtherLabels(correct / n, n, target, alpha, population),
  };
}

/** Smallest number of further labels by bisection; the share of right ones is taken to stay. */
function furtherLabels(share: number, n: number, target: number, alpha: number, population?: number): number | null {
  const most = population === undefined ? FURTHER_MAX : population - n;
  const reaches = (extra: number) =>
    lowerAccuracy(Math.floor(share * (n + extra) + 1e-9), n + extra, alpha, population) >= target;
  if (most <= 0 || !reaches(most)) return null;
  let low = 0;
  let high = most;
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (reaches(middle)) high = middle;
    else low = middle;
  }
  return high;
}
