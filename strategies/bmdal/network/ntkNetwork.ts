import type { Floats } from "../../kernels/types";
import { allocFloats, precisionOf } from "../algebra/floats";
import { activate, activateBackward } from "./activation";
import type { NetworkContext, NtkNetwork } from "./types";

/** Where layer l (from 1) keeps its weights and biases in the flat parameter vector. */
export interface LayerPlace {
  readonly inputs: number;
  readonly outputs: number;
  readonly weights: number;
  readonly biases: number;
}

export function layerPlaces(widths: readonly number[]): LayerPlace[] {
  let at = 0;
  return widths.slice(1).map((outputs, index) => {
    const inputs = widths[index];
    const place = { inputs, outputs, weights: at, biases: at + inputs * outputs };
    at += (inputs + 1) * outputs;
    return place;
  });
}

export function parameterCount(widths: readonly number[]): number {
  return layerPlaces(widths).reduce((sum, { inputs, outputs }) => sum + (inputs + 1) * outputs, 0);
}

/** A network with buffers for the passes of at most `batchMax` rows. */
export interface BoundNtkNetwork {
  readonly places: readonly LayerPlace[];
  /** Inputs x_0 … x_{L−1} of every layer after a forward pass; n rows of each layer's width. */
  readonly inputs: readonly Floats[];
  /** ∂/∂z_1 … ∂/∂z_L after a backward pass; put the gradient of the outputs into the last one first. */
  readonly gradients: readonly Floats[];
  /** Outputs of n rows; valid until the next pass. */
  forward(x: Floats, n: number): Promise<Floats>;
  /** From gradients[L−1] to all others. */
  backward(n: number): Promise<void>;
  /** The gradient of the parameters summed over n rows, laid out as the parameters, after `backward`. */
  parameterGradient(n: number, out: Floats): Promise<void>;
}

/** σ_w/√inputs of a layer. */
export function weightFactor(network: NtkNetwork, place: LayerPlace): number {
  return network.weightGain / Math.sqrt(place.inputs);
}

/** The caller releases the kernel memory the buffers take. Element type: that of the parameters. */
export function bindNtkNetwork(network: NtkNetwork, context: NetworkContext): BoundNtkNetwork {
  const { kernels, multiply, batchMax } = context;
  const { parameters, activation, biasGain } = network;
  const precision = precisionOf(parameters);
  const places = layerPlaces(network.widths);
  const alloc = (width: number) => allocFloats(kernels, precision, batchMax * width);
  const sums = places.map(({ outputs }) => alloc(outputs));
  const activated = places.slice(0, -1).map(({ outputs }) => alloc(outputs));
  const gradients = places.map(({ outputs }) => alloc(outputs));
  const inputs: Floats[] = [alloc(0), ...activated];
  const weightsOf = ({ weights, inputs: rows, outputs }: LayerPlace) =>
    parameters.subarray(weights, weights + rows * outputs);
  return {
    places,
    inputs,
    gradients,
    async forward(x, n) {
      inputs[0] = x;
      for (const [index, place] of places.entries()) {
        const { inputs: k, outputs, biases } = place;
        const out = sums[index];
        await multiply({ m: n, n: outputs, k, a: inputs[index], b: weightsOf(place), out });
        affine(out, n, outputs, weightFactor(network, place), parameters, biases, biasGain);
        if (index < activated.length) activate(kernels, activation, out, activated[index], n * outputs);
      }
      return sums[sums.length - 1];
    },
    async backward(n) {
      for (let index = places.length - 1; index > 0; index--) {
        const place = places[index];
        const to = gradients[index - 1];
        const { inputs: k, outputs } = place;
        await multiply({ m: n, n: k, k: outputs, a: gradients[index], b: weightsOf(place), out: to, transB: true });
        const factor = weightFactor(network, place);
        const count = n * k;
        for (let i = 0; i < count; i++) to[i] *= factor;
        activateBackward(kernels, activation, sums[index - 1], activated[index - 1], to, count);
      }
    },
    async parameterGradient(n, out) {
      for (const [index, place] of places.entries()) {
        const { inputs: m, outputs, weights, biases } = place;
        const part = out.subarray(weights, weights + m * outputs);
        await multiply({ m, n: outputs, k: n, a: inputs[index], b: gradients[index], out: part, transA: true });
        const factor = weightFactor(network, place);
        for (let i = 0; i < part.length; i++) part[i] *= factor;
        columnSums(gradients[index], n, outputs, biasGain, out.subarray(biases, biases + outputs));
      }
    },
  };
}

/** x = factor·x + biasGain·b, row by row. */
function affine(
  x: Floats,
  n: number,
  width: number,
  factor: number,
  parameters: Floats,
  biases: number,
  biasGain: number,
): void {
  for (let i = 0; i < n; i++) {
    const at = i * width;
    for (let j = 0; j < width; j++) x[at + j] = factor * x[at + j] + biasGain * parameters[biases + j];
  }
}

function columnSums(x: Floats, n: number, width: number, factor: number, out: Floats): void {
  const sums = new Float64Array(width);
  for (let i = 0; i < n; i++) for (let j = 0; j < width; j++) sums[j] += x[i * width + j];
  for (let j = 0; j < width; j++) out[j] = factor * sums[j];
}
