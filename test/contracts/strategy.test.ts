import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import type { Pool, RoundSelection, Strategy } from "@/strategies";
import {
  arrayMatrix,
  bitmapFromRows,
  bitmapWithoutRows,
  countBits,
  hasBit,
  KeyedRandom,
  normalizeSpec,
  registry,
  rowsOfBitmap,
  runSpec,
  StrategyError,
  specHash,
} from "@/strategies";
import { resolveOptions } from "@/strategies/core/resolveOptions";
import type { Kernels } from "@/strategies/kernels";
import type { PoolSpec } from "./strategyPools";
import { KERNELS, PLAIN, permuted, poolArrays, poolOf } from "./strategyPools";

/** The laws every registered strategy obeys, on generated pools. A new line in the registry is tested by this file. */

const IDS = registry.strategies.map((strategy) => strategy.id);

const poolSpecs: fc.Arbitrary<PoolSpec> = fc.record({
  seed: fc.integer({ min: 0, max: 1 << 20 }).map(String),
  n: fc.integer({ min: 1, max: 60 }),
  nClasses: fc.integer({ min: 1, max: 5 }),
  dim: fc.integer({ min: 1, max: 6 }),
  distinct: fc.constantFrom(1, 2, 3, 1000),
  labelledShare: fc.constantFrom(0, 0, 0.2, 0.6, 1),
  idleShare: fc.constantFrom(0, 0.2),
  shape: fc.constantFrom("soft", "soft", "one-hot", "uniform"),
  shardRows: fc.integer({ min: 1, max: 70 }),
  dtype: fc.constantFrom("f32", "f64"),
});

