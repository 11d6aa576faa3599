// Products with feature rows in float32 and float64, for kernels over pools: one pass at the speed of memory each.
// Every inner product of a row takes the same steps wherever it is computed, so that a pass over all rows, a pass over
// a few of them and a pass that takes two vectors at once give the same bits.

import { gemm } from "./gemm";
import { dotRow } from "./rows";
import { tileBuffer } from "./scratch";
import { laneSum, loadPartial } from "./vectors";

@inline function pairSum(v: v128): f64 {
  return f64x2.extract_lane(v, 0) + f64x2.extract_lane(v, 1);
}

/** ⟨a, b⟩ over d float64. */
@inline export function dotRowF64(a: usize, b: usize, d: usize): f64 {
  let s0 = f64x2.splat(0), s1 = f64x2.splat(0), s2 = f64x2.splat(0), s3 = f64x2.splat(0);
  let left = d;
  while (left >= 8) {
    s0 = f64x2.add(s0, f64x2.mul(v128.load(a, 0), v128.load(b, 0)));
    s1 = f64x2.add(s1, f64x2.mul(v128.load(a, 16), v128.load(b, 16)));
    s2 = f64x2.add(s2, f64x2.mul(v128.load(a, 32), v128.load(b, 32)));
    s3 = f64x2.add(s3, f64x2.mul(v128.load(a, 48), v128.load(b, 48)));
    a += 64;
    b += 64;
    left -= 8;
  }
  while (left >= 2) {
    s0 = f64x2.add(s0, f64x2.mul(v128.load(a), v128.load(b)));
    a += 16;
    b += 16;
    left -= 2;
  }
  if (left > 0) s1 = f64x2.add(s1, f64x2.mul(v128.load64_zero(a), v128.load64_zero(b)));
  return pairSum(f64x2.add(f64x2.add(s0, s1), f64x2.add(s2, s3)));
}

@inline export function rowDot<T>(a: usize, b: usize, d: usize): T {
  if (sizeof<T>() == 4) return <T>dotRow(a, b, d);
  return <T>dotRowF64(a, b, d);
}

/** out[i] = ⟨x_i, vector⟩. */
@inline function rowDots<T>(x: usize, n: usize, d: usize, vector: usize, out: usize): void {
  const stride = d * sizeof<T>();
  for (let i: usize = 0; i < n; i++) store<T>(out + i * sizeof<T>(), rowDot<T>(x + i * stride, vector, d));
}

export function rowDotsF32(x: usize, n: usize, d: usize, vector: usize, out: usize): void {
  rowDots<f32>(x, n, d, vector, out);
}

export function rowDotsF64(x: usize, n: usize, d: usize, vector: usize, out: usize): void {
  rowDots<f64>(x, n, d, vector, out);
}

/** out[i] = ‖x_i‖². */
@inline function rowSquares<T>(x: usize, n: usize, d: usize, out: usize): void {
  const stride = d * sizeof<T>();
  for (let i: usize = 0; i < n; i++) {
    const row = x + i * stride;
    store<T>(out + i * sizeof<T>(), rowDot<T>(row, row, d));
  }
}

export function rowSquaresF32(x: usize, n: usize, d: usize, out: usize): void {
  rowSquares<f32>(x, n, d, out);
}

export function rowSquaresF64(x: usize, n: usize, d: usize, out: usize): void {
  rowSquares<f64>(x, n, d, out);
}

/** Two inner products of every float64 row in one pass. */
export function rowDotPairs(x: usize, n: usize, d: usize, first: usize, second: usize, outFirst: usize, outSecond: usize): void {
  const stride = d * 8;
  for (let i: usize = 0; i < n; i++, x += stride) {
    let row = x, a = first, b = second, left = d;
    let a0 = f64x2.splat(0), a1 = f64x2.splat(0), a2 = f64x2.splat(0), a3 = f64x2.splat(0);
    let b0 = f64x2.splat(0), b1 = f64x2.splat(0), b2 = f64x2.splat(0), b3 = f64x2.splat(0);
    while (left >= 8) {
      const v0 = v128.load(row, 0), v1 = v128.load(row, 16), v2 = v128.load(row, 32), v3 = v128.load(row, 48);
      a0 = f64x2.add(a0, f64x2.mul(v0, v128.load(a, 0)));
      b0 = f64x2.add(b0, f64x2.mul(v0, v128.load(b, 0)));
      a1 = f64x2.add(a1, f64x2.mul(v1, v128.load(a, 16)));
      b1 = f64x2.add(b1, f64x2.mul(v1, v128.load(b, 16)));
      a2 = f64x2.add(a2, f64x2.mul(v2, v128.load(a, 32)));
      b2 = f64x2.add(b2, f64x2.mul(v2, v128.load(b, 32)));
      a3 = f64x2.add(a3, f64x2.mul(v3, v128.load(a, 48)));
      b3 = f64x2.add(b3, f64x2.mul(v3, v128.load(b, 48)));
      row += 64;
      a += 64;
      b += 64;
      left -= 8;
    }
    while (left >= 2) {
      const v = v128.load(row);
      a0 = f64x2.add(a0, f64x2.mul(v, v128.load(a)));
      b0 = f64x2.add(b0, f64x2.mul(v, v128.load(b)));
      row += 16;
      a += 16;
      b += 16;
      left -= 2;
    }
    if (left > 0) {
      const v = v128.load64_zero(row);
      a1 = f64x2.add(a1, f64x2.mul(v, v128.load64_zero(a)));
      b1 = f64x2.add(b1, f64x2.mul(v, v128.load64_zero(b)));
    }
    store<f64>(outFirst + i * 8, pairSum(f64x2.add(f64x2.add(a0, a1), f64x2.add(a2, a3))));
    store<f64>(outSecond + i * 8, pairSum(f64x2.add(f64x2.add(b0, b1), f64x2.add(b2, b3))));
  }
}

