export { deserializeModel } from "./deserializeModel";
export { loadKernels } from "./loadKernels";
export type * from "./port";
export { TRAINERS, trainerEntry } from "./registry";
