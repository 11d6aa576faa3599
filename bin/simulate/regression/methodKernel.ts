import { sketchGradients } from "@/server/models/regression/sketchGradients";
import type { BmdalSpec, KernelRows, Multiply, NtkNetwork, Precision } from "@/strategies/bmdal/door";
import {
  applyChain,
  bindNtkNetwork,
  demandedPrecision,
  denseKernel,
  gaussianMatrix,
  gradientFactors,
  gradientKernel,
  infiniteKernel,
  inPrecision,
  laplaceKernel,
  lastLayerKernel,
} from "@/strategies/bmdal/door";
import type { Kernels } from "@/strategies/kernels";

/** Layers of the network the infinite kernels stand for. */
const INFINITE_LAYERS = 3;

export interface KernelInput {
  readonly kernels: Kernels;
  readonly multiply: Multiply;
  /** Standardised inputs, known rows first; n×d float32. */
  readonly x: Float32Array;
  readonly n: number;
  readonly d: number;
  readonly nKnown: number;
  /** Standardised targets of the known rows. */
  readonly targets: Float64Array;
  /** Trained networks: one, or as many as the spec's ensemble has. */
  readonly networks: readonly NtkNetwork[];
  /** Draws sketches anew in every step. */
  readonly seed: string;
}

/** The kernel of a method on known rows and pool: its base kernel, from the trained networks where it has one, and its chain. */
export async function methodKernel(
  spec: BmdalSpec,
  input: KernelInput,
): Promise<{ kernel: KernelRows; precision: Precision }> {
  const { kernels, nKnown, targets, seed } = input;
  const precision = demandedPrecision(spec);
  const chainInput = {
    nKnown,
    targets,
    gaussian: (step: number) => gaussianMatrix(seed, `step ${step}`),
    isFaithful: false,
  };
  const sketchAt = spec.chain[0]?.op === "ens" ? 1 : 0;
  const sketch = spec.chain[sketchAt];
  if (spec.base === "grad" && sketch?.op === "sketch") {
    // The gradients of a pool are too large to hold: they are sketched block by block as they come.
    const out = kernels.allocF32(input.n * sketch.dim);
    await sketchGradients(kernels, input.multiply, input.networks, input.x, input.n, { dim: sketch.dim, seed }, out);
    const rest: BmdalSpec = { ...spec, base: "linear", chain: spec.chain.slice(sketchAt + 1) };
    const base = denseKernel(kernels, out, input.n, sketch.dim);
    return { kernel: applyChain({ kernels }, [base], rest, chainInput, precision), precision };
  }
  const bases = await baseKernels(spec, input, precision);
  return { kernel: applyChain({ kernels }, bases, spec, chainInput, precision), precision };
}

async function baseKernels(spec: BmdalSpec, input: KernelInput, precision: Precision): Promise<KernelRows[]> {
  const { kernels, x, n, d, networks } = input;
  if (spec.base === "ll" || spec.base === "grad") {
    const made: KernelRows[] = [];
    for (const network of networks) {
      const parameters = inPrecision(kernels, network.parameters, "f32");
      const inside = { ...network, parameters };
      const bound = bindNtkNetwork(inside, { kernels, multiply: input.multiply, batchMax: n });
      const layers = await gradientFactors(kernels, inside, bound, x, n);
      made.push(spec.base === "ll" ? lastLayerKernel(kernels, layers, n) : gradientKernel(kernels, layers, n));
    }
    return made;
  }
  const values = inPrecision(kernels, x, precision);
  if (spec.base === "linear") return [denseKernel(kernels, values, n, d)];
  if (spec.base === "laplace") return [laplaceKernel(kernels, { x: values, n, d }, 1)];
  const { weightGain } = networks[0];
  // σ_b = 0: biases start at 0.
  return [
    infiniteKernel(kernels, spec.base, { x: values, n, d }, { layers: INFINITE_LAYERS, weightGain, biasGain: 0 }),
  ];
}
