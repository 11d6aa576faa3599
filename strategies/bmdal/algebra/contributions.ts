import type { Floats } from "../../kernels/types";
import { inPrecision, multiply } from "./floats";
import { jitteredCholesky } from "./jitteredCholesky";
import { denseKernel, productKernel, scaledKernel } from "./kernels";
import { posteriorKernel } from "./posterior";
import type { AlgebraContext, DenseKernel, KernelRows } from "./types";

/**
 * Kernels between the log-likelihood contributions of rows, for Bayesian coresets. `faithful` gives the constants of the
 * released code, which differ from the model's: see docs/errata.md.
 * Source: Pinsler, Gordon, Nalisnick & Hernández-Lobato 2019; the formulas are derived from the model here.
 */
export interface ContributionOptions {
  /** Random features. */
  readonly count: number;
  /** dim×count standard normal draws. */
  readonly draws: Floats;
  readonly isFaithful: boolean;
}

/** A = Φ_TᵀΦ_T + noise·I = LLᵀ over rows 0 … nKnown − 1: θ = L⁻ᵀε as columns, s(x) = φᵀA⁻¹φ, and φᵀθ. */
function project(
  context: AlgebraContext,
  base: DenseKernel,
  nKnown: number,
  noise: number,
  options: ContributionOptions,
) {
  const { kernels } = context;
  const { n, dim } = base;
  const { count } = options;
  const values = inPrecision(kernels, base.values, "f64");
  const known = values.subarray(0, nKnown * dim);
  const gram = new Float64Array(dim * dim);
  if (nKnown > 0) multiply(kernels, { m: dim, n: dim, k: nKnown, a: known, b: known, out: gram, transA: true });
  for (let i = 0; i < dim; i++) gram[i * dim + i] += noise;
  const factor = jitteredCholesky(context, gram, dim);
  const theta = Float64Array.from(options.draws.subarray(0, dim * count));
  kernels.solveLowerTransposed(factor, dim, theta, count);
  const products = new Float64Array(n * count);
  multiply(kernels, { m: n, n: count, k: dim, a: values, b: theta, out: products });
  const inverse = new Float64Array(dim * dim);
  for (let i = 0; i < dim; i++) inverse[i * dim + i] = 1;
  kernels.solveLower(factor, dim, inverse, dim);
  const whitened = new Float64Array(n * dim);
  multiply(kernels, { m: n, n: dim, k: dim, a: values, b: inverse, out: whitened, transB: true });
  const spread = new Float64Array(n);
  kernels.rowSquares({ x: whitened, n, d: dim, out: spread });
  return { products, spread, factor, known };
}

/**
 * acs-rf: contribution ½·log(1 + s) − ½·((φᵀθ)² + s) per draw, θ ~ N(0, A⁻¹). The released code forgets that the
 * posterior covariance is σ²A⁻¹ and divides by the width of the input instead of the number of draws.
 */
export function contributionFeatures(
  context: AlgebraContext,
  base: DenseKernel,
  nKnown: number,
  sigma: number,
  options: ContributionOptions,
): DenseKernel {
  const { n, dim } = base;
  const { count, isFaithful } = options;
  const variance = sigma * sigma;
  const { products, spread } = project(context, base, nKnown, variance, options);
  const unit = isFaithful ? variance : 1;
  const scale = 1 / Math.sqrt(isFaithful ? dim : count);
  for (let i = 0; i < n; i++) {
    const s = spread[i];
    for (let j = 0; j < count; j++) {
      const product = products[i * count + j];
      products[i * count + j] = scale * (0.5 * Math.log(1 + s / unit) - (product * product + s) / (2 * unit));
    }
  }
  return denseKernel(context.kernels, products, n, count);
}

/**
 * acs-rf-hyper: as acs-rf with weights ~ N(0, 1) and noise ~ inverse gamma(1, 1), integrated over their posterior given
 * the known rows' targets: −½·log 2π − ½·((φᵀθ)² + (b/a)·(1 + φᵀA⁻¹φ)), a = 1 + n/2, b = 1 + ½(yᵀy − μᵀAμ).
 *
 * @param targets standardised targets of rows 0 … nKnown − 1.
 */
export function contributionFeaturesWithNoise(
  context: AlgebraContext,
  base: DenseKernel,
  targets: Float64Array,
  options: ContributionOptions,
): DenseKernel {
  const { n, dim } = base;
  const { count, isFaithful } = options;
  const nKnown = targets.length;
  const { products, spread, factor, known } = project(context, base, nKnown, 1, options);
  const moment = new Float64Array(dim);
  for (let i = 0; i < nKnown; i++) for (let j = 0; j < dim; j++) moment[j] += known[i * dim + j] * targets[i];
  const half = moment.slice();
  context.kernels.solveLower(factor, dim, half, 1);
  // μᵀAμ = ‖L⁻¹Φ_Tᵀy‖².
  const explained = half.reduce((sum, value) => sum + value * value, 0);
  const total = targets.reduce((sum, value) => sum + value * value, 0);
  const noise = (1 + 0.5 * (total - explained)) / (1 + nKnown / 2);
  const scale = 1 / Math.sqrt(isFaithful ? dim : count);
  for (let i = 0; i < n; i++) {
    const tail = noise * (1 + spread[i]);
    for (let j = 0; j < count; j++) {
      const product = products[i * count + j];
      products[i * count + j] = scale * (-0.5 * Math.log(2 * Math.PI) - 0.5 * (product * product + tail));
    }
  }
  return denseKernel(context.kernels, products, n, count);
}

/** acs-grad: k·k_post/σ⁴, a product kernel. The released code divides features by σ⁴, the kernel by σ⁸. */
export function contributionGradient(
  context: AlgebraContext,
  base: KernelRows,
  nKnown: number,
  sigma: number,
  isFaithful: boolean,
): KernelRows {
  const posterior = posteriorKernel(context, base, { first: 0, end: nKnown }, sigma);
  const factor = sigma ** (isFaithful ? -8 : -4);
  return productKernel([scaledKernel(context.kernels, base, factor), posterior]);
}
