import { describe, expect, test } from "vitest";
import type { JsonValue, OptionValues, TaskKind } from "@/strategies";
import { bitmapWithoutRows, countBits, hasBit, registry, runSpec } from "@/strategies";
import { createReferenceKernels } from "@/strategies/kernels";
import type { PoolSpec } from "./strategyPools";
import { labelledOf, poolArrays, poolOf } from "./strategyPools";

/** The first law again, for options that are not the default, over rounds whose answers come late or never. */

const kernels = createReferenceKernels();

const ALL = { preset: "all" } as const;
const CASES: readonly (readonly [string, object, readonly TaskKind[]])[] = [
  ["galaxy", { variant: "labelbench", classRule: "random" }, ["single-label", "multi-label"]],
  ["galaxy", { variant: "original", classRule: "roundRobin", inFlight: "removed" }, ["single-label", "multi-label"]],
  ["galaxy", { classRule: "proportional", maxCandidates: 20, maxLabelled: 4 }, ["single-label"]],
  ["direct", { group: 3, inFlight: "predicted", minPerClass: 1 }, ["single-label", "multi-label"]],
  ["direct", { released: true, group: 2 }, ["single-label", "multi-label"]],
  ["similar", { kernel: "features", target: "all", eta: 0, perClass: 2 }, ["single-label"]],
  ["similar", { guard: "fewest" }, ["single-label"]],
  ["most-likely-positive", { order: "worstFirst", classRule: "proportional" }, ["single-label", "multi-label"]],
  ["class-uncertainty", { classRule: "random" }, ["multi-label"]],
  ["power-margin", { law: "softmax", beta: 30 }, ["single-label"]],
  ["power-margin", { beta: 0 }, ["single-label"]],
  ["tailor", { ...ALL, perClass: "each" }, ["single-label", "multi-label"]],
  ["tailor", { ...ALL, perClass: "auto", released: true, objective: "find" }, ["single-label", "multi-label"]],
  [
    "tailor",
    { arms: ["random", "galaxy"], pin: "galaxy", armOptions: { galaxy: { inFlight: "stream" } } },
    ["single-label"],
  ],
  ["tailor", { gamma: 0 }, ["single-label", "multi-label"]],
  ["albl", { form: "hsuLin", horizon: 100 }, ["single-label", "multi-label"]],
  ["random-meta", { arms: ["margin", "typiclust", "k-center-greedy", "emal"] }, ["single-label", "multi-label"]],
];

const POOLS: readonly Partial<PoolSpec>[] = [
  {},
  { distinct: 1 },
  { distinct: 2, labelledShare: 0 },
  { nClasses: 1, n: 9 },
  { shape: "one-hot", dtype: "f64" },
  { shape: "uniform", labelledShare: 0.6 },
  { labelledShare: 0.9, idleShare: 0.05 },
  { n: 1, labelledShare: 0, idleShare: 0 },
];

const BASE: PoolSpec = {
  ...{ seed: "options", n: 40, nClasses: 3, dim: 4, distinct: 40, labelledShare: 0.2, idleShare: 0.1 },
  ...{ shape: "soft", shardRows: 16, dtype: "f32" },
};

describe.each(CASES.flatMap(([use, options, kinds]) => kinds.map((kind) => [use, options, kind] as const)))(
  "%s with %j in %s projects",
  (use, options, taskKind) => {
    test("picks min(batch, eligible) distinct eligible rows, round after round", async () => {
      expect(registry.strategies.find((entry) => entry.id === use)!.taskKinds).toContain(taskKind);
      for (const more of POOLS) {
        for (const batch of [1, 7, 100]) {
          const spec: PoolSpec = { ...BASE, ...more, taskKind };
          const arrays = poolArrays(spec);
          let pool = poolOf(spec, arrays);
          let states: Readonly<Record<string, JsonValue>> = {};
          const rows = [...arrays.labelledRows];
          for (let round = 0; round < 3; round++) {
            const picks = await runSpec({ op: "single", use, options: options as OptionValues }, pool, batch, {
              ...{ kernels, seed: `${round}`, states },
            });
            const wanted = Math.min(batch, countBits(pool.eligible));
            expect(picks.rows.length).toBe(wanted);
            expect(new Set(picks.rows).size).toBe(wanted);
            for (const row of picks.rows) expect(hasBit(pool.eligible, row)).toBe(true);
            for (const values of [picks.scores, picks.utility]) {
              for (const value of values) expect(Number.isFinite(value)).toBe(true);
            }
            states = JSON.parse(JSON.stringify(picks.states));
            // A third is answered, a third waits, a third is skipped.
            rows.push(...picks.rows.filter((_, i) => i % 3 === 0));
            pool = {
              ...pool,
              eligible: bitmapWithoutRows(pool.eligible, picks.rows),
              pending: picks.rows.filter((_, i) => i % 3 === 1),
              skipped: picks.rows.filter((_, i) => i % 3 === 2),
              labelled: labelledOf(
                spec,
                rows,
                rows.map((row) => (taskKind === "single-label" ? row % spec.nClasses : -1)),
                rows.flatMap((row) => Array.from({ length: spec.nClasses }, (_, c) => (row >>> c) & 1)),
                rows,
              ),
            };
          }
        }
      }
    });
  },
);
