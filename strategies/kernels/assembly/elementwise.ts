// Kernels over flat vectors: one pass each, four values at a time, the tail as one partial vector.

import { expAny, loadPartial, logAny, storePartial } from "./vectors";

/** Values summed in float64 lanes before they join the total: the order of a sum does not depend on how it is split. */
const SUM_BLOCK: usize = 4096;

export function relu(x: usize, n: usize): void {
  const zero = f32x4.splat(0);
  let left = n;
  // pmax(0, v) is 0 < v ? v : 0, so NaN becomes 0.
  for (; left >= 4; left -= 4, x += 16) v128.store(x, f32x4.pmax(zero, v128.load(x)));
  if (left > 0) storePartial(x, f32x4.pmax(zero, loadPartial(x, left)), left);
}

export function reluBackward(gradient: usize, activated: usize, n: usize): void {
  const zero = f32x4.splat(0);
  let left = n;
  for (; left >= 4; left -= 4, gradient += 16, activated += 16) {
    v128.store(gradient, v128.and(v128.load(gradient), f32x4.gt(v128.load(activated), zero)));
  }
  if (left > 0) {
    const isActive = f32x4.gt(loadPartial(activated, left), zero);
    storePartial(gradient, v128.and(loadPartial(gradient, left), isActive), left);
  }
}

@inline function sigmoidVector(x: v128, negativeInverse: v128): v128 {
  return f32x4.div(f32x4.splat(1), f32x4.add(f32x4.splat(1), expAny(f32x4.mul(x, negativeInverse))));
}

export function sigmoid(x: usize, n: usize, inverseTemperature: f32): void {
  const factor = f32x4.splat(-inverseTemperature);
  let left = n;
  for (; left >= 4; left -= 4, x += 16) v128.store(x, sigmoidVector(v128.load(x), factor));
  if (left > 0) storePartial(x, sigmoidVector(loadPartial(x, left), factor), left);
}

export function exp(x: usize, n: usize): void {
  let left = n;
  for (; left >= 4; left -= 4, x += 16) v128.store(x, expAny(v128.load(x)));
  if (left > 0) storePartial(x, expAny(loadPartial(x, left)), left);
}

export function log(x: usize, n: usize): void {
  let left = n;
  for (; left >= 4; left -= 4, x += 16) v128.store(x, logAny(v128.load(x)));
  if (left > 0) storePartial(x, logAny(loadPartial(x, left)), left);
}

export function axpy(alpha: f32, x: usize, y: usize, n: usize): void {
  const factor = f32x4.splat(alpha);
  let left = n;
  for (; left >= 4; left -= 4, x += 16, y += 16) {
    v128.store(y, f32x4.add(v128.load(y), f32x4.mul(factor, v128.load(x))));
  }
  if (left > 0) storePartial(y, f32x4.add(loadPartial(y, left), f32x4.mul(factor, loadPartial(x, left))), left);
}

export function scale(alpha: f32, x: usize, n: usize): void {
  const factor = f32x4.splat(alpha);
  let left = n;
  for (; left >= 4; left -= 4, x += 16) v128.store(x, f32x4.mul(factor, v128.load(x)));
  if (left > 0) storePartial(x, f32x4.mul(factor, loadPartial(x, left)), left);
}

@inline function low(v: v128): v128 {
  return f64x2.promote_low_f32x4(v);
}

@inline function high(v: v128): v128 {
  return f64x2.promote_low_f32x4(v128.shuffle<i32>(v, v, 2, 3, 0, 1));
}

/** total + Σ x_i·y_i in float64; a product of two float32 is exact there. */
export function dot(x: usize, y: usize, n: usize, total: f64): f64 {
  for (let start: usize = 0; start < n; start += SUM_BLOCK) {
    let left = min<usize>(SUM_BLOCK, n - start);
    let sum0 = f64x2.splat(0), sum1 = f64x2.splat(0);
    for (; left >= 4; left -= 4, x += 16, y += 16) {
      const a = v128.load(x), b = v128.load(y);
      sum0 = f64x2.add(sum0, f64x2.mul(low(a), low(b)));
      sum1 = f64x2.add(sum1, f64x2.mul(high(a), high(b)));
    }
    if (left > 0) {
      const a = loadPartial(x, left), b = loadPartial(y, left);
      sum0 = f64x2.add(sum0, f64x2.mul(low(a), low(b)));
      sum1 = f64x2.add(sum1, f64x2.mul(high(a), high(b)));
    }
    sum0 = f64x2.add(sum0, sum1);
    total += f64x2.extract_lane(sum0, 0) + f64x2.extract_lane(sum0, 1);
  }
  return total;
}

/** total + Σ x_i in float64. */
export function sum(x: usize, n: usize, total: f64): f64 {
  for (let start: usize = 0; start < n; start += SUM_BLOCK) {
    let left = min<usize>(SUM_BLOCK, n - start);
    let sum0 = f64x2.splat(0), sum1 = f64x2.splat(0);
    for (; left >= 4; left -= 4, x += 16) {
      const a = v128.load(x);
      sum0 = f64x2.add(sum0, low(a));
      sum1 = f64x2.add(sum1, high(a));
    }
    if (left > 0) {
      const a = loadPartial(x, left);
      sum0 = f64x2.add(sum0, low(a));
      sum1 = f64x2.add(sum1, high(a));
    }
    sum0 = f64x2.add(sum0, sum1);
    total += f64x2.extract_lane(sum0, 0) + f64x2.extract_lane(sum0, 1);
  }
  return total;
}

export function adam(
  w: usize, g: usize, m: usize, v: usize, n: usize, learningRate: f32, beta1: f32, beta2: f32, epsilon: f32,
  weightDecay: f32, correction1: f32, correction2: f32,
): void {
  const keep1 = f32x4.splat(beta1), add1 = f32x4.splat(1 - beta1);
  const keep2 = f32x4.splat(beta2), add2 = f32x4.splat(1 - beta2);
  const rate = f32x4.splat(learningRate), decay = f32x4.splat(weightDecay), tiny = f32x4.splat(epsilon);
  const scale1 = f32x4.splat(correction1), scale2 = f32x4.splat(correction2);
  for (let i: usize = 0; i < n; i += 4) {
    const at = i * 4, count = min<usize>(4, n - i), isWhole = count == 4;
    const slope = isWhole ? v128.load(g + at) : loadPartial(g + at, count);
    let first = isWhole ? v128.load(m + at) : loadPartial(m + at, count);
    let second = isWhole ? v128.load(v + at) : loadPartial(v + at, count);
    const weight = isWhole ? v128.load(w + at) : loadPartial(w + at, count);
    first = f32x4.add(f32x4.mul(keep1, first), f32x4.mul(add1, slope));
    second = f32x4.add(f32x4.mul(keep2, second), f32x4.mul(add2, f32x4.mul(slope, slope)));
    const size = f32x4.add(f32x4.sqrt(f32x4.mul(second, scale2)), tiny);
    const direction = f32x4.add(f32x4.div(f32x4.mul(first, scale1), size), f32x4.mul(decay, weight));
    const moved = f32x4.sub(weight, f32x4.mul(rate, direction));
    if (isWhole) {
      v128.store(m + at, first);
      v128.store(v + at, second);
      v128.store(w + at, moved);
    } else {
      storePartial(m + at, first, count);
      storePartial(v + at, second, count);
      storePartial(w + at, moved, count);
    }
  }
}
