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

function insideF32(array: Float32Array): Float32Array {
  const copy = wasm.allocF32(array.length);
  copy.set(array);
  return copy;
}

function insideF64(array: Float64Array): Float64Array {
  const copy = wasm.allocF64(array.length);
  copy.set(array);
  return copy;
}

describe("gradientDistanceUpdate", () => {
  const shape = fc.record({
    n: fc.integer({ min: 0, max: 40 }),
    d: fc.integer({ min: 0, max: 40 }),
    c: fc.integer({ min: 1, max: 12 }),
    steps: fc.integer({ min: 1, max: 4 }),
    seed: fc.nat(1000),
  });

  /** Factors of n gradients and the lengths that the kernel is to be given. */
  function factors(n: number, d: number, c: number, seed: number) {
    const x = values(n * d, seed);
    const p = values(n * c, seed + 1);
    const square = (v: Float32Array, i: number, w: number) =>
      v.subarray(i * w, (i + 1) * w).reduce((s, e) => s + e * e, 0);
    const lengths = Float32Array.from({ length: n }, (_, i) => Math.sqrt(square(x, i, d)));
    const norms = Float32Array.from({ length: n }, (_, i) => square(x, i, d) * square(p, i, c));
    return { n, d, c, x, p, lengths, norms };
  }

  type Factors = Omit<
    Parameters<Kernels["gradientDistanceUpdate"]>[0],
    "center" | "centerLength" | "centerP" | "centerNorm" | "minDist"
  >;

  function walk(kernels: Kernels, given: Factors, steps: number) {
    const { n, d, c, x, p, lengths, norms } = given;
    const minDist = new Float32Array(n).fill(Number.POSITIVE_INFINITY);
    const closest = new Int32Array(n).fill(-1);
    for (let step = 0; step < Math.min(steps, n); step++) {
      kernels.gradientDistanceUpdate({
        ...given,
        center: x.subarray(step * d, (step + 1) * d),
        centerLength: lengths[step],
        centerP: p.subarray(step * c, (step + 1) * c),
        centerNorm: norms[step],
        minDist,
        closest,
        centerIndex: step,
      });
    }
    return { minDist, closest };
  }

  it("gives the distances of the gradients written out, in kernel memory or not", () => {
    fc.assert(
      fc.property(shape, ({ n, d, c, steps, seed }) => {
        const mark = wasm.mark();
        const given = factors(n, d, c, seed);
        const expected = walk(reference, given, steps);
        const outside = walk(wasm, given, steps);
        const { x, p, lengths, norms } = given;
        const inside = walk(
          wasm,
          { ...given, x: insideF32(x), p: insideF32(p), lengths: insideF32(lengths), norms: insideF32(norms) },
          steps,
        );
        const largest = Math.max(1, ...norms);
        expect(worstDifference(inside.minDist, expected.minDist)).toBeLessThanOrEqual(2e-6 * largest);
        expect(outside).toEqual({ minDist: inside.minDist, closest: inside.closest });
        // Written out: the outer products themselves.
        for (let i = 0; i < n; i++) {
          let least = Number.POSITIVE_INFINITY;
          for (let step = 0; step < Math.min(steps, n); step++) {
            let sum = 0;
            for (let a = 0; a < c; a++) {
              for (let j = 0; j < d; j++) sum += (p[i * c + a] * x[i * d + j] - p[step * c + a] * x[step * d + j]) ** 2;
            }
            least = Math.min(least, sum);
          }
          expect(Math.abs(inside.minDist[i] - least) <= 2e-6 * largest || least === inside.minDist[i]).toBe(true);
        }
        wasm.release(mark);
      }),
      { seed: 1, numRuns: 200 },
    );
  });

  it("leaves rows alone that are marked by 0 and refuses arrays that are too short", () => {
    const given = factors(5, 8, 3, 7);
    const minDist = new Float32Array(5);
    const args = { ...given, center: given.x.subarray(0, 8), centerLength: given.lengths[0] };
    wasm.gradientDistanceUpdate({ ...args, centerP: given.p.subarray(0, 3), centerNorm: given.norms[0], minDist });
    expect([...minDist]).toEqual([0, 0, 0, 0, 0]);
    const short = { ...args, centerP: new Float32Array(2), centerNorm: 1, minDist };
    for (const kernels of [reference, wasm]) {
      expect(() => kernels.gradientDistanceUpdate(short)).toThrow(/centerP must hold at least 3/);
    }
  });
});

