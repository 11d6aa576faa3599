/**
 * The part of the WebAssembly API that is used. It is declared here because this room is compiled without the DOM's
 * and Node's types; both hosts provide it.
 */
interface WebAssemblyHost {
  Memory: new (limits: { initial: number; maximum: number }) => { readonly buffer: ArrayBuffer };
  instantiate(
    bytes: ArrayBuffer | Uint8Array,
    imports: Record<string, Record<string, unknown>>,
  ): Promise<{ instance: { exports: unknown } }>;
}

export const webAssembly = (globalThis as unknown as { WebAssembly: WebAssemblyHost }).WebAssembly;

/** Byte address in kernel memory; 0 stands for "absent". */
export type Pointer = number;

/** The exports of kernels.wasm: see the comments in `assembly/`. Shapes and labels are checked before a call. */
export interface KernelExports {
  heapBase: { value: number };
  scratchBytes: { value: number };
  setScratch(pointer: Pointer): void;

  gemmF32(
    ...args: [
      m: number,
      n: number,
      k: number,
      a: Pointer,
      lda: number,
      transA: number,
      b: Pointer,
      ldb: number,
      transB: number,
      out: Pointer,
      ldc: number,
      alpha: number,
      beta: number,
    ]
  ): void;
  gradientDistanceUpdate(
    ...args: [
      x: Pointer,
      lengths: Pointer,
      p: Pointer,
      norms: Pointer,
      n: number,
      d: number,
      c: number,
      center: Pointer,
      centerLength: number,
      centerP: Pointer,
      centerNorm: number,
      minDist: Pointer,
      closest: Pointer,
      centerIndex: number,
    ]
  ): void;
  fisherStep(
    ...args: [
      n: number,
      k: number,
      scales: Pointer,
      p: Pointer,
      products: Pointer,
      a: Pointer,
      b: Pointer,
      sign: number,
      traces: Pointer,
    ]
  ): void;
  dots(
    ...args: [
      m: number,
      n: number,
      k: number,
      a: Pointer,
      lda: number,
      b: Pointer,
      ldb: number,
      out: Pointer,
      outRow: number,
      outColumn: number,
      alpha: number,
      beta: number,
    ]
  ): void;
  cholesky(a: Pointer, n: number): number;
  solveLower(l: Pointer, n: number, b: Pointer, r: number): void;
  solveLowerTransposed(l: Pointer, n: number, b: Pointer, r: number): void;

  softmaxRows(x: Pointer, n: number, c: number, inverseTemperature: number): void;
  rowStats(
    ...args: [p: Pointer, n: number, c: number, top1: Pointer, top2: Pointer, argmax: Pointer, entropy: Pointer]
  ): void;
  rowNorms(x: Pointer, n: number, d: number, out: Pointer): void;
  distanceUpdate(
    ...args: [
      x: Pointer,
      n: number,
      d: number,
      norms: Pointer,
      center: Pointer,
      centerNorm: number,
      minDist: Pointer,
      closest: Pointer,
      centerIndex: number,
    ]
  ): number;
  addBias(x: Pointer, n: number, c: number, bias: Pointer): void;
  columnSums(x: Pointer, n: number, c: number, out: Pointer, isFirst: number, isLast: number): void;
  gatherRows(x: Pointer, d: number, rows: Pointer, n: number, out: Pointer): void;

  sparseTimesDense(
    ...args: [
      nRows: number,
      starts: Pointer,
      columns: Pointer,
      values: Pointer,
      dense: Pointer,
      k: number,
      out: Pointer,
    ]
  ): void;

