export { instantiateKernels } from "./instantiateKernels";
export { createReferenceKernels } from "./reference";
export type {
  KernelMemory,
  Kernels,
  LossArguments,
  PoolArguments,
  RowKernels,
  SparseKernels,
  TrainingKernels,
} from "./types";
export { KernelMemoryError } from "./wasm/arena";
