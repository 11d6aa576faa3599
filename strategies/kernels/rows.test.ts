import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { ensureKernelsBuilt } from "@/scripts/buildKernels";
import { loadKernels } from "@/server/models/loadKernels";
import { createReferenceKernels } from "./reference";
import { values, worstDifference, worstRatio } from "./test/cases";
import type { Kernels } from "./types";

const reference = createReferenceKernels();
let wasm: Kernels;

beforeAll(async () => {
  await ensureKernelsBuilt();
  wasm = await loadKernels({ memoryBytes: 64 * 1024 * 1024 });
}, 120_000);

function inside(array: Float32Array): Float32Array {
  const copy = wasm.allocF32(array.length);
  copy.set(array);
  return copy;
}

const size = fc.oneof(fc.constantFrom(0, 1, 2, 3, 4, 5), fc.integer({ min: 0, max: 40 }));
const rowsAndColumns = fc.record({ n: size, c: size, seed: fc.nat(1000) });

/** Every float32 is equally likely in its bits: tiny, huge, subnormal, infinite and NaN included. */
const anyFloat = fc.float({ noDefaultInfinity: false, noNaN: false });

describe("exp and log", () => {
  const sweep = (from: number, to: number, n: number) =>
    Float32Array.from({ length: n }, (_, i) => from + ((to - from) * i) / (n - 1));

  it("exp is within 3e-7 of the truth from −87 to 88.7", () => {
    const expected = sweep(-87, 88.7, 200_001);
    const actual = expected.slice();
    reference.exp(expected);
    wasm.exp(actual);
    expect(worstRatio(actual, expected, 0)).toBeLessThan(3e-7);
  });

  it("log is within 3e-7 of the truth near 1, and over the whole range", () => {
    for (const [from, to] of [
      [0.5, 2],
      [1e-37, 1e-3],
      [1, 3e38],
    ]) {
      const expected = sweep(from, to, 200_001);
      const actual = expected.slice();
      reference.log(expected);
      wasm.log(actual);
      expect(worstRatio(actual, expected, 1e-30)).toBeLessThan(3e-7);
    }
  });

  it("treat the edges as documented", () => {
    const x = Float32Array.of(Number.NaN, Infinity, -Infinity, 89, -88, 0, -0);
    wasm.exp(x);
    expect(Array.from(x)).toEqual([Number.NaN, Infinity, 0, Infinity, 0, 1, 1]);
    const y = Float32Array.of(Number.NaN, Infinity, -Infinity, 0, -1, 1, 1e-40);
    wasm.log(y);
    expect(Array.from(y)).toEqual([Number.NaN, Infinity, Number.NaN, -Infinity, Number.NaN, 0, -Infinity]);
  });
});

describe("softmaxRows", () => {
  it("equals the reference, in kernel memory or not, and its rows sum to 1", () => {
    fc.assert(
      fc.property(rowsAndColumns, fc.constantFrom(0.01, 1, 3), ({ n, c, seed }, temperature) => {
        const mark = wasm.mark();
        const expected = values(n * c, seed).map((v) => 20 * v);
        const outside = expected.slice();
        const own = inside(expected);
        reference.softmaxRows(expected, n, c, temperature);
        wasm.softmaxRows(outside, n, c, temperature);
        wasm.softmaxRows(own, n, c, temperature);
        expect(worstDifference(own, expected)).toBeLessThan(5e-6);
        expect(outside).toEqual(Float32Array.from(own));
        for (let i = 0; i < n && c > 0; i++) {
          expect(Math.abs(reference.sum(own.subarray(i * c, (i + 1) * c)) - 1)).toBeLessThan(1e-5);
        }
        wasm.release(mark);
      }),
      { seed: 1, numRuns: 200 },
    );
  });

  it("treats huge, infinite and NaN logits as documented, without touching the other rows", () => {
    const rows = [
      [3e38, -3e38, 0],
      [-Infinity, 0, 0],
      [Number.NaN, 0, 1],
      [Infinity, 0, 1],
      [-Infinity, -Infinity, -Infinity],
      [1, 1, 1],
    ];
    for (const kernels of [reference, wasm]) {
      const x = Float32Array.from(rows.flat());
      kernels.softmaxRows(x, rows.length, 3, 1);
      expect(Array.from(x.subarray(0, 6))).toEqual([1, 0, 0, 0, 0.5, 0.5]);
      expect(x.subarray(6, 15).every(Number.isNaN)).toBe(true);
      expect(worstDifference(x.subarray(15), [1 / 3, 1 / 3, 1 / 3])).toBeLessThan(1e-7);
    }
  });
});

