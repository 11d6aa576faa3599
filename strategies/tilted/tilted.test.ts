import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Pool } from "@/strategies";
import { arrayMatrix, bitmapFromRows, KeyedRandom, runSpec } from "@/strategies";
import { createReferenceKernels } from "@/strategies/kernels";
import { tiltedSize } from "./index";
import { sequentialPivotal } from "./sequentialPivotal";

const kernels = createReferenceKernels();

describe("sequential pivotal sampling", () => {
  test("takes exactly the sum, and every row with its probability", () => {
    const pi = Float64Array.of(0.1, 0.9, 0.5, 0.25, 1, 0, 0.75, 0.5);
    const counts = new Float64Array(pi.length);
    const runs = 40_000;
    for (let run = 0; run < runs; run++) {
      const random = new KeyedRandom("pivotal", String(run));
      const isIn = sequentialPivotal(pi, (i) => random.uniform(i));
      expect(isIn.reduce((sum, value) => sum + value, 0)).toBe(4);
      isIn.forEach((value, i) => {
        counts[i] += value;
      });
    }
    pi.forEach((p, i) => {
      expect(Math.abs(counts[i] / runs - p)).toBeLessThanOrEqual(4.5 * Math.sqrt((p * (1 - p)) / runs));
    });
  });

  test("keeps the size for any probabilities with a whole sum", () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 50 }),
        fc.string(),
        (values, seed) => {
          const sum = values.reduce((total, value) => total + value, 0);
          const whole = Math.ceil(sum);
          const pi = Float64Array.from(whole === sum ? values : [...values, whole - sum]);
          const random = new KeyedRandom(seed, "p");
          const isIn = sequentialPivotal(pi, (i) => random.uniform(i));
          expect(isIn.reduce((total, value) => total + value, 0)).toBe(whole);
        },
      ),
    );
  });
});

describe("tilted sampling", () => {
  const n = 50;
  const p = Float64Array.from({ length: 2 * n }, (_, i) =>
    i % 2 === 0 ? (Math.floor(i / 2) + 0.5) / n : 1 - (Math.floor(i / 2) + 0.5) / n,
  );
  const pool: Pool = {
    ...{ n, nClasses: 2 },
    eligible: bitmapFromRows(
      n,
      Array.from({ length: n }, (_, row) => row),
    ),
    labelled: { rows: new Uint32Array(0), classes: new Int32Array(0) },
    probabilities: arrayMatrix(p, n, 2),
  };
  const run = (options: object, seed = "s", batch = 5) =>
    runSpec({ op: "single", use: "tilted", options }, pool, batch, { kernels, seed });

  test.each([
    [1, 0],
    [-0.5, 0],
    [2, 0.2],
    [0, 0],
  ])("exponent %f and floor %f give the stated probabilities", async (exponent, floor) => {
    const doubts = Array.from({ length: n }, (_unused, row) => 2 * p[2 * row] * p[2 * row + 1]);
    const sizes = doubts.map((doubt) => tiltedSize(doubt, exponent));
    const total = sizes.reduce((sum, size) => sum + size, 0);
    const seen = new Map<number, number>();
    for (let seed = 0; seed < 60; seed++) {
      const picks = await run({ exponent, floor }, String(seed));
      picks.rows.forEach((row, i) => {
        seen.set(row, picks.inclusion[i]!);
        expect(picks.scores[i]).toBeCloseTo(doubts[row], 12);
      });
    }
    expect(seen.size).toBeGreaterThan(20);
    for (const [row, inclusion] of seen) {
      expect(inclusion).toBeCloseTo(5 * (((1 - floor) * sizes[row]) / total + floor / n), 6);
    }
  });

  test("without a tilt the total estimated from the draws is right on average", async () => {
    // What the probabilities are for: Σ value / inclusion estimates the sum over the pool without bias.
    const runs = 400;
    let mean = 0;
    for (let seed = 0; seed < runs; seed++) {
      const picks = await run({ exponent: 1, floor: 0.1 }, String(seed), 10);
      picks.rows.forEach((row, i) => {
        mean += row / picks.inclusion[i]! / runs;
      });
    }
    const truth = (n * (n - 1)) / 2;
    expect(Math.abs(mean / truth - 1)).toBeLessThan(0.05);
  });
});
