import type { SelectionMode } from "../selection/types";

/** Kernels a spec can start from. */
export const BASE_KERNELS = ["linear", "ll", "grad", "nngp", "ntk", "laplace"] as const;
export type BaseKernel = (typeof BASE_KERNELS)[number];

export const SELECTION_METHODS = [
  "random",
  "maxdiag",
  "maxdet",
  "bait-f",
  "bait-fb",
  "fw",
  "maxdist",
  "kmeanspp",
  "lcmd",
] as const;
export type SelectionMethod = (typeof SELECTION_METHODS)[number];

/** One step of a chain. A number left out takes the benchmark's value. */
export type Transformation =
  /** k/m with m the mean k(x, x) of the known rows, or φ·factor. */
  | { readonly op: "scale"; readonly factor: number | null }
  /** Posterior given the known rows with noise σ²; `isScaled` divides by the mean first. */
  | { readonly op: "train"; readonly sigma: number; readonly isScaled: boolean }
  /** The same given the candidates. */
  | { readonly op: "pool"; readonly sigma: number; readonly isScaled: boolean }
  | { readonly op: "sketch"; readonly dim: number }
  /** Sum of the kernels of N networks. */
  | { readonly op: "ens"; readonly members: number }
  | { readonly op: "acs-rf"; readonly dim: number; readonly sigma: number }
  | { readonly op: "acs-rf-hyper"; readonly dim: number }
  | { readonly op: "acs-grad"; readonly sigma: number };

/** A method of the framework: selection, mode, base kernel and chain. */
export interface BmdalSpec {
  readonly method: SelectionMethod;
  /** null for methods without modes: random and maxdiag. */
  readonly mode: SelectionMode | null;
  readonly base: BaseKernel;
  readonly chain: readonly Transformation[];
}
