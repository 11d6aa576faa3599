// Kernels over rows. Softmax, statistics and losses put four rows into the four lanes, so that nothing has to be
// summed across lanes and every class count runs at the same speed. The streaming kernels read one row at a time with
// four accumulators: that is what saturates the memory; several rows at once defeat the hardware prefetcher.

import { rowBuffer } from "./scratch";
import { addFloats, copyFloats, expNonPositive, laneSum, loadPartial, plogp, storePartial } from "./vectors";

/** Writes four rows of c values as c vectors (one lane per row) and returns their maxima; NaN is never a maximum. */
@inline export function interleaveRows(p0: usize, p1: usize, p2: usize, p3: usize, c: usize, to: usize): v128 {
  let largest = f32x4.splat(f32.NEGATIVE_INFINITY);
  let j: usize = 0;
  for (; j + 4 <= c; j += 4) {
    const r0 = v128.load(p0 + j * 4), r1 = v128.load(p1 + j * 4), r2 = v128.load(p2 + j * 4), r3 = v128.load(p3 + j * 4);
    const lo01 = v128.shuffle<i32>(r0, r1, 0, 4, 1, 5), hi01 = v128.shuffle<i32>(r0, r1, 2, 6, 3, 7);
    const lo23 = v128.shuffle<i32>(r2, r3, 0, 4, 1, 5), hi23 = v128.shuffle<i32>(r2, r3, 2, 6, 3, 7);
    const v0 = v128.shuffle<i64>(lo01, lo23, 0, 2), v1 = v128.shuffle<i64>(lo01, lo23, 1, 3);
    const v2 = v128.shuffle<i64>(hi01, hi23, 0, 2), v3 = v128.shuffle<i64>(hi01, hi23, 1, 3);
    const at = to + j * 16;
    v128.store(at, v0, 0);
    v128.store(at, v1, 16);
    v128.store(at, v2, 32);
    v128.store(at, v3, 48);
    largest = f32x4.pmax(f32x4.pmax(f32x4.pmax(f32x4.pmax(largest, v0), v1), v2), v3);
  }
  for (; j < c; j++) {
    const v = interleaveOne(p0 + j * 4, p1 + j * 4, p2 + j * 4, p3 + j * 4);
    v128.store(to + j * 16, v);
    largest = f32x4.pmax(largest, v);
  }
  return largest;
}

@inline function interleaveOne(p0: usize, p1: usize, p2: usize, p3: usize): v128 {
  let v = v128.load32_zero(p0);
  v = v128.load32_lane(p1, v, 1);
  v = v128.load32_lane(p2, v, 2);
  return v128.load32_lane(p3, v, 3);
}

/** Writes c vectors times `factor` back to the first `rows` of four rows. */
@inline export function separateRows(
  from: usize, c: usize, factor: v128, rows: usize, p0: usize, p1: usize, p2: usize, p3: usize,
): void {
  let j: usize = 0;
  if (rows == 4) {
    for (; j + 4 <= c; j += 4) {
      const at = from + j * 16;
      const v0 = f32x4.mul(v128.load(at, 0), factor), v1 = f32x4.mul(v128.load(at, 16), factor);
      const v2 = f32x4.mul(v128.load(at, 32), factor), v3 = f32x4.mul(v128.load(at, 48), factor);
      const lo01 = v128.shuffle<i32>(v0, v1, 0, 4, 1, 5), hi01 = v128.shuffle<i32>(v0, v1, 2, 6, 3, 7);
      const lo23 = v128.shuffle<i32>(v2, v3, 0, 4, 1, 5), hi23 = v128.shuffle<i32>(v2, v3, 2, 6, 3, 7);
      v128.store(p0 + j * 4, v128.shuffle<i64>(lo01, lo23, 0, 2));
      v128.store(p1 + j * 4, v128.shuffle<i64>(lo01, lo23, 1, 3));
      v128.store(p2 + j * 4, v128.shuffle<i64>(hi01, hi23, 0, 2));
      v128.store(p3 + j * 4, v128.shuffle<i64>(hi01, hi23, 1, 3));
    }
  }
  for (; j < c; j++) {
    const v = f32x4.mul(v128.load(from + j * 16), factor);
    v128.store32_lane(p0 + j * 4, v, 0);
    if (rows > 1) v128.store32_lane(p1 + j * 4, v, 1);
    if (rows > 2) v128.store32_lane(p2 + j * 4, v, 2);
    if (rows > 3) v128.store32_lane(p3 + j * 4, v, 3);
  }
}

