import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import { ensureKernelsBuilt } from "@/scripts/buildKernels";
import type { Floats, Kernels } from "./index";
import { createReferenceKernels, instantiateKernels } from "./index";
import { values, worstDifference } from "./test/cases";

const reference = createReferenceKernels();
let wasm: Kernels;

beforeAll(async () => {
  const { path } = await ensureKernelsBuilt();
  wasm = await instantiateKernels(readFileSync(path), { memoryBytes: 32 << 20 });
}, 120_000);

const PRECISIONS = ["f32", "f64"] as const;
type Precision = (typeof PRECISIONS)[number];

function floats(precision: Precision, n: number, seed: number): Floats {
  const plain = values(n, seed);
  return precision === "f64" ? Float64Array.from(plain) : plain;
}

function empty(precision: Precision, n: number): Floats {
  return precision === "f64" ? new Float64Array(n) : new Float32Array(n);
}

const TOLERANCE = { f32: 2e-6, f64: 1e-14 } as const;

describe.each(PRECISIONS)("features in %s", (precision) => {
  test.each([1, 2, 3, 4, 7, 16, 31, 64, 130])("products of rows of width %i agree with the reference", (d) => {
    const n = 37;
    const x = floats(precision, n * d, d);
    const vector = floats(precision, d, d + 1);
    const [a, b] = [empty(precision, n), empty(precision, n)];
    reference.rowDots({ x, n, d, vector, out: a });
    wasm.rowDots({ x, n, d, vector, out: b });
    expect(worstDifference(b, a)).toBeLessThan(TOLERANCE[precision] * d);
    reference.rowSquares({ x, n, d, out: a });
    wasm.rowSquares({ x, n, d, out: b });
    expect(worstDifference(b, a)).toBeLessThan(TOLERANCE[precision] * d);
  });

  test("a row's product has the same bits in every kernel, inside and outside kernel memory", () => {
    for (const d of [5, 18, 64, 67]) {
      const [n, m] = [23, 5];
      const x = floats(precision, n * d, 3);
      const centers = x.slice(0, m * d) as Floats;
      const norms = empty(precision, n);
      wasm.rowSquares({ x, n, d, out: norms });
      const many = { minDist: empty(precision, n).fill(9e9), owner: new Int32Array(n).fill(-1) };
      wasm.nearestCenters({
        x,
        n,
        d,
        norms,
        centers,
        centerNorms: norms.slice(0, m) as Floats,
        m,
        firstIndex: 0,
        isClamped: false,
        ...many,
      });
      const mark = wasm.mark();
      const inside = precision === "f64" ? wasm.allocF64(n * d) : wasm.allocF32(n * d);
      inside.set(x);
      const one = { minDist: empty(precision, n).fill(9e9), owner: new Int32Array(n).fill(-1) };
      for (let j = 0; j < m; j++) {
        const center = inside.subarray(j * d, (j + 1) * d);
        const centerNorms = norms.slice(j, j + 1) as Floats;
        wasm.nearestCenters({
          x: inside,
          n,
          d,
          norms,
          centers: center,
          centerNorms,
          m: 1,
          firstIndex: j,
          isClamped: false,
          ...one,
        });
      }
      wasm.release(mark);
      expect([...one.minDist]).toEqual([...many.minDist]);
      expect([...one.owner]).toEqual([...many.owner]);
      // A centre's distance to itself is exactly 0, and the first centre wins a tie.
      for (let j = 0; j < m; j++) expect(many.minDist[j]).toBe(0);
      const reach = { minDist: empty(precision, n).fill(9e9), owner: new Int32Array(n).fill(-1) };
      reference.nearestCenters({
        x,
        n,
        d,
        norms,
        centers,
        centerNorms: norms.slice(0, m) as Floats,
        m,
        firstIndex: 0,
        isClamped: false,
        ...reach,
      });
      expect(worstDifference(many.minDist, reach.minDist)).toBeLessThan(TOLERANCE[precision] * 10 * d);
    }
  });

  test("short rows leave out only rows that are not nearer", () => {
    const [n, d] = [500, 24];
    const x = floats(precision, n * d, 7);
    // Directions of the first coordinates: the last place holds the norm of the rest.
    const [short, long] = [new Float32Array(n * 8), new Float32Array(n * 8)];
    for (let i = 0; i < n; i++) {
      const restFrom = (from: number) => Math.hypot(...x.subarray(i * d + from, (i + 1) * d));
      for (let j = 0; j < 7; j++) short[i * 8 + j] = x[i * d + j];
      for (let j = 0; j < 7; j++) long[i * 8 + j] = x[i * d + 7 + j];
      short[i * 8 + 7] = restFrom(7);
      long[i * 8 + 7] = restFrom(14);
    }
    const norms = empty(precision, n);
    reference.rowSquares({ x, n, d, out: norms });
    const slacks = empty(precision, n).fill(1e-4);
    for (const kernels of [reference, wasm]) {
      const full = { minDist: empty(precision, n).fill(9e9), owner: new Int32Array(n).fill(-1) };
      const pruned = { minDist: empty(precision, n).fill(9e9), owner: new Int32Array(n).fill(-1) };
      let evaluated = 0;
      for (let c = 0; c < 60; c++) {
        const center = x.slice(c * d, (c + 1) * d) as Floats;
        const centerNorms = norms.slice(c, c + 1) as Floats;
        kernels.nearestCenters({
          x,
          n,
          d,
          norms,
          centers: center,
          centerNorms,
          m: 1,
          firstIndex: c,
          isClamped: true,
          ...full,
        });
        const part = (rows: Float32Array) => ({ rows, center: rows.slice(c * 8, (c + 1) * 8), dim: 8 });
        evaluated += kernels.nearestPruned({
          ...{ x, n, d, norms, center, centerNorm: norms[c], centerIndex: c, isClamped: true, ...pruned },
          ...{ short: part(short), long: part(long), slacks, centerSlack: 1e-4 },
        });
      }
      expect([...pruned.minDist]).toEqual([...full.minDist]);
      expect([...pruned.owner]).toEqual([...full.owner]);
      expect(evaluated).toBeLessThan(0.9 * 60 * n);
    }
  });

  test("the heap gives the picks of full passes", () => {
    const [n, d, count] = [300, 9, 40];
    const x = floats(precision, n * d, 11);
    for (let i = 0; i < 20; i++) x.copyWithin((n - 1 - i) * d, i * d, (i + 1) * d);
    for (const kernels of [reference, wasm]) {
      const norms = empty(precision, n);
      kernels.rowSquares({ x, n, d, out: norms });
      const minDist = empty(precision, n).fill(Number.POSITIVE_INFINITY);
      const owner = new Int32Array(n).fill(-1);
      const values = minDist.slice() as Floats;
      const heap = new Int32Array(n);
      const steps = new Int32Array(n);
      const lazyOwner = new Int32Array(n).fill(-1);
      const vectors = empty(precision, count * d);
      const scalars = empty(precision, count);
      kernels.orderHeap(heap, n, values);
      let next = 5;
      for (let t = 0; t < count; t++) {
        vectors.set(x.subarray(next * d, (next + 1) * d), t * d);
        scalars[t] = norms[next];
        const centers = x.slice(next * d, (next + 1) * d) as Floats;
        kernels.nearestCenters({
          x,
          n,
          d,
          norms,
          centers,
          centerNorms: norms.slice(next, next + 1) as Floats,
          m: 1,
          firstIndex: t,
          minDist,
          owner,
          isClamped: true,
        });
        let best = 0;
        for (let i = 0; i < n; i++) if (minDist[i] > minDist[best]) best = i;
        const row = kernels.farthestOfHeap({
          x,
          d,
          norms,
          vectors,
          scalars,
          nVectors: t + 1,
          heap,
          n,
          values,
          owner: lazyOwner,
          steps,
        });
        expect(row).toBe(best);
        expect(values[row]).toBe(minDist[best]);
        expect(lazyOwner[row]).toBe(owner[best]);
        next = best;
      }
      expect(steps.reduce((sum, step) => sum + step, 0)).toBeLessThan(n * count);
    }
  });

  test.each(["squared-distance", "distance", "count"] as const)("the largest cluster by %s", (weight) => {
    const n = 200;
    const minDist = floats(precision, n, 5).map((value) => Math.abs(value)) as Floats;
    const owner = Int32Array.from({ length: n }, (_, i) => ((i * 7) % 9) - 1);
    const taken = Int32Array.from({ length: n }, (_, i) => +(i % 11 === 0));
    const [a, b] = [new Float64Array(8), new Float64Array(8)];
    const expected = reference.largestCluster({ minDist, owner, taken, n, weight, sizes: a, nCenters: 8 });
    expect(wasm.largestCluster({ minDist, owner, taken, n, weight, sizes: b, nCenters: 8 })).toBe(expected);
    expect([...b]).toEqual([...a]);
    expect(taken[expected]).toBe(0);
    expect(a[owner[expected]]).toBe(Math.max(...a));
  });
});

