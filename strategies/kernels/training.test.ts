import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { ensureKernelsBuilt } from "@/scripts/buildKernels";
import { loadKernels } from "@/server/models/loadKernels";
import { createReferenceKernels } from "./reference";
import { values, worstDifference } from "./test/cases";
import type { Kernels } from "./types";

const reference = createReferenceKernels();
let wasm: Kernels;

beforeAll(async () => {
  await ensureKernelsBuilt();
  wasm = await loadKernels({ memoryBytes: 64 * 1024 * 1024 });
}, 120_000);

const size = fc.oneof(fc.constantFrom(0, 1, 2, 3, 4, 5), fc.integer({ min: 0, max: 30 }));
const lossCase = fc.record({
  n: size,
  c: fc.integer({ min: 1, max: 21 }),
  seed: fc.nat(1000),
  spread: fc.constantFrom(0.1, 3, 60),
  isWeighted: fc.boolean(),
  isInPlace: fc.boolean(),
});

type LossName = "softmaxCrossEntropy" | "sigmoidCrossEntropy" | "squaredError";

function runLoss(kernels: Kernels, name: LossName, s: { n: number; c: number; seed: number } & LossChoices) {
  const { n, c, seed, spread } = s;
  const logits = values(n * c, seed).map((v) => spread * v);
  const gradient = s.isInPlace ? logits : new Float32Array(n * c).fill(9);
  const rowWeights = s.isWeighted ? values(n, seed + 1).map((v) => v + 1) : undefined;
  const shared = { logits, n, c, gradient, rowWeights, gradientScale: 0.5 };
  const targets = values(n * c, seed + 2).map((v) => (v + 1) / 2);
  const labels = Int32Array.from(values(n, seed + 3), (v) => Math.floor(((v + 1) / 2) * c));
  const loss =
    name === "softmaxCrossEntropy"
      ? kernels.softmaxCrossEntropy({ ...shared, labels })
      : kernels[name]({ ...shared, targets });
  return { loss, gradient };
}

interface LossChoices {
  spread: number;
  isWeighted: boolean;
  isInPlace: boolean;
}

describe("the losses", () => {
  for (const name of ["softmaxCrossEntropy", "sigmoidCrossEntropy", "squaredError"] as const) {
    it(`${name} and its gradient equal the reference, weighted or not, over the logits or beside them`, () => {
      fc.assert(
        fc.property(lossCase, (s) => {
          const expected = runLoss(reference, name, s);
          const actual = runLoss(wasm, name, s);
          expect(Math.abs(actual.loss - expected.loss)).toBeLessThanOrEqual(1e-5 + 2e-6 * Math.abs(expected.loss));
          expect(worstDifference(actual.gradient, expected.gradient)).toBeLessThan(1e-5);
        }),
        { seed: 1, numRuns: 200 },
      );
    });

    it(`the gradient of ${name} agrees with finite differences`, () => {
      const n = 3;
      const c = 5;
      const logits = values(n * c, 1).map((v) => 2 * v);
      const labels = Int32Array.of(0, 4, 2);
      const targets = values(n * c, 2).map((v) => (v + 1) / 2);
      const rowWeights = Float32Array.of(1, 0.5, 2);
      const evaluate = (kernels: Kernels, z: Float32Array, gradient?: Float32Array) => {
        const shared = { logits: z, n, c, rowWeights, gradient, gradientScale: 1 };
        return name === "softmaxCrossEntropy"
          ? kernels.softmaxCrossEntropy({ ...shared, labels })
          : kernels[name]({ ...shared, targets });
      };
      const gradient = new Float32Array(n * c);
      evaluate(wasm, logits, gradient);
      const numeric = logits.map((_, i) => {
        const up = logits.slice();
        const down = logits.slice();
        up[i] += 1e-3;
        down[i] -= 1e-3;
        return (evaluate(reference, up) - evaluate(reference, down)) / (up[i] - down[i]);
      });
      expect(worstDifference(gradient, numeric)).toBeLessThan(2e-5);
    });
  }

  it("stay finite for huge logits", () => {
    const logits = Float32Array.of(3e38, -3e38, 0, 1e30, 1e30, -1e30);
    for (const kernels of [reference, wasm]) {
      const gradient = new Float32Array(6);
      const labels = Int32Array.of(0, 1);
      expect(kernels.softmaxCrossEntropy({ logits, n: 2, c: 3, labels, gradient, gradientScale: 1 })).toBeCloseTo(
        Math.log(2),
        5,
      );
      expect(gradient.every(Number.isFinite)).toBe(true);
    }
  });

  it("refuse labels outside the classes", () => {
    const args = { logits: new Float32Array(6), n: 2, c: 3, gradientScale: 1 };
    for (const kernels of [reference, wasm]) {
      expect(() => kernels.softmaxCrossEntropy({ ...args, labels: Int32Array.of(0, 3) })).toThrow(
        /labels must lie in 0 … 2, got 3 at position 1/,
      );
    }
  });

  it("sum the same bits whether the logits lie in kernel memory or are copied in blocks", () => {
    const n = 40_001;
    const c = 11;
    const mark = wasm.mark();
    const logits = values(n * c, 4);
    const own = wasm.allocF32(n * c);
    own.set(logits);
    const labels = Int32Array.from({ length: n }, (_, i) => i % c);
    const call = (z: Float32Array) => wasm.softmaxCrossEntropy({ logits: z, n, c, labels, gradientScale: 1 });
    expect(call(logits)).toBe(call(own));
    wasm.release(mark);
  });
});

