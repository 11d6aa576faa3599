// Picks of the row with the largest value, where a value can only fall as centres are added. A row's value is brought
// up to date only once it could be the largest: a heap orders rows by the value they had when last looked at, which
// bounds the value they have. The picks are those of a full pass, bit by bit.

import { rowDot } from "./features";

/** Row a comes before row b: larger value, then lower row. NaN comes last. */
@inline function isBefore<T>(values: usize, a: i32, b: i32): bool {
  const va = load<T>(values + <usize>a * sizeof<T>()), vb = load<T>(values + <usize>b * sizeof<T>());
  return va > vb || (va == vb && a < b) || (va == va && vb != vb);
}

@inline function siftDown<T>(heap: usize, n: i32, values: usize, from: i32): void {
  const row = load<i32>(heap + <usize>from * 4);
  let at = from;
  while (true) {
    let child = 2 * at + 1;
    if (child >= n) break;
    let best = load<i32>(heap + <usize>child * 4);
    if (child + 1 < n) {
      const right = load<i32>(heap + <usize>(child + 1) * 4);
      if (isBefore<T>(values, right, best)) {
        best = right;
        child++;
      }
    }
    if (!isBefore<T>(values, best, row)) break;
    store<i32>(heap + <usize>at * 4, best);
    at = child;
  }
  store<i32>(heap + <usize>at * 4, row);
}

/** Fills `heap` with the rows 0 … n − 1, the first row in front. */
@inline function orderHeap<T>(heap: usize, n: i32, values: usize): void {
  for (let i: i32 = 0; i < n; i++) store<i32>(heap + <usize>i * 4, i);
  for (let i = n / 2 - 1; i >= 0; i--) siftDown<T>(heap, n, values, i);
}

export function orderHeapF32(heap: usize, n: i32, values: usize): void {
  orderHeap<f32>(heap, n, values);
}

export function orderHeapF64(heap: usize, n: i32, values: usize): void {
  orderHeap<f64>(heap, n, values);
}

/**
 * Brings rows up to date with the vectors 0 … nVectors − 1 until the first of the heap is, and returns it.
 *
 * `isDistance`: value = min(value, ‖x‖² + scalar − 2⟨x, vector⟩), kept ≥ 0; `owner` gets the vector it fell to.
 * Otherwise:    value −= ⟨x, vector⟩² / scalar.
 * `steps[i]` counts the vectors row i has seen.
 */
@inline function firstOfHeap<T>(
  isDistance: bool, x: usize, d: usize, norms: usize, vectors: usize, scalars: usize, nVectors: i32,
  heap: usize, n: i32, values: usize, owner: usize, steps: usize,
): i32 {
  const size = sizeof<T>(), stride = d * size;
  let row = load<i32>(heap);
  while (load<i32>(steps + <usize>row * 4) < nVectors) {
    const at = <usize>row;
    let step = load<i32>(steps + at * 4);
    let value = load<T>(values + at * size);
    // The larger of the two rows below bounds all others: once under it, the rest of the vectors can wait. But a row
    // that has seen many vectors will be looked at again, and going through the heap costs more than a few vectors.
    const atLeast = step + step / 4;
    let bound = -<T>Infinity;
    if (n > 1) bound = load<T>(values + <usize>load<i32>(heap, 4) * size);
    if (n > 2) bound = max<T>(bound, load<T>(values + <usize>load<i32>(heap, 8) * size));
    while (step < nVectors) {
      const vector = vectors + <usize>step * stride;
      const scalar = load<T>(scalars + <usize>step * size);
      const product = rowDot<T>(x + at * stride, vector, d);
      if (isDistance) {
        let distance = load<T>(norms + at * size) + scalar - 2 * product;
        if (distance < 0) distance = 0;
        if (distance < value) {
          value = distance;
          store<i32>(owner + at * 4, step);
        }
      } else {
        value -= product * product / scalar;
      }
      step++;
      if (value < bound && step > atLeast) break;
    }
    store<T>(values + at * size, value);
    store<i32>(steps + at * 4, step);
    siftDown<T>(heap, n, values, 0);
    row = load<i32>(heap);
  }
  return row;
}