describe("fisherStep", () => {
  const shape = fc.record({
    n: fc.integer({ min: 0, max: 12 }),
    k: fc.integer({ min: 1, max: 9 }),
    isCoupled: fc.boolean(),
    isFirst: fc.boolean(),
    sign: fc.constantFrom<1 | -1>(1, -1),
    seed: fc.nat(1000),
  });

  /** Symmetric pairs; A positive semidefinite and, for sign −1, below I. */
  function pairs(n: number, k: number, seed: number) {
    const a = new Float64Array(n * k * k);
    const b = new Float64Array(n * k * k);
    for (let i = 0; i < n; i++) {
      const root = values(k * k, seed + i);
      const other = values(k * k, seed + 99 + i);
      for (let r = 0; r < k; r++) {
        for (let c = 0; c < k; c++) {
          let sum = 0;
          for (let q = 0; q < k; q++) sum += root[r * k + q] * root[c * k + q];
          a[(i * k + r) * k + c] = sum / (4 * k * k);
          b[(i * k + r) * k + c] = (other[r * k + c] + other[c * k + r]) / 2;
        }
      }
    }
    return { a, b };
  }

  it("equals the reference to 1e-11, in kernel memory or not", () => {
    fc.assert(
      fc.property(shape, ({ n, k, isCoupled, isFirst, sign, seed }) => {
        const mark = wasm.mark();
        const scales = Float64Array.from(values(n * k, seed), Math.abs);
        const p = isCoupled ? Float64Array.from(values(n * k, seed + 1)) : undefined;
        const products = isFirst ? undefined : Float64Array.from(values(n * k * 2 * k, seed + 2), (v) => v / (8 * k));
        const run = (kernels: Kernels, place: (array: Float64Array) => Float64Array) => {
          const { a, b } = pairs(n, k, seed);
          const args = {
            ...{ n, k, sign, scales: place(scales), p: p && place(p), products: products && place(products) },
            ...{ a: place(a), b: place(b), traces: place(new Float64Array(n)) },
          };
          kernels.fisherStep(args);
          return [args.a, args.b, args.traces].map((array) => array.slice());
        };
        const expected = run(reference, (array) => array);
        const outside = run(wasm, (array) => array);
        const inside = run(wasm, insideF64);
        expected.forEach((array, i) => {
          expect(worstDifference(inside[i], array)).toBeLessThanOrEqual(1e-11);
        });
        expect(outside).toEqual(inside);
        wasm.release(mark);
      }),
      { seed: 1, numRuns: 200 },
    );
  });

  it("says infinity where a matrix is not positive definite, and refuses too many classes", () => {
    for (const kernels of [reference, wasm]) {
      const traces = new Float64Array(1);
      kernels.fisherStep({
        ...{ n: 1, k: 1, sign: -1, scales: Float64Array.of(1), traces },
        ...{ a: Float64Array.of(1), b: Float64Array.of(2) },
      });
      expect(traces[0]).toBe(Number.POSITIVE_INFINITY);
      const huge = { n: 0, k: 225, scales: new Float64Array(0), a: new Float64Array(0), b: new Float64Array(0) };
      expect(() => kernels.fisherStep({ ...huge, sign: 1, traces: new Float64Array(0) })).toThrow(
        /at most 224 classes/,
      );
    }
  });
});
