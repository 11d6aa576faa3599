import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { runSpec } from "@/strategies";
import { inclusionProbabilities, quantizedSize } from "@/strategies/core/inclusionProbabilities";
import { KeyedRandom } from "@/strategies/core/keyedRandom";
import { pivotalSample } from "@/strategies/core/pivotalSample";
import { createReferenceKernels } from "@/strategies/kernels";
import { systematicSample } from "@/strategies/margin-pivotal/drawCandidates";
import { sensitivities } from "@/strategies/sensitivity/sensitivities";
import { PLAIN, poolOf } from "./strategyPools";

/** Inclusion probabilities are proven, not observed: all outcomes of all meetings are enumerated. */

interface Outcome {
  readonly probability: number;
  readonly sample: readonly number[];
}

/** Every sample the method can return, with its probability: each decision is taken both ways. */
function everyOutcome(x: Float32Array, d: number, pi: Float64Array): Outcome[] {
  const outcomes: Outcome[] = [];
  const pending: boolean[][] = [[]];
  while (pending.length > 0) {
    const script = pending.pop()!;
    let probability = 1;
    let step = 0;
    const sample = pivotalSample(x, d, pi, (q) => {
      const answer = step < script.length ? script[step] : true;
      // Beyond the script the other answer is another outcome, to be walked later.
      if (step >= script.length) pending.push([...script, ...new Array(step - script.length).fill(true), false]);
      step++;
      probability *= answer ? q : 1 - q;
      return answer;
    });
    outcomes.push({ probability, sample: [...sample] });
  }
  return outcomes;
}

function coordinates(n: number, d: number, seed: string): Float32Array {
  const random = new KeyedRandom(seed, "coordinates");
  return Float32Array.from({ length: n * d }, (_, i) => Math.round(4 * random.uniform(i)));
}

describe("local pivots", () => {
  const cases = fc.record({
    n: fc.integer({ min: 1, max: 9 }),
    d: fc.integer({ min: 1, max: 3 }),
    seed: fc.nat(10_000).map(String),
    sizes: fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 9, maxLength: 9 }),
    share: fc.double({ min: 0, max: 1, noNaN: true }),
    floor: fc.constantFrom(0, 0.1, 1),
  });

  test("include every row with exactly its probability, and as many rows as they add up to", () => {
    fc.assert(
      fc.property(cases, ({ n, d, seed, sizes, share, floor }) => {
        const wanted = Math.round(share * n);
        const pi = inclusionProbabilities(Float64Array.from(sizes.slice(0, n)), wanted, floor);
        const outcomes = everyOutcome(coordinates(n, d, seed), d, pi);
        const included = new Float64Array(n);
        let total = 0;
        for (const { probability, sample } of outcomes) {
          total += probability;
          expect(sample.length).toBe(wanted);
          for (const row of sample) included[row] += probability;
        }
        expect(Math.abs(total - 1)).toBeLessThan(1e-9);
        for (let i = 0; i < n; i++) expect(Math.abs(included[i] - pi[i])).toBeLessThan(1e-9);
      }),
      { seed: 1, numRuns: 150 },
    );
  });

  test("do so too when rows are split into groups, and for sums that are not whole", () => {
    const n = 14;
    const pi = Float64Array.from({ length: n }, (_, i) => (i < 8 ? (i % 2 === 0 ? 1 : 0) : 0.15 + 0.1 * (i - 8)));
    const outcomes = everyOutcome(coordinates(n, 2, "split"), 2, pi);
    const included = new Float64Array(n);
    for (const { probability, sample } of outcomes) for (const row of sample) included[row] += probability;
    for (let i = 0; i < n; i++) expect(Math.abs(included[i] - pi[i])).toBeLessThan(1e-9);
    const wide = Float64Array.from({ length: 15 }, () => 0.4);
    const halves = everyOutcome(coordinates(15, 2, "wide"), 2, wide);
    const counts = new Float64Array(15);
    for (const { probability, sample } of halves) {
      expect(sample.length).toBe(6);
      for (const row of sample) counts[row] += probability;
    }
    for (const count of counts) expect(Math.abs(count - 0.4)).toBeLessThan(1e-9);
  });

  test("take two rows at one place less often than a draw without geometry does", () => {
    // Five pairs of coinciding rows, five places: a spread sample has one row of each pair.
    const x = Float32Array.from({ length: 10 }, (_, i) => 10 * (i >>> 1));
    const outcomes = everyOutcome(x, 1, new Float64Array(10).fill(0.5));
    for (const { sample } of outcomes) expect(new Set(sample.map((row) => row >>> 1)).size).toBe(5);
  });
});

