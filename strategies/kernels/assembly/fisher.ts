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
function dot64(a: usize, b: usize, n: usize): f64 {
  let s0 = f64x2.splat(0), s1 = f64x2.splat(0);
  let j: usize = 0;
  for (; j + 4 <= n; j += 4) {
    s0 = f64x2.add(s0, f64x2.mul(v128.load(a, 0), v128.load(b, 0)));
    s1 = f64x2.add(s1, f64x2.mul(v128.load(a, 16), v128.load(b, 16)));
    a += 32;
    b += 32;
  }
  s0 = f64x2.add(s0, s1);
  let total = f64x2.extract_lane(s0, 0) + f64x2.extract_lane(s0, 1);
  for (; j < n; j++) {
    total += load<f64>(a) * load<f64>(b);
    a += 8;
    b += 8;
  }
  return total;
}

/** factor (k×2k) row c = scales[c]·(products row c − Σ_c′ p[c′]·products row c′); without p the sum is left out. */
function scaleRows(k: usize, scales: usize, p: usize, products: usize, factor: usize): void {
  const width = k * 2, mean = factor + k * width * 8;
  for (let j: usize = 0; j < width; j++) put(mean, j, 0);
  if (p != 0) {
    for (let c: usize = 0; c < k; c++) {
      const weight = get(p, c), from = products + c * width * 8;
      for (let j: usize = 0; j < width; j++) put(mean, j, get(mean, j) + weight * get(from, j));
    }
  }
  for (let c: usize = 0; c < k; c++) {
    const scale = get(scales, c), from = products + c * width * 8, to = factor + c * width * 8;
    for (let j: usize = 0; j < width; j++) put(to, j, scale * (get(from, j) - get(mean, j)));
  }
}

/** A −= sign·X·Xᵀ and B −= sign·(X·Wᵀ + W·Xᵀ), both whole, where factor row c = (X row c, W row c). */
function changePair(k: usize, factor: usize, a: usize, b: usize, sign: f64): void {
  const stride = k * 16;
  for (let i: usize = 0; i < k; i++) {
    const xi = factor + i * stride, wi = xi + k * 8;
    for (let j: usize = 0; j <= i; j++) {
      const xj = factor + j * stride, wj = xj + k * 8;
      const changedA = get(a, i * k + j) - sign * dot64(xi, xj, k);
      const changedB = get(b, i * k + j) - sign * (dot64(xi, wj, k) + dot64(wi, xj, k));
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
  const factor = rowBuffer(), l = factor + (k * k + k) * 16, inverse = l + k * k * 8;
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
