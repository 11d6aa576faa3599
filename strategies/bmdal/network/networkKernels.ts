import type { Floats, Kernels } from "../../kernels/types";
import { allocFloats, precisionOf } from "../algebra/floats";
import { denseKernel, productKernel, sumKernel } from "../algebra/kernels";
import type { DenseKernel, SumKernel } from "../algebra/types";
import type { BoundNtkNetwork } from "./ntkNetwork";
import { weightFactor } from "./ntkNetwork";
import type { NtkNetwork } from "./types";

/**
 * The two factors of a layer's parameter gradient for n rows: x̃ = (σ_w/√d·x, σ_b), n×(inputs + 1), and ∂f/∂z,
 * n×outputs. The gradient itself is their outer product and is never built.
 */
export interface LayerFactors {
  readonly inputs: Floats;
  readonly nInputs: number;
  readonly gradients: Floats;
  readonly nGradients: number;
}

/**
 * Factors of every layer for the rows of x, from one forward and one backward pass with output gradient 1. More than one
 * output: the gradient of their sum. The arrays belong to the caller.
 */
export async function gradientFactors(
  kernels: Kernels,
  network: NtkNetwork,
  bound: BoundNtkNetwork,
  x: Floats,
  n: number,
): Promise<LayerFactors[]> {
  await bound.forward(x, n);
  const { places, gradients, inputs } = bound;
  gradients[places.length - 1].fill(1, 0, n * places[places.length - 1].outputs);
  await bound.backward(n);
  return places.map((place, index) => ({
    inputs: extended(kernels, network, inputs[index], n, place.inputs, weightFactor(network, place)),
    nInputs: place.inputs + 1,
    gradients: copied(kernels, gradients[index], n * place.outputs),
    nGradients: place.outputs,
  }));
}

function extended(kernels: Kernels, network: NtkNetwork, x: Floats, n: number, width: number, factor: number): Floats {
  const out = allocFloats(kernels, precisionOf(x), n * (width + 1));
  for (let i = 0; i < n; i++) {
    const to = i * (width + 1);
    for (let j = 0; j < width; j++) out[to + j] = factor * x[i * width + j];
    out[to + width] = network.biasGain;
  }
  return out;
}

function copied(kernels: Kernels, from: Floats, length: number): Floats {
  const out = allocFloats(kernels, precisionOf(from), length);
  out.set(from.subarray(0, length));
  return out;
}

/** Σ_l ⟨x̃, x̃'⟩·⟨g, g'⟩: the inner product of full parameter gradients. */
export function gradientKernel(kernels: Kernels, layers: readonly LayerFactors[], n: number): SumKernel {
  return sumKernel(
    layers.map(({ inputs, nInputs, gradients, nGradients }) =>
      productKernel([denseKernel(kernels, inputs, n, nInputs), denseKernel(kernels, gradients, n, nGradients)]),
    ),
  );
}

/** Gradient with respect to the last layer: its scaled inputs and σ_b, whatever its output gradient (which is 1). */
export function lastLayerKernel(kernels: Kernels, layers: readonly LayerFactors[], n: number): DenseKernel {
  const { inputs, nInputs } = layers[layers.length - 1];
  return denseKernel(kernels, inputs, n, nInputs);
}
