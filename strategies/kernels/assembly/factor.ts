// Cholesky factor and triangular solves in float64. Recursion halves the matrix until a block fits a base case, so that
// nearly all arithmetic runs in the packed matrix product.

import { gemm } from "./gemm";
import { rowBuffer } from "./scratch";

/** Largest block factored or solved without recursion. */
const BASE: usize = 24;
/** Largest diagonal block of a symmetric update that is computed whole. */
const UPDATE_BASE: usize = 32;

@inline function at(a: usize, ld: usize, i: usize, j: usize): usize {
  return a + (i * ld + j) * 8;
}

/** Where to split n: about half, a multiple of the base. */
@inline function half(n: usize): usize {
  return (n / 2 + BASE - 1) / BASE * BASE;
}

/** Factors the lower triangle of a in place and clears the upper; false when a pivot is not a positive number. */
export function cholesky(a: usize, n: usize): bool {
  if (!factor(a, n, n)) return false;
  for (let i: usize = 0; i < n; i++) memory.fill(at(a, n, i, i + 1), 0, (n - i - 1) * 8);
  return true;
}

function factor(a: usize, n: usize, ld: usize): bool {
  if (n <= BASE) return factorBase(a, n, ld);
  const n1 = half(n), n2 = n - n1;
  const a21 = at(a, ld, n1, 0), a22 = at(a, ld, n1, n1);
  if (!factor(a, n1, ld)) return false;
  solveRight(a, n1, a21, n2, ld);
  symmetricUpdate(a21, n2, n1, a22, ld);
  return factor(a22, n2, ld);
}

function factorBase(a: usize, n: usize, ld: usize): bool {
  for (let j: usize = 0; j < n; j++) {
    const rowJ = at(a, ld, j, 0);
    let pivot = load<f64>(at(a, ld, j, j));
    for (let l: usize = 0; l < j; l++) pivot -= load<f64>(rowJ + l * 8) * load<f64>(rowJ + l * 8);
    if (!(pivot > 0) || pivot == f64.POSITIVE_INFINITY) return false;
    const root = sqrt<f64>(pivot);
    store<f64>(at(a, ld, j, j), root);
    for (let i = j + 1; i < n; i++) {
      const rowI = at(a, ld, i, 0);
      let value = load<f64>(rowI + j * 8);
      for (let l: usize = 0; l < j; l++) value -= load<f64>(rowI + l * 8) * load<f64>(rowJ + l * 8);
      store<f64>(rowI + j * 8, value / root);
    }
  }
  return true;
}

/** C −= A·Aᵀ on the lower triangle of C (n×n), A being n×k; blocks on the diagonal are written whole. */
function symmetricUpdate(a: usize, n: usize, k: usize, c: usize, ld: usize): void {
  if (n <= UPDATE_BASE) {
    gemm<f64>(n, n, k, a, ld, false, a, ld, true, c, ld, -1, 1);
    return;
  }
  const n1 = half(n), n2 = n - n1;
  symmetricUpdate(a, n1, k, c, ld);
  gemm<f64>(n2, n1, k, at(a, ld, n1, 0), ld, false, a, ld, true, at(c, ld, n1, 0), ld, -1, 1);
  symmetricUpdate(at(a, ld, n1, 0), n2, k, at(c, ld, n1, n1), ld);
}

/** X := X·L⁻ᵀ for X (m×n), L n×n lower. */
function solveRight(l: usize, n: usize, x: usize, m: usize, ld: usize): void {
  if (n <= BASE) {
    solveRightBase(l, n, x, m, ld);
    return;
  }
  const n1 = half(n), n2 = n - n1;
  solveRight(l, n1, x, m, ld);
  gemm<f64>(m, n2, n1, x, ld, false, at(l, ld, n1, 0), ld, true, at(x, ld, 0, n1), ld, -1, 1);
  solveRight(at(l, ld, n1, n1), n2, at(x, ld, 0, n1), m, ld);
}