test("products in float64: pairs of vectors, matrices and variances by heap", () => {
  const [m, n, k] = [13, 21, 17];
  const a = Float64Array.from(values(m * k, 1));
  const b = Float64Array.from(values(k * n, 2));
  for (const [transA, transB] of [
    [false, false],
    [true, false],
    [false, true],
    [true, true],
  ]) {
    const out = Float64Array.from(values(m * n, 3));
    const expected = out.slice();
    wasm.gemmF64({ m, n, k, a, b, out, transA, transB, alpha: 0.5, beta: 2 });
    reference.gemmF64({ m, n, k, a, b, out: expected, transA, transB, alpha: 0.5, beta: 2 });
    expect(worstDifference(out, expected)).toBeLessThan(1e-13);
  }
  for (const d of [1, 2, 9, 32, 45]) {
    const x = Float64Array.from(values(40 * d, d));
    const [first, second] = [Float64Array.from(values(d, 8)), Float64Array.from(values(d, 9))];
    const [one, two, expected] = [new Float64Array(40), new Float64Array(40), new Float64Array(40)];
    wasm.rowDotPairs({ x, n: 40, d, first, second, outFirst: one, outSecond: two });
    wasm.rowDots({ x, n: 40, d, vector: first, out: expected });
    expect([...one]).toEqual([...expected]);
    wasm.rowDots({ x, n: 40, d, vector: second, out: expected });
    expect([...two]).toEqual([...expected]);
  }
});

test("arrays that are too short and mixed element types are refused with the array's name", () => {
  for (const kernels of [reference, wasm]) {
    const x = new Float32Array(6);
    const vector = new Float32Array(2);
    expect(() => kernels.rowDots({ x, n: 4, d: 2, vector, out: new Float32Array(4) })).toThrow(/rowDots: x/);
    expect(() => kernels.rowDots({ x, n: 3, d: 2, vector, out: new Float64Array(3) })).toThrow(/out is a Float64Array/);
  }
});
