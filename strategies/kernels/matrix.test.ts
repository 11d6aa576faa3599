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

function insideCopy(array: Float32Array): Float32Array {
  const copy = wasm.allocF32(array.length);
  copy.set(array);
  return copy;
}

function expectClose(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number): void {
  expect(worstDifference(actual, expected)).toBeLessThanOrEqual(tolerance);
}

const dimension = fc.oneof(fc.constantFrom(0, 1, 2, 3, 4, 5, 7, 8, 9), fc.integer({ min: 0, max: 70 }));
const shape = fc.record({
  m: dimension,
  n: dimension,
  k: fc.oneof(dimension, fc.constantFrom(255, 256, 257, 515)),
  transA: fc.boolean(),
  transB: fc.boolean(),
  alpha: fc.constantFrom(1, -1, 0.5),
  beta: fc.constantFrom(0, 1, -0.25),
  seed: fc.nat(1000),
});

describe("gemm", () => {
  it("equals the reference for every shape, transposition, alpha and beta, in kernel memory or not", () => {
    fc.assert(
      fc.property(shape, ({ m, n, k, seed, ...rest }) => {
        const mark = wasm.mark();
        const a = values(m * k, seed);
        const b = values(k * n, seed + 1);
        const expected = values(m * n, seed + 2);
        const outside = expected.slice();
        const inside = insideCopy(expected);
        reference.gemm({ m, n, k, a, b, out: expected, ...rest });
        wasm.gemm({ m, n, k, a, b, out: outside, ...rest });
        wasm.gemm({ m, n, k, a: insideCopy(a), b: insideCopy(b), out: inside, ...rest });
        expectClose(inside, expected, 3e-7 * (k + 2));
        expect(outside).toEqual(Float32Array.from(inside));
        wasm.release(mark);
      }),
      { seed: 1, numRuns: 300 },
    );
  });

  it("gives the same bits when matrices larger than the staging area are copied tile by tile", () => {
    for (const [m, n, k, transA, transB] of [
      [1030, 530, 1100, false, false],
      [530, 70, 2050, true, true],
      [3000, 3, 700, false, true],
    ] as const) {
      const mark = wasm.mark();
      const a = values(m * k, 7);
      const b = values(k * n, 8);
      const inside = wasm.allocF32(m * n);
      const outside = new Float32Array(m * n).fill(Number.NaN);
      wasm.gemm({ m, n, k, a: insideCopy(a), b: insideCopy(b), out: inside, transA, transB });
      wasm.gemm({ m, n, k, a, b, out: outside, transA, transB });
      expect(outside).toEqual(Float32Array.from(inside));
      wasm.release(mark);
    }
  });

  it("never reads the old output when beta is 0", () => {
    const out = new Float32Array(6).fill(Number.NaN);
    wasm.gemm({ m: 2, n: 3, k: 1, a: values(2, 1), b: values(3, 2), out });
    expect(out.some(Number.isNaN)).toBe(false);
  });

  it("refuses arrays that are shorter than their shape", () => {
    for (const kernels of [reference, wasm]) {
      const call = () => kernels.gemm({ m: 2, n: 2, k: 2, a: values(3, 1), b: values(4, 2), out: new Float32Array(4) });
      expect(call).toThrow(/gemm: a must hold at least 4 elements for this shape, got 3/);
    }
  });
});

/** A symmetric positive definite matrix: G·Gᵀ / n + 0.1·I. */
function positiveDefinite(n: number, seed: number): Float64Array {
  const g = Float64Array.from(values(n * n, seed));
  const a = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let total = i === j ? 0.1 : 0;
      for (let l = 0; l < n; l++) total += (g[i * n + l] * g[j * n + l]) / n;
      a[i * n + j] = total;
      a[j * n + i] = total;
    }
  }
  return a;
}

