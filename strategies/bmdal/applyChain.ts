import { StrategyError } from "../core/strategyError";
import type { Floats } from "../kernels/types";
import { contributionFeatures, contributionFeaturesWithNoise, contributionGradient } from "./algebra/contributions";
import { inPrecision } from "./algebra/floats";
import { denseKernel, meanDiagonal, productKernel, scaledKernel, sumKernel } from "./algebra/kernels";
import { posteriorKernel } from "./algebra/posterior";
import type { GaussianMatrix } from "./algebra/sketch";
import { sketchKernel } from "./algebra/sketch";
import type { AlgebraContext, DenseKernel, KernelRows, Precision } from "./algebra/types";
import { formatBmdalSpec } from "./spec/parseBmdalSpec";
import type { BmdalSpec, Transformation } from "./spec/types";

/** What a chain needs beside the kernel it starts from. */
export interface ChainInput {
  /** Rows 0 … nKnown − 1 are known, the others candidates. */
  readonly nKnown: number;
  /** Standardised targets of the known rows; acs-rf-hyper needs them. */
  readonly targets?: Float64Array;
  /** Matrices of N(0, 1) by step of the chain. */
  gaussian(step: number): GaussianMatrix;
  /** Constants of the released code where they differ from the derivation. */
  readonly isFaithful: boolean;
}

/**
 * The precision a method runs in: float64 for MaxDet and BAIT and wherever the chain has a posterior or a contribution
 * kernel, float32 otherwise. Source: Holzmüller et al. 2023, §B, and the released benchmark configuration.
 */
export function demandedPrecision(spec: BmdalSpec): Precision {
  const isDelicate = spec.method === "maxdet" || spec.method === "bait-f" || spec.method === "bait-fb";
  const hasPosterior = spec.chain.some(({ op }) => op !== "scale" && op !== "sketch" && op !== "ens");
  return isDelicate || hasPosterior ? "f64" : "f32";
}

/**
 * Applies a chain to the kernels of one or more networks (one, unless `ens` comes first), in order. Steps are fitted on
 * the known rows, `pool` on the candidates, and apply to all rows alike.
 *
 * @throws E_SPEC when the number of networks does not fit, E_MISSING_ARRAY without targets where they are needed,
 *         E_NUMERIC from a Cholesky factor.
 */
export function applyChain(
  context: AlgebraContext,
  bases: readonly KernelRows[],
  spec: BmdalSpec,
  input: ChainInput,
  precision: Precision,
): KernelRows {
  const ensemble = spec.chain[0]?.op === "ens" ? spec.chain[0].members : 1;
  if (bases.length !== ensemble) {
    throw new StrategyError(
      "E_SPEC",
      `"${formatBmdalSpec(spec)}" needs ${ensemble} network${ensemble === 1 ? "" : "s"}, got ${bases.length}.`,
    );
  }
  let kernel = bases.length === 1 ? bases[0] : sumKernel(bases);
  // Features are made in float32 and cast once they are small: before the first step that is delicate.
  spec.chain.forEach((step, index) => {
    if (step.op !== "sketch" && step.op !== "ens") kernel = castKernel(context, kernel, precision);
    kernel = applyStep(context, kernel, step, input, index);
  });
  return castKernel(context, kernel, precision);
}

function applyStep(
  context: AlgebraContext,
  kernel: KernelRows,
  step: Transformation,
  input: ChainInput,
  index: number,
): KernelRows {
  const { kernels } = context;
  const { nKnown, isFaithful } = input;
  switch (step.op) {
    case "ens":
      return kernel;
    case "scale":
      return step.factor === null
        ? scaledToMean(context, kernel, nKnown)
        : scaledKernel(kernels, kernel, step.factor * step.factor);
    case "train": {
      const scaled = step.isScaled ? scaledToMean(context, kernel, nKnown) : kernel;
      return posteriorKernel(context, scaled, { first: 0, end: nKnown }, step.sigma);
    }
    case "pool": {
      const scaled = step.isScaled ? scaledToMean(context, kernel, nKnown) : kernel;
      return posteriorKernel(context, scaled, { first: nKnown, end: kernel.n }, step.sigma);
    }
    case "sketch":
      return sketchKernel(kernels, kernel, step.dim, input.gaussian(index));
    case "acs-rf": {
      const base = explicit(kernel);
      const draws = input.gaussian(index)("", base.dim, step.dim);
      return contributionFeatures(context, base, nKnown, step.sigma, { count: step.dim, draws, isFaithful });
    }
    case "acs-rf-hyper": {
      const base = explicit(kernel);
      if (input.targets === undefined || input.targets.length !== nKnown) {
        throw new StrategyError(
          "E_MISSING_ARRAY",
          `acs-rf-hyper needs the targets of all ${nKnown} known rows, got ${input.targets?.length ?? "none"}.`,
        );
      }
      const draws = input.gaussian(index)("", base.dim, step.dim);
      return contributionFeaturesWithNoise(context, base, input.targets, { count: step.dim, draws, isFaithful });
    }
    case "acs-grad":
      return contributionGradient(context, kernel, nKnown, step.sigma, isFaithful);
  }
}

/** k divided by the mean k(x, x) of the known rows, or of all rows when none is known. A kernel of zeros stays. */
export function scaledToMean(context: AlgebraContext, kernel: KernelRows, nKnown: number): KernelRows {
  const mean = meanDiagonal(kernel, nKnown > 0 ? nKnown : kernel.n);
  return mean > 0 ? scaledKernel(context.kernels, kernel, 1 / mean) : kernel;
}

function explicit(kernel: KernelRows): DenseKernel {
  if (kernel.kind === "dense") return kernel;
  throw new StrategyError("E_SPEC", "acs-rf needs explicit features; put a sketch before it.");
}

function castKernel(context: AlgebraContext, kernel: KernelRows, precision: Precision): KernelRows {
  const { kernels } = context;
  if (kernel.kind === "dense") {
    const values: Floats = inPrecision(kernels, kernel.values, precision);
    return values === kernel.values ? kernel : denseKernel(kernels, values, kernel.n, kernel.dim);
  }
  if (kernel.kind === "product")
    return productKernel(kernel.factors.map((part) => castKernel(context, part, precision)));
  if (kernel.kind === "sum") return sumKernel(kernel.terms.map((part) => castKernel(context, part, precision)));
  return kernel;
}
