import type { ScoreSummary } from "./types";

/** Bins of the score histogram. */
export const HISTOGRAM_BINS = 20;

/** Half-width from which the histogram of a score without bounds starts to double: 2⁻⁴⁰. */
const SMALLEST_REACH = 9.094947017729282e-13;

/**
 * Running count, mean, extremes and histogram of a score. Without a stated range the histogram covers [0, 2^k) or, where
 * a score is negative, [−2^k, 2^k), with the smallest k that holds every score: it doubles as scores come, so the counts do
 * not depend on their order.
 */
export class ScoreTally {
  n = 0;
  private sum = 0;
  private min = Number.POSITIVE_INFINITY;
  private max = Number.NEGATIVE_INFINITY;
  private readonly lo: number;
  private readonly perUnit: number;
  private readonly counts: number[];
  private reach = SMALLEST_REACH;

  constructor(private readonly range: readonly [number, number] | null) {
    const [lo, hi] = range ?? [0, 0];
    this.lo = lo;
    this.perUnit = hi > lo ? HISTOGRAM_BINS / (hi - lo) : 0;
    this.counts = new Array(range === null ? 2 * HISTOGRAM_BINS : HISTOGRAM_BINS).fill(0);
  }

  add(score: number): void {
    this.n++;
    this.sum += score;
    if (score < this.min) this.min = score;
    if (score > this.max) this.max = score;
    if (this.range === null) {
      while (score >= this.reach || score < -this.reach) this.double();
      this.counts[HISTOGRAM_BINS + Math.floor((score / this.reach) * HISTOGRAM_BINS)]++;
      return;
    }
    const bin = Math.floor((score - this.lo) * this.perUnit);
    this.counts[bin < 0 ? 0 : bin >= HISTOGRAM_BINS ? HISTOGRAM_BINS - 1 : bin]++;
  }

  summary(measure: string): ScoreSummary {
    const isEmpty = this.n === 0;
    return {
      measure,
      scored: this.n,
      min: isEmpty ? 0 : this.min,
      max: isEmpty ? 0 : this.max,
      mean: isEmpty ? 0 : this.sum / this.n,
      histogram: this.histogram(),
    };
  }

  private histogram(): ScoreSummary["histogram"] {
    if (this.range !== null) return { lo: this.range[0], hi: this.range[1], counts: this.counts };
    if (this.n === 0 || this.min >= 0) return { lo: 0, hi: this.reach, counts: this.counts.slice(HISTOGRAM_BINS) };
    return { lo: -this.reach, hi: this.reach, counts: pairSums(this.counts) };
  }

  /** Twice the reach: every new bin is two old ones. */
  private double(): void {
    const merged = pairSums(this.counts);
    const from = HISTOGRAM_BINS / 2;
    this.counts.fill(0);
    for (let i = 0; i < merged.length; i++) this.counts[from + i] = merged[i];
    this.reach *= 2;
  }
}

function pairSums(counts: readonly number[]): number[] {
  return Array.from({ length: counts.length / 2 }, (_, i) => counts[2 * i] + counts[2 * i + 1]);
}