/** Two float32 inner products of one row, each with the bits of `dotRow`; the first is returned, the second stored. */
@inline function dotTwo(x: usize, a: usize, b: usize, d: usize, second: usize): f32 {
  let a0 = f32x4.splat(0), a1 = f32x4.splat(0), a2 = f32x4.splat(0), a3 = f32x4.splat(0);
  let b0 = f32x4.splat(0), b1 = f32x4.splat(0), b2 = f32x4.splat(0), b3 = f32x4.splat(0);
  let left = d;
  while (left >= 16) {
    const v0 = v128.load(x, 0), v1 = v128.load(x, 16), v2 = v128.load(x, 32), v3 = v128.load(x, 48);
    a0 = f32x4.add(a0, f32x4.mul(v0, v128.load(a, 0)));
    b0 = f32x4.add(b0, f32x4.mul(v0, v128.load(b, 0)));
    a1 = f32x4.add(a1, f32x4.mul(v1, v128.load(a, 16)));
    b1 = f32x4.add(b1, f32x4.mul(v1, v128.load(b, 16)));
    a2 = f32x4.add(a2, f32x4.mul(v2, v128.load(a, 32)));
    b2 = f32x4.add(b2, f32x4.mul(v2, v128.load(b, 32)));
    a3 = f32x4.add(a3, f32x4.mul(v3, v128.load(a, 48)));
    b3 = f32x4.add(b3, f32x4.mul(v3, v128.load(b, 48)));
    x += 64;
    a += 64;
    b += 64;
    left -= 16;
  }
  while (left >= 4) {
    const v = v128.load(x);
    a0 = f32x4.add(a0, f32x4.mul(v, v128.load(a)));
    b0 = f32x4.add(b0, f32x4.mul(v, v128.load(b)));
    x += 16;
    a += 16;
    b += 16;
    left -= 4;
  }
  if (left > 0) {
    const v = loadPartial(x, left);
    a1 = f32x4.add(a1, f32x4.mul(v, loadPartial(a, left)));
    b1 = f32x4.add(b1, f32x4.mul(v, loadPartial(b, left)));
  }
  store<f32>(second, laneSum(f32x4.add(f32x4.add(b0, b1), f32x4.add(b2, b3))));
  return laneSum(f32x4.add(f32x4.add(a0, a1), f32x4.add(a2, a3)));
}

/** Keeps the nearer of what row i has and one centre; `<` is strict, so the earlier centre keeps a tie. */
@inline function keepNearer<T>(
  i: usize, distance: T, center: i32, minDist: usize, owner: usize, isClamped: bool,
): void {
  if (isClamped && distance < 0) distance = 0;
  if (distance < load<T>(minDist + i * sizeof<T>())) {
    store<T>(minDist + i * sizeof<T>(), distance);
    store<i32>(owner + i * 4, center);
  }
}

/** Distances of every row to m centres in order; rows are read once for all of them. */
@inline function nearestCenters<T>(
  x: usize, n: usize, d: usize, norms: usize, centers: usize, centerNorms: usize, m: usize, first: i32,
  minDist: usize, owner: usize, isClamped: bool,
): void {
  const size = sizeof<T>(), stride = d * size, spare = tileBuffer();
  for (let i: usize = 0; i < n; i++) {
    const row = x + i * stride;
    const norm = load<T>(norms + i * size);
    let j: usize = 0;
    if (size == 4) {
      for (; j + 2 <= m; j += 2) {
        const one = <T>dotTwo(row, centers + j * stride, centers + (j + 1) * stride, d, spare);
        const two = load<T>(spare);
        keepNearer<T>(i, norm + load<T>(centerNorms + j * size) - 2 * one, first + <i32>j, minDist, owner, isClamped);
        const next = j + 1;
        keepNearer<T>(i, norm + load<T>(centerNorms + next * size) - 2 * two, first + <i32>next, minDist, owner, isClamped);
      }
    }
    for (; j < m; j++) {
      const distance = norm + load<T>(centerNorms + j * size) - 2 * rowDot<T>(row, centers + j * stride, d);
      keepNearer<T>(i, distance, first + <i32>j, minDist, owner, isClamped);
    }
  }
}

