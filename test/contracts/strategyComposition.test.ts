import { describe, expect, test } from "vitest";
import type { Pool, Reason, RunContext } from "@/strategies";
import {
  countBits,
  diffSpecs,
  normalizeSpec,
  runSpec,
  specArrays,
  specCost,
  specHash,
  specUnmetNeeds,
} from "@/strategies";
import { quotasOf } from "@/strategies/core/strata";
import { createReferenceKernels } from "@/strategies/kernels";
import type { PoolSpec } from "./strategyPools";
import { PLAIN, poolArrays, poolOf } from "./strategyPools";

const kernels = createReferenceKernels();

function contextOf(seed: string, more: Partial<RunContext> = {}): RunContext {
  return { kernels, seed, frameSeed: "frame", ...more };
}

const quotaOf = (reasons: readonly Reason[]) => {
  const found = reasons.find((reason) => reason.code === "quota");
  if (found === undefined) throw new Error("no quota");
  return found;
};

const RANDOM = { op: "single", use: "random" } as const;
const MARGIN = { op: "single", use: "margin" } as const;

describe("strata", () => {
  const predictedOf = (spec: PoolSpec) => {
    const { probabilities } = poolArrays(spec);
    return (row: number) => {
      const p = [...probabilities.subarray(row * spec.nClasses, (row + 1) * spec.nClasses)];
      return p.indexOf(Math.max(...p));
    };
  };

  test("by predicted class bring the labels nearer to equal numbers", async () => {
    const pool = poolOf(PLAIN);
    const predicted = predictedOf(PLAIN);
    const counts = [0, 0, 0, 0];
    for (const label of pool.labelled.classes) counts[label]++;
    for (const row of pool.pending!) counts[predicted(row)]++;
    const picks = await runSpec({ op: "strata", by: "predictedClass", of: MARGIN }, pool, 40, contextOf("s"));
    expect(picks.rows.length).toBe(40);
    picks.rows.forEach((row, i) => {
      expect(quotaOf(picks.reasons[i])).toMatchObject({ by: "predictedClass", stratum: predicted(row), target: 0.25 });
      counts[predicted(row)]++;
    });
    expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
    expect(picks.part[0]).toMatch(/^strata\.\d\/single$/);
  });

  test("keep the pool's own distribution when asked to", async () => {
    const spec = { ...PLAIN, labelledShare: 0, idleShare: 0 };
    const predicted = predictedOf(spec);
    const share = (rows: Iterable<number>, k: number) => {
      const all = [...rows];
      return all.filter((row) => predicted(row) === k).length / all.length;
    };
    const keep = { op: "strata", by: "predictedClass", target: "natural", of: MARGIN };
    const picks = await runSpec(keep, poolOf(spec), 100, contextOf("s"));
    for (let k = 0; k < 4; k++) {
      expect(Math.abs(share(picks.rows, k) - share(Array(spec.n).keys(), k))).toBeLessThan(0.02);
    }
  });

  test("by cluster spread the batch over the groups of the embeddings", async () => {
    // Contents repeat every four rows, around four far points.
    const spec = { ...PLAIN, labelledShare: 0, idleShare: 0 };
    const even = { op: "strata", by: "cluster", clusters: 4, of: RANDOM };
    const picks = await runSpec(even, poolOf(spec), 40, contextOf("s"));
    const strata = picks.reasons.map((reasons) => quotaOf(reasons).stratum);
    for (let s = 0; s < 4; s++) expect(strata.filter((entry) => entry === s).length).toBe(10);
  });

  test("by group meet given shares, and rows of no group come last", async () => {
    const spec = { ...PLAIN, labelledShare: 0, idleShare: 0 };
    const { groups } = poolArrays(spec);
    const quotas = { op: "strata", by: "group", target: [2, 1, 1], of: RANDOM };
    const pool = poolOf(spec);
    const picks = await runSpec(quotas, pool, 40, contextOf("g"));
    const count = (g: number, rows: Iterable<number>) => [...rows].filter((row) => groups[row] === g).length;
    expect([0, 1, 2].map((g) => count(g, picks.rows))).toEqual([20, 10, 10]);
    // Inside a group of m rows each is drawn with probability quota / m.
    picks.rows.forEach((row, i) => {
      const g = groups[row];
      expect(picks.inclusion[i]).toBeCloseTo([20, 10, 10][g] / count(g, groups.keys()), 12);
    });
    const all = await runSpec(quotas, pool, 300, contextOf("g"));
    expect(new Set(all.rows).size).toBe(300);
    expect(picks.part.every((part) => /^strata\.[012]\/single$/.test(part))).toBe(true);
    expect(all.part.filter((part) => part === "strata.rest/single").length).toBe(count(-1, groups.keys()));
    await expect(runSpec({ ...quotas, target: [1, 1] }, pool, 4, contextOf("g"))).rejects.toMatchObject({
      code: "E_SPEC",
      message: expect.stringContaining("2 shares; there are 3 strata"),
    });
  });

  test("stated probabilities are those with which rows are drawn", async () => {
    const spec = { ...PLAIN, n: 60, labelledShare: 0.2 };
    const pool = poolOf(spec);
    const mixed = {
      op: "strata",
      by: "predictedClass",
      target: [4, 1, 1, 1],
      of: { op: "mix", parts: [{ share: 1, of: RANDOM }] },
    };
    const counts = new Float64Array(spec.n);
    const stated = new Map<number, number>();
    const runs = 1500;
    for (let seed = 0; seed < runs; seed++) {
      const picks = await runSpec(mixed, pool, 10, contextOf(String(seed)));
      picks.rows.forEach((row, i) => {
        counts[row]++;
        stated.set(row, picks.inclusion[i]!);
      });
    }
    expect([...stated.values()].reduce((sum, p) => sum + p, 0)).toBeCloseTo(10, 6);
    for (const [row, p] of stated) {
      expect(Math.abs(counts[row] / runs - p)).toBeLessThanOrEqual(4.5 * Math.sqrt((p * (1 - p)) / runs) + 1e-12);
    }
  });

  test("places go to the largest deficit, as counted by hand", () => {
    const of = (...values: number[]) => Float64Array.from(values);
    expect([...quotasOf(of(0.5, 0.5), of(4, 0), of(9, 9), 4)]).toEqual([0, 4]);
    expect([...quotasOf(of(0.5, 0.5), of(4, 0), of(9, 2), 4)]).toEqual([2, 2]);
    expect([...quotasOf(of(1, 0), of(0, 0), of(2, 9), 4)]).toEqual([2, 2]);
    expect([...quotasOf(of(0.5, 0.5), of(0, 0), of(1, 1), 5)]).toEqual([1, 1]);
  });

  test("serve every eligible row, and survive an empty labelled set, one class and equal rows", async () => {
    for (const by of ["predictedClass", "cluster", "group"] as const) {
      for (const more of [{ distinct: 1 }, { nClasses: 1 }, { labelledShare: 0 }, { labelledShare: 0.9 }]) {
        const pool = poolOf({ ...PLAIN, n: 50, ...more });
        const picks = await runSpec({ op: "strata", by, of: RANDOM }, pool, 200, contextOf("e"));
        expect(new Set(picks.rows).size).toBe(countBits(pool.eligible));
      }
    }
  });
});