describe("rowStats", () => {
  const run = (kernels: Kernels, p: Float32Array, n: number, c: number) => {
    const out = {
      top1: new Float32Array(n),
      top2: new Float32Array(n),
      argmax: new Int32Array(n),
      entropy: new Float32Array(n),
    };
    kernels.rowStats(p, n, c, out);
    return out;
  };

  it("equals the reference for probability rows: maxima and positions exactly, entropy to 2e-6", () => {
    fc.assert(
      fc.property(rowsAndColumns, fc.constantFrom(0.05, 1), ({ n, c, seed }, temperature) => {
        const p = values(n * c, seed);
        reference.softmaxRows(p, n, c, temperature);
        const expected = run(reference, p, n, c);
        const actual = run(wasm, p, n, c);
        expect(actual.top1).toEqual(expected.top1);
        expect(actual.top2).toEqual(expected.top2);
        expect(actual.argmax).toEqual(expected.argmax);
        expect(worstDifference(actual.entropy, expected.entropy)).toBeLessThan(2e-6);
      }),
      { seed: 2, numRuns: 200 },
    );
  });

  it("agrees with the reference on maxima and positions for any bits at all, ties going to the lowest column", () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(anyFloat, fc.constantFrom(0, 0.5, 1)), { maxLength: 60 }), size, (list, c) => {
        const n = c === 0 ? 3 : Math.floor(list.length / c);
        const p = Float32Array.from(list);
        const expected = run(reference, p, n, c);
        const actual = run(wasm, p, n, c);
        expect(actual.top1).toEqual(expected.top1);
        expect(actual.top2).toEqual(expected.top2);
        expect(actual.argmax).toEqual(expected.argmax);
      }),
      { seed: 3, numRuns: 300 },
    );
  });

  it("gives entropy 0 to a certain row, ln c to a uniform one, NaN to a row with NaN", () => {
    const p = Float32Array.of(1, 0, 0, 0, 0.25, 0.25, 0.25, 0.25, 0.5, Number.NaN, 0.5, 0);
    for (const kernels of [reference, wasm]) {
      const { entropy } = run(kernels, p, 3, 4);
      expect(Math.abs(entropy[0])).toBeLessThan(1e-7);
      expect(entropy[1]).toBeCloseTo(Math.log(4), 6);
      expect(entropy[2]).toBeNaN();
    }
  });

  it("leaves out what is not asked for and gives the same bits from foreign memory in many blocks", () => {
    const n = 100_001;
    const c = 7;
    const mark = wasm.mark();
    const p = values(n * c, 5);
    wasm.softmaxRows(p, n, c, 1);
    const entropyInside = wasm.allocF32(n);
    const entropyOutside = new Float32Array(n);
    wasm.rowStats(inside(p), n, c, { entropy: entropyInside });
    wasm.rowStats(p, n, c, { entropy: entropyOutside });
    expect(entropyOutside).toEqual(Float32Array.from(entropyInside));
    wasm.release(mark);
  });
});

