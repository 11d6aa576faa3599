import type { BackendWasm } from "@tensorflow/tfjs-backend-wasm";
import type { backend_util, KernelFunc, TensorInfo } from "@tensorflow/tfjs-core";
import type { Kernels } from "@/strategies/kernels";
import type { Core } from "./openTensorflow";

/** Floats of unfolded images computed at a time. */
const COLUMNS_MAX = 4 * 1024 * 1024;

let kernelsInUse: Kernels | undefined;
let isInstalled = false;

/**
 * Completes the WASM backend for training, once per process. It lacks the kernel for the gradient of a convolution's
 * filter, so no convolutional network can be trained on it; its gradient of a convolution's input is a plain loop; and
 * its matrix product is slow where an operand is transposed, as in every gradient of a dense layer. All three run on our
 * own kernels here, straight from the backend's heap. May go once the package brings them (4.22.0 does not).
 */
export function installWasmKernels(core: Core, kernels: Kernels): void {
  kernelsInUse = kernels;
  if (isInstalled) return;
  isInstalled = true;
  const original = core.getKernel("BatchMatMul", "wasm").kernelFunc;
  const replace = (kernelName: string, kernelFunc: KernelFunc) => {
    if (core.getKernel(kernelName, "wasm") !== undefined) core.unregisterKernel(kernelName, "wasm");
    core.registerKernel({ kernelName, backendName: "wasm", kernelFunc });
  };
  replace("BatchMatMul", (params) => transposedMatMul(params) ?? original(params));
  replace("Conv2DBackpropFilter", (params) => filterGradient(core, params));
  replace("Conv2DBackpropInput", (params) => inputGradient(core, params));
}

type KernelParams = Parameters<KernelFunc>[0];

function kernelsOf(): Kernels {
  if (kernelsInUse === undefined) throw new Error("installWasmKernels has not been called");
  return kernelsInUse;
}

/** A view of a tensor on the backend's heap; valid until the next allocation there. */
function heapView(backend: BackendWasm, tensor: TensorInfo): Float32Array {
  return backend.typedArrayFromHeap(tensor) as Float32Array;
}

/** op(a)·op(b) for equal batch axes where an operand is transposed; undefined leaves it to the backend. */
function transposedMatMul({ inputs, attrs, backend }: KernelParams): TensorInfo | undefined {
  const { a, b } = inputs as { a: TensorInfo; b: TensorInfo };
  const { transposeA, transposeB } = attrs as { transposeA: boolean; transposeB: boolean };
  const batch = a.shape.slice(0, -2);
  const isSameBatch = batch.length === b.shape.length - 2 && batch.every((size, axis) => size === b.shape[axis]);
  if (!(transposeA || transposeB) || !isSameBatch || a.dtype !== "float32" || b.dtype !== "float32") return undefined;
  const [rowsA, columnsA] = a.shape.slice(-2);
  const [rowsB, columnsB] = b.shape.slice(-2);
  const [m, k] = transposeA ? [columnsA, rowsA] : [rowsA, columnsA];
  const n = transposeB ? rowsB : columnsB;
  const wasm = backend as BackendWasm;
  const result = wasm.makeOutput([...batch, m, n], "float32");
  const [viewA, viewB, out] = [a, b, result].map((tensor) => heapView(wasm, tensor));
  const count = batch.reduce((total, size) => total * size, 1);
  for (let i = 0; i < count; i++) {
    kernelsOf().gemm({
      m,
      n,
      k,
      a: viewA.subarray(i * m * k, (i + 1) * m * k),
      b: viewB.subarray(i * k * n, (i + 1) * k * n),
      out: out.subarray(i * m * n, (i + 1) * m * n),
      transA: transposeA,
      transB: transposeB,
    });
  }
  return result;
}

interface ConvAttrs {
  strides: number | [number, number];
  pad: "same" | "valid" | number | backend_util.ExplicitPadding;
  dimRoundingMode?: "floor" | "round" | "ceil";
}

type Shape4 = [number, number, number, number];

/** What of a convolution our kernels need: symmetric padding and equal strides, or a reason why they cannot. */
function windowOf(core: Core, inputShape: Shape4, filterShape: Shape4, attrs: ConvAttrs) {
  const { strides, pad, dimRoundingMode } = attrs;
  const info = core.backend_util.computeConv2DInfo(inputShape, filterShape, strides, 1, pad, dimRoundingMode, false);
  if (info.strideHeight !== info.strideWidth) {
    throw new Error("a convolution with unequal strides is not registered for training on the wasm backend");
  }
  return info;
}

type ConvInfo = ReturnType<typeof windowOf>;

/**
 * The part of padded images that windows read, per image: `same` padding may be lopsided, which is written out here
 * because the kernels know one padding for all sides.
 */
function paddedSize({ inHeight, inWidth, padInfo }: ConvInfo): { h: number; w: number } {
  return { h: inHeight + padInfo.top + padInfo.bottom, w: inWidth + padInfo.left + padInfo.right };
}

function isSymmetric({ padInfo }: ConvInfo): boolean {
  return padInfo.top === padInfo.bottom && padInfo.left === padInfo.right && padInfo.top === padInfo.left;
}