/** Eight rows at a time, laid side by side: four independent chains hide the latency of each subtraction. */
function solveRightBase(l: usize, n: usize, x: usize, m: usize, ld: usize): void {
  const buffer = rowBuffer();
  for (let i: usize = 0; i < m; i += 8) {
    const rows = min<usize>(8, m - i);
    for (let j: usize = 0; j < n; j++) {
      for (let r: usize = 0; r < rows; r++) store<f64>(buffer + j * 64 + r * 8, load<f64>(at(x, ld, i + r, j)));
      for (let r = rows; r < 8; r++) store<f64>(buffer + j * 64 + r * 8, 0);
    }
    for (let j: usize = 0; j < n; j++) {
      const target = buffer + j * 64;
      let s0 = v128.load(target, 0), s1 = v128.load(target, 16), s2 = v128.load(target, 32), s3 = v128.load(target, 48);
      for (let q: usize = 0; q < j; q++) {
        const known = buffer + q * 64, factor = v128.load64_splat(at(l, ld, j, q));
        s0 = f64x2.sub(s0, f64x2.mul(factor, v128.load(known, 0)));
        s1 = f64x2.sub(s1, f64x2.mul(factor, v128.load(known, 16)));
        s2 = f64x2.sub(s2, f64x2.mul(factor, v128.load(known, 32)));
        s3 = f64x2.sub(s3, f64x2.mul(factor, v128.load(known, 48)));
      }
      const pivot = v128.load64_splat(at(l, ld, j, j));
      v128.store(target, f64x2.div(s0, pivot), 0);
      v128.store(target, f64x2.div(s1, pivot), 16);
      v128.store(target, f64x2.div(s2, pivot), 32);
      v128.store(target, f64x2.div(s3, pivot), 48);
    }
    for (let j: usize = 0; j < n; j++) {
      for (let r: usize = 0; r < rows; r++) store<f64>(at(x, ld, i + r, j), load<f64>(buffer + j * 64 + r * 8));
    }
  }
}

/** B := L⁻¹·B (or L⁻ᵀ·B) for B n×r. */
export function solveLower(l: usize, n: usize, b: usize, r: usize): void {
  if (r < 4) eachColumn(l, n, b, r, false);
  else solveLeft(l, n, n, b, r);
}

export function solveLowerTransposed(l: usize, n: usize, b: usize, r: usize): void {
  if (r < 4) eachColumn(l, n, b, r, true);
  else solveLeftTransposed(l, n, n, b, r);
}

function solveLeft(l: usize, n: usize, ld: usize, b: usize, r: usize): void {
  if (n <= BASE) {
    for (let i: usize = 0; i < n; i++) eliminate(at(l, ld, i, 0), 8, i, b, r, at(b, r, i, 0), at(l, ld, i, i));
    return;
  }
  const n1 = half(n), n2 = n - n1;
  const b2 = at(b, r, n1, 0);
  solveLeft(l, n1, ld, b, r);
  gemm<f64>(n2, r, n1, at(l, ld, n1, 0), ld, false, b, r, false, b2, r, -1, 1);
  solveLeft(at(l, ld, n1, n1), n2, ld, b2, r);
}

function solveLeftTransposed(l: usize, n: usize, ld: usize, b: usize, r: usize): void {
  if (n <= BASE) {
    for (let i = n; i > 0; i--) {
      const below = i < n ? at(l, ld, i, i - 1) : 0;
      eliminate(below, ld * 8, n - i, at(b, r, i, 0), r, at(b, r, i - 1, 0), at(l, ld, i - 1, i - 1));
    }
    return;
  }
  const n1 = half(n), n2 = n - n1;
  const b2 = at(b, r, n1, 0);
  solveLeftTransposed(at(l, ld, n1, n1), n2, ld, b2, r);
  gemm<f64>(n1, r, n2, at(l, ld, n1, 0), ld, true, b2, r, false, b, r, -1, 1);
  solveLeftTransposed(l, n1, ld, b, r);
}

