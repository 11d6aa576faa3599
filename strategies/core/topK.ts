import { compareKeys } from "./itemKeys";
import type { ItemKeys } from "./types";

export interface TopRows {
  /** Best first; ties by key, lowest first. */
  readonly rows: Uint32Array;
  readonly values: Float64Array;
  /** Rows that were left out although their value equals the last one kept. */
  readonly tiesOutside: number;
  /** Rows offered. */
  readonly offered: number;
}

/** Smallest spare room of the buffer: below it compaction would run too often. */
const SPARE_MIN = 1024;

/**
 * Keeps the k largest values of a stream of distinct rows, ties by item key. The answer does not depend on the order of
 * the pushes. Memory O(k); time O(n) while few rows pass the bar, O(n + m) for m rows that do.
 */
export class TopK {
  private readonly rows: Uint32Array;
  private readonly values: Float64Array;
  private size = 0;
  private barValue = Number.NEGATIVE_INFINITY;
  private barRow = -1;
  private tiesOutside = 0;
  private offered = 0;

  /** @param k ≥ 0 */
  constructor(
    private readonly k: number,
    private readonly keys?: ItemKeys,
  ) {
    const capacity = k + Math.max(k, SPARE_MIN);
    this.rows = new Uint32Array(capacity);
    this.values = new Float64Array(capacity);
  }

  /** @param value not NaN */
  push(row: number, value: number): void {
    this.offered++;
    if (value < this.barValue) return;
    if (value === this.barValue && this.barRow >= 0 && compareKeys(this.keys, row, this.barRow) > 0) {
      this.tiesOutside++;
      return;
    }
    if (this.k === 0) return;
    this.rows[this.size] = row;
    this.values[this.size] = value;
    if (++this.size === this.rows.length) this.compact();
  }

  finish(): TopRows {
    if (this.size > this.k) this.compact();
    const order = Array.from({ length: this.size }, (_, i) => i).sort((a, b) => this.compare(a, b));
    return {
      rows: Uint32Array.from(order, (i) => this.rows[i]),
      values: Float64Array.from(order, (i) => this.values[i]),
      tiesOutside: this.tiesOutside,
      offered: this.offered,
    };
  }

  /** Negative when entry a comes before entry b. */
  private compare(a: number, b: number): number {
    const difference = this.values[b] - this.values[a];
    // Infinities give NaN here when equal.
    if (difference < 0 || difference > 0) return difference;
    return compareKeys(this.keys, this.rows[a], this.rows[b]);
  }

  /** Moves the k best entries to the front, drops the rest and raises the bar to the worst kept. */
  private compact(): void {
    this.partition();
    let worst = 0;
    for (let i = 1; i < this.k; i++) if (this.compare(i, worst) > 0) worst = i;
    const bar = this.values[worst];
    let tied = bar === this.barValue ? this.tiesOutside : 0;
    for (let i = this.k; i < this.size; i++) if (this.values[i] === bar) tied++;
    this.tiesOutside = tied;
    this.barValue = bar;
    this.barRow = this.rows[worst];
    this.size = this.k;
  }

  /** Quickselect with a median-of-three pivot; entries are never equal, since their keys differ. */
  private partition(): void {
    let left = 0;
    let right = this.size - 1;
    while (left < right) {
      this.medianToRight(left, (left + right) >>> 1, right);
      let store = left;
      for (let i = left; i < right; i++) {
        if (this.compare(i, right) < 0) {
          if (i !== store) this.swap(i, store);
          store++;
        }
      }
      this.swap(store, right);
      if (store === this.k || store === this.k - 1) return;
      if (store > this.k) right = store - 1;
      else left = store + 1;
    }
  }

  private medianToRight(a: number, b: number, c: number): void {
    const ab = this.compare(a, b) < 0;
    const bc = this.compare(b, c) < 0;
    const ac = this.compare(a, c) < 0;
    const median = ab === bc ? b : ab === ac ? c : a;
    if (median !== c) this.swap(median, c);
  }

  private swap(a: number, b: number): void {
    const row = this.rows[a];
    const value = this.values[a];
    this.rows[a] = this.rows[b];
    this.values[a] = this.values[b];
    this.rows[b] = row;
    this.values[b] = value;
  }
}

/** The k largest of `values`, values[i] belonging to rows[i]; ties by key. */
export function selectTopK(
  rows: Uint32Array,
  values: ArrayLike<number>,
  k: number,
  keys: ItemKeys | undefined,
): TopRows {
  const top = new TopK(Math.min(k, rows.length), keys);
  for (let i = 0; i < rows.length; i++) top.push(rows[i], values[i]);
  return top.finish();
}
