import type { Floats, Kernels } from "../../kernels/types";
import { denseKernel, implicitKernel } from "./kernels";
import type { ImplicitKernel } from "./types";

export interface InfiniteNetwork {
  /** Linear layers, ≥ 1. */
  readonly layers: number;
  /** σ_w of every layer. */
  readonly weightGain: number;
  /** σ_b; 0 because biases start at 0. */
  readonly biasGain: number;
}

/**
 * Kernel of an infinitely wide ReLU network over inputs x (n×d): its Gaussian process at initialisation (`nngp`) or its
 * neural tangent kernel (`ntk`).
 *
 * q⁰ = σ_w²⟨x,x'⟩/d + σ_b², Θ⁰ = q⁰, and for every further layer with c the cosine of q and θ = arccos c:
 * q ← σ_w²·√(q q')·(√(1−c²) + (π−θ)c)/2π + σ_b², Θ ← q + σ_w²·(π−θ)/2π·Θ.
 * Source: Cho & Saul 2009 (arc-cosine kernels); Jacot, Gabriel & Hongler 2018 (tangent kernel).
 */
export function infiniteKernel(
  kernels: Kernels,
  kind: "nngp" | "ntk",
  { x, n, d }: { x: Floats; n: number; d: number },
  { layers, weightGain, biasGain }: InfiniteNetwork,
): ImplicitKernel {
  const inputs = denseKernel(kernels, x, n, d);
  const weight = weightGain * weightGain;
  const bias = biasGain * biasGain;
  const first = inputs.diagonal().map((square) => (weight * square) / d + bias);
  // q(x, x) of every layer: with c = 1 the recursion is q ← σ_w² q/2 + σ_b².
  const diagonals: Float64Array[] = [first];
  for (let layer = 1; layer < layers; layer++) {
    diagonals.push(diagonals[layer - 1].map((q) => (weight * q) / 2 + bias));
  }
  return implicitKernel(
    n,
    () => {
      if (kind === "nngp") return diagonals[layers - 1].slice();
      const tangent = first.slice();
      for (let layer = 1; layer < layers; layer++) {
        for (let i = 0; i < n; i++) tangent[i] = diagonals[layer][i] + (weight / 2) * tangent[i];
      }
      return tangent;
    },
    (i, out) => {
      inputs.row(i, out);
      for (let j = 0; j < n; j++) {
        let q = (weight * out[j]) / d + bias;
        let tangent = q;
        for (let layer = 1; layer < layers; layer++) {
          const size = Math.sqrt(diagonals[layer - 1][i] * diagonals[layer - 1][j]);
          const cosine = size > 0 ? Math.min(1, Math.max(-1, q / size)) : 0;
          const rest = Math.PI - Math.acos(cosine);
          q = (weight * size * (Math.sqrt(1 - cosine * cosine) + rest * cosine)) / (2 * Math.PI) + bias;
          tangent = q + ((weight * rest) / (2 * Math.PI)) * tangent;
        }
        out[j] = kind === "nngp" ? q : tangent;
      }
    },
  );
}

/**
 * exp(−s·‖x − x'‖). The squared distance is kept ≥ 0 before the root: rounding makes it negative where rows coincide,
 * and the released code then gives NaN on the diagonal (`isClamped: false`).
 */
export function laplaceKernel(
  kernels: Kernels,
  { x, n, d }: { x: Floats; n: number; d: number },
  scale: number,
  isClamped = true,
): ImplicitKernel {
  const inputs = denseKernel(kernels, x, n, d);
  const squares = inputs.diagonal();
  const kernelValue = (square: number) => Math.exp(-scale * Math.sqrt(isClamped ? Math.max(0, square) : square));
  return implicitKernel(
    n,
    () => new Float64Array(n).fill(1),
    (i, out) => {
      inputs.row(i, out);
      for (let j = 0; j < n; j++) out[j] = kernelValue(squares[i] + squares[j] - 2 * out[j]);
    },
  );
}
