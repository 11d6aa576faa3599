import { ensureKernelsBuilt } from "@/scripts/buildKernels";
import { loadKernels } from "@/server/models";
import type { Kernels } from "@/strategies/kernels";

const MEMORY_BYTES = 512 * 2 ** 20;

/** The WASM kernels, compiled first where the sources are newer. */
export async function testKernels(): Promise<Kernels> {
  await ensureKernelsBuilt();
  return loadKernels({ memoryBytes: MEMORY_BYTES });
}
