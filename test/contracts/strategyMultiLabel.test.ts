import { describe, expect, test } from "vitest";
import type { ItemScorer, Pool } from "@/strategies";
import { bitmapFromRows, KeyedRandom, runSpec, specUnmetNeeds } from "@/strategies";
import { labelCounts, seenClasses } from "@/strategies/core/labelCounts";
import { embeddingInput, posteriorInputs, probabilityInput } from "@/strategies/core/scoreInputs";
import { scorePool } from "@/strategies/core/scorePool";
import { ScoreTally } from "@/strategies/core/scoreTally";
import { unmetRule } from "@/strategies/core/specNeeds";
import { createReferenceKernels } from "@/strategies/kernels";
import type { PoolSpec } from "./strategyPools";
import { labelledOf, PLAIN, poolArrays, poolOf } from "./strategyPools";

const kernels = createReferenceKernels();
const nothing = () => undefined;
const context = { kernels, seed: "s", scope: "s", checkAbort: nothing, progress: nothing, trace: nothing };
const MULTI: PoolSpec = { ...PLAIN, taskKind: "multi-label", dtype: "f64" };

describe("a multi-label pool", () => {
  const { probabilities, eligible } = poolArrays(MULTI);
  const rowOf = (row: number) => [...probabilities.subarray(4 * row, 4 * row + 4)];
  const entropy = (p: number) => -(p * Math.log2(p) + (1 - p) * Math.log2(1 - p));

  test.each([
    ["emal", (p: number[]) => p.reduce((sum, x) => sum + Math.abs(x - 0.5), 0), 1],
    ["weak", (p: number[]) => p.reduce((sum, x) => sum + entropy(x) / 4, 0), -1],
  ] as const)("%s ranks by its formula", async (use, score, sign) => {
    const picks = await runSpec({ op: "single", use }, poolOf(MULTI), 20, { kernels, seed: "s" });
    const best = [...eligible].sort((a, b) => sign * (score(rowOf(a)) - score(rowOf(b)))).slice(0, 20);
    expect([...picks.rows]).toEqual(best);
    picks.rows.forEach((row, i) => {
      expect(picks.scores[i]).toBeCloseTo(score(rowOf(row)), 12);
    });
  });

  test("class by class looks at the class with fewest labels, unless told otherwise", async () => {
    const pool = poolOf(MULTI);
    const counts = labelCounts(pool)!;
    const rarest = counts.indexOf(Math.min(...counts));
    const picks = await runSpec({ op: "single", use: "class-uncertainty" }, pool, 5, { kernels, seed: "s" });
    expect(picks.scores[0]).toBe(Math.min(...eligible.map((row) => Math.abs(rowOf(row)[rarest] - 0.5))));
    const options = { classRule: "fixed", class: 2 };
    const found = await runSpec({ op: "single", use: "most-likely-positive", options }, pool, 5, {
      kernels,
      seed: "s",
    });
    expect(found.scores[0]).toBe(Math.max(...eligible.map((row) => rowOf(row)[2])));
    expect(found.reasons[0]).toMatchObject([{ code: "likelyPositive", class: 2 }]);
    const beyond = { op: "single", use: "most-likely-positive", options: { classRule: "fixed", class: 4 } };
    await expect(runSpec(beyond, pool, 5, { kernels, seed: "s" })).rejects.toMatchObject({ code: "E_OPTIONS" });
  });

  test("refuses strategies made for single labels, and designs of pipelines too, by its own kind of task", async () => {
    const run = (spec: object) => runSpec(spec, poolOf(MULTI), 3, { kernels, seed: "s" });
    await expect(run({ op: "single", use: "margin" })).rejects.toMatchObject({ code: "E_TASK_KIND" });
    const pipeline = { op: "pipeline", score: { use: "emal" }, design: { use: "margin-kmeans" } };
    await expect(run(pipeline)).rejects.toMatchObject({
      code: "E_TASK_KIND",
      message: expect.stringContaining("margin-kmeans"),
    });
  });

  test("counts a labelled row for every class that applies, in rules as in needs", () => {
    const labels = [
      [1, 0, 0, 1],
      [1, 0, 0, 0],
      [1, 1, 0, 0],
    ];
    const minus = [-1, -1, -1];
    const pool: Pool = { ...poolOf(MULTI), labelled: labelledOf(MULTI, [0, 1, 2], minus, labels.flat(), []) };
    expect([...labelCounts(pool)!]).toEqual([3, 1, 0, 1]);
    expect(seenClasses(pool)).toBe(3);
    expect(unmetRule({ minLabels: 3, minClasses: 3 }, pool)).toEqual([]);
    expect(unmetRule({ minClasses: 4, minPerClass: 1 }, pool)).toEqual([
      { need: "minClasses", required: 4, have: 3 },
      { need: "minPerClass", required: 1, have: 0 },
    ]);
  });

  test("in regression there are no classes, so their minima are met", () => {
    const pool = poolOf({ ...PLAIN, taskKind: "regression" });
    expect(labelCounts(pool)).toBeUndefined();
    expect(unmetRule({ minLabels: 5, minClasses: 2, minPerClass: 3 }, pool)).toEqual([]);
    const spec = {
      op: "schedule",
      until: { minLabels: 5, minPerClass: 3 },
      before: { op: "single", use: "random" },
      after: { op: "single", use: "k-center-greedy" },
    };
    expect(specUnmetNeeds(spec, pool)).toEqual([]);
  });
});

