import type { Floats } from "../../kernels/types";

/**
 * Float32 distances that differ by less than their rounding are put in order by float64: the sequence of picks is then
 * that of exact arithmetic, where float32 alone would swap near neighbours. Relative to the squared norms of both rows.
 */
export const ROUNDING = 1e-6;

/** More rows than this are copies of each other rather than near neighbours: the lowest of them comes first anyway. */
export const NEAR_MAX = 32;

/** ‖a − b‖² of two rows of one matrix, in float64. */
export function exactSquaredDistance(values: Floats, d: number, a: number, b: number): number {
  let sum = 0;
  for (let j = 0; j < d; j++) {
    const gap = values[a * d + j] - values[b * d + j];
    sum += gap * gap;
  }
  return sum;
}

/** The row with the largest exact score among those given; ties: lowest row. */
export function exactLargest(rows: readonly number[], exact: (row: number) => number): number {
  let best = -1;
  let largest = Number.NEGATIVE_INFINITY;
  for (const row of [...rows].sort((a, b) => a - b)) {
    const score = exact(row);
    if (score > largest) {
      best = row;
      largest = score;
    }
  }
  return best;
}

/** Rows not taken with a value of at least `bound`; at most one more than {@link NEAR_MAX}. */
export function rowsAbove(values: Float32Array, bound: number, taken: ArrayLike<number>): number[] {
  const rows: number[] = [];
  const n = values.length;
  for (let i = 0; i < n; i++) {
    if (values[i] < bound) continue;
    if (taken[i] === 0) rows.push(i);
    if (rows.length > NEAR_MAX) break;
  }
  return rows;
}

/**
 * Rows of a heap whose value is at least `bound`, the front included: a child is never above its parent. At
 * most one more than {@link NEAR_MAX}.
 */
export function rowsOfHeapAbove(heap: Int32Array, n: number, values: Floats, bound: number): number[] {
  const rows: number[] = [];
  const open = [0];
  while (open.length > 0 && rows.length <= NEAR_MAX) {
    const at = open.pop()!;
    if (at >= n || !(values[heap[at]] >= bound)) continue;
    rows.push(heap[at]);
    open.push(2 * at + 1, 2 * at + 2);
  }
  return rows;
}
