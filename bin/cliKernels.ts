import { readFile } from "node:fs/promises";
import { ensureKernelsBuilt } from "@/scripts/buildKernels";
import type { Kernels } from "@/strategies/kernels";
import { instantiateKernels } from "@/strategies/kernels";

const MEMORY_BYTES_MIN = 64 << 20;
const MEMORY_BYTES_MAX = 4 * 2 ** 30 - (64 << 20);

/**
 * The WASM kernels, compiled first when the sources are newer than the build. The memory is reserved, not committed: a
 * generous size costs nothing.
 *
 * @param bytes what the work is expected to hold.
 */
export async function cliKernels(bytes: number): Promise<{ kernels: Kernels; wasm: Uint8Array }> {
  const { path } = await ensureKernelsBuilt();
  const wasm = await readFile(path);
  const memoryBytes = Math.min(MEMORY_BYTES_MAX, Math.max(MEMORY_BYTES_MIN, Math.ceil(1.5 * bytes) + MEMORY_BYTES_MIN));
  return { kernels: await instantiateKernels(wasm, { memoryBytes }), wasm };
}
