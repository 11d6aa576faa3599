import type { Measured } from "@/contracts/dashboards";

/** Two-sided 95 % normal quantile. */
const Z_95 = 1.959963984540054;

/**
 * A share with its Wilson score interval (Wilson 1927) at 95 %.
 *
 * @param hits   successes, 0 … n.
 * @param n      trials; 0 gives null, never a made-up number.
 */
export function measuredShare(hits: number, n: number, sample: string): Measured | null {
  if (n === 0) return null;
  const p = hits / n;
  const z2 = Z_95 * Z_95;
  const center = (p + z2 / (2 * n)) / (1 + z2 / n);
  const half = (Z_95 / (1 + z2 / n)) * Math.sqrt((p * (1 - p)) / n + z2 / (4 * n * n));
  return {
    value: p,
    lower: Math.max(0, center - half),
    upper: Math.min(1, center + half),
    level: 0.95,
    unit: "share",
    n,
    sample,
    method: "Wilson score interval",
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
