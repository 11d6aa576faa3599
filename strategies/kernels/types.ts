/** The linear memory of the WASM kernels. Views made on `buffer` stay valid: the memory is reserved once and never grows. */
export interface KernelMemory {
  readonly buffer: ArrayBufferLike;
}

/**
 * The hot loops every strategy, trainer and measurement runs on.
 *
 * Two implementations exist: `reference` (plain TypeScript, the truth) and `wasm` (SIMD, compiled from `assembly/`).
 * All matrices are row-major. Shapes are not guessed: an array shorter than its stated shape throws a RangeError; a
 * longer one is used from its start. Every kernel gives the same bits for the same input, on every machine. An array that
 * lies inside the kernel's own memory (allocated with {@link Kernels.allocF32} and friends) is used in place; any other
 * array is copied block by block, which costs about one extra pass.
 */
export interface Kernels extends RowKernels, TrainingKernels, SparseKernels, FeatureKernels, SelectionKernels {
  readonly kind: "wasm" | "reference";

  /** The linear memory behind `alloc*`; undefined for the reference implementation. Never grows after creation. */
  readonly memory: KernelMemory | undefined;
  /**
   * Allocates n zeroed elements in kernel memory, 64-byte aligned.
   * @throws KernelMemoryError (a RangeError) when the reserved memory is exhausted, naming what was asked and what is left.
   */
  allocF32(n: number): Float32Array;
  allocF64(n: number): Float64Array;
  allocI32(n: number): Int32Array;
  /** Current top of the arena; pass it to {@link release} to free everything allocated since (stack discipline). */
  mark(): number;
  release(mark: number): void;

  /**
   * out (m×n) = alpha·op(a)·op(b) + beta·out, where op(a) is m×k and op(b) is k×n; float32.
   * Stored shapes: a is m×k, or k×m with transA; b is k×n, or n×k with transB. `out` must not overlap a or b.
   * alpha and beta default to 1 and 0; with beta = 0 the old contents of `out` are never read (they may be NaN).
   * Cost: 2·m·n·k floating-point operations. Sums over k in blocks, so the last bits differ between implementations.
   */
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

  /**
   * Row-wise softmax of logits (n×c) in place, each row scaled by 1/temperature first (temperature > 0).
   * The row maximum is subtracted, so any finite logits are safe. A NaN or +∞ logit makes its row NaN; −∞ gives 0.
   */
  softmaxRows(x: Float32Array, n: number, c: number, temperature: number): void;

  /**
   * Per row of probabilities (n×c): largest and second-largest value, index of the largest (ties: lowest), and
   * Shannon entropy in nats. Any output may be omitted. With c = 1, top2 is 0; with c = 0 all are 0 and argmax is −1.
   * Entries ≤ 0 add nothing to the entropy. A NaN entry is never the largest and makes the entropy NaN; rows are to
   * be validated by the caller.
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
   *          (a negative entry marks a row that may not be chosen and is left as it is); −1 when every row is
   *          marked or n = 0. A NaN distance changes nothing.
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

  /**
   * Lower Cholesky factor in place of a symmetric positive definite n×n float64 matrix; only its lower triangle is read
   * and the strict upper triangle becomes 0.
   * @returns false when a pivot is not > 0 (then the contents are unspecified).
   */
  cholesky(a: Float64Array, n: number): boolean;
  /** Solves L·Lᵀ·X = B in place for B (n×r) given the factor of {@link cholesky}. */
  choleskySolve(l: Float64Array, n: number, b: Float64Array, r: number): void;
  /** Solves L·X = B in place for B (n×r), L lower triangular with a non-zero diagonal; its upper triangle is not read. */
  solveLower(l: Float64Array, n: number, b: Float64Array, r: number): void;
  /** Solves Lᵀ·X = B in place for B (n×r), L as in {@link solveLower}. */
  solveLowerTransposed(l: Float64Array, n: number, b: Float64Array, r: number): void;

