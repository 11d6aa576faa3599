export { deserializeModel } from "./deserializeModel";
export { loadKernels, readKernelsHash } from "./loadKernels";
export type * from "./port";
export { TRAINERS, trainerEntry } from "./registry";
