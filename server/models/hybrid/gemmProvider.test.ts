import { beforeAll, describe, expect, it } from "vitest";
import type { Kernels } from "@/strategies/kernels";
import { createReferenceKernels } from "@/strategies/kernels";
import { openTestKernels, trainingContext } from "../test/contexts";
import { openGemm } from "./gemmProvider";

let wasm: Kernels;
beforeAll(async () => {
  wasm = await openTestKernels();
}, 120_000);

describe("openGemm", () => {
  it("multiplies in place in kernel memory through onnxruntime-node, every transposition, with and without bias", async () => {
    const provider = await openGemm(trainingContext(wasm), "ort");
    expect(provider.backend).toMatch(/^hybrid: wasm-simd \+ onnxruntime-node \d+\.\d+\.\d+$/);
    const reference = createReferenceKernels();
    // Large enough for a session to be used.
    const [m, n, k] = [130, 77, 90];
    for (const transA of [false, true]) {
      for (const transB of [false, true]) {
        for (const hasBias of [false, true]) {
          const mark = wasm.mark();
          // An odd start, so that views do not begin where the memory does.
          wasm.allocF32(3);
          const a = wasm.allocF32(m * k).map((_, i) => Math.sin(i));
          const b = wasm.allocF32(k * n).map((_, i) => Math.cos(i));
          const [ownA, ownB, out] = [wasm.allocF32(m * k), wasm.allocF32(k * n), wasm.allocF32(m * n)];
          ownA.set(a);
          ownB.set(b);
          const bias = hasBias ? wasm.allocF32(n).fill(3) : undefined;
          await provider.gemm({ m, n, k, a: ownA, b: ownB, out, transA, transB, bias });
          const expected = new Float32Array(m * n);
          reference.gemm({ m, n, k, a, b, out: expected, transA, transB });
          const worst = expected.reduce(
            (far, value, i) => Math.max(far, Math.abs(value + (hasBias ? 3 : 0) - out[i])),
            0,
          );
          expect(worst).toBeLessThan(1e-4);
          wasm.release(mark);
        }
      }
    }
  });

  it("runs on the kernels alone when asked to, and says so", async () => {
    const provider = await openGemm(trainingContext(wasm), "wasm");
    expect(provider.backend).toBe("hybrid: wasm-simd only");
    expect(provider.remark).toBeUndefined();
    const out = new Float32Array(4);
    await provider.gemm({
      m: 2,
      n: 2,
      k: 1,
      a: Float32Array.of(1, 2),
      b: Float32Array.of(3, 4),
      out,
      bias: Float32Array.of(10, 20),
    });
    expect(Array.from(out)).toEqual([13, 24, 16, 28]);
  });

  it("gives one provider per kernels and choice", () => {
    const context = trainingContext(wasm);
    expect(openGemm(context, "ort")).toBe(openGemm(context, "ort"));
    expect(openGemm(context, "ort")).not.toBe(openGemm(context, "wasm"));
  });
});
