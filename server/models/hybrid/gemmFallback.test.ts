import { expect, it, vi } from "vitest";
import { openTestKernels, trainingContext } from "../test/contexts";
import { openGemm } from "./gemmProvider";

vi.mock("onnxruntime-node", () => {
  throw new Error("no binary for this platform");
});

it("without onnxruntime-node, auto falls back to the kernels with a remark and ort is refused", async () => {
  const context = trainingContext(await openTestKernels());
  const provider = await openGemm(context, "auto");
  expect(provider.backend).toBe("hybrid: wasm-simd only");
  expect(provider.remark?.code).toBe("gemm-on-wasm");
  expect(provider.remark?.message).toContain("onnxruntime-node could not be loaded");
  await expect(openGemm(context, "ort")).rejects.toMatchObject({ code: "E_PRECONDITION" });
}, 120_000);
