import { assert } from "@/server/errors";
import type { Kernels } from "@/strategies/kernels";
import type { GemmProvider } from "./gemmProvider";

/** A layer as it is stored with a model. Images are NHWC. */
export type LayerSpec =
  | { kind: "dense"; inputs: number; outputs: number; isRelu: boolean }
  /** size×size filters, stride 1, padded to keep height and width (size is odd), then relu. */
  | { kind: "conv"; height: number; width: number; channels: number; filters: number; size: number }
  /** Largest value of 2×2 windows; an odd last row or column is dropped. */
  | { kind: "pool"; height: number; width: number; channels: number };

export function inputSize(layer: LayerSpec): number {
  return layer.kind === "dense" ? layer.inputs : layer.height * layer.width * layer.channels;
}

export function outputSize(layer: LayerSpec): number {
  if (layer.kind === "dense") return layer.outputs;
  if (layer.kind === "conv") return layer.height * layer.width * layer.filters;
  return Math.floor(layer.height / 2) * Math.floor(layer.width / 2) * layer.channels;
}

/** Rows and columns of a layer's weight matrix (0×0 without one); its bias has one value per column. */
export function weightShape(layer: LayerSpec): { rows: number; columns: number } {
  if (layer.kind === "dense") return { rows: layer.inputs, columns: layer.outputs };
  if (layer.kind === "conv") return { rows: layer.size * layer.size * layer.channels, columns: layer.filters };
  return { rows: 0, columns: 0 };
}

export interface LayerArrays {
  weight: Float32Array;
  bias: Float32Array;
  /** Present when training. */
  weightGradient?: Float32Array;
  biasGradient?: Float32Array;
}

/** A layer with its buffers in kernel memory, for at most `batchMax` rows at a time. */
export interface BoundLayer {
  /** Activations of the last forward pass, batchMax × output size. */
  readonly output: Float32Array;
  forward(x: Float32Array, n: number): Promise<void>;
  /**
   * Writes the gradients of weights and bias, and of x into `inputGradient` when given. Call after `forward` on the same
   * x; `outputGradient` is overwritten.
   */
  backward(x: Float32Array, n: number, outputGradient: Float32Array, inputGradient?: Float32Array): Promise<void>;
}

export interface LayerContext {
  kernels: Kernels;
  gemm: GemmProvider["gemm"];
  batchMax: number;
}

export function bindLayer(layer: LayerSpec, arrays: LayerArrays, context: LayerContext): BoundLayer {
  if (layer.kind === "dense") return bindDense(layer, arrays, context);
  return layer.kind === "conv" ? bindConv(layer, arrays, context) : bindPool(layer, context);
}

type Of<Kind extends LayerSpec["kind"]> = Extract<LayerSpec, { kind: Kind }>;

function bindDense(layer: Of<"dense">, arrays: LayerArrays, { kernels, gemm, batchMax }: LayerContext): BoundLayer {
  const { inputs, outputs, isRelu } = layer;
  const { weight, bias } = arrays;
  const output = kernels.allocF32(batchMax * outputs);
  return {
    output,
    async forward(x, n) {
      await gemm({ m: n, n: outputs, k: inputs, a: x, b: weight, bias, out: output });
      if (isRelu) kernels.relu(output, n * outputs);
    },
    async backward(x, n, outputGradient, inputGradient) {
      const { weightGradient, biasGradient } = gradientsOf(arrays);
      if (isRelu) kernels.reluBackward(outputGradient, output, n * outputs);
      await gemm({ m: inputs, n: outputs, k: n, a: x, transA: true, b: outputGradient, out: weightGradient });
      kernels.columnSums(outputGradient, n, outputs, biasGradient);
      if (inputGradient === undefined) return;
      await gemm({ m: n, n: inputs, k: outputs, a: outputGradient, b: weight, transB: true, out: inputGradient });
    },
  };
}

function bindConv(layer: Of<"conv">, arrays: LayerArrays, { kernels, gemm, batchMax }: LayerContext): BoundLayer {
  const { height: h, width: w, channels: c, filters, size } = layer;
  const patch = size * size * c;
  const window = { h, w, c, kh: size, kw: size, stride: 1, pad: (size - 1) / 2 };
  const columns = kernels.allocF32(batchMax * h * w * patch);
  const output = kernels.allocF32(batchMax * h * w * filters);
  const { weight, bias } = arrays;
  return {
    output,
    async forward(x, n) {
      const rows = n * h * w;
      kernels.im2col({ ...window, x, n, out: columns });
      await gemm({ m: rows, n: filters, k: patch, a: columns, b: weight, bias, out: output });
      kernels.relu(output, rows * filters);
    },
    async backward(_x, n, outputGradient, inputGradient) {
      const { weightGradient, biasGradient } = gradientsOf(arrays);
      const rows = n * h * w;
      kernels.reluBackward(outputGradient, output, rows * filters);
      await gemm({ m: patch, n: filters, k: rows, a: columns, transA: true, b: outputGradient, out: weightGradient });
      kernels.columnSums(outputGradient, rows, filters, biasGradient);
      if (inputGradient === undefined) return;
      // The unfolded input is no longer needed: its place takes the unfolded gradient.
      await gemm({ m: rows, n: patch, k: filters, a: outputGradient, b: weight, transB: true, out: columns });
      kernels.col2im({ ...window, columns, n, out: inputGradient });
    },
  };
}

function bindPool(layer: Of<"pool">, { kernels, batchMax }: LayerContext): BoundLayer {
  const { height: h, width: w, channels: c } = layer;
  const outputs = outputSize(layer);
  const output = kernels.allocF32(batchMax * outputs);
  const argmax = kernels.allocI32(batchMax * outputs);
  return {
    output,
    async forward(x, n) {
      kernels.maxPool({ x, n, h, w, c, size: 2, stride: 2, out: output, argmax });
    },
    async backward(_x, n, gradient, inputGradient) {
      if (inputGradient === undefined) return;
      kernels.maxPoolBackward({ gradient, nOutput: n * outputs, argmax, out: inputGradient, nInput: n * h * w * c });
    },
  };
}

function gradientsOf({ weightGradient, biasGradient }: LayerArrays) {
  assert(weightGradient !== undefined && biasGradient !== undefined, "a layer bound for training has gradients");
  return { weightGradient, biasGradient };
}
