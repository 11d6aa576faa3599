import { describe, expect, test } from "vitest";
import type { Notice, Pool, RunContext } from "@/strategies";
import {
  arrayMatrix,
  auditFrame,
  bitmapAnd,
  bitmapFromRows,
  bitmapWithoutRows,
  countBits,
  defaultSpec,
  estimateAccuracy,
  hasBit,
  isInAuditFrame,
  KeyedRandom,
  normalizeSpec,
  runSpec,
  specArrays,
  specUnmetNeeds,
} from "@/strategies";
import { createReferenceKernels } from "@/strategies/kernels";
import { PLAIN, poolArrays, poolOf } from "./strategyPools";

const kernels = createReferenceKernels();

function contextOf(seed: string, more: Partial<RunContext> = {}): RunContext {
  return { kernels, seed, frameSeed: "frame", ...more };
}

function codes(notices: readonly Notice[]): string[] {
  return notices.map((notice) => notice.code);
}

const AUDITED_MARGIN = {
  op: "mix",
  parts: [{ share: 1, of: { op: "single", use: "margin" } }],
  audit: { share: 0.25, frameShare: 0.3 },
} as const;

const FRESH = { ...PLAIN, labelledShare: 0, idleShare: 0 };

describe("a mixture with an audit share", () => {
  test("draws audits from the frame only, strategy picks from outside it, in the stated shares", async () => {
    const pool = poolOf(FRESH);
    const frame = auditFrame(pool, "frame", 0.3);
    expect(countBits(frame) / pool.n).toBeGreaterThan(0.2);
    expect(countBits(frame) / pool.n).toBeLessThan(0.4);
    const picks = await runSpec(AUDITED_MARGIN, pool, 40, contextOf("one"));
    expect(picks.status).toBe("ok");
    picks.rows.forEach((row, i) => {
      const isAudit = picks.purpose[i] === "audit";
      expect(hasBit(frame, row)).toBe(isAudit);
      expect(picks.part[i]).toBe(isAudit ? "mix.audit" : "mix.0/single");
      expect(picks.strategy[i]).toBe(isAudit ? "random" : "margin");
      expect(picks.inclusion[i]).toBe(isAudit ? 10 / countBits(frame) : null);
      if (isAudit) expect(picks.reasons[i]).toEqual([{ code: "audit", frameRemaining: countBits(frame) }]);
    });
    expect(picks.purpose.filter((purpose) => purpose === "audit").length).toBe(10);
  });

  test("keeps its shares in every prefix of the ranking, give or take one", async () => {
    const picks = await runSpec(AUDITED_MARGIN, poolOf(FRESH), 40, contextOf("one"));
    let audits = 0;
    picks.purpose.forEach((purpose, i) => {
      if (purpose === "audit") audits++;
      expect(Math.abs(audits - 0.25 * (i + 1))).toBeLessThanOrEqual(1);
    });
  });

  test("rounds small batches at random, so that the share holds on average", async () => {
    const pool = poolOf(FRESH);
    let audits = 0;
    const runs = 400;
    for (let seed = 0; seed < runs; seed++) {
      const picks = await runSpec(AUDITED_MARGIN, pool, 3, contextOf(String(seed)));
      expect(picks.rows.length).toBe(3);
      audits += picks.purpose.filter((purpose) => purpose === "audit").length;
    }
    // 0.75 audits per batch; the standard error of the mean over 400 batches is 0.022.
    expect(Math.abs(audits / runs - 0.75)).toBeLessThan(0.09);
  });

  test("makes audit labels a simple random sample of the population, round after round", async () => {
    const spec = { ...FRESH, n: 120 };
    const arrays = poolArrays(spec);
    const pool = poolOf(spec, arrays);
    // A loss tied to the margin: what a strategy picks is far from average.
    const top = (row: number) => Math.max(...arrays.probabilities.subarray(row * 4, row * 4 + 4));
    const median = Array.from({ length: spec.n }, (_, row) => top(row)).sort()[60];
    const isCorrect = (row: number) => (top(row) >= median ? 1 : 0);
    const all = Array.from({ length: spec.n }, (_, row) => row);
    const truth = all.reduce((sum: number, row) => sum + isCorrect(row), 0) / spec.n;
    const counts = new Float64Array(spec.n);
    const estimates: number[] = [];
    let trainCorrect = 0;
    let trained = 0;
    const runs = 600;
    for (let run = 0; run < runs; run++) {
      let current = pool;
      const audited: number[] = [];
      for (let round = 0; round < 3; round++) {
        const context = contextOf(`${run}/${round}`, { frameSeed: `frame ${run}` });
        const picks = await runSpec(AUDITED_MARGIN, current, 12, context);
        current = { ...current, eligible: bitmapWithoutRows(current.eligible, picks.rows) };
        picks.rows.forEach((row, i) => {
          if (picks.purpose[i] === "audit") audited.push(row);
          else {
            trained++;
            trainCorrect += isCorrect(row);
          }
        });
      }
      expect(audited.length).toBe(9);
      for (const row of audited) counts[row]++;
      estimates.push(
        estimateAccuracy({
          correct: audited.reduce((sum, row) => sum + isCorrect(row), 0),
          n: 9,
          level: 0.9,
          method: "wilson",
        }).value!,
      );
    }
    const mean = estimates.reduce((sum, value) => sum + value / runs, 0);
    expect(Math.abs(mean - truth)).toBeLessThan(4 * Math.sqrt(0.25 / 9 / runs));
    expect(trainCorrect / trained).toBeLessThan(truth - 0.3);
    const p = 9 / spec.n;
    for (const count of counts) expect(Math.abs(count / runs - p)).toBeLessThan(4.2 * Math.sqrt((p * (1 - p)) / runs));
  });

  test("an item's side of the frame follows from its key alone", () => {
    const arrays = poolArrays(FRESH);
    const pool = poolOf(FRESH, arrays);
    const frame = auditFrame(pool, "frame", 0.3);
    for (let row = 0; row < pool.n; row++) {
      const key = { lo: arrays.keys.lo[row], hi: arrays.keys.hi[row] };
      expect(isInAuditFrame(key, "frame", 0.3)).toBe(hasBit(frame, row));
    }
    // A smaller share is a subset, so lowering it never moves an item into the frame.
    const smaller = auditFrame(pool, "frame", 0.1);
    expect(countBits(bitmapAnd(smaller, frame))).toBe(countBits(smaller));
  });

  test("gives the audit share to the strategy when the frame is used up, and says so", async () => {
    const pool = poolOf(FRESH);
    const frame = auditFrame(pool, "frame", 0.3);
    const outside = Array.from({ length: pool.n }, (_, row) => row).filter((row) => !hasBit(frame, row));
    const picks = await runSpec(
      AUDITED_MARGIN,
      { ...pool, eligible: bitmapFromRows(pool.n, outside) },
      20,
      contextOf("x"),
    );
    expect(picks.rows.length).toBe(20);
    expect(picks.purpose).not.toContain("audit");
    expect(picks.status).toBe("fallback");
    expect(picks.notices).toContainEqual({
      code: "AUDIT_FRAME_EXHAUSTED",
      level: "fallback",
      missing: 5,
      frameRemaining: 0,
    });
  });

  test("serves frame items for training when nothing else is left, and says so", async () => {
    const pool = poolOf(FRESH);
    const frame = auditFrame(pool, "frame", 0.3);
    const picks = await runSpec(AUDITED_MARGIN, { ...pool, eligible: frame }, 20, contextOf("x"));
    expect(picks.rows.length).toBe(20);
    expect(new Set(picks.rows).size).toBe(20);
    expect(picks.purpose.filter((purpose) => purpose === "audit").length).toBe(5);
    expect(picks.status).toBe("fallback");
    expect(picks.notices).toContainEqual({ code: "AUDIT_FRAME_SERVED_AS_TRAIN", level: "fallback", count: 15 });
  });

  test("needs the project's frame seed", async () => {
    const context = contextOf("x", { frameSeed: undefined });
    await expect(runSpec(AUDITED_MARGIN, poolOf(FRESH), 5, context)).rejects.toMatchObject({ code: "E_SPEC" });
  });
});

