import type { Floats, Kernels } from "../../kernels/types";
import { allocFloats, precisionOf } from "./floats";
import type { DenseKernel, ImplicitKernel, KernelRows, ProductKernel, SumKernel } from "./types";

/** The kernel of explicit features, n×dim. `values` is used in place. */
export function denseKernel(kernels: Kernels, values: Floats, n: number, dim: number): DenseKernel {
  const precision = precisionOf(values);
  return {
    kind: "dense",
    n,
    dim,
    values,
    diagonal() {
      const squares = precision === "f64" ? new Float64Array(n) : new Float32Array(n);
      kernels.rowSquares({ x: values, n, d: dim, out: squares });
      return Float64Array.from(squares);
    },
    row(i, out) {
      const mark = kernels.mark();
      const products = allocFloats(kernels, precision, n);
      kernels.rowDots({ x: values, n, d: dim, vector: values.subarray(i * dim, (i + 1) * dim), out: products });
      out.set(products);
      kernels.release(mark);
    },
  };
}

/** k(x, x') = Π k_f(x, x'). */
export function productKernel(factors: readonly KernelRows[]): ProductKernel {
  return { kind: "product", n: factors[0].n, factors, ...combined(factors, (a, b) => a * b) };
}

/** k(x, x') = Σ k_t(x, x'): the layers of a gradient kernel, the members of an ensemble (without 1/N). */
export function sumKernel(terms: readonly KernelRows[]): SumKernel {
  return { kind: "sum", n: terms[0].n, terms, ...combined(terms, (a, b) => a + b) };
}

function combined(parts: readonly KernelRows[], combine: (a: number, b: number) => number) {
  const { n } = parts[0];
  const spare = new Float64Array(n);
  const into = (out: Float64Array, values: Float64Array) => {
    for (let j = 0; j < n; j++) out[j] = combine(out[j], values[j]);
  };
  return {
    diagonal(): Float64Array {
      const out = parts[0].diagonal();
      for (const part of parts.slice(1)) into(out, part.diagonal());
      return out;
    },
    row(i: number, out: Float64Array): void {
      parts[0].row(i, out);
      // A nested sum inside a product has a spare of its own.
      for (const part of parts.slice(1)) {
        part.row(i, spare);
        into(out, spare);
      }
    },
  };
}

/**
 * The kernel times `factor` ≥ 0. Explicit features are multiplied by √factor into a new array; of a product one factor
 * is scaled, of a sum every term.
 */
export function scaledKernel(kernels: Kernels, base: KernelRows, factor: number): KernelRows {
  switch (base.kind) {
    case "dense": {
      const values = allocFloats(kernels, precisionOf(base.values), base.values.length);
      const root = Math.sqrt(factor);
      for (let i = 0; i < values.length; i++) values[i] = root * base.values[i];
      return denseKernel(kernels, values, base.n, base.dim);
    }
    case "product":
      return productKernel([scaledKernel(kernels, base.factors[0], factor), ...base.factors.slice(1)]);
    case "sum":
      return sumKernel(base.terms.map((term) => scaledKernel(kernels, term, factor)));
    case "implicit":
      return implicitKernel(
        base.n,
        () => base.diagonal().map((value) => factor * value),
        (i, out) => {
          base.row(i, out);
          for (let j = 0; j < out.length; j++) out[j] *= factor;
        },
      );
  }
}

export function implicitKernel(
  n: number,
  diagonal: () => Float64Array,
  row: (i: number, out: Float64Array) => void,
): ImplicitKernel {
  return { kind: "implicit", n, diagonal, row };
}

/** Mean of k(x, x) over rows 0 … m − 1: what `scale` divides by. */
export function meanDiagonal(kernel: KernelRows, m: number): number {
  const diagonal = kernel.diagonal();
  let sum = 0;
  for (let i = 0; i < m; i++) sum += diagonal[i];
  return sum / m;
}

/** Features of a kernel, or undefined when only its values can be had. */
export function denseOf(kernel: KernelRows): DenseKernel | undefined {
  return kernel.kind === "dense" ? kernel : undefined;
}

/**
 * Divides features in place by the root of the mean k(x, x) of rows 0 … nKnown − 1, of all rows when none is known.
 * Features of zeros stay.
 */
export function scaleInPlace(kernel: DenseKernel, nKnown: number): void {
  if (kernel.n === 0) return;
  const mean = meanDiagonal(kernel, nKnown > 0 ? nKnown : kernel.n);
  if (!(mean > 0)) return;
  const factor = 1 / Math.sqrt(mean);
  const { values } = kernel;
  for (let i = 0; i < values.length; i++) values[i] *= factor;
}
