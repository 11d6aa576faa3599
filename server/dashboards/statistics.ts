import type { Measured } from "@/contracts/dashboards";
import { wilsonInterval } from "@/strategies";

const LEVEL = 0.95;

/**
 * A share with its Wilson score interval (Wilson 1927) at 95 %.
 *
 * @param hits   successes, 0 … n.
 * @param n      trials; 0 gives null, never a made-up number.
 */
export function measuredShare(hits: number, n: number, sample: string): Measured | null {
  if (n === 0) return null;
  const { low, high } = wilsonInterval(hits, n, LEVEL);
  return {
    value: hits / n,
    lower: low,
    upper: high,
    level: LEVEL,
    unit: "share",
    n,
    sample,
    method: "Wilson score interval",
  };
}

/**
 * The difference of two shares, a minus b, with Newcombe's hybrid score interval at 95 % (Newcombe 1998, Statistics in
 * Medicine 17: 873–890, method 10): the two Wilson intervals, put together as for independent samples. Samples that share
 * items, as those of twin projects do, are positively correlated as a rule; the interval is then wider than it needs to be.
 *
 * @param hits  successes, 0 … n; `n` at least 1 on both sides.
 */
export function differenceOfShares(
  a: { hits: number; n: number },
  b: { hits: number; n: number },
): { value: number; lower: number; upper: number } {
  if (a.n < 1 || b.n < 1) throw new RangeError(`differenceOfShares: samples of ${a.n} and ${b.n} items`);
  const pa = a.hits / a.n;
  const pb = b.hits / b.n;
  const wa = wilsonInterval(a.hits, a.n, LEVEL);
  const wb = wilsonInterval(b.hits, b.n, LEVEL);
  return {
    value: pa - pb,
    lower: Math.max(-1, pa - pb - Math.hypot(pa - wa.low, wb.high - pb)),
    upper: Math.min(1, pa - pb + Math.hypot(wa.high - pa, pb - wb.low)),
  };
}

/**
 * Spearman's rank correlation of two equally long lists with mid-ranks for ties.
 * @returns null when a list is constant or shorter than 3: the correlation does not exist then.
 */
export function spearman(a: readonly number[], b: readonly number[]): number | null {
  if (a.length !== b.length) throw new RangeError(`spearman: lists of ${a.length} and ${b.length} values`);
  if (a.length < 3) return null;
  const ra = midRanks(a);
  const rb = midRanks(b);
  const mean = (a.length + 1) / 2;
  let cov = 0;
  let va = 0;
  let vb = 0;
  for (let i = 0; i < a.length; i++) {
    cov += (ra[i] - mean) * (rb[i] - mean);
    va += (ra[i] - mean) ** 2;
    vb += (rb[i] - mean) ** 2;
  }
  return va === 0 || vb === 0 ? null : cov / Math.sqrt(va * vb);
}

function midRanks(values: readonly number[]): number[] {
  const order = values.map((_, i) => i).sort((i, j) => values[i] - values[j]);
  const ranks = new Array<number>(values.length);
  for (let from = 0; from < order.length; ) {
    let to = from;
    while (to + 1 < order.length && values[order[to + 1]] === values[order[from]]) to++;
    for (let k = from; k <= to; k++) ranks[order[k]] = (from + to) / 2 + 1;
    from = to + 1;
  }
  return ranks;
}

/** Value at share q of a sorted list, linear between neighbours. */
export function quantileSorted(sorted: readonly number[], q: number): number {
  const at = q * (sorted.length - 1);
  const low = Math.floor(at);
  const high = Math.ceil(at);
  return sorted[low] + (sorted[high] - sorted[low]) * (at - low);
}
