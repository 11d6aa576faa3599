import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { bitmapFromRows } from "../core/bitmap";
import { KeyedRandom } from "../core/keyedRandom";
import { completeOptions } from "../core/resolveOptions";
import { arrayMatrix } from "../core/rowMatrix";
import type { Pool } from "../core/types";
import { createReferenceKernels } from "../kernels";
import { flqmi } from "./flqmi";
import { similar } from "./index";

const vectors = JSON.parse(
  readFileSync(new URL("../../test/golden/classification/similar_flqmi.json", import.meta.url), "utf8"),
);

function objective(similarity: Float64Array, queries: number, chosen: readonly number[], eta: number): number {
  let sum = 0;
  for (let q = 0; q < queries; q++) sum += Math.max(0, ...chosen.map((a) => similarity[a * queries + q]));
  for (const a of chosen) sum += eta * Math.max(0, ...similarity.subarray(a * queries, (a + 1) * queries));
  return sum;
}

describe("facility-location mutual information", () => {
  test.each(Object.keys(vectors.by_eta))("picks and gains of the original lazy greedy, eta %s", (eta) => {
    const rows: number[][] = vectors.similarity_pool_by_query;
    const found = flqmi(Float64Array.from(rows.flat()), rows[0].length, vectors.budget, Number(eta));
    expect(found.picks).toEqual(vectors.by_eta[eta].selected);
    found.gains.forEach((gain, i) => {
      expect(gain).toBeCloseTo(vectors.by_eta[eta].gains[i], 9);
    });
  });

  test("is the naive greedy on the objective, on many small cases", () => {
    const random = new KeyedRandom("flqmi", "cases");
    for (let run = 0; run < 300; run++) {
      const [n, queries, budget] = [1 + (run % 12), 1 + (run % 4), 1 + (run % 7)];
      // Few distinct values, so that ties and zero gains occur.
      const similarity = Float64Array.from({ length: n * queries }, (_, i) => random.below(7, i, run) / 4 - 0.5);
      const eta = [0, 0.5, 1][run % 3];
      const chosen: number[] = [];
      while (chosen.length < Math.min(budget, n)) {
        const gain = (a: number) =>
          objective(similarity, queries, [...chosen, a], eta) - objective(similarity, queries, chosen, eta);
        const left = [...Array(n).keys()].filter((a) => !chosen.includes(a));
        chosen.push(left.reduce((best, a) => (gain(a) > gain(best) + 1e-12 ? a : best)));
      }
      expect(flqmi(similarity, queries, budget, eta).picks).toEqual(chosen);
    }
  });
});

describe("SIMILAR", () => {
  const n = 40;
  const random = new KeyedRandom("similar", "pool");
  // Rows 0 … 7 lie around one direction, the others around another; row 0 is the only example of the rare class.
  const embeddings = Float64Array.from(
    { length: 2 * n },
    (_, i) => (i >> 1 < 8 ? [1, 0] : [0, 1])[i & 1] + 0.1 * random.uniform(i),
  );
  const probabilities = Float64Array.from({ length: 2 * n }, (_, i) => [0.6, 0.4][i & 1]);
  const pool = (labelled: number[], classes: number[]): Pool => ({
    n,
    nClasses: 2,
    eligible: bitmapFromRows(
      n,
      [...Array(n).keys()].filter((row) => !labelled.includes(row)),
    ),
    labelled: { rows: Uint32Array.from(labelled), classes: Int32Array.from(classes) },
    probabilities: arrayMatrix(probabilities, n, 2),
    embeddings: arrayMatrix(embeddings, n, 2),
  });
  const nothing = () => undefined;
  const context = {
    ...{ kernels: createReferenceKernels(), seed: "s", scope: "s", checkAbort: nothing, progress: nothing },
    trace: nothing,
  };
  const select = (of: Pool, options: object) =>
    similar.select(context, of, 5, completeOptions(similar, options, "options"));

  test("finds the rows that are like the example of the rare class, and names it", async () => {
    const picks = await select(pool([0, 20, 21, 22], [1, 0, 0, 0]), {});
    for (const row of picks.rows) expect(row).toBeLessThan(8);
    for (const [reason] of picks.reasons) expect(reason).toMatchObject({ code: "likeExample", nearest: 0, class: 1 });
  });

  test.each([
    ["without examples", [], [], {}],
    ["behind the released guard", [0, 20, 21, 22], [1, 0, 0, 0], { guard: "released" }],
    ["behind the meant guard while a class has few", [0, 20, 21, 22], [1, 0, 0, 0], { guard: "fewest" }],
  ])("%s draws at random and says so", async (_, rows, classes, options) => {
    const picks = await select(pool(rows, classes), options);
    expect(picks.notices).toEqual([{ code: "SERVED_AT_RANDOM", level: "fallback", count: 5, why: "noExamples" }]);
    expect(new Set(picks.rows).size).toBe(5);
  });
});