export function farthestOfHeapF32(
  x: usize, d: usize, norms: usize, vectors: usize, scalars: usize, nVectors: i32,
  heap: usize, n: i32, values: usize, owner: usize, steps: usize,
): i32 {
  return firstOfHeap<f32>(true, x, d, norms, vectors, scalars, nVectors, heap, n, values, owner, steps);
}

export function farthestOfHeapF64(
  x: usize, d: usize, norms: usize, vectors: usize, scalars: usize, nVectors: i32,
  heap: usize, n: i32, values: usize, owner: usize, steps: usize,
): i32 {
  return firstOfHeap<f64>(true, x, d, norms, vectors, scalars, nVectors, heap, n, values, owner, steps);
}

export function uncertainOfHeapF64(
  x: usize, d: usize, vectors: usize, scalars: usize, nVectors: i32, heap: usize, n: i32, values: usize, steps: usize,
): i32 {
  return firstOfHeap<f64>(false, x, d, 0, vectors, scalars, nVectors, heap, n, values, 0, steps);
}

/** Sinks the first row of the heap after its value was set to −∞. */
export function sinkFirstF32(heap: usize, n: i32, values: usize): void {
  siftDown<f32>(heap, n, values, 0);
}

export function sinkFirstF64(heap: usize, n: i32, values: usize): void {
  siftDown<f64>(heap, n, values, 0);
}

/**
 * Of the clusters (rows of one owner) whose size is exactly the largest, the free row farthest from its owner; lowest
 * row on ties, −1 when no row is free there. Size: sum of distances (kind 0), of their roots (1), or rows (2).
 * `sizes` has `nCenters` float64. A row with a negative owner is in no cluster.
 */
@inline function largestCluster<T>(
  minDist: usize, owner: usize, taken: usize, n: usize, kind: i32, sizes: usize, nCenters: usize,
): i32 {
  memory.fill(sizes, 0, nCenters * 8);
  for (let i: usize = 0; i < n; i++) {
    const own = load<i32>(owner + i * 4);
    if (own < 0) continue;
    const at = sizes + <usize>own * 8;
    const distance = <f64>load<T>(minDist + i * sizeof<T>());
    const share = kind == 0 ? distance : kind == 1 ? sqrt<f64>(max<f64>(distance, 0)) : 1.0;
    store<f64>(at, load<f64>(at) + share);
  }
  let largest: f64 = f64.NEGATIVE_INFINITY;
  for (let j: usize = 0; j < nCenters; j++) largest = max<f64>(largest, load<f64>(sizes + j * 8));
  let best: i32 = -1;
  let farthest = -<T>Infinity;
  for (let i: usize = 0; i < n; i++) {
    // Few rows are farther than the farthest so far: the rest needs no look at their cluster.
    const distance = load<T>(minDist + i * sizeof<T>());
    if (!(distance > farthest)) continue;
    const own = load<i32>(owner + i * 4);
    if (own < 0 || load<i32>(taken + i * 4) != 0 || load<f64>(sizes + <usize>own * 8) != largest) continue;
    farthest = distance;
    best = <i32>i;
  }
  return best;
}

export function largestClusterF32(
  minDist: usize, owner: usize, taken: usize, n: usize, kind: i32, sizes: usize, nCenters: usize,
): i32 {
  return largestCluster<f32>(minDist, owner, taken, n, kind, sizes, nCenters);
}

export function largestClusterF64(
  minDist: usize, owner: usize, taken: usize, n: usize, kind: i32, sizes: usize, nCenters: usize,
): i32 {
  return largestCluster<f64>(minDist, owner, taken, n, kind, sizes, nCenters);
}