describe("distanceUpdate", () => {
  it("equals the reference: distances, nearest centres, and the farthest row that is not marked", () => {
    fc.assert(
      fc.property(rowsAndColumns, fc.boolean(), ({ n, c: d, seed }, isInside) => {
        const mark = wasm.mark();
        const x = values(n * d, seed);
        const norms = new Float32Array(n);
        wasm.rowNorms(x, n, d, norms);
        const expectedNorms = new Float32Array(n);
        reference.rowNorms(x, n, d, expectedNorms);
        expect(worstDifference(norms, expectedNorms)).toBeLessThan(1e-5);
        const center = values(d, seed + 1);
        const centerNorm = reference.dot(center, center);
        // Row 0 and every seventh row are marked, which keeps ties of rounding out: the others start far away.
        const start = Float32Array.from({ length: n }, (_, i) => (i % 7 === 0 ? -1 : 1000));
        const expected = { minDist: start.slice(), closest: new Int32Array(n).fill(-1) };
        const actual = { minDist: isInside ? inside(start) : start.slice(), closest: new Int32Array(n).fill(-1) };
        const shared = { n, d, norms, center, centerNorm, centerIndex: 42 };
        const expectedRow = reference.distanceUpdate({ ...shared, ...expected, x });
        const row = wasm.distanceUpdate({ ...shared, ...actual, x: isInside ? inside(x) : x });
        expect(worstDifference(actual.minDist, expected.minDist)).toBeLessThan(1e-4);
        expect(actual.closest).toEqual(expected.closest);
        if (expectedRow < 0) expect(row).toBe(-1);
        else expect(actual.minDist[row]).toBeGreaterThanOrEqual(expected.minDist[expectedRow] - 1e-4);
        wasm.release(mark);
      }),
      { seed: 4, numRuns: 200 },
    );
  });

  it("breaks ties by the lowest row, also across blocks, ignores NaN rows and returns −1 when all are marked", () => {
    const n = 300_000;
    for (const kernels of [reference, wasm]) {
      const minDist = new Float32Array(n).fill(-1);
      const args = {
        n,
        d: 1,
        x: new Float32Array(n),
        norms: new Float32Array(n),
        center: new Float32Array(1),
        centerNorm: 9,
        minDist,
      };
      expect(kernels.distanceUpdate(args)).toBe(-1);
      minDist[250_000] = 4;
      minDist[290_000] = 4;
      minDist[5] = Number.NaN;
      expect(kernels.distanceUpdate(args)).toBe(250_000);
      args.norms[250_000] = Number.NaN;
      expect(kernels.distanceUpdate({ ...args, centerNorm: 1 })).toBe(250_000);
      expect(minDist[250_000]).toBe(4);
      expect(minDist[290_000]).toBe(1);
    }
  });
});

describe("bias, column sums, gathering and flat vectors", () => {
  it("equal the reference for any length", () => {
    fc.assert(
      fc.property(rowsAndColumns, ({ n, c, seed }) => {
        const x = values(n * c, seed);
        const bias = values(c, seed + 1);
        const expected = x.slice();
        const actual = x.slice();
        reference.addBias(expected, n, c, bias);
        wasm.addBias(actual, n, c, bias);
        expect(actual).toEqual(expected);
        reference.axpy(0.5, x, expected);
        wasm.axpy(0.5, x, actual);
        reference.scale(-3, expected);
        wasm.scale(-3, actual);
        expect(worstDifference(actual, expected)).toBeLessThan(1e-6);
        const expectedSums = new Float32Array(c);
        const sums = new Float32Array(c).fill(9);
        reference.columnSums(x, n, c, expectedSums);
        wasm.columnSums(x, n, c, sums);
        expect(worstDifference(sums, expectedSums)).toBeLessThan(1e-5);
        expect(wasm.sum(x)).toBeCloseTo(reference.sum(x), 10);
        expect(wasm.dot(x, actual)).toBeCloseTo(reference.dot(x, actual), 10);
      }),
      { seed: 5, numRuns: 200 },
    );
  });

  it("sum large arrays as well as float64 would, with the same bits in kernel memory and outside", () => {
    const n = 1_000_003;
    const mark = wasm.mark();
    const x = values(n, 9).map((v) => v + 1000);
    expect(wasm.sum(x)).toBe(wasm.sum(inside(x)));
    expect(wasm.dot(x, x)).toBe(wasm.dot(inside(x), inside(x)));
    expect(Math.abs(wasm.sum(x) / reference.sum(x) - 1)).toBeLessThan(1e-13);
    const sums = { inside: wasm.allocF32(1), outside: new Float32Array(1) };
    wasm.columnSums(inside(x), n, 1, sums.inside);
    wasm.columnSums(x, n, 1, sums.outside);
    expect(sums.outside[0]).toBe(sums.inside[0]);
    expect(Math.abs(sums.outside[0] / reference.sum(x) - 1)).toBeLessThan(3e-7);
    wasm.release(mark);
  });

  it("gather rows from either memory and refuse a row that is not there", () => {
    const mark = wasm.mark();
    const x = values(70, 1);
    const rows = Int32Array.of(6, 0, 6, 3);
    for (const source of [x, inside(x)]) {
      const expected = new Float32Array(40);
      const out = new Float32Array(40);
      reference.gatherRows({ x, d: 10, rows, out: expected });
      wasm.gatherRows({ x: source, d: 10, rows, out });
      expect(out).toEqual(expected);
      expect(() => wasm.gatherRows({ x: source, d: 10, rows: Int32Array.of(7), out })).toThrow(/row 7 at position 0/);
    }
    wasm.release(mark);
  });
});

