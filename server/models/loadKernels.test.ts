import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ensureKernelsBuilt } from "@/scripts/buildKernels";
import type { loadKernels as LoadKernels } from "./loadKernels";

const MIB = 1024 * 1024;
const folders: string[] = [];
let buildFolder: string;

beforeAll(async () => {
  buildFolder = dirname((await ensureKernelsBuilt()).path);
}, 120_000);

afterAll(async () => {
  for (const folder of folders) await rm(folder, { recursive: true, force: true });
});

/** The module as the shipped bundle holds it, in a new folder below `parent`. */
async function bundleBelow(parent: string): Promise<typeof LoadKernels> {
  const folder = await mkdtemp(join(parent, "bundle-"));
  folders.push(folder);
  const outfile = join(folder, "loadKernels.mjs");
  const entry = join(import.meta.dirname, "loadKernels.ts");
  await build({ entryPoints: [entry], outfile, bundle: true, platform: "node", format: "esm", packages: "external" });
  return ((await import(pathToFileURL(outfile).href)) as { loadKernels: typeof LoadKernels }).loadKernels;
}

describe("loadKernels in a bundle", () => {
  it("finds the kernels from any folder inside the project", async () => {
    const loadKernels = await bundleBelow(buildFolder);
    const kernels = await loadKernels({ memoryBytes: 8 * MIB });
    expect(kernels.kind).toBe("wasm");
    expect(kernels.sum(Float32Array.of(1, 2, 3))).toBe(6);
  });

  it("says what to run where they have not been built", async () => {
    const loadKernels = await bundleBelow(tmpdir());
    const loading = loadKernels({ memoryBytes: 8 * MIB });
    await expect(loading).rejects.toMatchObject({ code: "E_PRECONDITION" });
    await expect(loading).rejects.toThrow(/Run npm run build:kernels/);
  });
});
