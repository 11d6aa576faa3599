/**
 * The hot loops every strategy, trainer and measurement runs on.
 *
 * Two implementations exist: `reference` (plain TypeScript, the truth) and `wasm` (SIMD, compiled from `assembly/`).
 * All matrices are row-major. An array that lies inside the kernel's own memory (allocated with {@link Kernels.allocF32}
 * and friends) is used in place; any other array is copied block by block, which costs about one extra pass.
 */
export interface Kernels {
  readonly kind: "wasm" | "reference";

  /** The linear memory behind `alloc*`; undefined for the reference implementation. Never grows after creation. */
  readonly memory: WebAssembly.Memory | undefined;
  /** Allocates n zeroed elements in kernel memory, 64-byte aligned. Throws when the reserved memory is exhausted. */
  allocF32(n: number): Float32Array;
  allocF64(n: number): Float64Array;
  allocI32(n: number): Int32Array;
  /** Current top of the arena; pass it to {@link release} to free everything allocated since (stack discipline). */
  mark(): number;
  release(mark: number): void;

  /** out (m×n) = alpha·op(a)·op(b) + beta·out, where op(a) is m×k and op(b) is k×n; float32. */
  gemm(args: {
    m: number;
    n: number;
    k: number;
    a: Float32Array;
    b: Float32Array;
    out: Float32Array;
    transA?: boolean;
    transB?: boolean;
    alpha?: number;
    beta?: number;
  }): void;

  /** Row-wise softmax of logits (n×c) in place, each row scaled by 1/temperature first. */
  softmaxRows(x: Float32Array, n: number, c: number, temperature: number): void;

  /**
   * Per row of probabilities (n×c): largest and second-largest value, index of the largest (ties: lowest), and
   * Shannon entropy in nats. Any output may be omitted.
   */
  rowStats(
    p: Float32Array,
    n: number,
    c: number,
    out: { top1?: Float32Array; top2?: Float32Array; argmax?: Int32Array; entropy?: Float32Array },
  ): void;

  /** out[i] = ‖x_i‖² for each of n rows of dimension d. */
  rowNorms(x: Float32Array, n: number, d: number, out: Float32Array): void;

  /**
   * Farthest-first step: minDist[i] = min(minDist[i], max(0, ‖x_i‖² + ‖center‖² − 2⟨x_i, center⟩)). Where it shrinks and
   * `closest` is given, closest[i] = centerIndex.
   * @returns the row with the largest minDist afterwards (ties: lowest row), rows with minDist < 0 being ignored
   *          (a negative entry marks a row that may not be chosen); −1 when every row is marked.
   */
  distanceUpdate(args: {
    x: Float32Array;
    n: number;
    d: number;
    norms: Float32Array;
    center: Float32Array;
    centerNorm: number;
    minDist: Float32Array;
    closest?: Int32Array;
    centerIndex?: number;
  }): number;

  /** One Adam step on a flat parameter vector; `step` counts from 1; decoupled L2 is `weightDecay`. */
  adam(args: {
    w: Float32Array;
    g: Float32Array;
    m: Float32Array;
    v: Float32Array;
    step: number;
    learningRate: number;
    beta1: number;
    beta2: number;
    epsilon: number;
    weightDecay: number;
  }): void;

  /** Lower Cholesky factor in place of a symmetric positive definite n×n float64 matrix. @returns false when a pivot ≤ 0. */
  cholesky(a: Float64Array, n: number): boolean;
  /** Solves L·Lᵀ·X = B in place for B (n×r) given the factor of {@link cholesky}. */
  choleskySolve(l: Float64Array, n: number, b: Float64Array, r: number): void;

  /** Unfolds NHWC images (valid or same padding, given as pad) to rows of kh·kw·c values for a convolution by GEMM. */
  im2col(args: {
    x: Float32Array;
    n: number;
    h: number;
    w: number;
    c: number;
    kh: number;
    kw: number;
    stride: number;
    pad: number;
    out: Float32Array;
  }): void;
  /** Adjoint of {@link im2col}: adds columns back onto images. */
  col2im(args: {
    columns: Float32Array;
    n: number;
    h: number;
    w: number;
    c: number;
    kh: number;
    kw: number;
    stride: number;
    pad: number;
    out: Float32Array;
  }): void;
}