/** dW = im2col(x)ᵀ · dy, over blocks of images. */
function filterGradient(core: Core, { inputs, attrs, backend }: KernelParams): TensorInfo {
  const { x, dy } = inputs as { x: TensorInfo; dy: TensorInfo };
  const { filterShape, ...conv } = attrs as unknown as ConvAttrs & { filterShape: Shape4 };
  const info = windowOf(core, x.shape as Shape4, filterShape, conv);
  const wasm = backend as BackendWasm;
  const result = wasm.makeOutput(filterShape, "float32");
  const [images, slopes, out] = [x, dy, result].map((tensor) => heapView(wasm, tensor));
  forImageBlocks(info, (kernels, columns, start, count) => {
    const rows = info.outHeight * info.outWidth;
    unfold(kernels, info, images, start, count, columns);
    kernels.gemm({
      m: patchSize(info),
      n: info.outChannels,
      k: count * rows,
      a: columns,
      transA: true,
      b: slopes.subarray(start * rows * info.outChannels, (start + count) * rows * info.outChannels),
      out,
      beta: start === 0 ? 0 : 1,
    });
  });
  return result;
}

/** dx = col2im(dy · Wᵀ), over blocks of images. */
function inputGradient(core: Core, { inputs, attrs, backend }: KernelParams): TensorInfo {
  const { dy, filter } = inputs as { dy: TensorInfo; filter: TensorInfo };
  const { inputShape, ...conv } = attrs as unknown as ConvAttrs & { inputShape: Shape4 };
  const info = windowOf(core, inputShape, filter.shape as Shape4, conv);
  const wasm = backend as BackendWasm;
  const result = wasm.makeOutput(inputShape, "float32");
  const [slopes, weights, out] = [dy, filter, result].map((tensor) => heapView(wasm, tensor));
  forImageBlocks(info, (kernels, columns, start, count) => {
    const rows = info.outHeight * info.outWidth;
    kernels.gemm({
      m: count * rows,
      n: patchSize(info),
      k: info.outChannels,
      a: slopes.subarray(start * rows * info.outChannels, (start + count) * rows * info.outChannels),
      b: weights,
      transB: true,
      out: columns,
    });
    fold(kernels, info, columns, out, start, count);
  });
  return result;
}

function patchSize({ filterHeight, filterWidth, inChannels }: ConvInfo): number {
  return filterHeight * filterWidth * inChannels;
}

function forImageBlocks(
  info: ConvInfo,
  work: (kernels: Kernels, columns: Float32Array, start: number, count: number) => void,
): void {
  const kernels = kernelsOf();
  const perImage = info.outHeight * info.outWidth * patchSize(info);
  const images = Math.max(1, Math.min(info.batchSize, Math.floor(COLUMNS_MAX / perImage)));
  const mark = kernels.mark();
  const columns = kernels.allocF32(images * perImage);
  for (let start = 0; start < info.batchSize; start += images) {
    work(kernels, columns, start, Math.min(images, info.batchSize - start));
  }
  kernels.release(mark);
}

function windowArguments(info: ConvInfo, n: number) {
  const { inChannels: c, filterHeight: kh, filterWidth: kw, strideHeight: stride } = info;
  return { n, c, kh, kw, stride };
}

function unfold(
  kernels: Kernels,
  info: ConvInfo,
  images: Float32Array,
  start: number,
  count: number,
  out: Float32Array,
): void {
  const { inHeight: h, inWidth: w, inChannels: c } = info;
  const x = images.subarray(start * h * w * c, (start + count) * h * w * c);
  if (isSymmetric(info)) {
    kernels.im2col({ ...windowArguments(info, count), x, h, w, pad: info.padInfo.top, out });
    return;
  }
  const size = paddedSize(info);
  const padded = new Float32Array(count * size.h * size.w * c);
  forEachRow(info, count, (inside, outside) => padded.set(x.subarray(inside, inside + w * c), outside));
  kernels.im2col({ ...windowArguments(info, count), x: padded, ...size, pad: 0, out });
}

function fold(
  kernels: Kernels,
  info: ConvInfo,
  columns: Float32Array,
  images: Float32Array,
  start: number,
  count: number,
): void {
  const { inHeight: h, inWidth: w, inChannels: c } = info;
  const out = images.subarray(start * h * w * c, (start + count) * h * w * c);
  if (isSymmetric(info)) {
    kernels.col2im({ ...windowArguments(info, count), columns, h, w, pad: info.padInfo.top, out });
    return;
  }
  const size = paddedSize(info);
  const padded = new Float32Array(count * size.h * size.w * c);
  kernels.col2im({ ...windowArguments(info, count), columns, ...size, pad: 0, out: padded });
  forEachRow(info, count, (inside, outside) => out.set(padded.subarray(outside, outside + w * c), inside));
}

/** Positions of every image row in plain and in padded images. */
function forEachRow(info: ConvInfo, count: number, visit: (inside: number, outside: number) => void): void {
  const { inHeight, inWidth, inChannels: c, padInfo } = info;
  const size = paddedSize(info);
  for (let image = 0; image < count; image++) {
    for (let y = 0; y < inHeight; y++) {
      const outside = ((image * size.h + y + padInfo.top) * size.w + padInfo.left) * c;
      visit((image * inHeight + y) * inWidth * c, outside);
    }
  }
}