describe("a scorer over several arrays", () => {
  const spec: PoolSpec = { ...PLAIN, n: 150, shardRows: 16, dtype: "f64" };
  const scorerOf = (pool: Pool): ItemScorer => ({
    measure: "sum of all",
    inputs: [embeddingInput(pool), probabilityInput(pool), ...posteriorInputs(pool)],
    better: "higher",
    range: null,
    scoreBlock(_kernels, { start, end, inputs }, out) {
      for (let i = 0; i < end - start; i++) {
        out[i] = 0;
        inputs.forEach(({ dim, values }, array) => {
          for (let j = 0; j < dim; j++) out[i] += (array + 1) * (j + 1) * values[i * dim + j];
        });
      }
    },
    utility: (score) => score,
  });

  test("sees the same row of each, whatever their shards, and leaves out rows that one of them lacks", async () => {
    const arrays = poolArrays(spec);
    const pool = poolOf(spec, arrays);
    const shorter: Pool = { ...pool, embeddings: { ...pool.embeddings!, n: 100, shards: [{ start: 0, end: 100 }] } };
    const sum = (row: number) => {
      const all = [arrays.embeddings, arrays.probabilities, ...arrays.posterior];
      return all.reduce((total, values, array) => {
        const dim = values.length / spec.n;
        for (let j = 0; j < dim; j++) total += (array + 1) * (j + 1) * values[row * dim + j];
        return total;
      }, 0);
    };
    for (const [of, covered] of [
      [pool, 150],
      [
        {
          ...shorter,
          embeddings: {
            ...shorter.embeddings!,
            view: (s: number, e: number) => arrays.embeddings.subarray(5 * s, 5 * e),
          },
        },
        100,
      ],
    ] as const) {
      const candidates = await scorePool(context, of, scorerOf(of), 10);
      const open = arrays.eligible.filter((row) => row < covered);
      const best = [...open].sort((a, b) => sum(b) - sum(a)).slice(0, 10);
      expect([...candidates.rows]).toEqual(best);
      expect(candidates.summary!.scored).toBe(open.length);
      expect(candidates.notices.map((notice) => notice.code)).toEqual(
        open.length < arrays.eligible.length ? ["UNSCORED_ROWS"] : [],
      );
    }
  });

  test("is refused where a score is not a number", async () => {
    const pool = poolOf(spec);
    const broken: ItemScorer = { ...scorerOf(pool), scoreBlock: (_kernels, _block, out) => out.fill(Number.NaN) };
    await expect(scorePool(context, pool, broken, 3)).rejects.toMatchObject({ code: "E_SCORE" });
    const none = { ...pool, eligible: bitmapFromRows(spec.n, []) };
    expect((await scorePool(context, none, broken, 3)).rows.length).toBe(0);
  });
});

test("the histogram of a score without bounds does not depend on the order of the scores", () => {
  const random = new KeyedRandom("tally", "scores");
  for (const shift of [0, -0.5]) {
    const scores = Array.from(
      { length: 500 },
      (_, i) => (random.uniform(i) + shift) * 10 ** (4 * random.uniform(i, 1)),
    );
    const summaryOf = (values: number[]) => {
      const tally = new ScoreTally(null);
      for (const value of values) tally.add(value);
      return tally.summary("score").histogram;
    };
    const histogram = summaryOf(scores);
    expect(summaryOf([...scores].reverse())).toEqual(histogram);
    expect(summaryOf([...scores].sort((a, b) => a - b))).toEqual(histogram);
    const width = (histogram.hi - histogram.lo) / histogram.counts.length;
    const counted = histogram.counts.map(
      (_, bin) => scores.filter((x) => Math.floor((x - histogram.lo) / width) === bin).length,
    );
    expect(histogram.counts).toEqual(counted);
    expect(Math.max(...scores.map(Math.abs))).toBeGreaterThanOrEqual(histogram.hi / 2);
  }
});
