import { allocFloats, inPrecision, multiply } from "./floats";
import { jitteredCholesky } from "./jitteredCholesky";
import { denseKernel, implicitKernel } from "./kernels";
import type { AlgebraContext, DenseKernel, ImplicitKernel, KernelRows } from "./types";

/** Above this many features the kernel form is taken unless there are very many known rows. */
const FEATURES_MAX = 1024;

/** Rows multiplied at a time: a block of 4096 × 512 float64 is 16 MiB. */
const BLOCK_ROWS = 4096;

/**
 * Gaussian process posterior with noise σ² given rows `first` … `end` − 1:
 * k(x, x') − k(x, T)(k(T, T) + σ²I)⁻¹k(T, x'). Explicit features with dim ≤ max(1024, 3·|T|) stay explicit (float64,
 * defined up to a rotation); otherwise the kernel's values are corrected by an |T|-vector per row.
 *
 * `isOwned`: float64 features may be overwritten, which spares a copy of them. σ² is meant for kernels whose mean k(x, x) is 1: `scale` first. No rows: the kernel itself.
 * Cost: features O(|T|p² + p³ + np²); kernel O(|T|³ + n|T|²) and n·|T| values more.
 */
export function posteriorKernel(
  context: AlgebraContext,
  base: KernelRows,
  rows: { first: number; end: number },
  sigma: number,
  form: "auto" | "features" | "kernel" = "auto",
  isOwned = false,
): KernelRows {
  const count = rows.end - rows.first;
  if (count === 0) return base;
  const isExplicit =
    base.kind === "dense" &&
    (form === "features" || (form === "auto" && base.dim <= Math.max(FEATURES_MAX, 3 * count)));
  return isExplicit
    ? posteriorFeatures(context, base, rows, sigma, isOwned)
    : posteriorValues(context, base, rows, sigma);
}

/** σ·Φ·L⁻ᵀ with LLᵀ = Φ_TᵀΦ_T + σ²I. */
function posteriorFeatures(
  context: AlgebraContext,
  base: DenseKernel,
  { first, end }: { first: number; end: number },
  sigma: number,
  isOwned: boolean,
): DenseKernel {
  const { kernels } = context;
  const { n, dim } = base;
  const values = inPrecision(kernels, base.values, "f64");
  const known = values.subarray(first * dim, end * dim);
  const gram = new Float64Array(dim * dim);
  multiply(kernels, { m: dim, n: dim, k: end - first, a: known, b: known, out: gram, transA: true });
  for (let i = 0; i < dim; i++) gram[i * dim + i] += sigma * sigma;
  const factor = jitteredCholesky(context, gram, dim);
  const inverse = new Float64Array(dim * dim);
  for (let i = 0; i < dim; i++) inverse[i * dim + i] = 1;
  kernels.solveLower(factor, dim, inverse, dim);
  const out = isOwned ? values : allocFloats(kernels, "f64", n * dim);
  const mark = kernels.mark();
  const block = allocFloats(kernels, "f64", Math.min(n, BLOCK_ROWS) * dim);
  for (let start = 0; start < n; start += BLOCK_ROWS) {
    const count = Math.min(BLOCK_ROWS, n - start);
    const a = values.subarray(start * dim, (start + count) * dim);
    multiply(kernels, { m: count, n: dim, k: dim, a, b: inverse, out: block, transB: true, alpha: sigma });
    out.set(block.subarray(0, count * dim), start * dim);
  }
  kernels.release(mark);
  return denseKernel(kernels, out, n, dim);
}

/** k − ⟨z, z'⟩ with z(x) = L⁻¹k(T, x), LLᵀ = k(T, T) + σ²I. */
function posteriorValues(
  context: AlgebraContext,
  base: KernelRows,
  { first, end }: { first: number; end: number },
  sigma: number,
): ImplicitKernel {
  const { kernels } = context;
  const { n } = base;
  const count = end - first;
  const z = allocFloats(kernels, "f64", count * n);
  for (let t = 0; t < count; t++) base.row(first + t, z.subarray(t * n, (t + 1) * n));
  const gram = new Float64Array(count * count);
  for (let s = 0; s < count; s++) {
    for (let t = 0; t < count; t++) gram[s * count + t] = z[s * n + first + t];
    gram[s * count + s] += sigma * sigma;
  }
  kernels.solveLower(jitteredCholesky(context, gram, count), count, z, n);
  return implicitKernel(
    n,
    () => {
      const diagonal = base.diagonal();
      for (let t = 0; t < count; t++) for (let j = 0; j < n; j++) diagonal[j] -= z[t * n + j] * z[t * n + j];
      return diagonal;
    },
    (i, out) => {
      base.row(i, out);
      for (let t = 0; t < count; t++) {
        const weight = z[t * n + i];
        for (let j = 0; j < n; j++) out[j] -= weight * z[t * n + j];
      }
    },
  );
}
