import { studentQuantile } from "./distributions";
import type { Interval } from "./proportionIntervals";
import { clopperPearsonInterval, finitePopulationInterval, wilsonInterval } from "./proportionIntervals";

/** A number for the dashboard: value, interval and how it came about. */
export interface Estimate {
  /** null where nothing was observed. */
  readonly value: number | null;
  readonly interval: Interval | null;
  readonly level: number;
  readonly n: number;
  readonly method: "clopper-pearson" | "wilson" | "hypergeometric" | "student-t" | "bootstrap";
}

/**
 * Share of correct predictions on a simple random sample, such as the audit items.
 *
 * @param correct  count of correct predictions among n.
 * @param method   "clopper-pearson" never promises too much and is the default of the dashboards.
 * @param population with "hypergeometric": size of the finite population the sample was drawn from.
 */
export function estimateAccuracy(args: {
  readonly correct: number;
  readonly n: number;
  readonly level: number;
  readonly method: "clopper-pearson" | "wilson" | "hypergeometric";
  readonly population?: number;
}): Estimate {
  const { correct, n, level, method } = args;
  if (n === 0) return { value: null, interval: null, level, n, method };
  let interval: Interval;
  if (method === "wilson") interval = wilsonInterval(correct, n, level);
  else if (method === "clopper-pearson") interval = clopperPearsonInterval(correct, n, level);
  else {
    if (args.population === undefined)
      throw new RangeError("estimateAccuracy: hypergeometric needs the population size.");
    interval = finitePopulationInterval(correct, n, args.population, level);
  }
  return { value: correct / n, interval, level, n, method };
}

/**
 * Mean of a finite population from a simple random sample without replacement: the sample mean, and a Student interval
 * with the finite population correction. One value gives no interval.
 *
 * @param population size of the population, ≥ values.length; Infinity for sampling with replacement.
 */
export function estimateMean(values: ArrayLike<number>, population: number, level: number): Estimate {
  const n = values.length;
  if (population < n) throw new RangeError(`estimateMean: ${n} values from a population of ${population}.`);
  if (n === 0) return { value: null, interval: null, level, n, method: "student-t" };
  let mean = 0;
  for (let i = 0; i < n; i++) mean += values[i] / n;
  if (n === 1) return { value: mean, interval: null, level, n, method: "student-t" };
  let squares = 0;
  for (let i = 0; i < n; i++) squares += (values[i] - mean) ** 2;
  const correction = Number.isFinite(population) ? 1 - n / population : 1;
  const half = studentQuantile(0.5 + level / 2, n - 1) * Math.sqrt((squares / (n - 1) / n) * correction);
  return { value: mean, interval: { low: mean - half, high: mean + half }, level, n, method: "student-t" };
}
