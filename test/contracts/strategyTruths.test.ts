import { beforeAll, describe, expect, test } from "vitest";
import type { Pool, RoundSelection } from "@/strategies";
import { arrayMatrix, bitmapFromRows, normalizeSpec, registry, runSpec, specHash } from "@/strategies";
import { completeOptions } from "@/strategies/core/resolveOptions";
import type { Kernels } from "@/strategies/kernels";
import { KERNELS, PLAIN, poolArrays, poolOf } from "./strategyPools";

/** What holds between strategies, or for some of them. */

const TASK_KINDS = ["single-label", "multi-label", "regression"] as const;

/** Two ways to one sequence: by theory (the determinant), and the same rule under the name each field knows. */
const TWINS: Readonly<Record<string, string>> = { "maxdet-tp": "maxdet-p", "maxdist-tp": "k-center-greedy" };

describe.each(KERNELS)("truths on %s kernels", (_, makeKernels) => {
  let kernels: Kernels;
  beforeAll(async () => {
    kernels = await makeKernels();
  });

  const run = (use: string, pool: Pool, n: number, seed = "seed"): Promise<RoundSelection> =>
    runSpec({ op: "single", use }, pool, n, { kernels, seed });

  test.each(TASK_KINDS)("in %s projects no two strategies are the same arm", async (taskKind) => {
    const answers = new Map<string, string>();
    const pool = poolOf({ ...PLAIN, taskKind });
    for (const { id, taskKinds } of registry.strategies) {
      if (!taskKinds.includes(taskKind) || id in TWINS) continue;
      const key = [...(await run(id, pool, 20)).rows].join();
      expect(answers.get(key), `${id} picks exactly what ${answers.get(key)} picks`).toBeUndefined();
      answers.set(key, id);
    }
    for (const [id, twin] of Object.entries(TWINS)) {
      if (taskKind !== "regression") continue;
      expect([...(await run(id, pool, 20)).rows], `${id} picks what ${twin} picks`).toEqual([
        ...(await run(twin, pool, 20)).rows,
      ]);
    }
  });

  test("with two classes the uncertainty scores give one order", async () => {
    const binary = poolOf({ ...PLAIN, nClasses: 2, dtype: "f64" });
    const orders: string[] = [];
    // One after the other: views of one matrix share a buffer.
    for (const use of ["margin", "least-confidence", "entropy"])
      orders.push([...(await run(use, binary, 20)).rows].join());
    expect(new Set(orders).size).toBe(1);
  });

  test("a monotone transform of the score leaves the top-k as it is", async () => {
    const pool = poolOf({ ...PLAIN, distinct: 40 });
    const margin = registry.strategies.find((strategy) => strategy.id === "margin")!;
    const { runSpecWith } = await import("@/strategies/core/runSpec");
    const { uncertaintyStrategy } = await import("@/strategies/core/uncertaintyStrategy");
    const cubed = uncertaintyStrategy(
      async (context, of, options) => {
        const scorer = await margin.scorer!(context, of, options);
        return {
          ...scorer,
          scoreBlock(useKernels, block, out) {
            scorer.scoreBlock(useKernels, block, out);
            for (let i = 0; i < block.end - block.start; i++) out[i] = out[i] ** 3 / 2;
          },
        };
      },
      { ...margin, scoreName: "cubed", better: "lower" },
    );
    const picks = await runSpecWith({ ...registry, strategies: [cubed] }, { op: "single", use: "margin" }, pool, 25, {
      kernels,
      seed: "seed",
    });
    expect([...picks.rows]).toEqual([...(await run("margin", pool, 25)).rows]);
  });

  test("k-center-greedy is the greedy farthest-first order found by brute force", async () => {
    for (let seed = 0; seed < 30; seed++) {
      const spec = { ...PLAIN, seed: `brute ${seed}`, n: 12, distinct: 12, labelledShare: 0.25, dtype: "f64" as const };
      const arraysOf = poolArrays(spec);
      const pool = poolOf(spec, arraysOf);
      const known = [...arraysOf.labelledRows, ...arraysOf.pending];
      if (known.length === 0) continue;
      const distance = (a: number, b: number) =>
        Math.hypot(
          ...[...Array(spec.dim).keys()].map(
            (j) => arraysOf.embeddings[a * spec.dim + j] - arraysOf.embeddings[b * spec.dim + j],
          ),
        );
      const expected: number[] = [];
      while (expected.length < arraysOf.eligible.length) {
        const left = arraysOf.eligible.filter((row) => !expected.includes(row));
        const reach = (row: number) => Math.min(...[...known, ...expected].map((other) => distance(row, other)));
        expected.push(left.reduce((best, row) => (reach(row) > reach(best) ? row : best)));
      }
      const picks = await run("k-center-greedy", pool, 12);
      expect([...picks.rows]).toEqual(expected);
    }
  });

  test("a spec survives JSON: it runs the same and keeps its name", async () => {
    const spec = {
      op: "mix",
      audit: { share: 0.2, frameShare: 0.3 },
      parts: [
        { share: 0.5, of: { op: "single", use: "margin-kmeans", options: { factor: 4 } } },
        {
          share: 0.5,
          of: {
            op: "pipeline",
            filter: [{ use: "top-utility", options: { factor: 5 } }],
            score: { use: "entropy" },
            design: { use: "k-center-greedy" },
          },
        },
      ],
    };
    const context = { kernels, seed: "s", frameSeed: "frame" };
    const first = await runSpec(spec, poolOf(PLAIN), 20, context);
    const again = await runSpec(JSON.parse(JSON.stringify(first.spec)), poolOf(PLAIN), 20, context);
    expect(again).toEqual(first);
    expect(specHash(spec)).toBe(first.specHash);
    expect(normalizeSpec(first.spec)).toEqual(first.spec);
    expect(specHash({ ...spec, audit: { share: 0.2, frameShare: 0.2 } })).not.toBe(first.specHash);
  });
});

