import { logChoose, studentCdf, studentQuantile } from "./distributions";
import type { Interval } from "./proportionIntervals";

/**
 * Mean height of a curve: trapezoids over x, divided by x_last − x_first. A flat curve gives its height; a single point
 * gives its y.
 * @param x ascending.
 */
export function areaUnderCurve(x: ArrayLike<number>, y: ArrayLike<number>): number {
  if (x.length !== y.length || x.length === 0) throw new RangeError(`areaUnderCurve: ${x.length} x and ${y.length} y.`);
  if (x.length === 1) return y[0];
  let area = 0;
  for (let i = 1; i < x.length; i++) {
    if (!(x[i] > x[i - 1])) throw new RangeError("areaUnderCurve: x must ascend.");
    area += ((y[i] + y[i - 1]) / 2) * (x[i] - x[i - 1]);
  }
  return area / (x[x.length - 1] - x[0]);
}

export interface PairedComparison {
  /** Mean of a − b. */
  readonly difference: number;
  /** Student interval of the mean difference; null for one pair. */
  readonly interval: Interval | null;
  /** Two-sided p-value of a paired t-test; 1 where all differences are 0, null for one pair. */
  readonly pValue: number | null;
  readonly wins: number;
  readonly ties: number;
  readonly losses: number;
  readonly n: number;
}

/** Compares paired results, such as two strategies on the same seeds. */
export function comparePaired(a: ArrayLike<number>, b: ArrayLike<number>, level: number): PairedComparison {
  if (a.length !== b.length || a.length === 0)
    throw new RangeError(`comparePaired: ${a.length} and ${b.length} values.`);
  const n = a.length;
  const differences = Float64Array.from({ length: n }, (_, i) => a[i] - b[i]);
  const counts = {
    wins: differences.filter((d) => d > 0).length,
    ties: differences.filter((d) => d === 0).length,
    losses: differences.filter((d) => d < 0).length,
  };
  const mean = differences.reduce((sum, d) => sum + d / n, 0);
  if (n === 1) return { difference: mean, interval: null, pValue: null, ...counts, n };
  const variance = differences.reduce((sum, d) => sum + (d - mean) ** 2, 0) / (n - 1);
  const error = Math.sqrt(variance / n);
  const half = studentQuantile(0.5 + level / 2, n - 1) * error;
  const pValue = error === 0 ? (mean === 0 ? 1 : 0) : 2 * (1 - studentCdf(Math.abs(mean / error), n - 1));
  return { difference: mean, interval: { low: mean - half, high: mean + half }, pValue, ...counts, n };
}

/** Two-sided sign test: probability of a split at least as uneven among `wins + losses` fair coins. */
export function signTest(wins: number, losses: number): number {
  const n = wins + losses;
  let tail = 0;
  for (let k = 0; k <= Math.min(wins, losses); k++) tail += Math.exp(logChoose(n, k) - n * Math.LN2);
  return Math.min(1, 2 * tail);
}

/** Holm's step-down adjustment: p-values that may be compared with the level jointly, in the order given. */
export function holmAdjusted(pValues: readonly number[]): number[] {
  const order = pValues.map((_, i) => i).sort((a, b) => pValues[a] - pValues[b]);
  const adjusted = new Array<number>(pValues.length);
  let running = 0;
  order.forEach((index, step) => {
    running = Math.max(running, Math.min(1, pValues[index] * (pValues.length - step)));
    adjusted[index] = running;
  });
  return adjusted;
}
