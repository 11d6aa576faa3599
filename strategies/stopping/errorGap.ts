import type { Kernels } from "../kernels/types";

/**
 * Divergence of a Gaussian linear head's belief after one label from the one before, in nats.
 *
 * @param variance  xᵀSx, prior variance of the prediction. @param residual  y − mᵀx. @param noise  σ², noise variance.
 */
export function linearHeadDivergence(variance: number, residual: number, noise: number): number {
  const total = noise + variance;
  return 0.5 * (Math.log1p(variance / noise) - variance / total + (variance * residual * residual) / (total * total));
}

/** A Gaussian belief about d parameters; the covariance is d × d, row-major. */
export interface GaussianBelief {
  readonly mean: ArrayLike<number>;
  readonly covariance: ArrayLike<number>;
}

/**
 * Divergence of one Gaussian belief from another, in nats: for heads without a closed form, such as the Laplace
 * approximation of a logistic one, from round to round. O(d³).
 * @throws RangeError when a covariance is not positive definite.
 */
export function gaussianDivergence(kernels: Kernels, after: GaussianBelief, before: GaussianBelief): number {
  const d = after.mean.length;
  const old = Float64Array.from(before.covariance);
  const now = Float64Array.from(after.covariance);
  // Solving for the new covariance and the shift of the mean in one go: d + 1 right-hand sides.
  const sides = new Float64Array(d * (d + 1));
  for (let i = 0; i < d; i++) {
    for (let j = 0; j < d; j++) sides[i * (d + 1) + j] = now[i * d + j];
    sides[i * (d + 1) + d] = after.mean[i] - before.mean[i];
  }
  if (!kernels.cholesky(old, d) || !kernels.cholesky(now, d)) {
    throw new RangeError("gaussianDivergence: a covariance is not positive definite.");
  }
  kernels.choleskySolve(old, d, sides, d + 1);
  let trace = 0;
  let shift = 0;
  let logRatio = 0;
  for (let i = 0; i < d; i++) {
    trace += sides[i * (d + 1) + i];
    shift += (after.mean[i] - before.mean[i]) * sides[i * (d + 1) + d];
    logRatio += 2 * (Math.log(old[i * d + i]) - Math.log(now[i * d + i]));
  }
  return 0.5 * (trace + shift - d + logRatio);
}

/**
 * Largest change of the expected loss, for a loss in [0, 1], that a change of belief by divergence r allows: the smaller of
 * √(r/2) (Hoeffding) and e^λ − 1 with λ = 1 + W₀((r − 1)/e) (Bennett, variance at most 1).
 *
 * Source of the criterion: Ishibashi & Hino 2020, "Stopping criterion for active learning based on deterministic
 * generalization bounds"; the constants are derived here from the variational formula of the divergence.
 */
export function errorGapBound(divergence: number): number {
  if (!(divergence >= 0)) throw new RangeError(`errorGapBound: a divergence ≥ 0 was expected, got ${divergence}.`);
  if (divergence === 0) return 0;
  const bennett = Math.expm1(1 + lambertW((divergence - 1) / Math.E));
  return Math.min(1, Math.sqrt(divergence / 2), bennett);
}

/** Principal branch of Lambert's W for x ≥ −1/e, by Halley's iteration. */
export function lambertW(x: number): number {
  if (x < -1 / Math.E - 1e-12) throw new RangeError(`lambertW: x must be ≥ −1/e, got ${x}.`);
  const root = Math.sqrt(Math.max(0, 2 * (Math.E * x + 1)));
  let w = x < 0 ? -1 + root - (root * root) / 3 : Math.log1p(x);
  for (let i = 0; i < 50; i++) {
    const e = Math.exp(w);
    const f = w * e - x;
    if (Math.abs(w + 1) < 1e-8) break;
    const step = f / (e * (w + 1) - ((w + 2) * f) / (2 * w + 2));
    w -= step;
    if (Math.abs(step) < 1e-14 * (1 + Math.abs(w))) break;
  }
  return w;
}

/**
 * Whether a further label still pays by this bound: the mean bound of the last `window` labels times what an error costs
 * over the model's lifetime, against the cost of a label.
 */
export function errorGapWorth(
  divergences: readonly number[],
  args: { readonly window?: number; readonly lifetimeCostOfError: number; readonly costPerLabel: number },
): { readonly valueOfLabel: number | null; readonly vote: "worth-it" | "not-worth-it" | "unknown" } {
  const { window = 10, lifetimeCostOfError, costPerLabel } = args;
  if (divergences.length < window) return { valueOfLabel: null, vote: "unknown" };
  const mean = divergences.slice(-window).reduce((sum, r) => sum + errorGapBound(r) / window, 0);
  const valueOfLabel = mean * lifetimeCostOfError;
  return { valueOfLabel, vote: valueOfLabel >= costPerLabel ? "worth-it" : "not-worth-it" };
}