describe("a mixture of strategies", () => {
  test("gives each part its share of rows the earlier parts left, and no row twice", async () => {
    const spec = {
      op: "mix",
      parts: [
        { share: 0.5, of: { op: "single", use: "margin" } },
        { share: 0.3, of: { op: "single", use: "random" } },
        { share: 0.2, of: { op: "single", use: "k-center-greedy" } },
      ],
    };
    const pool = poolOf(PLAIN);
    const picks = await runSpec(spec, pool, 50, contextOf("m"));
    const count = (id: string) => picks.strategy.filter((entry) => entry === id).length;
    expect(Math.abs(count("margin") - 25)).toBeLessThanOrEqual(1);
    expect(Math.abs(count("random") - 15)).toBeLessThanOrEqual(1);
    expect(new Set(picks.rows).size).toBe(50);
    const left = countBits(pool.eligible) - count("margin");
    picks.strategy.forEach((id, i) => {
      expect(picks.inclusion[i]).toBe(id === "random" ? count("random") / left : null);
    });
    expect(Object.keys(picks.summaries)).toEqual(["mix.0/single"]);
  });

  test("two random parts draw independently of each other", async () => {
    const part = { share: 0.5, of: { op: "single", use: "random" } };
    const pool = poolOf(FRESH);
    const picks = await runSpec({ op: "mix", parts: [part, part] }, pool, 40, contextOf("m"));
    const alone = await runSpec({ op: "mix", parts: [{ ...part, share: 1 }] }, pool, 40, contextOf("m"));
    expect(new Set(picks.rows).size).toBe(40);
    const common = [...picks.rows].filter((row) => alone.rows.includes(row)).length;
    // The first part agrees with a part alone (20 rows); the second must not simply go on with its order.
    expect(common).toBeLessThan(32);
  });

  test("passes what a part cannot deliver to the next, and says so", async () => {
    const arrays = poolArrays(FRESH);
    const scored = 20;
    const pool: Pool = {
      ...poolOf(FRESH, arrays),
      probabilities: arrayMatrix(arrays.probabilities.slice(0, scored * 4), scored, 4),
    };
    const spec = {
      op: "mix",
      parts: [
        { share: 0.8, of: { op: "single", use: "margin" } },
        { share: 0.2, of: { op: "single", use: "random" } },
      ],
    };
    const picks = await runSpec(spec, pool, 50, contextOf("m"));
    expect(picks.rows.length).toBe(50);
    expect(picks.strategy.filter((id) => id === "margin").length).toBe(20);
    expect(codes(picks.notices)).toEqual(["UNSCORED_ROWS", "PART_EXHAUSTED"]);
    expect(picks.status).toBe("fallback");
    const alone = await runSpec({ op: "single", use: "margin" }, pool, 50, contextOf("m"));
    expect(alone).toMatchObject({ status: "partial" });
    expect(codes(alone.notices)).toEqual(["UNSCORED_ROWS", "FEWER_THAN_ASKED"]);
  });
});