describe.each(KERNELS)("laws on %s kernels", (_, makeKernels) => {
  let kernels: Kernels;
  beforeAll(async () => {
    kernels = await makeKernels();
  });

  const run = (use: string, pool: Pool, n: number, seed = "seed"): Promise<RoundSelection> =>
    runSpec({ op: "single", use }, pool, n, { kernels, seed });

  describe.each(IDS)("%s", (id) => {
    const strategy = registry.strategies.find((entry) => entry.id === id)!;
    const { arrays } = strategy.needs(resolveOptions(strategy.options, undefined, "options"));

    test("picks min(batch, eligible) distinct eligible rows with finite numbers and a reason each", async () => {
      await fc.assert(
        fc.asyncProperty(poolSpecs, fc.integer({ min: 1, max: 80 }), async (spec, batch) => {
          const pool = poolOf(spec);
          const picks = await run(id, pool, batch);
          const wanted = Math.min(batch, countBits(pool.eligible));
          expect(picks.rows.length).toBe(wanted);
          expect(new Set(picks.rows).size).toBe(wanted);
          for (const row of picks.rows) expect(hasBit(pool.eligible, row)).toBe(true);
          for (const values of [picks.scores, picks.utility]) {
            expect(values.length).toBe(wanted);
            for (const value of values) expect(Number.isFinite(value)).toBe(true);
          }
          for (const list of [picks.percentile, picks.inclusion, picks.reasons, picks.part, picks.purpose]) {
            expect(list.length).toBe(wanted);
          }
          for (const percentile of picks.percentile) {
            if (percentile !== null) expect(percentile > 0 && percentile <= 1).toBe(true);
          }
          for (const reasons of picks.reasons) expect(reasons.length).toBeGreaterThan(0);
          expect(picks.status === "ok").toBe(
            wanted === batch && picks.notices.every((notice) => notice.level !== "fallback"),
          );
          // Everything a queue stores survives JSON.
          expect(JSON.parse(JSON.stringify(picks.reasons))).toEqual(picks.reasons);
        }),
        { numRuns: 60 },
      );
    });

    test("gives the same answer for the same seed and leaves its inputs as they were", async () => {
      const arraysBefore = poolArrays(PLAIN);
      const pool = poolOf(PLAIN, arraysBefore);
      const eligibleBefore = rowsOfBitmap(pool.eligible);
      const first = await run(id, pool, 25);
      expect(await run(id, pool, 25)).toEqual(first);
      expect(arraysBefore).toEqual(poolArrays(PLAIN));
      expect(rowsOfBitmap(pool.eligible)).toEqual(eligibleBefore);
      expect([...pool.labelled.rows]).toEqual(arraysBefore.labelledRows);
      const other = await run(id, pool, 25, "another seed");
      const isSame = [...other.rows].join() === [...first.rows].join();
      expect(isSame).toBe(!strategy.claims.random);
    });

    test("does not see how the pool is split into shards", async () => {
      await fc.assert(
        fc.asyncProperty(poolSpecs, fc.integer({ min: 1, max: 30 }), async (spec, batch) => {
          const whole = await run(id, poolOf({ ...spec, shardRows: spec.n }), batch);
          expect(await run(id, poolOf(spec), batch)).toEqual(whole);
        }),
        { numRuns: 40 },
      );
    });

    test("renumbering the items renumbers the answer", async () => {
      await fc.assert(
        fc.asyncProperty(poolSpecs, fc.integer({ min: 1, max: 30 }), async (spec, batch) => {
          const before = poolArrays(spec);
          const shuffle = new KeyedRandom(spec.seed, "shuffle");
          const order = Array.from({ length: spec.n }, (_unused, row) => row).sort(
            (a, b) => shuffle.uniform(a) - shuffle.uniform(b),
          );
          const plain = await run(id, poolOf(spec, before), batch);
          const moved = await run(id, poolOf(spec, permuted(spec, before, order)), batch);
          expect(Array.from(moved.rows, (row) => order[row])).toEqual([...plain.rows]);
          expect(moved.scores).toEqual(plain.scores);
        }),
        { numRuns: 40 },
      );
    });

    test("reads the arrays it declares and no other", async () => {
      const full = poolOf(PLAIN);
      const trapped: Pool = Object.create(full, {
        ...(arrays.includes("probabilities") ? {} : { probabilities: trap("probabilities") }),
        ...(arrays.includes("embeddings") ? {} : { embeddings: trap("embeddings") }),
      });
      const picks = await strategy.select(
        selectContext(kernels),
        trapped,
        10,
        resolveOptions(strategy.options, undefined, "options"),
      );
      expect(picks.rows.length).toBe(10);
      for (const array of ["probabilities", "embeddings"] as const) {
        if (!arrays.includes(array)) continue;
        await expect(run(id, { ...full, [array]: undefined }, 5)).rejects.toMatchObject({ code: "E_MISSING_ARRAY" });
      }
    });

    test("refuses rows that are not numbers, with a code and the row", async () => {
      const eligible = poolArrays(PLAIN).eligible;
      for (const array of ["probabilities", "embeddings"] as const) {
        if (!arrays.includes(array)) continue;
        const width = array === "probabilities" ? PLAIN.nClasses : PLAIN.dim;
        const bad =
          array === "probabilities" ? [Number.NaN, Number.POSITIVE_INFINITY, -0.1, 2] : [Number.NaN, Infinity];
        for (const value of bad) {
          const broken = poolArrays(PLAIN);
          broken[array][eligible[3] * width + 1] = value;
          const code = array === "probabilities" ? "E_PROBABILITY_ROWS" : "E_EMBEDDING_ROWS";
          await expect(run(id, poolOf(PLAIN, broken), 200)).rejects.toMatchObject({
            code,
            message: expect.stringContaining(`Row ${eligible[3]} `),
          });
        }
        const harmless = poolArrays(PLAIN);
        const idle = [...Array(PLAIN.n).keys()].find(
          (row) => !eligible.includes(row) && !harmless.labelledRows.includes(row) && !harmless.pending.includes(row),
        )!;
        harmless[array].fill(Number.NaN, idle * width, (idle + 1) * width);
        expect((await run(id, poolOf(PLAIN, harmless), 5)).rows.length).toBe(5);
      }
    });

    test("served round after round picks every item exactly once", async () => {
      const spec = { ...PLAIN, n: 90, distinct: 20, labelledShare: 0, idleShare: 0 };
      let pool = poolOf(spec);
      const seen: number[] = [];
      for (let round = 0; seen.length < spec.n; round++) {
        const picks = await run(id, pool, 13, `round ${round}`);
        seen.push(...picks.rows);
        pool = {
          ...pool,
          eligible: bitmapWithoutRows(pool.eligible, picks.rows),
          labelled: { rows: Uint32Array.from(seen), classes: Int32Array.from(seen, (row) => row % 4) },
        };
        expect(round).toBeLessThan(8);
      }
      expect([...seen].sort((a, b) => a - b)).toEqual([...Array(spec.n).keys()]);
      const empty = await run(id, pool, 3);
      expect(empty).toMatchObject({ status: "partial", notices: [{ code: "FEWER_THAN_ASKED", asked: 3, got: 0 }] });
    });

    test("its options have defaults that fit, and its cost grows with the pool", () => {
      const options = resolveOptions(strategy.options, undefined, "options");
      expect(resolveOptions(strategy.options, options, "options")).toEqual(options);
      const dims = { eligible: 1_000, labelled: 50, nClasses: 4, embeddingDim: 16, batchSize: 10 };
      const small = strategy.cost(dims, options);
      const large = strategy.cost({ ...dims, eligible: 20_000 }, options);
      expect(small.flops).toBeGreaterThan(0);
      expect(large.flops).toBeGreaterThan(small.flops);
      expect(large.bytes).toBeGreaterThan(0);
    });

    if (strategy.claims.inclusion) {
      test("states inclusion probabilities that sum to the picks and are met", async () => {
        const spec = { ...PLAIN, n: 60 };
        const pool = poolOf(spec);
        const eligible = countBits(pool.eligible);
        const counts = new Float64Array(spec.n);
        const runs = 2_000;
        for (let seed = 0; seed < runs; seed++) {
          const picks = await run(id, pool, 7, String(seed));
          expect(picks.inclusion).toEqual(new Array(7).fill(7 / eligible));
          for (const row of picks.rows) counts[row]++;
        }
        const p = 7 / eligible;
        const error = Math.sqrt((p * (1 - p)) / runs);
        for (const row of rowsOfBitmap(pool.eligible)) {
          expect(Math.abs(counts[row] / runs - p)).toBeLessThan(4 * error);
        }
      });
    }

    if (!strategy.claims.inclusion) {
      test("claims no inclusion probability", async () => {
        expect((await run(id, poolOf(PLAIN), 9)).inclusion).toEqual(new Array(9).fill(null));
      });
    }

    if (strategy.scorer !== undefined) {
      test("serves rows of higher uncertainty than the pool's mean, best first", async () => {
        await fc.assert(
          fc.asyncProperty(poolSpecs, fc.integer({ min: 1, max: 20 }), async (spec, batch) => {
            const pool = poolOf(spec);
            const picks = await run(id, pool, batch);
            if (picks.rows.length === 0) return;
            const sign = strategy.scorer!.better === "higher" ? 1 : -1;
            const mean = picks.scores.reduce((sum, score) => sum + score / picks.rows.length, 0);
            expect(sign * (mean - picks.summary!.mean)).toBeGreaterThanOrEqual(-1e-6);
            expect(picks.summary!.histogram.counts.reduce((sum, count) => sum + count, 0)).toBe(
              countBits(pool.eligible),
            );
            for (let i = 1; i < picks.rows.length; i++) {
              expect(sign * (picks.scores[i - 1] - picks.scores[i])).toBeGreaterThanOrEqual(0);
              expect(picks.utility[i - 1]).toBeGreaterThanOrEqual(picks.utility[i]);
            }
          }),
          { numRuns: 60 },
        );
      });
    }

    if (strategy.claims.embeddingInvariance) {
      test("moving, scaling and turning the embeddings changes no pick", async () => {
        const before = poolArrays(PLAIN);
        const plain = await run(id, poolOf(PLAIN, before), 30);
        const turned = poolArrays(PLAIN);
        const [sin, cos] = [Math.sin(1), Math.cos(1)];
        for (let row = 0; row < PLAIN.n; row++) {
          const at = row * PLAIN.dim;
          const x = before.embeddings[at];
          const y = before.embeddings[at + 1];
          turned.embeddings[at] = cos * x - sin * y;
          turned.embeddings[at + 1] = sin * x + cos * y;
          for (let j = 0; j < PLAIN.dim; j++) turned.embeddings[at + j] = 7 * turned.embeddings[at + j] + 100 * (j + 1);
        }
        expect([...(await run(id, poolOf(PLAIN, turned), 30)).rows]).toEqual([...plain.rows]);
      });
    }
  });

  test("no two strategies are the same arm, and with two classes the uncertainty scores are", async () => {
    const answers = new Map<string, string>();
    for (const id of IDS) {
      const key = [...(await run(id, poolOf(PLAIN), 20)).rows].join();
      expect(answers.get(key), `${id} picks exactly what ${answers.get(key)} picks`).toBeUndefined();
      answers.set(key, id);
    }
    const binary = poolOf({ ...PLAIN, nClasses: 2, dtype: "f64" });
    const scorers = registry.strategies.filter((strategy) => strategy.scorer !== undefined);
    const orders: string[] = [];
    // One after the other: views of one matrix share a buffer.
    for (const strategy of scorers) orders.push([...(await run(strategy.id, binary, 20)).rows].join());
    expect(new Set(orders).size).toBe(1);
  });

  test("a monotone transform of the score leaves the top-k as it is", async () => {
    const pool = poolOf({ ...PLAIN, distinct: 40 });
    const margin = registry.strategies.find((strategy) => strategy.id === "margin")!;
    const { runSpecWith } = await import("@/strategies/core/runSpec");
    const { uncertaintyStrategy } = await import("@/strategies/core/uncertaintyStrategy");
    const scorer = margin.scorer!;
    const cubed = uncertaintyStrategy(
      {
        ...scorer,
        scoreBlock(useKernels, block, out) {
          scorer.scoreBlock(useKernels, block, out);
          for (let i = 0; i < block.end - block.start; i++) out[i] = out[i] ** 3 / 2;
        },
      },
      { ...margin, scoreName: "cubed" },
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

function selectContext(kernels: Kernels): Parameters<Strategy["select"]>[0] {
  const nothing = () => undefined;
  return { kernels, seed: "seed", scope: "test", checkAbort: nothing, progress: nothing, trace: nothing };
}

function trap(array: string): PropertyDescriptor {
  return {
    get() {
      throw new StrategyError("E_UNDECLARED_ARRAY", `${array} was read`);
    },
  };
}

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
          gc();
          held = Math.max(held, process.memoryUsage().arrayBuffers);
          return block.subarray(0, (end - start) * nClasses);
        },
      },
    });
    let held = 0;
    for (const strategy of registry.strategies.filter((entry) => entry.scorer !== undefined)) {
      const target = pool();
      gc();
      const before = process.memoryUsage().arrayBuffers;
      held = 0;
      const picks = await runSpec({ op: "single", use: strategy.id }, target, 2_000, { kernels, seed: "m" });
      expect(picks.rows.length).toBe(2_000);
      const dims = { eligible: n, labelled: 0, nClasses, embeddingDim: 0, batchSize: 2_000 };
      const declared = strategy.cost(dims, {}).bytes;
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