describe("a score per cost", () => {
  const spec = {
    op: "pipeline",
    score: { use: "margin", perCost: { exponent: 2 } },
    design: { use: "top-k" },
  };

  test("ranks by utility over cost to the exponent, and says both", async () => {
    const pool = poolOf({ ...PLAIN, dtype: "f64" });
    const { costs, probabilities, eligible } = poolArrays({ ...PLAIN, dtype: "f64" });
    const worth = (row: number) => {
      const p = [...probabilities.subarray(4 * row, 4 * row + 4)].sort((a, b) => b - a);
      return (1 - (p[0] - p[1])) / costs[row] ** 2;
    };
    const picks = await runSpec(spec, pool, 15, contextOf("c"));
    const best = [...eligible].sort((a, b) => worth(b) - worth(a)).slice(0, 15);
    expect([...picks.rows]).toEqual(best);
    picks.rows.forEach((row, i) => {
      expect(picks.scores[i]).toBeCloseTo(worth(row), 9);
      expect(picks.reasons[i][0]).toMatchObject({ code: "perCost", measure: "margin", cost: costs[row] });
    });
  });

  test("needs costs, and says so before it runs", async () => {
    const pool: Pool = { ...poolOf(PLAIN), costs: undefined };
    expect(specArrays(spec)).toEqual(["costs", "probabilities"]);
    expect(specUnmetNeeds(spec, pool)).toMatchObject([{ need: "costs" }]);
    await expect(runSpec(spec, pool, 3, contextOf("c"))).rejects.toMatchObject({ code: "E_MISSING_ARRAY" });
  });
});

