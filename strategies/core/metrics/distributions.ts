/** Lanczos coefficients for g = 7, n = 9. */
const LANCZOS = [
  0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059,
  12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
];

/** ln Γ(x) for x > 0; relative error about 1e-14. */
export function logGamma(x: number): number {
  if (x < 0.5) return Math.log(Math.PI / Math.sin(Math.PI * x)) - logGamma(1 - x);
  const z = x - 1;
  let sum = LANCZOS[0];
  for (let i = 1; i < LANCZOS.length; i++) sum += LANCZOS[i] / (z + i);
  const t = z + 7.5;
  return 0.5 * Math.log(2 * Math.PI) + (z + 0.5) * Math.log(t) - t + Math.log(sum);
}

/** ln of the binomial coefficient, for real n ≥ k ≥ 0. */
export function logChoose(n: number, k: number): number {
  if (k === 0 || k === n) return 0;
  return logGamma(n + 1) - logGamma(k + 1) - logGamma(n - k + 1);
}

/** Steps of the continued fraction; it converges in O(√max(a, b)) of them. */
const FRACTION_STEPS_MAX = 10_000;

/** Regularised incomplete beta function I_x(a, b), a, b > 0, x in [0, 1]: the distribution function of Beta(a, b). */
export function betaCdf(x: number, a: number, b: number): number {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  // The fraction converges fast on the near side of the mean; the far side follows by symmetry.
  if (x > (a + 1) / (a + b + 2)) return 1 - betaCdf(1 - x, b, a);
  const front = Math.exp(logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log1p(-x));
  return (front / a) * betaFraction(x, a, b);
}

/** The continued fraction of the incomplete beta function by the modified Lentz method. */
function betaFraction(x: number, a: number, b: number): number {
  const tiny = 1e-300;
  const nonZero = (value: number) => (Math.abs(value) < tiny ? tiny : value);
  let c = 1;
  let d = 1 / nonZero(1 - ((a + b) * x) / (a + 1));
  let result = d;
  for (let m = 1; m <= FRACTION_STEPS_MAX; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / nonZero(1 + even * d);
    c = nonZero(1 + even / c);
    result *= d * c;
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / nonZero(1 + odd * d);
    c = nonZero(1 + odd / c);
    const step = d * c;
    result *= step;
    if (Math.abs(step - 1) < 1e-15) break;
  }
  return result;
}

/** The x with betaCdf(x, a, b) = p, by bisection to the last bit of float64. */
export function betaQuantile(p: number, a: number, b: number): number {
  return bisect(0, 1, (x) => betaCdf(x, a, b) >= p);
}

/** P(T ≤ t) of Student's distribution with `freedom` > 0 degrees of freedom. */
export function studentCdf(t: number, freedom: number): number {
  if (t === 0) return 0.5;
  const tail = 0.5 * betaCdf(freedom / (freedom + t * t), freedom / 2, 0.5);
  return t > 0 ? 1 - tail : tail;
}

/** The t with studentCdf(t, freedom) = p, 0 < p < 1. */
export function studentQuantile(p: number, freedom: number): number {
  if (p === 0.5) return 0;
  if (p < 0.5) return -studentQuantile(1 - p, freedom);
  let high = 1;
  while (studentCdf(high, freedom) < p && high < 1e12) high *= 2;
  return bisect(0, high, (t) => studentCdf(t, freedom) >= p);
}

/** P(Z ≤ z) of the standard normal distribution; absolute error below 1e-14. */
export function normalCdf(z: number): number {
  const x = Math.abs(z);
  // Series near 0, continued fraction of Mills' ratio in the tail.
  const density = Math.exp(-0.5 * x * x) / Math.sqrt(2 * Math.PI);
  let upper: number;
  if (x < 3) {
    let term = x;
    let sum = x;
    for (let i = 1; i < 200 && Math.abs(term) > 1e-18; i++) {
      term *= (x * x) / (2 * i + 1);
      sum += term;
    }
    upper = 0.5 - density * sum;
  } else {
    let fraction = x;
    for (let i = 120; i >= 1; i--) fraction = x + i / fraction;
    upper = density / fraction;
  }
  return z > 0 ? 1 - upper : upper;
}

/** The z with normalCdf(z) = p, 0 < p < 1. */
export function normalQuantile(p: number): number {
  return bisect(-40, 40, (z) => normalCdf(z) >= p);
}

/** Smallest x in [low, high] at which a monotone condition holds, to the last bit. */
function bisect(low: number, high: number, holds: (x: number) => boolean): number {
  let a = low;
  let b = high;
  for (let i = 0; i < 200; i++) {
    const middle = a + (b - a) / 2;
    if (middle === a || middle === b) break;
    if (holds(middle)) b = middle;
    else a = middle;
  }
  return b;
}