/** target (r values) := (target − Σ_j factors[j]·known_j) / pivot; factors lie `stride` bytes apart. */
@inline function eliminate(
  factors: usize, stride: usize, count: usize, known: usize, r: usize, target: usize, pivotAt: usize,
): void {
  const pivot = v128.load64_splat(pivotAt);
  let q: usize = 0;
  for (; q + 8 <= r; q += 8) {
    const to = target + q * 8;
    let s0 = v128.load(to, 0), s1 = v128.load(to, 16), s2 = v128.load(to, 32), s3 = v128.load(to, 48);
    for (let j: usize = 0; j < count; j++) {
      const factor = v128.load64_splat(factors + j * stride), from = known + (j * r + q) * 8;
      s0 = f64x2.sub(s0, f64x2.mul(factor, v128.load(from, 0)));
      s1 = f64x2.sub(s1, f64x2.mul(factor, v128.load(from, 16)));
      s2 = f64x2.sub(s2, f64x2.mul(factor, v128.load(from, 32)));
      s3 = f64x2.sub(s3, f64x2.mul(factor, v128.load(from, 48)));
    }
    v128.store(to, f64x2.div(s0, pivot), 0);
    v128.store(to, f64x2.div(s1, pivot), 16);
    v128.store(to, f64x2.div(s2, pivot), 32);
    v128.store(to, f64x2.div(s3, pivot), 48);
  }
  for (; q < r; q++) {
    let value = load<f64>(target + q * 8);
    for (let j: usize = 0; j < count; j++) value -= load<f64>(factors + j * stride) * load<f64>(known + (j * r + q) * 8);
    store<f64>(target + q * 8, value / load<f64>(pivotAt));
  }
}

/** For one to three right-hand sides: reads L once per column, row by row, at the speed of memory. */
function eachColumn(l: usize, n: usize, b: usize, r: usize, isTransposed: bool): void {
  const column = rowBuffer();
  for (let q: usize = 0; q < r; q++) {
    for (let i: usize = 0; i < n; i++) store<f64>(column + i * 8, load<f64>(at(b, r, i, q)));
    if (isTransposed) {
      for (let i = n; i > 0; i--) {
        const row = at(l, n, i - 1, 0), value = load<f64>(column + (i - 1) * 8) / load<f64>(row + (i - 1) * 8);
        store<f64>(column + (i - 1) * 8, value);
        subtractMultiple(column, row, i - 1, value);
      }
    } else {
      for (let i: usize = 0; i < n; i++) {
        const row = at(l, n, i, 0);
        store<f64>(column + i * 8, (load<f64>(column + i * 8) - dot64(row, column, i)) / load<f64>(row + i * 8));
      }
    }
    for (let i: usize = 0; i < n; i++) store<f64>(at(b, r, i, q), load<f64>(column + i * 8));
  }
}

function dot64(a: usize, b: usize, n: usize): f64 {
  let s0 = f64x2.splat(0), s1 = f64x2.splat(0), s2 = f64x2.splat(0), s3 = f64x2.splat(0);
  let left = n;
  for (; left >= 8; left -= 8, a += 64, b += 64) {
    s0 = f64x2.add(s0, f64x2.mul(v128.load(a, 0), v128.load(b, 0)));
    s1 = f64x2.add(s1, f64x2.mul(v128.load(a, 16), v128.load(b, 16)));
    s2 = f64x2.add(s2, f64x2.mul(v128.load(a, 32), v128.load(b, 32)));
    s3 = f64x2.add(s3, f64x2.mul(v128.load(a, 48), v128.load(b, 48)));
  }
  s0 = f64x2.add(f64x2.add(s0, s1), f64x2.add(s2, s3));
  let total = f64x2.extract_lane(s0, 0) + f64x2.extract_lane(s0, 1);
  for (; left > 0; left--, a += 8, b += 8) total += load<f64>(a) * load<f64>(b);
  return total;
}

function subtractMultiple(to: usize, row: usize, n: usize, factor: f64): void {
  const f = f64x2.splat(factor);
  let left = n;
  for (; left >= 2; left -= 2, to += 16, row += 16) {
    v128.store(to, f64x2.sub(v128.load(to), f64x2.mul(f, v128.load(row))));
  }
  if (left > 0) store<f64>(to, load<f64>(to) - factor * load<f64>(row));
}