describe("sparseTimesDense", () => {
  it("equals the reference in kernel memory and outside it, with the same bits", () => {
    const row = fc.array(fc.tuple(fc.nat(8), fc.integer({ min: -50, max: 50 })), { maxLength: 12 });
    fc.assert(
      fc.property(fc.array(row, { maxLength: 9 }), fc.constantFrom(0, 1, 3, 4, 31, 32, 37, 70), (rows, k) => {
        const mark = wasm.mark();
        const starts = new Int32Array(rows.length + 1);
        rows.forEach((entries, i) => {
          starts[i + 1] = starts[i] + entries.length;
        });
        const columns = Int32Array.from(rows.flat().map(([column]) => column));
        const weights = Float32Array.from(rows.flat().map(([, value]) => value / 7));
        const dense = values(9 * k, 3);
        const shape = { nRows: rows.length, nColumns: 9, k };
        const expected = new Float32Array(rows.length * k);
        const outside = expected.slice();
        reference.sparseTimesDense({ ...shape, starts, columns, values: weights, dense, out: expected });
        wasm.sparseTimesDense({ ...shape, starts, columns, values: weights, dense, out: outside });
        expect(worstDifference(outside, expected)).toBeLessThan(1e-4);
        const own = wasm.allocF32(rows.length * k);
        const ownStarts = wasm.allocI32(starts.length);
        const ownColumns = wasm.allocI32(columns.length);
        ownStarts.set(starts);
        ownColumns.set(columns);
        const matrix = { starts: ownStarts, columns: ownColumns, values: inside(weights) };
        wasm.sparseTimesDense({ ...shape, ...matrix, dense: inside(dense), out: own });
        expect(outside).toEqual(Float32Array.from(own));
        wasm.release(mark);
      }),
      { seed: 6, numRuns: 200 },
    );
  });

  it("splits many rows into blocks without changing a bit", () => {
    const nRows = 30_000;
    const starts = Int32Array.from({ length: nRows + 1 }, (_, i) => 7 * i);
    const columns = Int32Array.from({ length: 7 * nRows }, (_, i) => (i * 31) % 50);
    const weights = values(7 * nRows, 2);
    const dense = values(50 * 20, 3);
    const expected = new Float32Array(nRows * 20);
    const actual = expected.slice();
    reference.sparseTimesDense({ nRows, nColumns: 50, k: 20, starts, columns, values: weights, dense, out: expected });
    wasm.sparseTimesDense({ nRows, nColumns: 50, k: 20, starts, columns, values: weights, dense, out: actual });
    expect(worstDifference(actual, expected)).toBeLessThan(1e-5);
  });
});