  rowDotsF32: RowDotsCall;
  rowDotsF64: RowDotsCall;
  rowSquaresF32(x: Pointer, n: number, d: number, out: Pointer): void;
  rowSquaresF64(x: Pointer, n: number, d: number, out: Pointer): void;
  rowDotPairs(
    ...args: [x: Pointer, n: number, d: number, first: Pointer, second: Pointer, outFirst: Pointer, outSecond: Pointer]
  ): void;
  gemmF64: KernelExports["gemmF32"];
  nearestCentersF32: NearestCall;
  nearestCentersF64: NearestCall;
  nearestPrunedF32: PrunedCall;
  nearestPrunedF64: PrunedCall;
  orderHeapF32(heap: Pointer, n: number, values: Pointer): void;
  orderHeapF64(heap: Pointer, n: number, values: Pointer): void;
  farthestOfHeapF32: FarthestCall;
  farthestOfHeapF64: FarthestCall;
  uncertainOfHeapF64(
    ...args: [
      x: Pointer,
      d: number,
      vectors: Pointer,
      scalars: Pointer,
      nVectors: number,
      heap: Pointer,
      n: number,
      values: Pointer,
      steps: Pointer,
    ]
  ): number;
  sinkFirstF32(heap: Pointer, n: number, values: Pointer): void;
  sinkFirstF64(heap: Pointer, n: number, values: Pointer): void;
  largestClusterF32: ClusterCall;
  largestClusterF64: ClusterCall;

  relu(x: Pointer, n: number): void;
  reluBackward(gradient: Pointer, activated: Pointer, n: number): void;
  sigmoid(x: Pointer, n: number, inverseTemperature: number): void;
  exp(x: Pointer, n: number): void;
  log(x: Pointer, n: number): void;
  axpy(alpha: number, x: Pointer, y: Pointer, n: number): void;
  scale(alpha: number, x: Pointer, n: number): void;
  dot(x: Pointer, y: Pointer, n: number, total: number): number;
  sum(x: Pointer, n: number, total: number): number;
  adam(
    ...args: [
      w: Pointer,
      g: Pointer,
      m: Pointer,
      v: Pointer,
      n: number,
      learningRate: number,
      beta1: number,
      beta2: number,
      epsilon: number,
      weightDecay: number,
      correction1: number,
      correction2: number,
    ]
  ): void;

  softmaxCrossEntropy(...args: LossCall): number;
  sigmoidCrossEntropy(...args: LossCall): number;
  squaredError(...args: LossCall): number;

  im2col(...args: PatchCall): void;
  col2im(...args: PatchCall): void;
  maxPool(
    ...args: [
      x: Pointer,
      base: number,
      n: number,
      h: number,
      w: number,
      c: number,
      size: number,
      stride: number,
      oh: number,
      ow: number,
      out: Pointer,
      argmax: Pointer,
    ]
  ): void;
  maxPoolBackward(gradient: Pointer, nOutput: number, argmax: Pointer, out: Pointer, nInput: number): void;
}

export type LossCall = [
  logits: Pointer,
  n: number,
  c: number,
  labelsOrTargets: Pointer,
  rowWeights: Pointer,
  gradient: Pointer,
  gradientScale: number,
  total: number,
];

export type PatchCall = [
  from: Pointer,
  n: number,
  h: number,
  w: number,
  c: number,
  kh: number,
  kw: number,
  stride: number,
  pad: number,
  oh: number,
  ow: number,
  out: Pointer,
];

type RowDotsCall = (x: Pointer, n: number, d: number, vector: Pointer, out: Pointer) => void;

type NearestCall = (
  ...args: [
    x: Pointer,
    n: number,
    d: number,
    norms: Pointer,
    centers: Pointer,
    centerNorms: Pointer,
    m: number,
    first: number,
    minDist: Pointer,
    owner: Pointer,
    isClamped: number,
  ]
) => void;

type PrunedCall = (
  ...args: [
    x: Pointer,
    n: number,
    d: number,
    norms: Pointer,
    center: Pointer,
    centerNorm: number,
    index: number,
    minDist: Pointer,
    owner: Pointer,
    isClamped: number,
    short: Pointer,
    centerShort: Pointer,
    dShort: number,
    long: Pointer,
    centerLong: Pointer,
    dLong: number,
    slacks: Pointer,
    slack: number,
  ]
) => number;

type FarthestCall = (
  ...args: [
    x: Pointer,
    d: number,
    norms: Pointer,
    vectors: Pointer,
    scalars: Pointer,
    nVectors: number,
    heap: Pointer,
    n: number,
    values: Pointer,
    owner: Pointer,
    steps: Pointer,
  ]
) => number;

type ClusterCall = (
  ...args: [minDist: Pointer, owner: Pointer, taken: Pointer, n: number, kind: number, sizes: Pointer, nCenters: number]
) => number;