describe("memory", () => {
  test("a scorer holds no more than it declares, however long the pool is", async () => {
    const gc = await collector();
    const [, makeKernels] = KERNELS[0];
    const kernels = await makeKernels();
    const n = 1 << 19;
    const nClasses = 8;
    const block = Float32Array.from({ length: 65536 * nClasses }, (_, i) =>
      i % nClasses === (i >>> 3) % nClasses ? 0.3 : 0.1,
    );
    const pool = (): Pool => ({
      n,
      nClasses,
      eligible: bitmapFromRows(
        n,
        Uint32Array.from({ length: n }, (_, row) => row),
      ),
      labelled: { rows: new Uint32Array(0), classes: new Int32Array(0) },
      probabilities: {
        ...arrayMatrix(block, 65536, nClasses),
        n,
        shards: Array.from({ length: n / 65536 }, (_, i) => ({ start: i * 65536, end: (i + 1) * 65536 })),
        view(start, end) {
          // Gathering the picks reads a few rows at a time; collecting at each of these would take minutes.
          if (end - start > 8192) {
            gc();
            held = Math.max(held, process.memoryUsage().arrayBuffers);
          }
          return block.subarray(0, (end - start) * nClasses);
        },
      },
    });
    let held = 0;
    for (const strategy of registry.strategies.filter((entry) => entry.scorer !== undefined)) {
      const options = completeOptions(strategy, undefined, "options");
      const { arrays } = strategy.needs(options);
      if (arrays.some((array) => array !== "probabilities") || !strategy.taskKinds.includes("single-label")) continue;
      const target = pool();
      gc();
      const before = process.memoryUsage().arrayBuffers;
      held = 0;
      const picks = await runSpec({ op: "single", use: strategy.id }, target, 2_000, { kernels, seed: "m" });
      expect(picks.rows.length).toBe(2_000);
      const dims = { eligible: n, labelled: 0, nClasses, embeddingDim: 0, batchSize: 2_000 };
      const declared = strategy.cost(dims, options).bytes;
      expect(held - before).toBeLessThanOrEqual(declared);
      expect(declared).toBeLessThan(8 * n);
    }
  });
});

async function collector(): Promise<() => void> {
  const { setFlagsFromString } = await import("node:v8");
  const { runInNewContext } = await import("node:vm");
  setFlagsFromString("--expose_gc");
  return runInNewContext("gc") as () => void;
}