describe("assignment", () => {
  const pipeline = (assign?: object) => ({
    op: "pipeline",
    score: { use: "margin" },
    design: { use: "top-k" },
    ...(assign === undefined ? {} : { assign }),
  });

  test("keeps, shuffles, or asks for more opinions, on the same picks", async () => {
    const pool = poolOf(PLAIN);
    const plain = await runSpec(pipeline(), pool, 40, contextOf("a"));
    const ranked = await runSpec(pipeline({ use: "ranked" }), pool, 40, contextOf("a"));
    const shuffled = await runSpec(pipeline({ use: "shuffled" }), pool, 40, contextOf("a"));
    expect(ranked.rows).toEqual(plain.rows);
    expect(plain.opinions).toBeUndefined();
    expect([...shuffled.rows]).not.toEqual([...plain.rows]);
    expect([...shuffled.rows].sort()).toEqual([...plain.rows].sort());
    shuffled.rows.forEach((row, i) => {
      expect(shuffled.scores[i]).toBe(plain.scores[plain.rows.indexOf(row)]);
    });
    const options = { opinions: 3, share: 0.25, of: "first" };
    const extra = await runSpec(pipeline({ use: "extra-opinions", options }), pool, 40, contextOf("a"));
    expect(extra.opinions).toEqual([...Array(10).fill(3), ...Array(30).fill(1)]);
    const mixed = {
      op: "mix",
      parts: [
        { share: 0.5, of: pipeline({ use: "extra-opinions", options }) },
        { share: 0.5, of: RANDOM },
      ],
    };
    const parts = await runSpec(mixed, pool, 40, contextOf("a"));
    // 0: as the project says.
    parts.part.forEach((part, i) => {
      expect(parts.opinions![i] === 0).toBe(part.startsWith("mix.1"));
    });
  });
});

describe("specs", () => {
  test.each([
    [{ op: "strata", by: "colour", of: MARGIN }, "spec.by: expected one of predictedClass, cluster, group"],
    [{ op: "strata", by: "group", clusters: 3, of: MARGIN }, "spec.clusters: belongs to strata by cluster"],
    [{ op: "strata", by: "cluster", clusters: 0, of: MARGIN }, "spec.clusters: expected an integer from 1"],
    [{ op: "strata", by: "group", target: "even", of: MARGIN }, 'spec.target: expected "uniform", "natural"'],
    [{ op: "strata", by: "group", target: [0, 0], of: MARGIN }, "spec.target: expected at least one share above 0"],
    [{ op: "strata", by: "group", target: [1, -1], of: MARGIN }, "spec.target[1]: expected a number ≥ 0"],
    [{ op: "strata", by: "group" }, "spec.of: expected an object, got nothing"],
    [
      { op: "pipeline", score: { use: "margin", perCost: { exponent: 0 } }, design: { use: "top-k" } },
      "spec.score.perCost.exponent: expected a number above 0",
    ],
    [
      { op: "pipeline", score: { use: "margin" }, design: { use: "top-k" }, assign: { use: "nobody" } },
      'spec.assign.use: no assignment "nobody"',
    ],
    [{ op: "single", use: "tailor", options: { arms: ["tailor"] } }, "spec.options.arms[0]: expected one of"],
    [
      { op: "single", use: "tailor", options: { armOptions: { galaxy: { class: -1 } } } },
      "spec.options.armOptions.galaxy.class",
    ],
  ])("%j is refused with its path", (spec, message) => {
    expect(() => normalizeSpec(spec)).toThrow(expect.objectContaining({ message: expect.stringContaining(message) }));
  });

  const nested = {
    op: "mix",
    audit: { share: 0.1, frameShare: 0.2 },
    parts: [
      { share: 0.5, of: { op: "strata", by: "predictedClass", of: MARGIN } },
      { share: 0.5, of: { op: "single", use: "tailor", options: { arms: ["margin", "galaxy"] } } },
    ],
  };

  test("with strata, costs and arms survive JSON: they run the same and keep their name", async () => {
    const first = await runSpec(nested, poolOf(PLAIN), 20, contextOf("j"));
    const stored = JSON.parse(JSON.stringify(first.spec));
    expect(await runSpec(stored, poolOf(PLAIN), 20, contextOf("j"))).toEqual(first);
    expect(specHash(stored)).toBe(first.specHash);
    expect(specArrays(nested)).toEqual(["labels", "probabilities", "state"]);
    const dims = { eligible: 1000, labelled: 50, nClasses: 4, embeddingDim: 8, batchSize: 20 };
    expect(specCost(nested, dims).flops).toBeGreaterThan(specCost(MARGIN, dims).flops);
  });

  test("differ readably", () => {
    expect(diffSpecs(nested, JSON.parse(JSON.stringify(normalizeSpec(nested))))).toEqual([]);
    const other = structuredClone(nested) as typeof nested;
    Object.assign(other.parts[1].of, {
      options: { arms: ["margin", "galaxy"], gamma: 0.8, armOptions: { galaxy: { inFlight: "removed" } } },
    });
    other.parts[0].share = 0.75;
    other.audit.share = 0.2;
    const changes = diffSpecs(nested, other);
    expect(changes.map(({ path, kind }) => [path, kind])).toEqual(
      expect.arrayContaining([
        ["parts[0].share", "changed"],
        ["parts[1].of.options.gamma", "changed"],
        ["parts[1].of.options.armOptions.galaxy", "added"],
        ["audit.share", "changed"],
      ]),
    );
    const memory = changes.find(({ path }) => path.endsWith("gamma"))!;
    expect(memory).toMatchObject({ from: 0.9, to: 0.8, text: "TAILOR, Memory: 0.9 → 0.8" });
    expect(diffSpecs(MARGIN, { op: "single", use: "entropy" })).toMatchObject([
      { path: "", kind: "changed", text: "spec: Margin → Entropy" },
    ]);
  });
});