describe("a schedule", () => {
  const spec = {
    op: "schedule",
    until: { minLabels: 6, minPerClass: 2 },
    before: { op: "single", use: "typiclust" },
    after: { op: "single", use: "margin" },
  };
  const labelled = (classes: number[]): Pool => {
    const pool = poolOf({ ...FRESH, nClasses: 3 });
    const rows = Uint32Array.from(classes, (_, i) => i);
    return {
      ...pool,
      labelled: { rows, classes: Int32Array.from(classes) },
      eligible: bitmapWithoutRows(pool.eligible, rows),
    };
  };

  test.each([
    [
      [],
      "typiclust",
      [
        ["minLabels", 6, 0],
        ["minPerClass", 2, 0],
      ],
    ],
    [[0, 0, 0, 1, 1, 1, 1], "typiclust", [["minPerClass", 2, 0]]],
    [
      [0, 0, 1, 1, 2],
      "typiclust",
      [
        ["minLabels", 6, 5],
        ["minPerClass", 2, 1],
      ],
    ],
    [[0, 0, 1, 1, 2, 2], "margin", []],
  ])("with labels %j serves %s", async (classes, strategy, unmet) => {
    const picks = await runSpec(spec, labelled(classes), 4, contextOf("s"));
    expect(new Set(picks.strategy)).toEqual(new Set([strategy]));
    expect(picks.status).toBe("ok");
    const told = picks.notices.flatMap((notice) => (notice.code === "COLD_START" ? notice.unmet : []));
    expect(told.map((need) => [need.need, need.required, need.have])).toEqual(unmet);
  });

  test("stays in cold start while the model has no predictions yet, as a fallback that is told", async () => {
    const pool = { ...labelled([0, 0, 1, 1, 2, 2]), probabilities: undefined };
    const picks = await runSpec(spec, pool, 4, contextOf("s"));
    expect(picks.strategy[0]).toBe("typiclust");
    expect(picks.status).toBe("fallback");
    expect(picks.notices).toEqual([
      { code: "MAIN_NOT_READY", level: "fallback", unmet: [{ need: "probabilities", required: 1, have: 0 }] },
    ]);
    expect(specUnmetNeeds(spec, pool)).toEqual([]);
    expect(specUnmetNeeds(spec, { ...pool, embeddings: undefined })).toMatchObject([{ need: "embeddings" }]);
  });

  test("the default spec audits a tenth, starts cold and names every array it may read", async () => {
    const standard = defaultSpec(4);
    expect(specArrays(standard)).toEqual(["embeddings", "labels", "probabilities"]);
    const picks = await runSpec(standard, poolOf(PLAIN), 50, contextOf("d"));
    expect(picks.purpose.filter((purpose) => purpose === "audit").length).toBe(5);
    expect(codes(picks.notices)).toContain("COLD_START");
    expect(normalizeSpec(standard)).toEqual(standard);
  });
});