describe("inclusion probabilities", () => {
  test("sum to the sample, stay within floor and 1 and are in proportion below 1", () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 60 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.constantFrom(0, 0.1, 0.5, 1),
        (raw, share, floor) => {
          const sizes = Float64Array.from(raw, quantizedSize);
          const n = Math.round(share * sizes.length);
          const pi = inclusionProbabilities(sizes, n, floor);
          const total = pi.reduce((sum, p) => sum + p, 0);
          expect(Math.abs(total - n)).toBeLessThan(1e-9 * Math.max(1, n));
          for (const p of pi) {
            expect(p).toBeGreaterThanOrEqual((floor * n) / sizes.length - 1e-12);
            expect(p).toBeLessThanOrEqual(1);
          }
          for (let i = 1; i < sizes.length; i++) {
            if (sizes[i] > sizes[i - 1]) expect(pi[i]).toBeGreaterThanOrEqual(pi[i - 1] - 1e-12);
          }
        },
      ),
      { seed: 1, numRuns: 300 },
    );
  });

  test("are met exactly by the systematic sample: every start is walked", () => {
    for (const seed of ["a", "b", "c"]) {
      const random = new KeyedRandom(seed, "sizes");
      const sizes = Float64Array.from({ length: 23 }, (_, i) => quantizedSize(random.uniform(i) ** 3));
      const pi = inclusionProbabilities(sizes, 6, 0.05);
      const rows = Uint32Array.from({ length: 23 }, (_, i) => i);
      const order = new KeyedRandom(seed, "order");
      // The sample changes only where the start passes a fractional part of a cumulated sum.
      const byDraw = [...rows].sort((a, b) => order.uniform(a) - order.uniform(b));
      let cumulative = 0;
      const cuts = [0, 1];
      for (const i of byDraw) {
        cumulative += pi[i];
        cuts.push(cumulative % 1);
      }
      cuts.sort((a, b) => a - b);
      const included = new Float64Array(23);
      for (let c = 1; c < cuts.length; c++) {
        const width = cuts[c] - cuts[c - 1];
        if (width < 1e-12) continue;
        const sample = systematicSample(rows, pi, undefined, order, cuts[c - 1] + width / 2);
        expect(sample.length).toBe(6);
        for (const i of sample) included[i] += width;
      }
      for (let i = 0; i < 23; i++) expect(Math.abs(included[i] - pi[i])).toBeLessThan(1e-9);
    }
  });
});

describe("two phases", () => {
  test("margin-pivotal keeps its probabilities when the pool is larger than its candidates", async () => {
    const kernels = createReferenceKernels();
    const pool = poolOf({ ...PLAIN, n: 60 });
    const draws = 3_000;
    const counts = new Map<number, number>();
    const stated = new Map<number, number>();
    const whole = new Map<number, number>();
    for (let seed = 0; seed < draws; seed++) {
      const spec = { op: "single", use: "margin-pivotal", options: { maxCandidates: 15 } };
      const picks = await runSpec(spec, pool, 6, { kernels, seed: String(seed) });
      expect(picks.rows.length).toBe(6);
      expect(picks.notices).toContainEqual(expect.objectContaining({ code: "CANDIDATES_TRUNCATED", to: 15 }));
      picks.rows.forEach((row, i) => {
        counts.set(row, (counts.get(row) ?? 0) + 1);
        stated.set(row, picks.inclusion[i]!);
      });
    }
    const direct = await runSpec({ op: "single", use: "margin-pivotal" }, pool, 6, { kernels, seed: "x" });
    direct.rows.forEach((row, i) => {
      whole.set(row, direct.inclusion[i]!);
    });
    for (const [row, p] of whole) if (stated.has(row)) expect(stated.get(row)).toBeCloseTo(p, 12);
    for (const [row, p] of stated) {
      expect(Math.abs(counts.get(row)! / draws - p)).toBeLessThan(4.5 * Math.sqrt((p * (1 - p)) / draws));
    }
  });
});

test("sensitivities are three shares of 1: loss, spread and groups", () => {
  const cluster = Int32Array.of(0, 0, 0, 1, 1, 2);
  const distances = [0.5, 0.1, 0.4, 0.2, 0.3, 0];
  const losses = Float64Array.of(9, 2, 9, 1, 9, 0.5);
  const sizes = sensitivities(cluster, distances, losses, 3);
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBeCloseTo(3, 12);
  // Group losses come from rows 1, 3 and 5: 3·2 + 2·1 + 0.5 = 8.5.
  expect(sizes[0]).toBeCloseTo(2 / 8.5 + 0.5 / 1.5 + 1 / 9, 12);
  expect(sizes[5]).toBeCloseTo(0.5 / 8.5 + 0 + 1 / 3, 12);
  const still = sensitivities(cluster, new Float64Array(6), new Float64Array(6), 3);
  expect(still.reduce((sum, size) => sum + size, 0)).toBeCloseTo(1, 12);
});

test("sensitivity sampling estimates a pool mean with less error than draws with equal chances", async () => {
  const kernels = createReferenceKernels();
  const pool = poolOf({ ...PLAIN, seed: "estimate", labelledShare: 0, idleShare: 0 });
  // The quantity follows the embedding, as the method supposes.
  const values = new Float64Array(PLAIN.n);
  for (const { start, end } of pool.embeddings!.shards) {
    const view = await pool.embeddings!.view(start, end);
    for (let row = start; row < end; row++) values[row] = view[(row - start) * PLAIN.dim] ** 2;
  }
  const truth = values.reduce((sum, value) => sum + value, 0) / PLAIN.n;
  const errorOf = async (use: string, options: Record<string, string>) => {
    let total = 0;
    for (let seed = 0; seed < 60; seed++) {
      const picks = await runSpec({ op: "single", use, options }, pool, 20, { kernels, seed: String(seed) });
      let estimate = 0;
      picks.rows.forEach((row, i) => {
        estimate += values[row] / picks.inclusion[i]! / PLAIN.n;
      });
      total += (estimate - truth) ** 2;
    }
    return Math.sqrt(total / 60);
  };
  expect(await errorOf("sensitivity", { loss: "none" })).toBeLessThan(0.8 * (await errorOf("random", {})));
});
