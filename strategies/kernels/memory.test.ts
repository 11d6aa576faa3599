import { createHash } from "node:crypto";
import { beforeAll, describe, expect, it } from "vitest";
import { ensureKernelsBuilt } from "@/scripts/buildKernels";
import { loadKernels } from "@/server/models/loadKernels";
import { instantiateKernels } from "./instantiateKernels";
import { values } from "./test/cases";
import type { Kernels } from "./types";
import { KernelMemoryError } from "./wasm/arena";

const MIB = 1024 * 1024;

beforeAll(async () => {
  await ensureKernelsBuilt();
}, 120_000);

describe("kernel memory", () => {
  it("hands out zeroed, 64-byte aligned arrays that do not overlap, and takes them back in stack order", async () => {
    const kernels = await loadKernels({ memoryBytes: 16 * MIB });
    const mark = kernels.mark();
    const a = kernels.allocF32(3).fill(7);
    const b = kernels.allocF64(5).fill(8);
    const c = kernels.allocI32(1).fill(9);
    for (const array of [a, b, c]) {
      expect(array.byteOffset % 64).toBe(0);
      expect(array.buffer).toBe(kernels.memory?.buffer);
    }
    expect([...a, ...b, ...c]).toEqual([7, 7, 7, 8, 8, 8, 8, 8, 9]);
    kernels.release(mark);
    const again = kernels.allocF32(40);
    expect(again.byteOffset).toBe(a.byteOffset);
    expect(again.every((value) => value === 0)).toBe(true);
  });

  it("says what was asked and what is left when it is exhausted, and stays usable", async () => {
    const kernels = await loadKernels({ memoryBytes: 8 * MIB });
    expect(() => kernels.allocF32(4 * MIB)).toThrow(/exhausted: 4194304 elements \(16777216 bytes\) were asked for/);
    expect(() => kernels.allocF32(4 * MIB)).toThrow(KernelMemoryError);
    expect(() => kernels.allocF32(-1)).toThrow(RangeError);
    expect(() => kernels.release(0)).toThrow(/release: the mark/);
    expect(kernels.allocF32(10)).toHaveLength(10);
  });

  it("works beyond 2 GiB, where addresses no longer fit a signed 32-bit number", async () => {
    const kernels = await loadKernels({ memoryBytes: 2200 * MIB });
    // Reserved, not committed: only what is written below takes real memory.
    kernels.allocF32(540 * MIB);
    const x = kernels.allocF32(1000);
    expect(x.byteOffset).toBeGreaterThan(2 ** 31);
    x.fill(2);
    expect(kernels.sum(x)).toBe(2000);
    const out = kernels.allocF32(100);
    kernels.gemm({ m: 10, n: 10, k: 100, a: x, b: x, out });
    expect(out.every((value) => value === 400)).toBe(true);
  });

  it("refuses sizes that cannot be", async () => {
    await expect(instantiateKernels(new Uint8Array(), { memoryBytes: 1000 })).rejects.toThrow(/got 1000/);
    await expect(instantiateKernels(new Uint8Array(), { memoryBytes: 2 ** 40 })).rejects.toThrow(RangeError);
  });
});

/** Everything a training step and a selection pass compute, as one digest of bits. */
function digest(kernels: Kernels): string {
  const hash = createHash("sha256");
  const n = 203;
  const c = 37;
  const d = 129;
  const x = values(n * d, 1);
  const logits = new Float32Array(n * c);
  kernels.gemm({ m: n, n: c, k: d, a: x, b: values(d * c, 2), out: logits });
  hash.update(logits);
  const gradient = new Float32Array(n * c);
  const labels = Int32Array.from({ length: n }, (_, i) => i % c);
  hash.update(String(kernels.softmaxCrossEntropy({ logits, n, c, labels, gradient, gradientScale: 1 / n })));
  hash.update(gradient);
  kernels.softmaxRows(logits, n, c, 0.7);
  const entropy = new Float32Array(n);
  kernels.rowStats(logits, n, c, { entropy });
  hash.update(logits).update(entropy);
  const w = values(n * c, 3);
  const rates = { learningRate: 0.01, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.01 };
  kernels.adam({ w, g: gradient, m: new Float32Array(n * c), v: new Float32Array(n * c), step: 1, ...rates });
  hash.update(w);
  const a = new Float64Array(n * n);
  for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) a[i * n + j] = i === j ? 4 : 1 / (1 + Math.abs(i - j));
  kernels.cholesky(a, n);
  return hash.update(a).digest("hex");
}

describe("determinism", () => {
  it("gives the same bits on every call, in a fresh instance and after the compiler has tiered up", async () => {
    const kernels = await loadKernels({ memoryBytes: 16 * MIB });
    const first = digest(kernels);
    for (let i = 0; i < 200; i++) digest(kernels);
    expect(digest(kernels)).toBe(first);
    expect(digest(await loadKernels({ memoryBytes: 32 * MIB }))).toBe(first);
  });

  it("gives the recorded bits on every machine: a change of kernel that changes results is a decision", async () => {
    expect(digest(await loadKernels({ memoryBytes: 16 * MIB }))).toBe(
      "9f44f593e8b5ac3e5362c1aebce5cb8c2922f10c7429ce140db9776607dbf4c9",
    );
  });
});
