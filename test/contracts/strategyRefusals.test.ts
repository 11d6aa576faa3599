import { describe, expect, test } from "vitest";
import type { Pool, RunContext, Strategy } from "@/strategies";
import { bitmapFromRows, normalizeSpec, registry, runSpec, specHash } from "@/strategies";
import { runSpecWith } from "@/strategies/core/runSpec";
import { createReferenceKernels } from "@/strategies/kernels";
import { PLAIN, poolOf } from "./strategyPools";

const kernels = createReferenceKernels();

function contextOf(seed: string, more: Partial<RunContext> = {}): RunContext {
  return { kernels, seed, frameSeed: "frame", ...more };
}

const AUDITED_MARGIN = {
  op: "mix",
  parts: [{ share: 1, of: { op: "single", use: "margin" } }],
  audit: { share: 0.25, frameShare: 0.3 },
} as const;

describe("refusals", () => {
  const pool = poolOf(PLAIN);
  const single = { op: "single", use: "margin" };

  test.each([
    [null, "E_SPEC", "spec: expected an object"],
    [{ op: "magic" }, "E_SPEC", "spec.op: expected"],
    [{ op: "single", use: "nope" }, "E_UNKNOWN_STRATEGY", 'spec.use: no strategy "nope"'],
    [{ op: "single", use: "margin", extra: 1 }, "E_SPEC", "spec.extra: no such field"],
    [{ op: "single", use: "margin", options: { k: 1 } }, "E_OPTIONS", "spec.options.k: no such option; it has none"],
    [{ op: "single", use: "typiclust", options: { neighbours: 0 } }, "E_OPTIONS", "an integer from 1 to 500, got 0"],
    [{ op: "single", use: "typiclust", options: { distance: "far" } }, "E_OPTIONS", 'one of "euclidean", "squared"'],
    [{ op: "mix", parts: [] }, "E_SPEC", "spec.parts: expected 1 to 32 parts"],
    [{ op: "mix", parts: [{ share: 0, of: single }] }, "E_SPEC", "spec.parts[0].share: expected a number above 0"],
    [
      { op: "mix", parts: [{ share: 1, of: { ...AUDITED_MARGIN } }] },
      "E_SPEC",
      "spec.parts[0].of.audit: only the outermost mix",
    ],
    [{ op: "schedule", until: {}, before: single, after: single }, "E_SPEC", "spec.until: expected at least one"],
    [{ op: "schedule", until: { minLabels: 1.5 }, before: single, after: single }, "E_SPEC", "spec.until.minLabels"],
    [
      { op: "pipeline", score: { use: "typiclust" }, design: { use: "top-k" } },
      "E_SPEC",
      'spec.score.use: "typiclust" gives no item-wise score; usable: margin',
    ],
    [
      { op: "pipeline", score: { use: "margin" }, design: { use: "margin" } },
      "E_SPEC",
      "is no batch design; usable: top-k",
    ],
    [
      {
        op: "pipeline",
        filter: [{ use: "top-utility" }, { use: "random-subset" }],
        score: { use: "margin" },
        design: { use: "top-k" },
      },
      "E_SPEC",
      "spec.filter[1]: a random filter must come before",
    ],
  ])("spec %j is refused with its path", (spec, code, message) => {
    expect(() => normalizeSpec(spec)).toThrow(
      expect.objectContaining({ code, message: expect.stringContaining(message) }),
    );
  });

  test("a spec nested without end is refused", () => {
    let spec: object = single;
    for (let i = 0; i < 9; i++) spec = { op: "mix", parts: [{ share: 1, of: spec }] };
    expect(() => normalizeSpec(spec)).toThrow(/nested 8 deep/);
  });

  test.each([0, -1, 1.5, Number.NaN])("batch size %s is refused", async (batch) => {
    await expect(runSpec(single, pool, batch, contextOf("r"))).rejects.toMatchObject({ code: "E_BATCH_SIZE" });
  });

  test("a task the strategy was not made for is refused", async () => {
    const context = contextOf("r", { taskKind: "multi-label" });
    await expect(runSpec(single, pool, 3, context)).rejects.toMatchObject({ code: "E_TASK_KIND" });
    expect((await runSpec({ op: "single", use: "random" }, pool, 3, context)).rows.length).toBe(3);
  });

  test("a cancelled run ends with E_ABORTED between blocks", async () => {
    let calls = 0;
    const context = contextOf("r", { isAborted: () => ++calls > 3 });
    await expect(runSpec(single, pool, 3, context)).rejects.toMatchObject({ code: "E_ABORTED" });
  });

  test.each<[string, Partial<Pool>, string]>([
    ["too short an eligible bitmap", { eligible: bitmapFromRows(10, []) }, "E_ARRAY_SHAPE"],
    ["stray bits", { eligible: { size: 300, words: new Uint32Array(10).fill(0xffffffff) } }, "E_ARRAY_SHAPE"],
    ["another number of classes", { nClasses: 5 }, "E_ARRAY_SHAPE"],
    ["keys of another length", { keys: { lo: new Uint32Array(3), hi: new Uint32Array(3) } }, "E_ARRAY_SHAPE"],
    ["a label out of range", { labelled: { rows: Uint32Array.of(1), classes: Int32Array.of(4) } }, "E_LABELS"],
    ["a row labelled twice", { labelled: { rows: Uint32Array.of(1, 1), classes: Int32Array.of(0, 0) } }, "E_LABELS"],
    ["a row out of range", { labelled: { rows: Uint32Array.of(999), classes: Int32Array.of(0) } }, "E_LABELS"],
  ])("a pool with %s is refused", async (_, fault, code) => {
    await expect(runSpec(single, { ...pool, ...fault }, 3, contextOf("r"))).rejects.toMatchObject({ code });
  });

  test("a view of the wrong length is refused", async () => {
    const probabilities = { ...pool.probabilities!, view: () => new Float32Array(3) };
    await expect(runSpec(single, { ...pool, probabilities }, 3, contextOf("r"))).rejects.toMatchObject({
      code: "E_ARRAY_SHAPE",
    });
  });

  test("a strategy that reads what it did not declare is stopped", async () => {
    const sly: Strategy = {
      ...registry.strategies.find((strategy) => strategy.id === "random")!,
      id: "sly",
      select: (_context, given) => {
        throw new Error(`read ${given.embeddings?.n} rows`);
      },
    };
    const context = contextOf("r");
    const run = runSpecWith({ ...registry, strategies: [sly] }, { op: "single", use: "sly" }, pool, 3, context);
    await expect(run).rejects.toMatchObject({ code: "E_UNDECLARED_ARRAY" });
  });

  test("raising a strategy's version renames every spec that uses it", async () => {
    const { specHash: hashWith, normalizeSpec: normalizeWith } = await import("@/strategies/core/normalizeSpec");
    const raised = {
      ...registry,
      strategies: registry.strategies.map((entry) => (entry.id === "margin" ? { ...entry, version: 2 } : entry)),
    };
    expect(hashWith(raised, normalizeWith(raised, single))).not.toBe(specHash(single));
    const other = { op: "single", use: "entropy" };
    expect(hashWith(raised, normalizeWith(raised, other))).toBe(specHash(other));
  });
});
