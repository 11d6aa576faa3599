export { loadKernels } from "./loadKernels";
export type * from "./port";
