import { expect, it } from "vitest";
import { createReferenceKernels } from "@/strategies/kernels";
import type { TfjsNodePackage } from "./openTensorflow";
import { openTensorflow } from "./openTensorflow";

const kernels = createReferenceKernels();
const isOldEnough = Number(process.versions.node.split(".")[0]) <= 22;
const broken: TfjsNodePackage = {
  isInstalled: () => true,
  load: () => Promise.reject(new Error("The native addon module can not be found")),
};
const absent: TfjsNodePackage = { ...broken, isInstalled: () => false };

it("auto runs on wasm without a remark when tfjs-node is not installed", async () => {
  const { backend, backendName, remark } = await openTensorflow("auto", kernels, absent);
  expect(backendName).toBe("wasm");
  expect(backend).toMatch(/^tfjs [\d.]+: wasm/);
  expect(remark).toBeUndefined();
});

it("auto goes past a tfjs-node that is installed but does not load, and says why", async () => {
  const { backendName, remark } = await openTensorflow("auto", kernels, broken);
  expect(backendName).toBe("wasm");
  expect(remark?.code).toBe("backend-fallback");
  expect(remark?.message).toContain(isOldEnough ? "native addon module" : "needs Node 22 or lower");
});

it("a backend asked for by name is never replaced", async () => {
  for (const tfjsNode of [absent, broken]) {
    const opening = openTensorflow("tensorflow", kernels, tfjsNode);
    await expect(opening).rejects.toMatchObject({ code: "E_PRECONDITION" });
  }
  expect((await openTensorflow("cpu", kernels, broken)).backendName).toBe("cpu");
});

it.runIf(isOldEnough)("auto takes tfjs-node once it loads and registers its backend", async () => {
  const core = await import("@tensorflow/tfjs-core");
  const { MathBackendCPU } = await import("@tensorflow/tfjs-backend-cpu");
  const working: TfjsNodePackage = {
    isInstalled: () => true,
    load: async () => core.registerBackend("tensorflow", () => new MathBackendCPU(), 9),
  };
  const opened = await openTensorflow("auto", kernels, working);
  expect(opened.backendName).toBe("tensorflow");
  expect(opened.backend).toMatch(/: tensorflow \(tfjs-node\)$/);
  expect(opened.remark).toBeUndefined();
});
