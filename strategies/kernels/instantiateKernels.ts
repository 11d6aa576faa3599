import type { Kernels } from "./types";

/** Instantiates the compiled kernels over a reserved memory of `memoryBytes`. */
export async function instantiateKernels(
  _wasmBytes: ArrayBuffer | Uint8Array,
  _options: { memoryBytes: number },
): Promise<Kernels> {
  throw new Error("The WASM kernels are not built yet.");
}
