import type { Kernels } from "./types";
import { align, KernelArena } from "./wasm/arena";
import { createFeatureKernels } from "./wasm/features";
import { createMatrixKernels } from "./wasm/matrix";
import { createRowKernels } from "./wasm/rows";
import { createSelectionKernels } from "./wasm/selection";
import { createSparseKernels } from "./wasm/sparse";
import { createTrainingKernels } from "./wasm/training";
import type { KernelExports } from "./wasm/webAssembly";
import { webAssembly } from "./wasm/webAssembly";

const PAGE_BYTES = 65536;
/** Scratch of the kernels plus a staging area that is still useful. */
const MEMORY_BYTES_MIN = 4 * 1024 * 1024;
/** What 32-bit addresses reach. */
const MEMORY_BYTES_MAX = 65536 * PAGE_BYTES;
const STAGING_BYTES_MAX = 16 * 1024 * 1024;

/**
 * Instantiates the compiled kernels over a memory of `memoryBytes` (4 MiB … 4 GiB, rounded up to 64 KiB). The memory is
 * reserved now and committed by the operating system as it is first written. It never grows, so views stay valid.
 *
 * @param wasmBytes contents of strategies/kernels/build/kernels.wasm.
 * @throws RangeError when memoryBytes is out of range or the address space cannot be reserved.
 */
export async function instantiateKernels(
  wasmBytes: ArrayBuffer | Uint8Array,
  { memoryBytes }: { memoryBytes: number },
): Promise<Kernels> {
  if (!(memoryBytes >= MEMORY_BYTES_MIN && memoryBytes <= MEMORY_BYTES_MAX)) {
    throw new RangeError(
      `Kernel memory must be ${MEMORY_BYTES_MIN} … ${MEMORY_BYTES_MAX} bytes, got ${memoryBytes}. Ask for a size in that range.`,
    );
  }
  const nPages = Math.ceil(memoryBytes / PAGE_BYTES);
  const memory = new webAssembly.Memory({ initial: nPages, maximum: nPages });
  const { instance } = await webAssembly.instantiate(wasmBytes, { env: { memory } });
  const exports = instance.exports as KernelExports;
  const scratch = align(exports.heapBase.value);
  exports.setScratch(scratch);
  const stagingBytes = Math.min(STAGING_BYTES_MAX, align(memoryBytes / 8));
  const arena = new KernelArena(memory.buffer, scratch + exports.scratchBytes.value, stagingBytes);
  return {
    kind: "wasm",
    memory,
    allocF32: (n) => arena.allocF32(n),
    allocF64: (n) => arena.allocF64(n),
    allocI32: (n) => arena.allocI32(n),
    mark: () => arena.mark(),
    release: (mark) => arena.release(mark),
    ...createMatrixKernels(exports, arena),
    ...createRowKernels(exports, arena),
    ...createSelectionKernels(exports, arena),
    ...createSparseKernels(exports, arena),
    ...createTrainingKernels(exports, arena),
    ...createFeatureKernels(exports, arena),
  };
}