export function nearestCentersF32(
  x: usize, n: usize, d: usize, norms: usize, centers: usize, centerNorms: usize, m: usize, first: i32,
  minDist: usize, owner: usize, isClamped: bool,
): void {
  nearestCenters<f32>(x, n, d, norms, centers, centerNorms, m, first, minDist, owner, isClamped);
}

export function nearestCentersF64(
  x: usize, n: usize, d: usize, norms: usize, centers: usize, centerNorms: usize, m: usize, first: i32,
  minDist: usize, owner: usize, isClamped: bool,
): void {
  nearestCenters<f64>(x, n, d, norms, centers, centerNorms, m, first, minDist, owner, isClamped);
}

/** Σ (a_j − b_j)² over d float32, d a multiple of 8. */
@inline function squaredGap(a: usize, b: usize, d: usize): f32 {
  let s0 = f32x4.splat(0), s1 = f32x4.splat(0);
  for (let left = d; left > 0; left -= 8, a += 32, b += 32) {
    const v0 = f32x4.sub(v128.load(a, 0), v128.load(b, 0)), v1 = f32x4.sub(v128.load(a, 16), v128.load(b, 16));
    s0 = f32x4.add(s0, f32x4.mul(v0, v0));
    s1 = f32x4.add(s1, f32x4.mul(v1, v1));
  }
  return laneSum(f32x4.add(s0, s1));
}

@inline function lastGap(a: usize, b: usize, d: usize): f32 {
  const gap = load<f32>(a + (d - 1) * 4) - load<f32>(b + (d - 1) * 4);
  return gap * gap;
}

/**
 * As `nearestCenters` with one centre, leaving out rows that a lower bound proves farther than what they have. The
 * bound of a row is the squared distance of its short row (leading coordinates in an orthonormal basis, then the norm
 * of the rest) minus the slacks of both, which cover all rounding; `long` refines it by more coordinates and its own rest.
 * @returns rows whose distance was computed.
 */
@inline function nearestPruned<T>(
  x: usize, n: usize, d: usize, norms: usize, center: usize, centerNorm: T, index: i32,
  minDist: usize, owner: usize, isClamped: bool,
  short: usize, centerShort: usize, dShort: usize, long: usize, centerLong: usize, dLong: usize, slacks: usize, slack: T,
): i32 {
  const size = sizeof<T>(), stride = d * size;
  let evaluated: i32 = 0;
  for (let i: usize = 0; i < n; i++) {
    const reach = load<T>(minDist + i * size) + load<T>(slacks + i * size) + slack;
    const from = short + i * dShort * 4;
    // The first cache line settles most rows.
    const dFirst = min<usize>(16, dShort);
    let gap = squaredGap(from, centerShort, dFirst);
    if (<T>gap >= reach) continue;
    gap += squaredGap(from + dFirst * 4, centerShort + dFirst * 4, dShort - dFirst);
    if (<T>gap >= reach) continue;
    if (dLong > 0) {
      gap = gap - lastGap(from, centerShort, dShort) + squaredGap(long + i * dLong * 4, centerLong, dLong);
      if (<T>gap >= reach) continue;
    }
    evaluated++;
    const norm = load<T>(norms + i * size);
    keepNearer<T>(i, norm + centerNorm - 2 * rowDot<T>(x + i * stride, center, d), index, minDist, owner, isClamped);
  }
  return evaluated;
}

export function nearestPrunedF32(
  x: usize, n: usize, d: usize, norms: usize, center: usize, centerNorm: f32, index: i32,
  minDist: usize, owner: usize, isClamped: bool,
  short: usize, centerShort: usize, dShort: usize, long: usize, centerLong: usize, dLong: usize, slacks: usize, slack: f32,
): i32 {
  return nearestPruned<f32>(
    x, n, d, norms, center, centerNorm, index, minDist, owner, isClamped,
    short, centerShort, dShort, long, centerLong, dLong, slacks, slack,
  );
}

export function nearestPrunedF64(
  x: usize, n: usize, d: usize, norms: usize, center: usize, centerNorm: f64, index: i32,
  minDist: usize, owner: usize, isClamped: bool,
  short: usize, centerShort: usize, dShort: usize, long: usize, centerLong: usize, dLong: usize, slacks: usize, slack: f64,
): i32 {
  return nearestPruned<f64>(
    x, n, d, norms, center, centerNorm, index, minDist, owner, isClamped,
    short, centerShort, dShort, long, centerLong, dLong, slacks, slack,
  );
}

export function gemmF64(
  m: usize, n: usize, k: usize, a: usize, lda: usize, transA: bool, b: usize, ldb: usize, transB: bool,
  out: usize, ldc: usize, alpha: f64, beta: f64,
): void {
  gemm<f64>(m, n, k, a, lda, transA, b, ldb, transB, out, ldc, alpha, beta);
}
