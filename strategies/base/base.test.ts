import { describe, expect, test } from "vitest";
import type { Pool } from "@/strategies";
import { arrayMatrix, bitmapFromRows, KeyedRandom, runSpec } from "@/strategies";
import { KERNELS } from "@/test/contracts/strategyPools";
import { classQuotas } from "./index";

function poolOf(n: number, d: number, c: number, head: NonNullable<Pool["head"]>, labelled: number): Pool {
  const random = new KeyedRandom("base", "x");
  const x = Float32Array.from({ length: n * d }, (_, i) => 2 * random.uniform(i) - 1);
  return {
    ...{ n, nClasses: c },
    eligible: bitmapFromRows(
      n,
      Array.from({ length: n - labelled }, (_, i) => labelled + i),
    ),
    labelled: { rows: Uint32Array.from({ length: labelled }, (_, i) => i), classes: new Int32Array(labelled) },
    embeddings: arrayMatrix(x, n, d),
    head,
  };
}

const headOf = (d: number, c: number) => {
  const random = new KeyedRandom("base", "w");
  return {
    weights: Float32Array.from({ length: d * c }, (_, i) => 2 * random.uniform(i) - 1),
    bias: Float32Array.from({ length: c }, (_, i) => random.uniform(i, 1)),
  };
};

test("quotas are even, and the remainder goes to the classes from the first on, around the end", () => {
  expect([...classQuotas(11, 4, 0)]).toEqual([3, 3, 3, 2]);
  expect([...classQuotas(3, 5, 4)]).toEqual([1, 1, 0, 0, 1]);
  expect([...classQuotas(0, 3, 1)]).toEqual([0, 0, 0]);
});

describe.each(KERNELS)("BASE and MASE on %s kernels", (_, makeKernels) => {
  test("with fewer places than classes every class is served over the rounds", async () => {
    const kernels = await makeKernels();
    const [n, d, c, batch] = [200, 3, 7, 3];
    const served = async (labelled: number, options: object) => {
      const pool = poolOf(n, d, c, headOf(d, c), labelled);
      const picks = await runSpec({ op: "single", use: "base", options }, pool, batch, { kernels, seed: "s" });
      return picks.reasons.map(([reason]) => (reason as unknown as { between: [number, number] }).between[0]);
    };
    const rotated = new Set<number>();
    for (let round = 0; round < 7; round++) for (const label of await served(round * batch, {})) rotated.add(label);
    expect(rotated.size).toBeGreaterThanOrEqual(5);
    // Not rotated, the same three classes are asked every time; a pick lies at the boundary of one of them.
    const pool = poolOf(n, d, c, headOf(d, c), 0);
    const run = (options: object) =>
      runSpec({ op: "single", use: "base", options }, pool, batch, { kernels, seed: "s" });
    expect([...(await run({ rotate: false })).rows]).toEqual([...(await run({})).rows]);
  });

  test("classes of equal weights have no boundary: their items come last, with a notice", async () => {
    const kernels = await makeKernels();
    const [n, d] = [60, 2];
    const head = { weights: Float32Array.of(1, 1, 0.5, 0.5), bias: Float32Array.of(0.2, 0) };
    for (const use of ["base", "mase"]) {
      const picks = await runSpec({ op: "single", use }, poolOf(n, d, 2, head, 0), 6, { kernels, seed: "s" });
      expect(picks.rows.length).toBe(6);
      expect(picks.notices).toContainEqual({ code: "NO_BOUNDARY", level: "fallback", count: 6 });
      expect(picks.reasons[0]).toEqual([expect.objectContaining({ code: "nearBoundary", distance: null })]);
      for (const score of picks.scores) expect(Number.isFinite(score)).toBe(true);
    }
  });

  test("a head with one logit has the boundary of its two classes", async () => {
    const kernels = await makeKernels();
    const [n, d] = [60, 3];
    const one = { weights: Float32Array.of(0.5, -1, 0.25), bias: Float32Array.of(0.1) };
    const two = { weights: Float32Array.of(0, 0.5, 0, -1, 0, 0.25), bias: Float32Array.of(0, 0.1) };
    const run = (head: NonNullable<Pool["head"]>, use: string) =>
      runSpec({ op: "single", use }, poolOf(n, d, 2, head, 0), 9, { kernels, seed: "s" });
    for (const use of ["base", "mase"]) {
      const [single, pair] = [await run(one, use), await run(two, use)];
      expect([...single.rows]).toEqual([...pair.rows]);
      single.scores.forEach((score, i) => {
        expect(score).toBeCloseTo(pair.scores[i], 12);
      });
    }
  });
});
