import type { Floats, Kernels } from "../../kernels/types";

export type Activation = "relu" | "silu";

/**
 * A fully connected network in NTK parametrisation: z_l = (σ_w/√d_{l−1})·x_{l−1}W_l + σ_b·b_l, x_l = activation(z_l), no
 * activation after the last layer.
 */
export interface NtkNetwork {
  /** d_0 (inputs) … d_L (outputs). */
  readonly widths: readonly number[];
  readonly activation: Activation;
  /** σ_w. */
  readonly weightGain: number;
  /** σ_b. */
  readonly biasGain: number;
  /** W_1 (d_0×d_1, row-major), b_1, W_2, b_2 … in one array. */
  readonly parameters: Floats;
}

/** What matrix products run on; the arguments are those of the kernels' gemm, in either precision. */
export type Multiply = (args: {
  m: number;
  n: number;
  k: number;
  a: Floats;
  b: Floats;
  out: Floats;
  transA?: boolean;
  transB?: boolean;
}) => Promise<void> | void;

export interface NetworkContext {
  readonly kernels: Kernels;
  readonly multiply: Multiply;
  /** Rows of one pass. */
  readonly batchMax: number;
}
