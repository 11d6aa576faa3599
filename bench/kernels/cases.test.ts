import { expect, it } from "vitest";
import { ensureKernelsBuilt } from "@/scripts/buildKernels";
import { loadKernels } from "@/server/models";
import { runCases } from "./cases";

it("every case of the kernel benchmark still runs, small, and gives back its memory", async () => {
  await ensureKernelsBuilt();
  const kernels = await loadKernels({ memoryBytes: 128 * 1024 * 1024 });
  const mark = kernels.mark();
  let backend = "";
  const results = await runCases(kernels, true, (used) => {
    backend = used;
  });
  expect(backend).toMatch(/^hybrid: wasm-simd/);
  expect(results.length).toBeGreaterThan(12);
  for (const { cpuMs } of results) expect(cpuMs).toBeGreaterThan(0);
  expect(kernels.mark()).toBe(mark);
}, 120_000);
