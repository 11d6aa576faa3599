import { betaQuantile, logChoose, normalQuantile } from "./distributions";

export interface Interval {
  readonly low: number;
  readonly high: number;
}

/**
 * Wilson score interval of a proportion: short and close to its level on average, but not guaranteed.
 *
 * @param successes 0 … n
 * @param n ≥ 0; n = 0 gives [0, 1].
 * @param level such as 0.95.
 */
export function wilsonInterval(successes: number, n: number, level: number): Interval {
  checkCounts("wilsonInterval", successes, n, level);
  if (n === 0) return { low: 0, high: 1 };
  const z = normalQuantile(0.5 + level / 2);
  const p = successes / n;
  const centre = (p + (z * z) / (2 * n)) / (1 + (z * z) / n);
  const half = (z / (1 + (z * z) / n)) * Math.sqrt((p * (1 - p)) / n + (z * z) / (4 * n * n));
  return {
    low: successes === 0 ? 0 : Math.max(0, centre - half),
    high: successes === n ? 1 : Math.min(1, centre + half),
  };
}

/** Clopper–Pearson interval of a proportion: never below its level. Arguments as for {@link wilsonInterval}. */
export function clopperPearsonInterval(successes: number, n: number, level: number): Interval {
  checkCounts("clopperPearsonInterval", successes, n, level);
  const tail = (1 - level) / 2;
  return {
    low: successes === 0 ? 0 : betaQuantile(tail, successes, n - successes + 1),
    high: successes === n ? 1 : betaQuantile(1 - tail, successes + 1, n - successes),
  };
}

/**
 * Exact interval of a proportion of a finite population from a simple random sample without replacement, by inverting
 * the hypergeometric distribution. Never below its level; shrinks to a point when everything was drawn.
 *
 * @param population size, ≥ n.
 */
export function finitePopulationInterval(successes: number, n: number, population: number, level: number): Interval {
  checkCounts("finitePopulationInterval", successes, n, level);
  if (!(Number.isInteger(population) && population >= n)) {
    throw new RangeError(`finitePopulationInterval: the population (${population}) must be an integer ≥ n (${n}).`);
  }
  if (population === 0) return { low: 0, high: 1 };
  const tail = (1 - level) / 2;
  // Between these the data are possible at all.
  const least = successes;
  const most = population - (n - successes);
  const low = firstInteger(least, most, (k) => upperTail(successes, n, k, population) > tail);
  const high = firstInteger(least, most, (k) => lowerTail(successes, n, k + 1, population) <= tail || k === most);
  return { low: low / population, high: high / population };
}

/** Smallest integer in [low, high] at which a monotone condition holds; `high` when it never does. */
function firstInteger(low: number, high: number, holds: (k: number) => boolean): number {
  let a = low;
  let b = high;
  while (a < b) {
    const middle = Math.floor((a + b) / 2);
    if (holds(middle)) b = middle;
    else a = middle + 1;
  }
  return b;
}

/** P(X ≥ x), X hypergeometric: `n` drawn from `population` of which `marked` are marked. */
function upperTail(x: number, n: number, marked: number, population: number): number {
  let sum = 0;
  for (let k = x; k <= Math.min(n, marked); k++) sum += hypergeometric(k, n, marked, population);
  return sum;
}

function lowerTail(x: number, n: number, marked: number, population: number): number {
  if (marked > population) return 0;
  let sum = 0;
  for (let k = Math.max(0, n - (population - marked)); k <= x; k++) sum += hypergeometric(k, n, marked, population);
  return sum;
}

function hypergeometric(k: number, n: number, marked: number, population: number): number {
  if (k > marked || n - k > population - marked) return 0;
  return Math.exp(logChoose(marked, k) + logChoose(population - marked, n - k) - logChoose(population, n));
}

function checkCounts(name: string, successes: number, n: number, level: number): void {
  const fits = Number.isInteger(successes) && Number.isInteger(n) && successes >= 0 && successes <= n;
  if (!fits) throw new RangeError(`${name}: expected 0 ≤ successes ≤ n as integers, got ${successes} of ${n}.`);
  if (!(level > 0 && level < 1)) throw new RangeError(`${name}: the level must be in (0, 1), got ${level}.`);
}