  /**
   * Unfolds NHWC images (valid or same padding, given as pad) to rows of kh·kw·c values for a convolution by GEMM.
   * `out` is (n·oh·ow)×(kh·kw·c) with oh = ⌊(h + 2·pad − kh) / stride⌋ + 1 and likewise ow; padding reads as 0.
   */
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
  /** Adjoint of {@link im2col}: `out` (n×h×w×c) is overwritten by the sum of all columns that read each pixel. */
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

/** Passes over rows and flat vectors. */
export interface RowKernels {
  /** x[i,j] += bias[j] for x (n×c). */
  addBias(x: Float32Array, n: number, c: number, bias: Float32Array): void;
  /** out[j] = Σ_i x[i,j] for x (n×c), accumulated in float64 over blocks of rows. */
  columnSums(x: Float32Array, n: number, c: number, out: Float32Array): void;
  /** out[i,:] = x[rows[i],:] for rows of width d. @throws RangeError when a row number lies outside x. */
  gatherRows(args: { x: Float32Array; d: number; rows: Int32Array; out: Float32Array }): void;
  /** y += alpha·x, elementwise over x.length. */
  axpy(alpha: number, x: Float32Array, y: Float32Array): void;
  /** x *= alpha. */
  scale(alpha: number, x: Float32Array): void;
  /** Σ x_i, accumulated in float64. */
  sum(x: Float32Array): number;
  /** Σ x_i·y_i, accumulated in float64 over x.length. */
  dot(x: Float32Array, y: Float32Array): number;
  /** x = e^x in place; relative error ≤ 3e-7; overflow gives +∞, below −87.3 gives 0, NaN stays NaN. */
  exp(x: Float32Array): void;
  /** x = ln x in place; relative error ≤ 3e-7 (absolute near 1); 0 (and subnormals) give −∞, negative gives NaN. */
  log(x: Float32Array): void;
}

/** Products with sparse matrices: text features are mostly zeros. */
export interface SparseKernels {
  /**
   * out (nRows×k) = sparse (nRows×nColumns) · dense (nColumns×k). Row i of the sparse matrix has the columns
   * columns[starts[i] … starts[i+1] − 1], in any order, repeated ones adding up, with the values at the same places.
   * `dense` should lie in kernel memory: elsewhere it is copied whole at each call. Cost: 2·k per entry.
   * @throws RangeError when starts do not ascend from 0 or a column lies outside 0 … nColumns − 1.
   */
  sparseTimesDense(args: {
    nRows: number;
    nColumns: number;
    starts: Int32Array;
    columns: Int32Array;
    values: Float32Array;
    dense: Float32Array;
    k: number;
    out: Float32Array;
  }): void;
}

/** Passes that only batch selection needs. */
export interface SelectionKernels {
  /**
   * {@link Kernels.distanceUpdate} for the gradients g_i = p_i ⊗ x_i (c·d values that are never written out):
   * minDist[i] = min(minDist[i], max(0, |g_i|² + |g′|² − 2·⟨p_i, p′⟩·⟨x_i, x′⟩)) for a centre (p′, x′). Where it shrinks and
   * `closest` is given, closest[i] = centerIndex. Rows of x that cannot come nearer are not read.
   */
  gradientDistanceUpdate(args: {
    n: number;
    d: number;
    c: number;
    /** n×d. */
    x: Float32Array;
    /** |x_i|. */
    lengths: Float32Array;
    /** n×c. */
    p: Float32Array;
    /** |x_i|²·|p_i|². */
    norms: Float32Array;
    center: Float32Array;
    centerLength: number;
    centerP: Float32Array;
    centerNorm: number;
    minDist: Float32Array;
    closest?: Int32Array;
    centerIndex?: number;
  }): void;
  /**
   * One greedy step over n rows, each with a symmetric k×k pair (A, B) held in `a` and `b` (n·k·k). With `products`
   * (n × k × 2k, the two halves of a row being R and S) it forms X = diag(scales)·(I − 1·pᵀ)·R and W likewise from S, then
   * A −= sign·X·Xᵀ and B −= sign·(X·Wᵀ + W·Xᵀ). Without `p` the term 1·pᵀ is left out. Always
   * traces[i] = tr((I + sign·A)⁻¹·B), +∞ where the matrix is not positive definite. Cost: about 2.5·k³ per row.
   * @throws RangeError when k > 224.
   */
  fisherStep(args: {
    n: number;
    k: number;
    /** n×k. */
    scales: Float64Array;
    /** n×k. */
    p?: Float64Array;
    products?: Float64Array;
    a: Float64Array;
    b: Float64Array;
    sign: 1 | -1;
    traces: Float64Array;
  }): void;
}

/** What gradient training needs beside GEMM and Adam. */
export interface TrainingKernels {
  /** x = max(x, 0) in place over n values; NaN becomes 0. */
  relu(x: Float32Array, n: number): void;
  /** gradient[i] = activated[i] > 0 ? gradient[i] : 0 in place over n values. */
  reluBackward(gradient: Float32Array, activated: Float32Array, n: number): void;
  /** x = 1 / (1 + e^(−x / temperature)) in place over n values. */
  sigmoid(x: Float32Array, n: number, temperature: number): void;
  /**
   * Σ_i w_i · (−ln softmax(logits_i)[label_i]) and, when `gradient` is given,
   * gradient[i,j] = gradientScale · w_i · (softmax(logits_i)[j] − [j = label_i]). `gradient` may be `logits` itself.
   * Row weights default to 1. @throws RangeError when a label lies outside 0 … c − 1.
   */
  softmaxCrossEntropy(args: LossArguments & { labels: Int32Array }): number;
  /** Σ_i w_i · Σ_j binary cross-entropy of sigmoid(logits_ij) against targets_ij in [0, 1]; gradient as above. */
  sigmoidCrossEntropy(args: LossArguments & { targets: Float32Array }): number;
  /** Σ_i w_i · Σ_j ½·(logits_ij − targets_ij)²; gradient as above. */
  squaredError(args: LossArguments & { targets: Float32Array }): number;
  /**
   * Largest value of every size×size window of NHWC images (no padding); out is n×oh×ow×c with
   * oh = ⌊(h − size) / stride⌋ + 1, and argmax the flat index into x it came from (ties: first in row order).
   */
  maxPool(args: PoolArguments & { x: Float32Array; out: Float32Array; argmax: Int32Array }): void;
  /** Adjoint of {@link maxPool}: out (nInput values) is overwritten by gradient added at each argmax. */
  maxPoolBackward(args: {
    gradient: Float32Array;
    nOutput: number;
    argmax: Int32Array;
    out: Float32Array;
    nInput: number;
  }): void;
}

export interface LossArguments {
  /** n×c. */
  logits: Float32Array;
  n: number;
  c: number;
  /** One factor per row, ≥ 0. */
  rowWeights?: Float32Array;
  /** n×c, overwritten. */
  gradient?: Float32Array;
  gradientScale: number;
}

export interface PoolArguments {
  n: number;
  h: number;
  w: number;
  c: number;
  size: number;
  stride: number;
}

/** Rows of one element type: every array of a call has the same one. */
export type Floats = Float32Array | Float64Array;

/** How a cluster is weighed by {@link FeatureKernels.largestCluster}. */
export type ClusterWeight = "squared-distance" | "distance" | "count";

/** A shorter stand-in of every row: see {@link FeatureKernels.nearestPruned}. */
export interface ShortRows {
  /** n×dim float32, dim a multiple of 8. */
  readonly rows: Float32Array;
  readonly center: Float32Array;
  readonly dim: number;
}

/**
 * Passes over feature rows for batch selection. An inner product of a row has the same bits in every one of these
 * kernels, so that visiting fewer rows never changes a result. Arrays outside kernel memory are copied whole.
 */
export interface FeatureKernels {
  /** out[i] = ⟨x_i, vector⟩ for n rows of width d. */
  rowDots(args: { x: Floats; n: number; d: number; vector: Floats; out: Floats }): void;
  /** out[i] = ‖x_i‖², with the bits that `rowDots` of a row with itself has. */
  rowSquares(args: { x: Floats; n: number; d: number; out: Floats }): void;
  /** outFirst[i] = ⟨x_i, first⟩ and outSecond[i] = ⟨x_i, second⟩, reading each row once. */
  rowDotPairs(args: {
    x: Float64Array;
    n: number;
    d: number;
    first: Float64Array;
    second: Float64Array;
    outFirst: Float64Array;
    outSecond: Float64Array;
  }): void;
  /** As {@link Kernels.gemm}, in float64. */
  gemmF64(args: {
    m: number;
    n: number;
    k: number;
    a: Float64Array;
    b: Float64Array;
    out: Float64Array;
    transA?: boolean;
    transB?: boolean;
    alpha?: number;
    beta?: number;
  }): void;
  /**
   * For each of m centres in order: minDist[i] = min(minDist[i], ‖x_i‖² + ‖c‖² − 2⟨x_i, c⟩), and where it shrinks
   * owner[i] = firstIndex + the centre's place. With `isClamped` a negative distance counts as 0. A NaN changes nothing.
   */
  nearestCenters(
    args: NearestArguments & { centers: Floats; centerNorms: Floats; m: number; firstIndex: number },
  ): void;
  /**
   * As {@link nearestCenters} for one centre, leaving out rows that a lower bound proves not nearer: the squared
   * distance of their `short` rows minus slacks[i] + centerSlack, refined by `long` where given. The last coordinate of a
   * short row is the norm of what the others leave out; `long` continues without that coordinate.
   * @returns rows whose distance was computed.
   */
  nearestPruned(
    args: NearestArguments & {
      center: Floats;
      centerNorm: number;
      centerIndex: number;
      short: ShortRows;
      long?: ShortRows;
      slacks: Floats;
      centerSlack: number;
    },
  ): number;
  /** Makes `heap` hold the rows 0 … n − 1, the one with the largest value (lowest row on ties) in front. */
  orderHeap(heap: Int32Array, n: number, values: Floats): void;
  /**
   * The row whose value is largest after it was lowered by every vector: values[i] = min(values[i], max(0, ‖x_i‖² +
   * scalars[t] − 2⟨x_i, vectors_t⟩)), `owner[i]` the t it fell to. Only rows that could be first are brought up to date;
   * steps[i] counts the vectors row i has seen. Ties: lowest row.
   */
  farthestOfHeap(
    args: HeapArguments & {
      x: Floats;
      norms: Floats;
      vectors: Floats;
      scalars: Floats;
      values: Floats;
      owner: Int32Array;
    },
  ): number;
  /** As {@link farthestOfHeap} with values[i] −= ⟨x_i, vectors_t⟩² / scalars[t]. */
  uncertainOfHeap(
    args: HeapArguments & { x: Float64Array; vectors: Float64Array; scalars: Float64Array; values: Float64Array },
  ): number;
  /** Puts the first row of the heap in its place after its value was lowered. */
  sinkFirst(heap: Int32Array, n: number, values: Floats): void;
  /**
   * Of the clusters whose weight is exactly the largest, the row not taken that has the largest minDist; −1 when they
   * have none. Ties: lowest row. `sizes` gets the weight of every cluster.
   */
  largestCluster(args: {
    minDist: Floats;
    owner: Int32Array;
    taken: Int32Array;
    n: number;
    weight: ClusterWeight;
    sizes: Float64Array;
    nCenters: number;
  }): number;
}

export interface NearestArguments {
  x: Floats;
  n: number;
  d: number;
  norms: Floats;
  minDist: Floats;
  owner: Int32Array;
  isClamped: boolean;
}

export interface HeapArguments {
  d: number;
  nVectors: number;
  heap: Int32Array;
  n: number;
  steps: Int32Array;
}