/** Replaces c vectors by e^((x − largest)·scale) and returns their sums. */
@inline export function exponentiate(at: usize, c: usize, largest: v128, scale: f32): v128 {
  const factor = f32x4.splat(scale);
  let sum0 = f32x4.splat(0), sum1 = f32x4.splat(0);
  let j: usize = 0;
  for (; j + 2 <= c; j += 2) {
    const e0 = expNonPositive(f32x4.mul(f32x4.sub(v128.load(at, 0), largest), factor));
    const e1 = expNonPositive(f32x4.mul(f32x4.sub(v128.load(at, 16), largest), factor));
    v128.store(at, e0, 0);
    v128.store(at, e1, 16);
    sum0 = f32x4.add(sum0, e0);
    sum1 = f32x4.add(sum1, e1);
    at += 32;
  }
  if (j < c) {
    const e0 = expNonPositive(f32x4.mul(f32x4.sub(v128.load(at), largest), factor));
    v128.store(at, e0);
    sum0 = f32x4.add(sum0, e0);
  }
  return f32x4.add(sum0, sum1);
}

export function softmaxRows(x: usize, n: usize, c: usize, inverseTemperature: f32): void {
  const buffer = rowBuffer(), stride = c * 4;
  for (let i: usize = 0; i < n; i += 4) {
    const rows = min<usize>(4, n - i);
    const p0 = x + i * stride;
    const p1 = p0 + (rows > 1 ? stride : 0), p2 = p1 + (rows > 2 ? stride : 0), p3 = p2 + (rows > 3 ? stride : 0);
    const largest = interleaveRows(p0, p1, p2, p3, c, buffer);
    const total = exponentiate(buffer, c, largest, inverseTemperature);
    separateRows(buffer, c, f32x4.div(f32x4.splat(1), total), rows, p0, p1, p2, p3);
  }
}

/** Any output pointer may be 0. */
export function rowStats(p: usize, n: usize, c: usize, top1: usize, top2: usize, argmax: usize, entropy: usize): void {
  const buffer = rowBuffer(), stride = c * 4;
  for (let i: usize = 0; i < n; i += 4) {
    const rows = min<usize>(4, n - i);
    const p0 = p + i * stride;
    const p1 = p0 + (rows > 1 ? stride : 0), p2 = p1 + (rows > 2 ? stride : 0), p3 = p2 + (rows > 3 ? stride : 0);
    interleaveRows(p0, p1, p2, p3, c, buffer);
    let first = f32x4.splat(f32.NEGATIVE_INFINITY), second = f32x4.splat(f32.NEGATIVE_INFINITY);
    let index = i32x4.splat(0), at = i32x4.splat(0);
    for (let j: usize = 0; j < c; j++) {
      const v = v128.load(buffer + j * 16);
      const isLarger = f32x4.gt(v, first);
      second = v128.bitselect(first, f32x4.pmax(second, v), isLarger);
      first = v128.bitselect(v, first, isLarger);
      index = v128.bitselect(at, index, isLarger);
      at = i32x4.add(at, i32x4.splat(1));
    }
    if (c == 0) { first = f32x4.splat(0); index = i32x4.splat(-1); }
    if (c < 2) second = f32x4.splat(0);
    storeRows(top1, i, first, rows);
    storeRows(top2, i, second, rows);
    storeRows(argmax, i, index, rows);
    if (entropy != 0) storeRows(entropy, i, interleavedEntropy(buffer, c), rows);
  }
}

@inline function storeRows(to: usize, row: usize, value: v128, rows: usize): void {
  if (to == 0) return;
  if (rows == 4) v128.store(to + row * 4, value);
  else storePartial(to + row * 4, value, rows);
}

@inline function interleavedEntropy(at: usize, c: usize): v128 {
  let sum0 = f32x4.splat(0), sum1 = f32x4.splat(0);
  let j: usize = 0;
  for (; j + 2 <= c; j += 2) {
    sum0 = f32x4.sub(sum0, plogp(v128.load(at, 0)));
    sum1 = f32x4.sub(sum1, plogp(v128.load(at, 16)));
    at += 32;
  }
  if (j < c) sum0 = f32x4.sub(sum0, plogp(v128.load(at)));
  return f32x4.add(sum0, sum1);
}

