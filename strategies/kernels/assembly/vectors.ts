// Exponential, logarithm and partial vectors, four float32 at a time.

const LOG2E: f32 = 1.4426950408889634;
/** ln 2 in two parts: the first has few bits, so that its product with a small whole number is exact. */
const LN2_HIGH: f32 = 0.693359375;
const LN2_LOW: f32 = -2.12194440054690581e-4;
/** Adding it rounds to a whole number whose bits are then the low bits of the sum. */
const ROUNDER: f32 = 12582912.0;
const EXP_LOWEST: f32 = -87.3;
const EXP_HIGHEST: f32 = 88.73;
/** Smallest normal float32. */
const TINY: f32 = 1.1754943508222875e-38;

/** (e^r − 1 − r) / r² on |r| ≤ ½·ln 2, fitted on Chebyshev nodes; largest error of e^r 8e-9. */
@inline function expTail(r: v128): v128 {
  let q = f32x4.splat(0.00139262134663);
  q = f32x4.add(f32x4.mul(q, r), f32x4.splat(0.00836320297158));
  q = f32x4.add(f32x4.mul(q, r), f32x4.splat(0.0416665544377));
  q = f32x4.add(f32x4.mul(q, r), f32x4.splat(0.16666576846));
  return f32x4.add(f32x4.mul(q, r), f32x4.splat(0.5));
}

/** e^x for x ≤ 0; 0 below −87.3; NaN stays NaN. */
@inline export function expNonPositive(x: v128): v128 {
  const isTooLow = f32x4.lt(x, f32x4.splat(EXP_LOWEST));
  const bounded = f32x4.pmax(x, f32x4.splat(EXP_LOWEST));
  const rounded = f32x4.add(f32x4.mul(bounded, f32x4.splat(LOG2E)), f32x4.splat(ROUNDER));
  const whole = f32x4.sub(rounded, f32x4.splat(ROUNDER));
  let r = f32x4.sub(bounded, f32x4.mul(whole, f32x4.splat(LN2_HIGH)));
  r = f32x4.sub(r, f32x4.mul(whole, f32x4.splat(LN2_LOW)));
  const value = f32x4.add(f32x4.add(f32x4.mul(expTail(r), f32x4.mul(r, r)), r), f32x4.splat(1));
  const power = i32x4.add(i32x4.shl(rounded, 23), i32x4.splat(127 << 23));
  return v128.andnot(f32x4.mul(value, power), isTooLow);
}

/** e^x for any x: +∞ above 88.72, 0 below −87.3; NaN stays NaN. */
@inline export function expAny(x: v128): v128 {
  const isTooLow = f32x4.lt(x, f32x4.splat(EXP_LOWEST));
  let bounded = f32x4.pmax(x, f32x4.splat(EXP_LOWEST));
  bounded = f32x4.pmin(bounded, f32x4.splat(EXP_HIGHEST));
  const rounded = f32x4.add(f32x4.mul(bounded, f32x4.splat(LOG2E)), f32x4.splat(ROUNDER));
  const whole = f32x4.sub(rounded, f32x4.splat(ROUNDER));
  let r = f32x4.sub(bounded, f32x4.mul(whole, f32x4.splat(LN2_HIGH)));
  r = f32x4.sub(r, f32x4.mul(whole, f32x4.splat(LN2_LOW)));
  const value = f32x4.add(f32x4.add(f32x4.mul(expTail(r), f32x4.mul(r, r)), r), f32x4.splat(1));
  // 2^128 is no float32, so the power is applied in two halves.
  const exponent = i32x4.shr_s(i32x4.shl(rounded, 9), 9);
  const half = i32x4.shr_s(exponent, 1);
  const power1 = i32x4.shl(i32x4.add(half, i32x4.splat(127)), 23);
  const power2 = i32x4.shl(i32x4.add(i32x4.sub(exponent, half), i32x4.splat(127)), 23);
  return v128.andnot(f32x4.mul(f32x4.mul(value, power1), power2), isTooLow);
}

