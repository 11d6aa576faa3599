import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import type { JsonValue, Pool, PoolArray, RoundSelection, Strategy } from "@/strategies";
import {
  bitmapWithoutRows,
  countBits,
  hasBit,
  KeyedRandom,
  registry,
  rowsOfBitmap,
  runSpec,
  StrategyError,
} from "@/strategies";
import { completeOptions } from "@/strategies/core/resolveOptions";
import type { Kernels } from "@/strategies/kernels";
import type { PoolSpec } from "./strategyPools";
import { inputPrints, KERNELS, labelledOf, PLAIN, permuted, poolArrays, poolOf, rotationOf } from "./strategyPools";

const GUARDED = [
  "probabilities",
  "embeddings",
  "head",
  "posterior",
  "costs",
  "groups",
] as const satisfies readonly PoolArray[];

/** Random turns of the embeddings that a claim of invariance is tried with. */
const ROTATIONS = 6;

/** The laws every registered strategy obeys, on generated pools. A new line in the registry is tested by this file. */

const CASES = registry.strategies.flatMap((strategy) => strategy.taskKinds.map((kind) => [strategy.id, kind] as const));

const generatedPools: fc.Arbitrary<PoolSpec> = fc.record({
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

  const run = (
    use: string,
    pool: Pool,
    n: number,
    seed = "seed",
    states?: Readonly<Record<string, JsonValue>>,
  ): Promise<RoundSelection> => runSpec({ op: "single", use }, pool, n, { kernels, seed, states });

  describe.each(CASES)("%s in %s projects", (id, taskKind) => {
    const strategy = registry.strategies.find((entry) => entry.id === id)!;
    const poolSpecs = generatedPools.map((spec): PoolSpec => ({ ...spec, taskKind }));
    const plain: PoolSpec = { ...PLAIN, taskKind };
    // The first kind of task is searched widest; the others share nearly all code with it.
    const runs = (count: number) => (taskKind === strategy.taskKinds[0] ? count : Math.ceil(count / 3));
    const { arrays } = strategy.needs(completeOptions(strategy, undefined, "options"), taskKind);

    test("picks min(batch, eligible) distinct eligible rows with finite numbers and a reason each", async () => {
      await fc.assert(
        fc.asyncProperty(poolSpecs, fc.integer({ min: 1, max: 80 }), async (spec, batch) => {
          const given = poolArrays(spec);
          const pool = poolOf(spec, given);
          const before = await inputPrints(pool, given);
          const picks = await run(id, pool, batch);
          expect(await inputPrints(pool, given), "inputs are not written").toEqual(before);
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
        { numRuns: runs(60) },
      );
    });

    test("gives the same answer for the same seed and leaves its inputs as they were", async () => {
      const given = poolArrays(plain);
      const pool = poolOf(plain, given);
      const before = await inputPrints(pool, given);
      const mark = kernels.mark();
      const first = await run(id, pool, 25);
      expect(kernels.mark(), "kernel memory that was not released").toBe(mark);
      expect(await run(id, pool, 25)).toEqual(first);
      expect(await inputPrints(pool, given)).toEqual(before);
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
        { numRuns: runs(40) },
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
          const unmoved = await run(id, poolOf(spec, before), batch);
          const moved = await run(id, poolOf(spec, permuted(spec, before, order)), batch);
          expect(Array.from(moved.rows, (row) => order[row])).toEqual([...unmoved.rows]);
          expect(moved.scores).toEqual(unmoved.scores);
        }),
        { numRuns: runs(40) },
      );
    });

    test("reads the arrays it declares and no other", async () => {
      const full = poolOf(plain);
      const trapped: Pool = Object.create(
        full,
        Object.fromEntries(GUARDED.filter((array) => !arrays.includes(array)).map((array) => [array, trap(array)])),
      );
      const picks = await strategy.select(
        selectContext(kernels),
        trapped,
        10,
        completeOptions(strategy, undefined, "options"),
      );
      expect(picks.rows.length).toBe(10);
      for (const array of GUARDED) {
        if (!arrays.includes(array)) continue;
        await expect(run(id, { ...full, [array]: undefined }, 5)).rejects.toMatchObject({ code: "E_MISSING_ARRAY" });
      }
    });

    test("refuses rows that are not numbers, with a code and the row", async () => {
      const eligible = poolArrays(plain).eligible;
      for (const array of ["probabilities", "embeddings", "posterior"] as const) {
        if (!arrays.includes(array)) continue;
        const valuesOf = (of: ReturnType<typeof poolArrays>) => (array === "posterior" ? of.posterior[1] : of[array]);
        const width = valuesOf(poolArrays(plain)).length / plain.n;
        const isEmbedding = array === "embeddings" || width === 1;
        const bad = isEmbedding ? [Number.NaN, Infinity] : [Number.NaN, Number.POSITIVE_INFINITY, -0.1, 2];
        for (const value of bad) {
          const broken = poolArrays(plain);
          valuesOf(broken)[eligible[3] * width + (width > 1 ? 1 : 0)] = value;
          const code = array === "embeddings" ? "E_EMBEDDING_ROWS" : "E_PROBABILITY_ROWS";
          await expect(run(id, poolOf(plain, broken), 200)).rejects.toMatchObject({
            code,
            message: expect.stringContaining(`Row ${eligible[3]} `),
          });
        }
        const harmless = poolArrays(plain);
        const idle = [...Array(plain.n).keys()].find(
          (row) => !eligible.includes(row) && !harmless.labelledRows.includes(row) && !harmless.pending.includes(row),
        )!;
        valuesOf(harmless).fill(Number.NaN, idle * width, (idle + 1) * width);
        expect((await run(id, poolOf(plain, harmless), 5)).rows.length).toBe(5);
      }
    });

    test("refuses a head and costs that are not numbers, and says which", async () => {
      const pool = poolOf(plain);
      for (const part of arrays.includes("head") ? (["weights", "bias"] as const) : []) {
        for (const value of [Number.NaN, Infinity]) {
          const head = { weights: pool.head!.weights.slice(), bias: pool.head!.bias.slice() };
          head[part][1] = value;
          await expect(run(id, { ...pool, head }, 5)).rejects.toMatchObject({
            code: "E_ARRAY_SHAPE",
            message: expect.stringContaining(`The head holds ${value}`),
          });
        }
      }
      for (const value of [Number.NaN, Infinity, 0, -1]) {
        const costs = pool.costs!.slice();
        costs[7] = value;
        await expect(run(id, { ...pool, costs }, 5)).rejects.toMatchObject({
          code: "E_ARRAY_SHAPE",
          message: expect.stringContaining(`row 7 costs ${value}`),
        });
      }
    });

    test("as a part of a mix or a schedule gives what it gives alone on the part's pool", async () => {
      const single = { op: "single", use: id } as const;
      const alone = (scope: string, taken: readonly number[], n: number) => {
        const pool = poolOf(plain);
        const left = bitmapWithoutRows(pool.eligible, taken);
        const ofPart = Object.create(pool, { eligible: { value: left }, state: { value: null } });
        const options = completeOptions(strategy, undefined, "options");
        return strategy.select({ ...selectContext(kernels), scope }, ofPart, n, options);
      };
      const half = { share: 0.5, of: single };
      const mix = { op: "mix", parts: [{ share: 0.5, of: { op: "single", use: "random" } }, half] };
      const until = { minLabels: 1 };
      const specs = [mix, { op: "schedule", until, before: mix, after: single }];
      for (const [spec, part] of [
        [specs[0], "mix.1/single"],
        [specs[1], "schedule.after/single"],
      ] as const) {
        const whole = await runSpec(spec, poolOf(plain), 20, { kernels, seed: "seed" });
        const mine = [...whole.rows.keys()].filter((i) => whole.part[i] === part);
        const taken = [...whole.rows].filter((_row, i) => whole.part[i] !== part);
        expect(mine.length).toBe(20 - taken.length);
        expect(mine.length).toBeGreaterThan(0);
        const expected = await alone(part, taken, mine.length);
        expect(mine.map((i) => whole.rows[i])).toEqual([...expected.rows]);
        expect(mine.map((i) => whole.scores[i])).toEqual([...expected.scores]);
        expect(mine.map((i) => whole.inclusion[i])).toEqual(expected.inclusion);
        expect(mine.map((i) => whole.reasons[i])).toEqual(expected.reasons);
      }
    });

    test("holds no more kernel memory than it declares", async () => {
      const pool = poolOf({ ...plain, n: 2_000, distinct: 2_000, shardRows: 2_000 });
      const start = kernels.mark();
      let held = 0;
      const counted = <T>(values: T): T => {
        held = Math.max(held, kernels.mark() - start);
        return values;
      };
      const counting: Kernels = {
        ...kernels,
        allocF32: (n) => counted(kernels.allocF32(n)),
        allocF64: (n) => counted(kernels.allocF64(n)),
        allocI32: (n) => counted(kernels.allocI32(n)),
      };
      await runSpec({ op: "single", use: id }, pool, 20, { kernels: counting, seed: "seed" });
      const dims = {
        eligible: countBits(pool.eligible),
        // Items whose answers are pending count as labelled.
        labelled: pool.labelled.rows.length + pool.pending!.length,
        nClasses: taskKind === "regression" ? 0 : plain.nClasses,
        embeddingDim: plain.dim,
        batchSize: 20,
      };
      const options = completeOptions(strategy, undefined, "options");
      expect(held).toBeLessThanOrEqual(strategy.cost(dims, options).bytes);
    });

    test("served round after round picks every item exactly once", async () => {
      const spec = { ...plain, n: 90, distinct: 20, labelledShare: 0, idleShare: 0 };
      let pool = poolOf(spec);
      let states: Readonly<Record<string, JsonValue>> = {};
      const seen: number[] = [];
      for (let round = 0; seen.length < spec.n; round++) {
        const picks = await run(id, pool, 13, `round ${round}`, states);
        // State is stored as JSON between rounds.
        states = JSON.parse(JSON.stringify(picks.states));
        seen.push(...picks.rows);
        pool = {
          ...pool,
          eligible: bitmapWithoutRows(pool.eligible, picks.rows),
          labelled: labelledOf(
            spec,
            seen,
            seen.map((row) => (taskKind === "single-label" ? row % 4 : -1)),
            seen.flatMap((row) => [0, 1, 2, 3].map((c) => (row >>> c) & 1)),
            seen,
          ),
        };
        expect(round).toBeLessThan(8);
      }
      expect([...seen].sort((a, b) => a - b)).toEqual([...Array(spec.n).keys()]);
      const empty = await run(id, pool, 3);
      expect(empty).toMatchObject({ status: "partial", notices: [{ code: "FEWER_THAN_ASKED", asked: 3, got: 0 }] });
    });

    test("its options have defaults that fit, and its cost grows with the pool", () => {
      const options = completeOptions(strategy, undefined, "options");
      expect(completeOptions(strategy, options, "options")).toEqual(options);
      const dims = { eligible: 1_000, labelled: 50, nClasses: 4, embeddingDim: 16, batchSize: 10 };
      const small = strategy.cost(dims, options);
      const large = strategy.cost({ ...dims, eligible: 20_000 }, options);
      expect(small.flops).toBeGreaterThan(0);
      expect(large.flops).toBeGreaterThan(small.flops);
      expect(large.bytes).toBeGreaterThan(0);
    });

    if (strategy.claims.inclusion) {
      test("states inclusion probabilities that sum to the picks and are met", async () => {
        const spec = { ...plain, n: 60 };
        const pool = poolOf(spec);
        const counts = new Float64Array(spec.n);
        const stated = new Map<number, number>();
        const draws = 2_000;
        for (let seed = 0; seed < draws; seed++) {
          const picks = await run(id, pool, 7, String(seed));
          picks.rows.forEach((row, i) => {
            const p = picks.inclusion[i]!;
            expect(p > 0 && p <= 1).toBe(true);
            expect(stated.get(row) ?? p).toBeCloseTo(p, 12);
            stated.set(row, p);
            counts[row]++;
          });
        }
        // Rows too unlikely to be seen in all the draws add next to nothing.
        const total = [...stated.values()].reduce((sum, p) => sum + p, 0);
        expect(Math.abs(total - 7)).toBeLessThan(0.02);
        for (const row of rowsOfBitmap(pool.eligible)) {
          const p = stated.get(row) ?? 0;
          expect(Math.abs(counts[row] / draws - p)).toBeLessThanOrEqual(4.5 * Math.sqrt((p * (1 - p)) / draws) + 1e-12);
        }
      });
    }

    if (!strategy.claims.inclusion) {
      test("claims no inclusion probability", async () => {
        expect((await run(id, poolOf(plain), 9)).inclusion).toEqual(new Array(9).fill(null));
      });
    }

    if (strategy.scorer !== undefined) {
      test("serves rows of higher uncertainty than the pool's mean, best first", async () => {
        await fc.assert(
          fc.asyncProperty(poolSpecs, fc.integer({ min: 1, max: 20 }), async (spec, batch) => {
            const pool = poolOf(spec);
            const picks = await run(id, pool, batch);
            if (picks.rows.length === 0) return;
            const sign = strategy.score.better === "higher" ? 1 : -1;
            const mean = picks.scores.reduce((sum, score) => sum + score / picks.rows.length, 0);
            // The pool's mean is of the streaming pass, in float32; the picks are ranked by exact scores.
            const largest = Math.max(Math.abs(picks.summary!.min), Math.abs(picks.summary!.max));
            expect(sign * (mean - picks.summary!.mean)).toBeGreaterThanOrEqual(-(2 ** -18) * (1 + largest));
            expect(picks.summary!.histogram.counts.reduce((sum, count) => sum + count, 0)).toBe(
              countBits(pool.eligible),
            );
            for (let i = 1; i < picks.rows.length; i++) {
              expect(sign * (picks.scores[i - 1] - picks.scores[i])).toBeGreaterThanOrEqual(0);
              expect(picks.utility[i - 1]).toBeGreaterThanOrEqual(picks.utility[i]);
            }
          }),
          { numRuns: runs(60) },
        );
      });
    }

    if (strategy.claims.embeddingInvariance) {
      test("moving, scaling and turning the embeddings changes no pick", async () => {
        const before = poolArrays(plain);
        const unmoved = await run(id, poolOf(plain, before), 30);
        for (let seed = 0; seed < ROTATIONS; seed++) {
          const { embeddings } = poolArrays(plain);
          const rotation = rotationOf(plain.dim, String(seed));
          const scale = 0.5 + 3 * seed;
          for (let at = 0; at < embeddings.length; at += plain.dim) {
            for (let j = 0; j < plain.dim; j++) {
              let turned = 0;
              for (let k = 0; k < plain.dim; k++) turned += rotation[j * plain.dim + k] * before.embeddings[at + k];
              embeddings[at + j] = scale * turned + 10 * seed * (j + 1);
            }
          }
          const moved = await run(id, poolOf(plain, { ...before, embeddings }), 30);
          expect([...moved.rows], `rotation ${seed}`).toEqual([...unmoved.rows]);
        }
      });
    }
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
