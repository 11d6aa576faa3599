import type { Floats, Kernels } from "@/strategies/kernels";

const BETA1 = 0.9;
const BETA2 = 0.999;
const EPSILON = 1e-8;

export interface AdamState {
  readonly w: Floats;
  readonly g: Floats;
  readonly m: Floats;
  readonly v: Floats;
  /** Counts from 1. */
  readonly step: number;
  readonly learningRate: number;
}

/** One Adam step without weight decay, in the element type of the parameters. */
export function adamStep(kernels: Kernels, { w, g, m, v, step, learningRate }: AdamState): void {
  if (
    w instanceof Float32Array &&
    g instanceof Float32Array &&
    m instanceof Float32Array &&
    v instanceof Float32Array
  ) {
    kernels.adam({ w, g, m, v, step, learningRate, beta1: BETA1, beta2: BETA2, epsilon: EPSILON, weightDecay: 0 });
    return;
  }
  const correction1 = 1 / (1 - BETA1 ** step);
  const correction2 = 1 / (1 - BETA2 ** step);
  for (let i = 0; i < w.length; i++) {
    m[i] = BETA1 * m[i] + (1 - BETA1) * g[i];
    v[i] = BETA2 * v[i] + (1 - BETA2) * g[i] * g[i];
    w[i] -= (learningRate * m[i] * correction1) / (Math.sqrt(v[i] * correction2) + EPSILON);
  }
}
