import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { AppError } from "@/server/errors";
import type { Kernels } from "@/strategies/kernels";
import { instantiateKernels } from "@/strategies/kernels";

const WASM_PATH = join("strategies", "kernels", "build", "kernels.wasm");

/**
 * Reads the compiled kernels and instantiates them over a reserved memory of `memoryBytes` (committed lazily by the
 * operating system; at most 4 GiB). Each call makes an independent instance.
 *
 * @throws AppError E_PRECONDITION when the kernels have not been built; nothing is built and nothing else is used instead.
 */
export async function loadKernels({ memoryBytes }: { memoryBytes: number }): Promise<Kernels> {
  const path = findKernelsFile(dirname(fileURLToPath(import.meta.url)));
  return instantiateKernels(await readFile(path), { memoryBytes });
}

/** SHA-256 of the compiled kernels that {@link loadKernels} reads, for manifests. @throws as loadKernels does. */
export async function readKernelsHash(): Promise<string> {
  const path = findKernelsFile(dirname(fileURLToPath(import.meta.url)));
  return createHash("sha256")
    .update(await readFile(path))
    .digest("hex");
}

/** The source tree and the bundle in dist/ lie at different depths below the project's root: look upwards from this file. */
function findKernelsFile(startFolder: string): string {
  let folder = startFolder;
  for (;;) {
    const candidate = join(folder, WASM_PATH);
    if (existsSync(candidate)) return candidate;
    const parent = dirname(folder);
    if (parent === folder) break;
    folder = parent;
  }
  throw new AppError(
    "E_PRECONDITION",
    `The compiled kernels were not found: expected ${WASM_PATH} in ${startFolder} or a folder above it. Run npm run build:kernels.`,
    { details: { startFolder } },
  );
}