describe("a pipeline", () => {
  test("designs among the most uncertain rows and keeps both reasons", async () => {
    const spec = {
      op: "pipeline",
      filter: [{ use: "top-utility", options: { factor: 3 } }],
      score: { use: "margin" },
      design: { use: "k-center-greedy" },
    };
    const pool = poolOf(PLAIN);
    const picks = await runSpec(spec, pool, 10, contextOf("p"));
    const top = await runSpec({ op: "single", use: "margin" }, pool, 30, contextOf("p"));
    for (const row of picks.rows) expect(top.rows).toContain(row);
    expect([...picks.rows]).not.toEqual([...top.rows.slice(0, 10)]);
    picks.rows.forEach((row, i) => {
      const at = top.rows.indexOf(row);
      expect(picks.scores[i]).toBe(top.scores[at]);
      expect(picks.percentile[i]).toBe(top.percentile[at]);
      expect(picks.reasons[i].map((reason) => reason.code)).toEqual(["uncertain", "farFromLabelled"]);
    });
  });

  test("with the top-k design is the strategy itself, and a random filter narrows it first", async () => {
    const pool = poolOf(PLAIN);
    const spec = { op: "pipeline", score: { use: "entropy" }, design: { use: "top-k" } };
    const plain = await runSpec({ op: "single", use: "entropy" }, pool, 12, contextOf("p"));
    expect((await runSpec(spec, pool, 12, contextOf("p"))).rows).toEqual(plain.rows);
    const narrowed = { ...spec, filter: [{ use: "random-subset", options: { size: 40 } }] };
    const picks = await runSpec(narrowed, pool, 12, contextOf("p"));
    expect(picks.summary!.scored).toBe(40);
    expect(picks.rows.length).toBe(12);
  });

  test("says when the candidates of a design were cut", async () => {
    const n = 60_000;
    const random = new KeyedRandom("big", "pool");
    const probabilities = new Float32Array(2 * n);
    for (let row = 0; row < n; row++) {
      probabilities[2 * row] = 0.5 + random.uniform(row) / 2;
      probabilities[2 * row + 1] = 1 - probabilities[2 * row];
    }
    const pool: Pool = {
      n,
      nClasses: 2,
      eligible: bitmapFromRows(
        n,
        Uint32Array.from({ length: n }, (_, row) => row),
      ),
      labelled: { rows: new Uint32Array(0), classes: new Int32Array(0) },
      probabilities: arrayMatrix(probabilities, n, 2),
      embeddings: arrayMatrix(
        Float32Array.from({ length: n }, (_, row) => random.uniform(row, 1)),
        n,
        1,
      ),
    };
    const spec = { op: "pipeline", score: { use: "margin" }, design: { use: "k-center-greedy" } };
    const picks = await runSpec(spec, pool, 3, contextOf("p"));
    expect(picks.notices).toEqual([
      { code: "CANDIDATES_TRUNCATED", level: "warning", from: n, to: 50_000, rule: "utility", of: "candidates" },
    ]);
  });
});

