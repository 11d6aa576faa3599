import { KeyedRandom } from "../../core/keyedRandom";
import { StrategyError } from "../../core/strategyError";
import type { Floats, Kernels } from "../../kernels/types";
import { allocFloats, multiply, precisionOf } from "./floats";
import { denseKernel } from "./kernels";
import type { DenseKernel, KernelRows, Precision } from "./types";

/**
 * The Gaussian matrix of one explicit part of a kernel, rows×p of N(0, 1), before any division. `path` names the part
 * ("0/1/0": term 0, its term 1, factor 0), so that each summand and each factor has a matrix of its own.
 */
export type GaussianMatrix = (path: string, rows: number, p: number) => Floats;

/**
 * Random features with E⟨ψ, ψ'⟩ = k: plain features ψ = ΦR/√p; a product of F factors ψ = p^((F−1)/2)·Π ψ_f elementwise;
 * a sum ψ = Σ ψ_t elementwise, with independent matrices. The gradient of a network is a sum over layers of products,
 * and is never built.
 *
 * Cost: O(n·p·Σ widths). @throws E_SPEC for kernels without finite features.
 * Source: Holzmüller, Zaverkin, Kästner & Steinwart 2023, §4.2.4.
 */
export function sketchKernel(kernels: Kernels, base: KernelRows, p: number, gaussian: GaussianMatrix): DenseKernel {
  const precision = precisionOfParts(base);
  const out = allocFloats(kernels, precision, base.n * p);
  const mark = kernels.mark();
  try {
    sketchInto(kernels, base, p, gaussian, "", out);
  } finally {
    kernels.release(mark);
  }
  return denseKernel(kernels, out, base.n, p);
}

function sketchInto(
  kernels: Kernels,
  base: KernelRows,
  p: number,
  gaussian: GaussianMatrix,
  path: string,
  out: Floats,
): void {
  if (base.kind === "dense") {
    const b = matrixLike(kernels, gaussian(path, base.dim, p), out);
    multiply(kernels, { m: base.n, n: p, k: base.dim, a: base.values, b, out, alpha: 1 / Math.sqrt(p) });
    return;
  }
  if (base.kind === "implicit") {
    throw new StrategyError("E_SPEC", "sketch needs a kernel with finite features; put it before the posterior.");
  }
  const parts = base.kind === "product" ? base.factors : base.terms;
  const mark = kernels.mark();
  const part = allocFloats(kernels, precisionOf(out), base.n * p);
  parts.forEach((kernel, index) => {
    const name = path === "" ? String(index) : `${path}/${index}`;
    if (index === 0) {
      sketchInto(kernels, kernel, p, gaussian, name, out);
      return;
    }
    sketchInto(kernels, kernel, p, gaussian, name, part);
    if (base.kind === "sum") for (let i = 0; i < base.n * p; i++) out[i] += part[i];
    else for (let i = 0; i < base.n * p; i++) out[i] *= part[i];
  });
  if (base.kind === "product") {
    const factor = p ** ((parts.length - 1) / 2);
    for (let i = 0; i < base.n * p; i++) out[i] *= factor;
  }
  kernels.release(mark);
}

function matrixLike(kernels: Kernels, matrix: Floats, like: Floats): Floats {
  if (precisionOf(matrix) === precisionOf(like)) return matrix;
  const copy = allocFloats(kernels, precisionOf(like), matrix.length);
  copy.set(matrix);
  return copy;
}

function precisionOfParts(kernel: KernelRows): Precision {
  if (kernel.kind === "dense") return precisionOf(kernel.values);
  if (kernel.kind === "implicit") return "f64";
  return precisionOfParts(kernel.kind === "product" ? kernel.factors[0] : kernel.terms[0]);
}

/** Standard normal draws keyed by stage and counter: the same numbers whatever was drawn before. */
export function gaussianMatrix(seed: string, stage: string): GaussianMatrix {
  const drawn = new Map<string, Float32Array>();
  return (path, rows, p) => {
    const key = `${path}:${rows}x${p}`;
    const known = drawn.get(key);
    if (known !== undefined) return known;
    const values = normals(new KeyedRandom(seed, `${stage}/${key}`), rows * p);
    drawn.set(key, values);
    return values;
  };
}

/** n standard normal numbers by Box and Muller: two from each pair of uniforms. */
export function normals(random: KeyedRandom, n: number): Float32Array {
  const values = new Float32Array(n);
  for (let i = 0; i < n; i += 2) {
    const radius = Math.sqrt(-2 * Math.log(random.uniform(i, 0)));
    const angle = 2 * Math.PI * random.uniform(i, 1);
    values[i] = radius * Math.cos(angle);
    if (i + 1 < n) values[i + 1] = radius * Math.sin(angle);
  }
  return values;
}
