import { assert } from "@/server/errors";
import type { KeyedRandom } from "@/strategies";
import type { Kernels } from "@/strategies/kernels";
import type { GemmProvider } from "./gemmProvider";
import type { BoundLayer, LayerSpec } from "./layers";
import { bindLayer, inputSize, outputSize, weightShape } from "./layers";

/** Where the parameters of each layer lie in one flat vector: all weights first, then all biases (which take no L2). */
export interface ParameterLayout {
  weights: { start: number; rows: number; columns: number }[];
  biases: { start: number; length: number }[];
  nWeights: number;
  nParameters: number;
}

export function parameterLayout(layers: readonly LayerSpec[]): ParameterLayout {
  let at = 0;
  const weights = layers.map((layer) => {
    const shape = weightShape(layer);
    const start = at;
    at += shape.rows * shape.columns;
    return { start, ...shape };
  });
  const nWeights = at;
  const biases = layers.map((layer) => {
    const start = at;
    const length = weightShape(layer).columns;
    at += length;
    return { start, length };
  });
  return { weights, biases, nWeights, nParameters: at };
}

/** Weights uniform in ±√(6 / inputs) before a relu and ±√(3 / inputs) at the end; biases 0. Source: He et al. 2015. */
export function initialParameters(layers: readonly LayerSpec[], random: KeyedRandom): Float32Array {
  const { weights, nParameters } = parameterLayout(layers);
  const parameters = new Float32Array(nParameters);
  weights.forEach(({ start, rows, columns }, index) => {
    const layer = layers[index];
    const isLinear = layer.kind === "dense" && !layer.isRelu;
    const bound = Math.sqrt((isLinear ? 3 : 6) / Math.max(1, rows));
    for (let i = 0; i < rows * columns; i++) parameters[start + i] = bound * (2 * random.uniform(i, index) - 1);
  });
  return parameters;
}

export interface BoundNetwork {
  /** Writes and returns the outputs of n ≤ batchMax rows; they stay valid until the next pass. */
  forward(x: Float32Array, n: number): Promise<Float32Array>;
  /** Activations before the last layer after a forward pass; undefined when there is only one layer. */
  readonly hidden: Float32Array | undefined;
  /** n×outputs: put the gradient of the loss here, then call `backward`. Present when training. */
  readonly outputGradient: Float32Array | undefined;
  /** Overwrites `gradient` with the gradient of the parameters, after `forward` on the same rows. */
  backward(x: Float32Array, n: number): Promise<void>;
}

/**
 * Binds layers to parameters (and, for training, to a gradient vector of the same length) in kernel memory, and
 * allocates the activations of `batchMax` rows there. The caller releases the memory.
 */
export function bindNetwork(
  layers: readonly LayerSpec[],
  parameters: Float32Array,
  gradient: Float32Array | undefined,
  { kernels, gemm, batchMax }: { kernels: Kernels; gemm: GemmProvider["gemm"]; batchMax: number },
): BoundNetwork {
  const layout = parameterLayout(layers);
  const part = (vector: Float32Array, start: number, length: number) => vector.subarray(start, start + length);
  const bound: BoundLayer[] = layers.map((layer, index) => {
    const { start, rows, columns } = layout.weights[index];
    const bias = layout.biases[index];
    const arrays = {
      weight: part(parameters, start, rows * columns),
      bias: part(parameters, bias.start, bias.length),
      weightGradient: gradient && part(gradient, start, rows * columns),
      biasGradient: gradient && part(gradient, bias.start, bias.length),
    };
    return bindLayer(layer, arrays, { kernels, gemm, batchMax });
  });
  const outputGradients = gradient && layers.map((layer) => kernels.allocF32(batchMax * outputSize(layer)));
  return {
    hidden: bound.at(-2)?.output,
    outputGradient: outputGradients?.at(-1),
    async forward(x, n) {
      let activation = x;
      for (const layer of bound) {
        await layer.forward(activation, n);
        activation = layer.output;
      }
      return activation;
    },
    async backward(x, n) {
      assert(outputGradients !== undefined, "backward is called on a network bound for training");
      for (let index = bound.length - 1; index >= 0; index--) {
        const input = index === 0 ? x : bound[index - 1].output;
        await bound[index].backward(input, n, outputGradients[index], outputGradients[index - 1]);
      }
    },
  };
}

/** Float32 values one row needs in all buffers: what a batch must be limited by. */
export function valuesPerRow(layers: readonly LayerSpec[], isTraining: boolean): number {
  let total = inputSize(layers[0]);
  for (const layer of layers) {
    total += outputSize(layer) * (isTraining ? 2 : 1);
    if (layer.kind === "conv") total += layer.height * layer.width * weightShape(layer).rows;
    if (layer.kind === "pool") total += outputSize(layer);
  }
  return total;
}
