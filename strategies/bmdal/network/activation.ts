import type { Floats, Kernels } from "../../kernels/types";
import type { Activation } from "./types";

/** out = activation(z) over n values; the derivative of relu at 0 is 0. */
export function activate(kernels: Kernels, activation: Activation, z: Floats, out: Floats, n: number): void {
  if (activation === "relu") {
    if (out instanceof Float32Array) {
      out.set(z.subarray(0, n));
      kernels.relu(out, n);
    } else for (let i = 0; i < n; i++) out[i] = z[i] > 0 ? z[i] : 0;
    return;
  }
  if (z instanceof Float32Array && out instanceof Float32Array) {
    out.set(z.subarray(0, n));
    kernels.sigmoid(out, n, 1);
    for (let i = 0; i < n; i++) out[i] *= z[i];
    return;
  }
  for (let i = 0; i < n; i++) out[i] = z[i] / (1 + Math.exp(-z[i]));
}

/** gradient *= activation'(z) over n values; `activated` is activation(z). */
export function activateBackward(
  kernels: Kernels,
  activation: Activation,
  z: Floats,
  activated: Floats,
  gradient: Floats,
  n: number,
): void {
  if (activation === "relu") {
    if (gradient instanceof Float32Array && activated instanceof Float32Array) {
      kernels.reluBackward(gradient, activated, n);
    } else for (let i = 0; i < n; i++) if (!(z[i] > 0)) gradient[i] = 0;
    return;
  }
  if (gradient instanceof Float32Array && z instanceof Float32Array) {
    const mark = kernels.mark();
    const sigmoid = kernels.allocF32(n);
    sigmoid.set(z.subarray(0, n));
    kernels.sigmoid(sigmoid, n, 1);
    // silu' = σ + z·σ·(1 − σ) = σ + silu·(1 − σ).
    for (let i = 0; i < n; i++) gradient[i] *= sigmoid[i] + activated[i] * (1 - sigmoid[i]);
    kernels.release(mark);
    return;
  }
  for (let i = 0; i < n; i++) {
    const sigmoid = 1 / (1 + Math.exp(-z[i]));
    gradient[i] *= sigmoid + z[i] * sigmoid * (1 - sigmoid);
  }
}