/** ⟨a, b⟩ over d values in float32. */
@inline export function dotRow(a: usize, b: usize, d: usize): f32 {
  let s0 = f32x4.splat(0), s1 = f32x4.splat(0), s2 = f32x4.splat(0), s3 = f32x4.splat(0);
  let left = d;
  while (left >= 16) {
    s0 = f32x4.add(s0, f32x4.mul(v128.load(a, 0), v128.load(b, 0)));
    s1 = f32x4.add(s1, f32x4.mul(v128.load(a, 16), v128.load(b, 16)));
    s2 = f32x4.add(s2, f32x4.mul(v128.load(a, 32), v128.load(b, 32)));
    s3 = f32x4.add(s3, f32x4.mul(v128.load(a, 48), v128.load(b, 48)));
    a += 64;
    b += 64;
    left -= 16;
  }
  while (left >= 4) {
    s0 = f32x4.add(s0, f32x4.mul(v128.load(a), v128.load(b)));
    a += 16;
    b += 16;
    left -= 4;
  }
  if (left > 0) s1 = f32x4.add(s1, f32x4.mul(loadPartial(a, left), loadPartial(b, left)));
  return laneSum(f32x4.add(f32x4.add(s0, s1), f32x4.add(s2, s3)));
}

export function rowNorms(x: usize, n: usize, d: usize, out: usize): void {
  for (let i: usize = 0; i < n; i++) {
    const row = x + i * d * 4;
    store<f32>(out + i * 4, dotRow(row, row, d));
  }
}

/** out[i·outRow + j·outColumn] = alpha·⟨a_i, b_j⟩ + beta·out; for few rows b, which stay in the first-level cache. */
export function dots(
  m: usize, n: usize, k: usize, a: usize, lda: usize, b: usize, ldb: usize,
  out: usize, outRow: usize, outColumn: usize, alpha: f32, beta: f32,
): void {
  for (let i: usize = 0; i < m; i++) {
    for (let j: usize = 0; j < n; j++) {
      const at = out + (i * outRow + j * outColumn) * 4;
      let value = alpha * dotRow(a + i * lda * 4, b + j * ldb * 4, k);
      if (beta != 0) value += beta * load<f32>(at);
      store<f32>(at, value);
    }
  }
}

/** Returns the row of the largest minDist ≥ 0 (lowest row on ties) or −1. `closest` may be 0. */
export function distanceUpdate(
  x: usize, n: usize, d: usize, norms: usize, center: usize, centerNorm: f32,
  minDist: usize, closest: usize, centerIndex: i32,
): i32 {
  let farthest: i32 = -1;
  let farthestDistance: f32 = f32.NEGATIVE_INFINITY;
  for (let i: usize = 0; i < n; i++) {
    const distance = load<f32>(norms + i * 4) + centerNorm - 2 * dotRow(x + i * d * 4, center, d);
    let nearest = load<f32>(minDist + i * 4);
    const bounded: f32 = distance < 0 ? 0 : distance;
    if (bounded < nearest) {
      nearest = bounded;
      store<f32>(minDist + i * 4, nearest);
      if (closest != 0) store<i32>(closest + i * 4, centerIndex);
    }
    if (nearest >= 0 && nearest > farthestDistance) {
      farthestDistance = nearest;
      farthest = <i32>i;
    }
  }
  return farthest;
}

export function addBias(x: usize, n: usize, c: usize, bias: usize): void {
  for (let i: usize = 0; i < n; i++) addFloats(x + i * c * 4, bias, c);
}

/**
 * Adds the column sums of n rows to c float64 totals at the start of the scratch: float32 within blocks of 64 rows,
 * float64 between them. `isFirst` clears the totals before, `isLast` writes them to `out` after.
 */
export function columnSums(x: usize, n: usize, c: usize, out: usize, isFirst: bool, isLast: bool): void {
  const totals = rowBuffer(), partial = totals + c * 8;
  if (isFirst) memory.fill(totals, 0, c * 8);
  for (let block: usize = 0; block < n; block += 64) {
    const rows = min<usize>(64, n - block);
    memory.fill(partial, 0, c * 4);
    for (let i: usize = 0; i < rows; i++) addFloats(partial, x + (block + i) * c * 4, c);
    for (let j: usize = 0; j < c; j++) {
      store<f64>(totals + j * 8, load<f64>(totals + j * 8) + <f64>load<f32>(partial + j * 4));
    }
  }
  if (isLast) for (let j: usize = 0; j < c; j++) store<f32>(out + j * 4, <f32>load<f64>(totals + j * 8));
}

/** From here on memory.copy, which is a call out of the module, is quicker than a loop. */
const LONG_ROW: usize = 128;

/** Row numbers must have been checked by the host. */
export function gatherRows(x: usize, d: usize, rows: usize, n: usize, out: usize): void {
  const bytes = d * 4;
  for (let i: usize = 0; i < n; i++) {
    const from = x + <usize>load<u32>(rows + i * 4) * bytes, to = out + i * bytes;
    if (d >= LONG_ROW) memory.copy(to, from, bytes);
    else copyFloats(to, from, d);
  }
}