describe("notices of single strategies", () => {
  test("ties at the cut, truncated candidates and small clusters are told", async () => {
    const uniform = await runSpec(
      { op: "single", use: "margin" },
      poolOf({ ...FRESH, shape: "uniform" }),
      10,
      contextOf("n"),
    );
    expect(uniform.notices).toEqual([{ code: "TIES_AT_CUT", level: "warning", decided: 10, outside: 290 }]);
    const options = { maxCandidates: 20, maxLabelled: 5 };
    const cut = await runSpec({ op: "single", use: "k-center-greedy", options }, poolOf(PLAIN), 4, contextOf("n"));
    expect(cut.notices).toMatchObject([
      { code: "CANDIDATES_TRUNCATED", of: "candidates", to: 20 },
      { code: "CANDIDATES_TRUNCATED", of: "labelled", to: 5 },
    ]);
    const small = await runSpec({ op: "single", use: "typiclust" }, poolOf({ ...FRESH, n: 12 }), 6, contextOf("n"));
    expect(small).toMatchObject({ status: "ok" });
    expect(small.notices).toMatchObject([{ code: "SMALL_CLUSTERS_USED", level: "info" }]);
    const many = { op: "single", use: "margin-kmeans", options: { maxClusters: 4 } };
    const capped = await runSpec(many, poolOf(FRESH), 20, contextOf("n"));
    expect(capped.notices).toContainEqual({ code: "CLUSTERS_CAPPED", level: "warning", asked: 20, used: 4 });
  });

  test("pending items count as chosen: their neighbours are not served next", async () => {
    const pool = poolOf({ ...FRESH, distinct: 10 });
    const first = await runSpec({ op: "single", use: "k-center-greedy" }, pool, 5, contextOf("n"));
    const eligible = bitmapWithoutRows(pool.eligible, first.rows);
    const blind = await runSpec({ op: "single", use: "k-center-greedy" }, { ...pool, eligible }, 5, contextOf("n"));
    const aware = await runSpec(
      { op: "single", use: "k-center-greedy" },
      { ...pool, eligible, pending: first.rows },
      5,
      contextOf("n"),
    );
    const contents = (rows: Uint32Array) => new Set(Array.from(rows, (row) => row % 10));
    const repeated = (rows: Uint32Array) => [...contents(rows)].filter((content) => contents(first.rows).has(content));
    expect(repeated(blind.rows).length).toBeGreaterThan(0);
    expect(repeated(aware.rows)).toEqual([]);
  });
});
