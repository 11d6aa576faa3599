import { expect, it, vi } from "vitest";
import { createReferenceKernels } from "@/strategies/kernels";
import { openTensorflow } from "./openTensorflow";

const kernels = createReferenceKernels();
const behaviour = vi.hoisted(() => ({ load: () => ({}) as Record<string, unknown> }));
vi.mock("@tensorflow/tfjs-node", () => behaviour.load());

const isOldEnough = Number(process.versions.node.split(".")[0]) <= 22;

it("auto goes past a tfjs-node that is installed but does not load, and says why", async () => {
  behaviour.load = () => {
    throw new Error("The native addon module can not be found");
  };
  const { backend, backendName, remark } = await openTensorflow("auto", kernels);
  expect(backendName).toBe("wasm");
  expect(backend).toMatch(/^tfjs [\d.]+: wasm/);
  if (!isOldEnough) return;
  expect(remark?.code).toBe("backend-fallback");
  expect(remark?.message).toContain("tfjs-node does not load");
  await expect(openTensorflow("tensorflow", kernels)).rejects.toMatchObject({ code: "E_PRECONDITION" });
});

it("auto takes tfjs-node once it loads and registers its backend", async () => {
  vi.resetModules();
  const core = await import("@tensorflow/tfjs-core");
  const { MathBackendCPU } = await import("@tensorflow/tfjs-backend-cpu");
  behaviour.load = () => {
    core.registerBackend("tensorflow", () => new MathBackendCPU(), 9);
    return {};
  };
  const opened = await import("./openTensorflow").then((module) => module.openTensorflow("auto", kernels));
  expect(opened.backendName).toBe(isOldEnough ? "tensorflow" : "wasm");
  if (isOldEnough) expect(opened.backend).toMatch(/: tensorflow \(tfjs-node\)$/);
});