/** ln x for normal positive x; other values give an unspecified finite number. */
@inline export function logNormal(x: v128): v128 {
  const shifted = i32x4.sub(x, i32x4.splat(0x3f3504f3));
  const exponent = i32x4.shr_s(shifted, 23);
  const mantissa = i32x4.sub(x, i32x4.shl(exponent, 23));
  const f = f32x4.sub(mantissa, f32x4.splat(1));
  const s = f32x4.div(f, f32x4.add(f, f32x4.splat(2)));
  const z = f32x4.mul(s, s);
  let series = f32x4.splat(2.0 / 9.0);
  series = f32x4.add(f32x4.mul(series, z), f32x4.splat(2.0 / 7.0));
  series = f32x4.add(f32x4.mul(series, z), f32x4.splat(2.0 / 5.0));
  series = f32x4.add(f32x4.mul(series, z), f32x4.splat(2.0 / 3.0));
  const e = f32x4.convert_i32x4_s(exponent);
  let value = f32x4.mul(f32x4.mul(s, z), series);
  value = f32x4.add(value, f32x4.mul(e, f32x4.splat(LN2_LOW)));
  value = f32x4.add(value, f32x4.add(s, s));
  return f32x4.add(value, f32x4.mul(e, f32x4.splat(LN2_HIGH)));
}

/** ln x for any x: −∞ at 0 and below the smallest normal number, NaN for negative x and NaN, +∞ at +∞. */
@inline export function logAny(x: v128): v128 {
  const zero = f32x4.splat(0);
  let value = logNormal(x);
  value = v128.bitselect(f32x4.splat(f32.NEGATIVE_INFINITY), value, f32x4.lt(x, f32x4.splat(TINY)));
  value = v128.bitselect(f32x4.splat(f32.NaN), value, f32x4.lt(x, zero));
  return v128.bitselect(value, x, f32x4.lt(x, f32x4.splat(f32.POSITIVE_INFINITY)));
}

/** p·ln p, 0 where p is below the smallest normal number; NaN stays NaN. */
@inline export function plogp(p: v128): v128 {
  const isNothing = f32x4.lt(p, f32x4.splat(TINY));
  return v128.andnot(f32x4.mul(p, logNormal(p)), isNothing);
}

/** The first `count` (1 … 3) float32 at a pointer, then zeros. */
@inline export function loadPartial(p: usize, count: usize): v128 {
  if (count == 1) return v128.load32_zero(p);
  const two = v128.load64_zero(p);
  return count == 2 ? two : v128.load32_lane(p, two, 2, 8);
}

@inline export function storePartial(p: usize, value: v128, count: usize): void {
  if (count == 1) {
    v128.store32_lane(p, value, 0);
  } else {
    v128.store64_lane(p, value, 0);
    if (count == 3) v128.store32_lane(p, value, 2, 8);
  }
}

/** Sum of the four lanes, always in the same order. */
@inline export function laneSum(v: v128): f32 {
  const pairs = f32x4.add(v, v128.shuffle<i32>(v, v, 2, 3, 0, 1));
  return f32x4.extract_lane(pairs, 0) + f32x4.extract_lane(pairs, 1);
}

/** Copies `count` float32; for short runs this beats memory.copy, whose call alone costs as much as 32 values. */
@inline export function copyFloats(to: usize, from: usize, count: usize): void {
  let left = count;
  while (left >= 4) {
    v128.store(to, v128.load(from));
    to += 16;
    from += 16;
    left -= 4;
  }
  if (left > 0) storePartial(to, loadPartial(from, left), left);
}

@inline export function addFloats(to: usize, from: usize, count: usize): void {
  let left = count;
  while (left >= 4) {
    v128.store(to, f32x4.add(v128.load(to), v128.load(from)));
    to += 16;
    from += 16;
    left -= 4;
  }
  if (left > 0) storePartial(to, f32x4.add(loadPartial(to, left), loadPartial(from, left)), left);
}
