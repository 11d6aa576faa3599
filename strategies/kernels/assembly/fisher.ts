// One step of batch selection by Fisher information: per row a k×k pair (A, B) is changed by a product of k×2k factors
// and the trace tr((I ± A)⁻¹·B) is taken. Everything of a row stays in the first-level cache.

import { rowBuffer } from "./scratch";

@inline function get(p: usize, i: usize): f64 {
  return load<f64>(p + i * 8);
}

@inline function put(p: usize, i: usize, value: f64): void {
  store<f64>(p + i * 8, value);
}

/** Σ_j a[j]·b[j] over n float64 values. */
@inline function dot64(a: usize, b: usize, n: usize): f64 {
  let s0 = f64x2.splat(0), s1 = f64x2.splat(0);
  let left = n;
  while (left >= 4) {
    s0 = f64x2.add(s0, f64x2.mul(v128.load(a, 0), v128.load(b, 0)));
    s1 = f64x2.add(s1, f64x2.mul(v128.load(a, 16), v128.load(b, 16)));
    a += 32;
    b += 32;
    left -= 4;
  }
  if (left >= 2) {
    s0 = f64x2.add(s0, f64x2.mul(v128.load(a), v128.load(b)));
    a += 16;
    b += 16;
    left -= 2;
  }
  if (left > 0) s1 = f64x2.add(s1, f64x2.mul(v128.load64_zero(a), v128.load64_zero(b)));
  s0 = f64x2.add(s0, s1);
  return f64x2.extract_lane(s0, 0) + f64x2.extract_lane(s0, 1);
}

/** to[j] = scale·(from[j] − mean[j]) over n float64 values. */
@inline function scaleRow(to: usize, from: usize, mean: usize, scale: f64, n: usize): void {
  const factor = f64x2.splat(scale);
  let j: usize = 0;
  for (; j + 2 <= n; j += 2) {
    v128.store(to + j * 8, f64x2.mul(factor, f64x2.sub(v128.load(from + j * 8), v128.load(mean + j * 8))));
  }
  if (j < n) put(to, j, scale * (get(from, j) - get(mean, j)));
}

/**
 * factor (k×3k): row c = (X row c, W row c, X row c), where the first 2k are scales[c]·(products row c − Σ_c′ p[c′]·products
 * row c′); without p the sum is left out. With X on both sides of W the pairs (X, W) and (W, X) are both contiguous.
 */
function scaleRows(k: usize, scales: usize, p: usize, products: usize, factor: usize): void {
  const width = k * 2, stride = k * 24, mean = factor + k * stride;
  memory.fill(mean, 0, width * 8);
  if (p != 0) {
    for (let c: usize = 0; c < k; c++) {
      const weight = f64x2.splat(get(p, c)), from = products + c * width * 8;
      // 2k values: always whole vectors.
      for (let j: usize = 0; j < width; j += 2) {
        const at = mean + j * 8;
        v128.store(at, f64x2.add(v128.load(at), f64x2.mul(weight, v128.load(from + j * 8))));
      }
    }
  }
  for (let c: usize = 0; c < k; c++) {
    const scale = get(scales, c), from = products + c * width * 8, to = factor + c * stride;
    scaleRow(to, from, mean, scale, width);
    scaleRow(to + width * 8, from, mean, scale, k);
  }
}

/** A −= sign·X·Xᵀ and B −= sign·(X·Wᵀ + W·Xᵀ), both whole. */
function changePair(k: usize, factor: usize, a: usize, b: usize, sign: f64): void {
  const stride = k * 24;
  for (let i: usize = 0; i < k; i++) {
    const xi = factor + i * stride;
    for (let j: usize = 0; j <= i; j++) {
      const xj = factor + j * stride;
      const changedA = get(a, i * k + j) - sign * dot64(xi, xj, k);
      const changedB = get(b, i * k + j) - sign * dot64(xi, xj + k * 8, k * 2);
      put(a, i * k + j, changedA);
      put(a, j * k + i, changedA);
      put(b, i * k + j, changedB);
      put(b, j * k + i, changedB);
    }
  }
}

/** tr((I + sign·A)⁻¹·B) through the inverse of the Cholesky factor; +∞ when I + sign·A is not positive definite. */
function traceOf(k: usize, a: usize, b: usize, sign: f64, l: usize, inverse: usize): f64 {
  for (let i: usize = 0; i < k; i++) {
    for (let j: usize = 0; j <= i; j++) {
      let value = sign * get(a, i * k + j) + (i == j ? 1 : 0);
      for (let q: usize = 0; q < j; q++) value -= get(l, i * k + q) * get(l, j * k + q);
      if (i == j) {
        if (!(value > 0)) return f64.POSITIVE_INFINITY;
        put(l, i * k + i, sqrt<f64>(value));
      } else put(l, i * k + j, value / get(l, j * k + j));
    }
  }
  let trace: f64 = 0;
  for (let i: usize = 0; i < k; i++) {
    // Row i of L⁻¹, then its quadratic form in B.
    const row = inverse + i * k * 8, pivot = get(l, i * k + i);
    for (let j: usize = 0; j < i; j++) {
      let sum: f64 = 0;
      for (let q = j; q < i; q++) sum += get(l, i * k + q) * get(inverse, q * k + j);
      put(row, j, -sum / pivot);
    }
    put(row, i, 1 / pivot);
    for (let j: usize = 0; j <= i; j++) trace += get(row, j) * dot64(b + j * k * 8, row, i + 1);
  }
  return trace;
}

/** `p` may be 0 (independent classes), `products` may be 0 (traces only). See the host's `fisherStep`. */
export function fisherStep(
  n: usize, k: usize, scales: usize, p: usize, products: usize, a: usize, b: usize, sign: f64, traces: usize,
): void {
  const factor = rowBuffer(), l = factor + (k * 3 + 2) * k * 8, inverse = l + k * k * 8;
  const pair = k * k * 8;
  for (let i: usize = 0; i < n; i++) {
    const ai = a + i * pair, bi = b + i * pair;
    if (products != 0) {
      scaleRows(k, scales + i * k * 8, p == 0 ? 0 : p + i * k * 8, products + i * pair * 2, factor);
      changePair(k, factor, ai, bi, sign);
    }
    put(traces, i, traceOf(k, ai, bi, sign, l, inverse));
  }
}
