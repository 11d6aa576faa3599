import type { Floats, Kernels } from "../../kernels/types";

/** Element type all arithmetic of one selection runs in. */
export type Precision = "f32" | "f64";

/**
 * A kernel k(x, x') = ⟨φ(x), φ(x')⟩ over a fixed list of rows. By convention the known (labelled) rows come first and the
 * candidates after them; a kernel itself does not know which is which. Everything selection needs is here: one row, the
 * diagonal, and, where the features are finite, the features.
 */
export type KernelRows = DenseKernel | ProductKernel | SumKernel | ImplicitKernel;

interface RowAccess {
  readonly n: number;
  /** k(x_i, x_i) of every row, float64. */
  diagonal(): Float64Array;
  /** out[j] = k(x_i, x_j) for all n rows. */
  row(i: number, out: Float64Array): void;
}

/** Explicit features, n×dim row-major. */
export interface DenseKernel extends RowAccess {
  readonly kind: "dense";
  readonly dim: number;
  readonly values: Floats;
}

/** The product of its factors: the outer product of their features, which is never built. */
export interface ProductKernel extends RowAccess {
  readonly kind: "product";
  readonly factors: readonly KernelRows[];
}

/** The sum of its terms: their features side by side, which are never built. */
export interface SumKernel extends RowAccess {
  readonly kind: "sum";
  readonly terms: readonly KernelRows[];
}

/** A kernel whose features are infinite or larger than the data: only its values can be had. */
export interface ImplicitKernel extends RowAccess {
  readonly kind: "implicit";
}

/** What the algebra runs on. */
export interface AlgebraContext {
  readonly kernels: Kernels;
  /** Told once when a Cholesky factor needed a larger diagonal. */
  onJitter?(epsilon: number): void;
}
