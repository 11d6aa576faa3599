export { instantiateKernels } from "./instantiateKernels";
export { createReferenceKernels } from "./reference";
export type {
  ClusterWeight,
  FeatureKernels,
  Floats,
  KernelMemory,
  Kernels,
  LossArguments,
  PoolArguments,
  RowKernels,
  SelectionKernels,
  ShortRows,
  SparseKernels,
  TrainingKernels,
} from "./types";
export { KernelMemoryError } from "./wasm/arena";