test("SIMILAR as a design picks among the most uncertain rows and keeps both reasons", async () => {
  const spec = {
    op: "pipeline",
    filter: [{ use: "top-utility", options: { factor: 3 } }],
    score: { use: "margin" },
    design: { use: "similar", options: { target: "all" } },
  };
  const picks = await runSpec(spec, poolOf(PLAIN), 10, contextOf("p"));
  const top = await runSpec(MARGIN, poolOf(PLAIN), 30, contextOf("p"));
  picks.rows.forEach((row, i) => {
    expect(top.rows).toContain(row);
    expect(picks.reasons[i].map((reason) => reason.code)).toEqual(["uncertain", "likeExample"]);
  });
});

test("TAILOR passes on what the arms that supplied rows have to say, and leaves out arms that cannot run", async () => {
  const armOptions = { galaxy: { maxCandidates: 50 } };
  const options = { arms: ["emal", "base", "galaxy"], armOptions, pin: "galaxy" };
  const spec = { op: "single", use: "tailor", options };
  const picks = await runSpec(spec, poolOf(PLAIN), 5, contextOf("p"));
  expect(picks.notices).toEqual(
    expect.arrayContaining([
      { code: "ARM_LEFT_OUT", level: "warning", arm: "emal", why: "taskKind" },
      expect.objectContaining({ code: "CANDIDATES_TRUNCATED", to: 50 }),
    ]),
  );
  expect(picks.reasons.every(([reason]) => reason.code === "arm" && reason.arm === "galaxy")).toBe(true);
});

test("TAILOR inside strata remembers each stratum by itself", async () => {
  const spec = {
    op: "strata",
    by: "group",
    of: { op: "single", use: "tailor", options: { arms: ["margin", "galaxy"] } },
  };
  const pool = poolOf({ ...PLAIN, labelledShare: 0.2 });
  const picks = await runSpec(spec, pool, 30, contextOf("p"));
  expect(Object.keys(picks.states).sort()).toEqual(["strata.0/single", "strata.1/single", "strata.2/single"]);
  const again = await runSpec(spec, pool, 30, contextOf("q", { states: picks.states }));
  expect((again.states["strata.1/single"] as { state: { round: number } }).state.round).toBe(2);
});

describe("states", () => {
  const schedule = (use: string) => ({
    op: "mix",
    parts: [
      {
        share: 1,
        of: {
          op: "schedule",
          until: { minLabels: 5 },
          before: RANDOM,
          after: { op: "single", use, options: { arms: ["margin", "galaxy"] } },
        },
      },
    ],
  });
  const part = "mix.0/schedule.after/single";
  const roundOf = (states: RunContext["states"], use = "tailor", pool = poolOf(PLAIN)) =>
    runSpec(schedule(use), pool, 6, contextOf("r", { states }));
  const learned = async () => JSON.parse(JSON.stringify((await roundOf(undefined)).states));
  const roundIn = (states: Readonly<Record<string, unknown>>) =>
    (states[part] as { state: { round: number } }).state.round;

  test("of a part that does not run are kept for when it runs again", async () => {
    const states = await learned();
    expect(states[part].strategy).toBe("tailor");
    const cold = { ...poolOf(PLAIN), labelled: { rows: new Uint32Array(0), classes: new Int32Array(0) } };
    const between = await roundOf(states, "tailor", cold);
    expect(between.strategy).toContain("random");
    expect(between.states).toEqual(states);
    expect(roundIn((await roundOf(between.states)).states)).toBe(2);
  });

  test("of another strategy at the same place are not given to it, and those of a spec left behind are dropped", async () => {
    const states = { ...(await learned()), "mix.1/single": { strategy: "tailor", state: 1 } };
    const changed = await roundOf(states, "albl");
    expect(changed.status).toBe("ok");
    expect(Object.keys(changed.states)).toEqual([part]);
    expect((changed.states[part] as { strategy: string }).strategy).toBe("albl");
    expect(roundIn(changed.states)).toBe(1);
  });
});