describe("cholesky and the triangular solves", () => {
  it("equal the reference for sizes around the block borders and any number of right-hand sides", () => {
    for (const n of [0, 1, 2, 3, 15, 16, 17, 31, 33, 64, 65, 100, 130, 200]) {
      for (const r of [0, 1, 3, 4, 8, 13]) {
        const a = positiveDefinite(n, n + 1);
        const b = Float64Array.from(values(n * r, r + 5));
        const expectedL = a.slice();
        const expectedX = b.slice();
        const l = a.slice();
        const x = b.slice();
        expect(reference.cholesky(expectedL, n)).toBe(true);
        expect(wasm.cholesky(l, n)).toBe(true);
        expectClose(l, expectedL, 1e-12);
        reference.choleskySolve(expectedL, n, expectedX, r);
        wasm.choleskySolve(l, n, x, r);
        expectClose(x, expectedX, 1e-10);
        const lower = b.slice();
        wasm.solveLower(l, n, lower, r);
        wasm.solveLowerTransposed(l, n, lower, r);
        expect(lower).toEqual(x);
      }
    }
  });

  it("reads the lower triangle only and clears the upper one", () => {
    const n = 40;
    const a = positiveDefinite(n, 3);
    const spoiled = a.slice();
    for (let i = 0; i < n; i++) for (let j = i + 1; j < n; j++) spoiled[i * n + j] = Number.NaN;
    for (const kernels of [reference, wasm]) {
      const clean = a.slice();
      const other = spoiled.slice();
      expect(kernels.cholesky(clean, n)).toBe(true);
      expect(kernels.cholesky(other, n)).toBe(true);
      expect(other).toEqual(clean);
      expect(clean[1]).toBe(0);
    }
  });

  it("gives the same bits in kernel memory and outside it", () => {
    const n = 90;
    const mark = wasm.mark();
    const inside = wasm.allocF64(n * n);
    inside.set(positiveDefinite(n, 4));
    const outside = positiveDefinite(n, 4);
    wasm.cholesky(inside, n);
    wasm.cholesky(outside, n);
    expect(outside).toEqual(Float64Array.from(inside));
    wasm.release(mark);
  });

  it("answers false for a matrix that is not positive definite, at any pivot, and for NaN", () => {
    for (const kernels of [reference, wasm]) {
      for (const pivot of [0, 5, 20, 39]) {
        for (const value of [0, -1, Number.NaN, Number.POSITIVE_INFINITY]) {
          const a = new Float64Array(1600);
          for (let i = 0; i < 40; i++) a[i * 41] = i === pivot ? value : 1;
          expect(kernels.cholesky(a, 40)).toBe(false);
        }
      }
    }
  });
});

const patchShape = fc.record({
  n: fc.integer({ min: 0, max: 3 }),
  h: fc.integer({ min: 1, max: 9 }),
  w: fc.integer({ min: 1, max: 9 }),
  c: fc.integer({ min: 1, max: 9 }),
  kh: fc.integer({ min: 1, max: 4 }),
  kw: fc.integer({ min: 1, max: 4 }),
  stride: fc.integer({ min: 1, max: 3 }),
  pad: fc.integer({ min: 0, max: 3 }),
});

describe("im2col and col2im", () => {
  const columnsLength = (s: { n: number; h: number; w: number; c: number; kh: number; kw: number } & PatchSteps) =>
    s.n * steps(s.h, s.kh, s) * steps(s.w, s.kw, s) * s.kh * s.kw * s.c;

  it("equal the reference exactly for every window, stride and padding", () => {
    fc.assert(
      fc.property(patchShape, (s) => {
        const x = values(s.n * s.h * s.w * s.c, 3);
        const expected = new Float32Array(columnsLength(s)).fill(9);
        const actual = expected.slice();
        reference.im2col({ ...s, x, out: expected });
        wasm.im2col({ ...s, x, out: actual });
        expect(actual).toEqual(expected);
      }),
      { seed: 2, numRuns: 300 },
    );
  });

  it("are adjoint: ⟨im2col x, y⟩ = ⟨x, col2im y⟩", () => {
    fc.assert(
      fc.property(patchShape, (s) => {
        for (const kernels of [reference, wasm]) {
          const x = values(s.n * s.h * s.w * s.c, 3);
          const y = values(columnsLength(s), 4);
          const columns = new Float32Array(y.length);
          const image = new Float32Array(x.length).fill(9);
          kernels.im2col({ ...s, x, out: columns });
          kernels.col2im({ ...s, columns: y, out: image });
          expect(Math.abs(kernels.dot(columns, y) - kernels.dot(x, image))).toBeLessThan(1e-4);
        }
      }),
      { seed: 3, numRuns: 100 },
    );
  });
});

interface PatchSteps {
  stride: number;
  pad: number;
}

function steps(length: number, window: number, { stride, pad }: PatchSteps): number {
  return length + 2 * pad < window ? 0 : Math.floor((length + 2 * pad - window) / stride) + 1;
}