describe("adam", () => {
  it("follows the reference over several steps, with decoupled weight decay", () => {
    fc.assert(
      fc.property(size, fc.nat(1000), (n, seed) => {
        const states = [reference, wasm].map((kernels) => {
          const state = { w: values(n, seed), m: new Float32Array(n), v: new Float32Array(n) };
          for (let step = 1; step <= 5; step++) {
            const g = values(n, seed + step);
            const rates = { learningRate: 0.01, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.1 };
            kernels.adam({ ...state, g, step, ...rates });
          }
          return state;
        });
        expect(worstDifference(states[1].w, states[0].w)).toBeLessThan(1e-5);
        expect(worstDifference(states[1].m, states[0].m)).toBeLessThan(1e-6);
        expect(worstDifference(states[1].v, states[0].v)).toBeLessThan(1e-6);
      }),
      { seed: 2, numRuns: 100 },
    );
  });
});

describe("activations", () => {
  it("relu, its gradient and sigmoid equal the reference for any length and any value", () => {
    fc.assert(
      fc.property(fc.array(fc.float({ noNaN: false }), { maxLength: 40 }), (list) => {
        const x = Float32Array.from(list);
        const results = [reference, wasm].map((kernels) => {
          const activated = x.slice();
          kernels.relu(activated, x.length);
          const gradient = values(x.length, 3);
          kernels.reluBackward(gradient, activated, x.length);
          const probability = x.slice();
          kernels.sigmoid(probability, x.length, 2);
          return { activated, gradient, probability };
        });
        expect(results[1].activated).toEqual(results[0].activated);
        expect(worstDifference(results[1].gradient, results[0].gradient)).toBe(0);
        expect(worstDifference(results[1].probability, results[0].probability)).toBeLessThan(5e-7);
      }),
      { seed: 3, numRuns: 300 },
    );
  });
});

const poolCase = fc.record({
  n: fc.integer({ min: 0, max: 3 }),
  h: fc.integer({ min: 1, max: 8 }),
  w: fc.integer({ min: 1, max: 8 }),
  c: fc.integer({ min: 1, max: 9 }),
  size: fc.integer({ min: 1, max: 3 }),
  stride: fc.integer({ min: 1, max: 3 }),
});

describe("maxPool", () => {
  it("and its gradient equal the reference exactly, ties going to the first value of the window", () => {
    fc.assert(
      fc.property(poolCase, fc.nat(100), (s, seed) => {
        const steps = (length: number) => (length < s.size ? 0 : Math.floor((length - s.size) / s.stride) + 1);
        const nOutput = s.n * steps(s.h) * steps(s.w) * s.c;
        // Few distinct values make ties common.
        const x = values(s.n * s.h * s.w * s.c, seed).map((v) => Math.round(2 * v));
        const results = [reference, wasm].map((kernels) => {
          const out = new Float32Array(nOutput);
          const argmax = new Int32Array(nOutput);
          kernels.maxPool({ ...s, x, out, argmax });
          const back = new Float32Array(x.length).fill(9);
          kernels.maxPoolBackward({ gradient: values(nOutput, 5), nOutput, argmax, out: back, nInput: x.length });
          return { out, argmax, back };
        });
        expect(results[1]).toEqual(results[0]);
      }),
      { seed: 4, numRuns: 300 },
    );
  });

  it("gives flat positions over all images when images are copied in blocks, and equal bits inside kernel memory", () => {
    const s = { n: 40, h: 32, w: 32, c: 4, size: 2, stride: 2 };
    const mark = wasm.mark();
    const x = values(s.n * 4096, 6);
    const nOutput = s.n * 1024;
    const expected = { out: new Float32Array(nOutput), argmax: new Int32Array(nOutput) };
    const outside = { out: new Float32Array(nOutput), argmax: new Int32Array(nOutput) };
    const own = { out: wasm.allocF32(nOutput), argmax: wasm.allocI32(nOutput) };
    const ownX = wasm.allocF32(x.length);
    ownX.set(x);
    reference.maxPool({ ...s, x, ...expected });
    wasm.maxPool({ ...s, x, ...outside });
    wasm.maxPool({ ...s, x: ownX, ...own });
    expect(outside).toEqual(expected);
    expect(Int32Array.from(own.argmax)).toEqual(expected.argmax);
    const back = wasm.allocF32(x.length);
    const expectedBack = new Float32Array(x.length);
    wasm.maxPoolBackward({ gradient: own.out, nOutput, argmax: own.argmax, out: back, nInput: x.length });
    reference.maxPoolBackward({
      gradient: expected.out,
      nOutput,
      argmax: expected.argmax,
      out: expectedBack,
      nInput: x.length,
    });
    expect(Float32Array.from(back)).toEqual(expectedBack);
    wasm.release(mark);
  });
});
