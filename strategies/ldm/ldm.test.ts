import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import type { Pool, Reason } from "@/strategies";
import { arrayMatrix, bitmapFromRows, KeyedRandom, rankCorrelation, registry } from "@/strategies";
import { runSpecWith } from "@/strategies/core/runSpec";
import type { Kernels } from "@/strategies/kernels";
import { KERNELS } from "@/test/contracts/strategyPools";
import { fillNormals } from "../core/keyedNormals";
import type { LinearModel } from "../core/linearModel";
import { makeRays, scoreRays } from "./rays";
import { publishedSizes, searchScales } from "./scales";
import { seedBatch, seedingWeights, unitRows } from "./seedBatch";

function normals(n: number, seed: string, scale = 1): Float32Array {
  const out = new Float32Array(n);
  fillNormals(new KeyedRandom(seed, "test"), 0, out);
  return out.map((value) => scale * value);
}

interface Shape {
  readonly n: number;
  readonly d: number;
  readonly c: number;
}

function poolOf({ n, d, c }: Shape, head: NonNullable<Pool["head"]>, more: Partial<Pool> = {}): Pool {
  return {
    ...{ n, nClasses: c },
    eligible: bitmapFromRows(
      n,
      Array.from({ length: n }, (_, row) => row),
    ),
    labelled: { rows: new Uint32Array(0), classes: new Int32Array(0) },
    embeddings: arrayMatrix(normals(n * d, "x"), n, d),
    head,
    ...more,
  };
}

const noop = () => undefined;

describe.each(KERNELS)("LDM on %s kernels", (_, makeKernels) => {
  let kernels: Kernels;
  beforeAll(async () => {
    kernels = await makeKernels();
  });

  const run = (use: string, pool: Pool, batch: number, options: object = {}) =>
    runSpecWith(registry, { op: "single", use, options }, pool, batch, { kernels, seed: "seed" });

  test.each([
    ["rays", { directions: 1024 }],
    ["scales", { search: "scales", stop: 40, maxHypotheses: 200_000 }],
  ])("by %s is asin(|cos|)/π for a homogeneous rule on spherical data", async (_name, options) => {
    const shape = { n: 300, d: 2, c: 2 };
    const reference = arrayMatrix(normals(3000 * 2, "reference"), 3000, 2);
    const weights = Float32Array.of(0.3, -0.3, -0.2, 0.2);
    const pool = poolOf(shape, { weights, bias: new Float32Array(2) }, { reference });
    const picks = await run("ldm", pool, 300, { perturbBias: false, ...options });
    const x = normals(600, "x");
    const exact = Array.from(picks.rows, (row) => {
      const [a, b] = [x[2 * row], x[2 * row + 1]];
      return Math.asin(Math.abs(0.6 * a - 0.4 * b) / Math.hypot(0.6, 0.4) / Math.hypot(a, b)) / Math.PI;
    });
    const error = exact.reduce((sum, value, i) => sum + Math.abs(value - picks.scores[i]), 0) / exact.length;
    expect(error).toBeLessThan(0.006);
    expect(rankCorrelation(exact, picks.scores)).toBeGreaterThan(0.998);
  });

  test("along its directions is the least disagreement over all sizes", () => {
    fc.assert(
      fc.property(
        fc.record({ d: fc.integer({ min: 1, max: 4 }), c: fc.integer({ min: 1, max: 4 }), seed: fc.string() }),
        fc.constantFrom("argmax" as const, "sign" as const),
        ({ d, c, seed }, kind) => {
          const [n, m, draws] = [8, 25, 3];
          const model: LinearModel = { kind, d, c, weights: normals(d * c, seed), bias: normals(c, `${seed}b`) };
          const x = normals(n * d, `${seed}x`);
          const reference = normals(m * d, `${seed}r`);
          const random = new KeyedRandom(seed, "directions");
          const args = { draws, perturbBias: true, random, checkAbort: noop };
          const { counts } = scoreRays(kernels, makeRays(kernels, model, reference, args), x, n);
          for (let i = 0; i < n; i++) {
            expect(counts[i]).toBe(bruteForce(model, x.subarray(i * d, (i + 1) * d), reference, draws, random));
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  test("does not depend on the scale of the head by rays, and by scales only without relativeSizes", async () => {
    const shape = { n: 200, d: 4, c: 3 };
    const head = (scale: number) => ({ weights: normals(12, "w", scale), bias: normals(3, "b", scale) });
    const plain = await run("ldm", poolOf(shape, head(1)), 200, { ties: "key" });
    // A power of two: every float32 keeps its digits.
    const large = await run("ldm", poolOf(shape, head(1024)), 200, { ties: "key" });
    expect([...large.rows]).toEqual([...plain.rows]);
    expect([...large.scores]).toEqual([...plain.scores]);
    const scales = { search: "scales", stop: 3, maxHypotheses: 100_000 };
    const lost = await run("ldm", poolOf(shape, head(2 ** 20)), 200, scales);
    expect(lost.notices).toContainEqual({ code: "LABELS_NEVER_CHANGED", level: "warning", count: 200, scored: 200 });
    expect(lost.summary?.facts).toMatchObject({ shareAtOne: 1, shareAtZero: 0, candidates: 200, reference: 200 });
    const relative = { ...scales, relativeSizes: true };
    const found = await run("ldm", poolOf(shape, head(2 ** 20)), 200, relative);
    expect(found.notices).toEqual([]);
    expect([...found.scores]).toEqual([...(await run("ldm", poolOf(shape, head(1)), 200, relative)).scores]);
  });

  test("by scales gives the same answer however many perturbations are multiplied together", () => {
    fc.assert(
      fc.property(
        fc.record({
          n: fc.integer({ min: 1, max: 30 }),
          d: fc.integer({ min: 1, max: 5 }),
          c: fc.integer({ min: 1, max: 4 }),
          stop: fc.integer({ min: 1, max: 12 }),
          maxHypotheses: fc.integer({ min: 1, max: 700 }),
          atOnce: fc.integer({ min: 2, max: 32 }),
          kind: fc.constantFrom("argmax" as const, "sign" as const),
          seed: fc.string(),
        }),
        ({ n, d, c, stop, maxHypotheses, atOnce, kind, seed }) => {
          const model: LinearModel = { kind, d, c, weights: normals(d * c, seed), bias: normals(c, `${seed}b`) };
          const search = (together: number) =>
            searchScales(kernels, model, normals(n * d, `${seed}x`), normals(20 * d, `${seed}r`), {
              sizes: publishedSizes(),
              ...{ stop, maxHypotheses, perturbBias: true, atOnce: together },
              draw: (hypothesis, out) => fillNormals(new KeyedRandom(seed, "hypotheses"), hypothesis, out),
              checkAbort: noop,
              progress: noop,
            });
          const alone = search(1);
          expect(search(atOnce)).toEqual(alone);
          expect(alone.hypotheses).toBeLessThanOrEqual(maxHypotheses);
          expect(alone.isCapped).toBe(
            alone.perSize.length < 51 || alone.perSize.some((used) => used < stop) || alone.isCapped,
          );
        },
      ),
      { numRuns: 40 },
    );
  });

  test("takes one logit as two, and two as one", async () => {
    const shape = { n: 150, d: 3, c: 2 };
    const w = normals(3, "w");
    const one = { weights: w, bias: Float32Array.of(0.25) };
    const two = {
      weights: Float32Array.from({ length: 6 }, (_unused, i) => (i % 2 === 0 ? 0 : w[i >> 1])),
      bias: Float32Array.of(0, 0.25),
    };
    const single = await run("ldm", poolOf(shape, one), 150);
    const pair = await run("ldm", poolOf(shape, two), 150);
    expect([...single.rows]).toEqual([...pair.rows]);
    expect([...single.scores]).toEqual([...pair.scores]);
  });

  test("says how it was estimated, and when the search was cut short", async () => {
    const pool = poolOf({ n: 120, d: 3, c: 3 }, { weights: normals(9, "w"), bias: normals(3, "b") });
    const picks = await run("ldm", pool, 5, { search: "scales", maxHypotheses: 60 });
    expect(picks.notices).toContainEqual({
      code: "HYPOTHESES_CAPPED",
      level: "warning",
      used: 60,
      asked: 60,
      by: "option",
    });
    expect(picks.summary?.histogram.counts.reduce((sum, count) => sum + count, 0)).toBe(120);
    const rays = await run("ldm", pool, 5, { directions: 31, reference: 40 });
    expect(rays.summary?.facts).toMatchObject({ hypotheses: 32, reference: 40, candidates: 120 });
    for (const score of rays.scores) expect(Number.isInteger(Math.round(score * 40 * 1e6) / 1e6)).toBe(true);
  });

  test("cuts a large pool to the smallest margins, or at random", async () => {
    const pool = poolOf({ n: 200, d: 3, c: 3 }, { weights: normals(9, "w"), bias: normals(3, "b") });
    const all = await run("ldm", pool, 200);
    const marginOf = new Map(Array.from(all.rows, (row, i) => [row, flipShareOf(all.reasons[i]).margin!]));
    const smallest = [...marginOf]
      .sort((a, b) => a[1] - b[1])
      .slice(0, 50)
      .map(([row]) => row);
    const cut = await run("ldm", pool, 50, { maxCandidates: 50 });
    expect([...cut.rows].sort()).toEqual(smallest.sort());
    expect(cut.notices).toContainEqual(
      expect.objectContaining({ code: "CANDIDATES_TRUNCATED", from: 200, to: 50, rule: "utility" }),
    );
    const random = await run("ldm", pool, 50, { maxCandidates: 50, prefilter: "random" });
    expect([...random.rows].sort()).not.toEqual(smallest.sort());
    expect(random.notices).toContainEqual(expect.objectContaining({ code: "CANDIDATES_TRUNCATED", rule: "random" }));
  });

  test("orders equal values by margin, or by key", async () => {
    const pool = poolOf({ n: 200, d: 3, c: 3 }, { weights: normals(9, "w"), bias: normals(3, "b") });
    for (const ties of ["margin", "key"] as const) {
      const picks = await run("ldm", pool, 200, { ties, reference: 10 });
      const margins = picks.reasons.map((reasons) => flipShareOf(reasons).margin!);
      for (let i = 1; i < 200; i++) {
        if (picks.scores[i] !== picks.scores[i - 1]) continue;
        if (ties === "margin") expect(margins[i]).toBeGreaterThanOrEqual(margins[i - 1]);
        else expect(picks.rows[i]).toBeGreaterThan(picks.rows[i - 1]);
      }
    }
  });

  test("is the score of a pipeline, with ties by key", async () => {
    const pool = poolOf({ n: 200, d: 3, c: 3 }, { weights: normals(9, "w"), bias: normals(3, "b") });
    const options = { ties: "key", directions: 64 };
    const staged = { op: "pipeline", score: { use: "ldm", options }, design: { use: "top-k" } };
    const context = { kernels, seed: "seed" };
    const before = kernels.mark();
    const piped = await runSpecWith(registry, staged, pool, 20, context);
    expect(kernels.mark()).toBe(before);
    const scores = (picks: typeof piped) => [...picks.scores].map((score) => score.toFixed(3));
    const alone = await runSpecWith(registry, { op: "single", use: "ldm", options }, pool, 20, context);
    // Other places of a spec draw other directions: the values agree nearly.
    const shared = [...piped.rows].filter((row) => alone.rows.includes(row)).length;
    expect(shared).toBeGreaterThan(10);
    expect(scores(piped)).toEqual(scores(piped).slice().sort());
    expect(piped.reasons[0]).toEqual([expect.objectContaining({ code: "flipShare" })]);
    const spread = { ...staged, design: { use: "k-center-greedy" } };
    expect((await runSpecWith(registry, spread, pool, 20, context)).rows.length).toBe(20);
  });

  test.each(["ldm", "ldm-s", "bald", "batch-bald", "query-by-committee", "epig", "base", "mase"])(
    "%s serves nothing, and says why, where no open item has an embedding",
    async (use) => {
      const shape = { n: 20, d: 3, c: 3 };
      const all = poolOf(shape, { weights: normals(9, "w"), bias: normals(3, "b") });
      const labelled = { rows: Uint32Array.of(0, 1), classes: Int32Array.of(0, 1) };
      const eligible = bitmapFromRows(20, [10, 11, 12]);
      const pool = { ...all, labelled, eligible, embeddings: arrayMatrix(normals(6 * 3, "x"), 6, 3) };
      const picks = await run(use, pool, 2);
      expect(picks.rows.length).toBe(0);
      expect(picks.notices).toContainEqual({ code: "UNSCORED_ROWS", level: "warning", count: 3, eligible: 3 });
      expect(picks.status).toBe("partial");
    },
  );

  test("refuses a head that does not fit", async () => {
    const pool = poolOf({ n: 20, d: 3, c: 3 }, { weights: normals(8, "w"), bias: normals(3, "b") });
    await expect(run("ldm-s", pool, 3)).rejects.toMatchObject({ code: "E_ARRAY_SHAPE" });
    const nan = { weights: normals(9, "w").fill(Number.NaN, 2, 3), bias: normals(3, "b") };
    await expect(run("ldm-s", { ...pool, head: nan }, 3)).rejects.toMatchObject({ code: "E_ARRAY_SHAPE" });
  });

  test("seeds a pool of copies and says what it could not draw", async () => {
    const [n, d] = [40, 3];
    const x = Float32Array.from({ length: n * d }, (_unused, i) => (i % d === Math.floor(i / d) % 2 ? 1 : 0));
    const pool = poolOf({ n, d, c: 2 }, { weights: normals(6, "w"), bias: new Float32Array(2) });
    const picks = await run("ldm-s", { ...pool, embeddings: arrayMatrix(x, n, d) }, 10);
    expect(new Set(picks.rows).size).toBe(10);
    // Two directions exist: the first pick, one draw, and eight that no draw could reach.
    expect(picks.notices).toContainEqual({
      code: "FILLED",
      level: "fallback",
      count: 8,
      because: "coincide",
      rule: "utility",
    });
    expect(picks.status).toBe("fallback");
  });
});

describe("seeding", () => {
  const seedAll = async (ldm: number[], x: Float32Array, d: number, batch: number) => {
    const kernels = await KERNELS[0][1]();
    const args = {
      uniform: (draw: number) => new KeyedRandom("u", "u").uniform(draw),
      checkAbort: noop,
      progress: noop,
    };
    return seedBatch(kernels, Float64Array.from(ldm), unitRows(kernels, x, ldm.length, d), batch, args);
  };

  test("gives weight 1 to the batch's size of rows and as much again to all others", () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 2, maxLength: 60 }),
        fc.nat(),
        (values, pick) => {
          const ldm = Float64Array.from(values).sort();
          const batch = 1 + (pick % (values.length - 1));
          const { gamma, scale } = seedingWeights(ldm, batch);
          expect(scale).toBeGreaterThan(0);
          expect([...gamma.slice(0, batch)]).toEqual(new Array(batch).fill(1));
          const tail = gamma.slice(batch);
          const sum = tail.reduce((total, value) => total + value, 0);
          expect(sum).toBeLessThanOrEqual(batch * (1 + 1e-9));
          // Below only where the cap at 1 took something away.
          if (tail.every((value) => value < 1)) expect(sum).toBeCloseTo(batch, 9);
          for (let i = 1; i < tail.length; i++) expect(tail[i]).toBeLessThanOrEqual(tail[i - 1]);
        },
      ),
    );
  });

  test("survives every value 0, and a scale so small that the tail would vanish", async () => {
    const x = normals(10 * 3, "s");
    expect((await seedAll(new Array(10).fill(0), x.slice(), 3, 4)).picks.length).toBe(4);
    const { gamma } = seedingWeights(Float64Array.of(0, 0, 1e-300, 0.5, 0.9), 2);
    expect([...gamma].every((value) => Number.isFinite(value))).toBe(true);
    expect(gamma[2]).toBe(1);
    expect(gamma[4]).toBe(0);
  });

  test("takes rows of zeros for a direction of their own", async () => {
    const x = Float32Array.of(0, 0, 1, 0, 0, 0, 1, 0, 0, 1);
    const { picks, distances } = await seedAll([0.1, 0.1, 0.1, 0.1, 0.1], x, 2, 3);
    // Three directions: none, right, up; one pick of each.
    expect(new Set(picks.map((i) => `${x[2 * i]}${x[2 * i + 1]}`)).size).toBe(3);
    expect(distances.slice(1)).toEqual([1, 1]);
  });

  test("serves the whole pool when the batch is larger", async () => {
    const { picks } = await seedAll([0.1, 0.2, 0.3], normals(6, "s"), 2, 9);
    expect([...picks].sort()).toEqual([0, 1, 2]);
  });
});

function flipShareOf(reasons: readonly Reason[]) {
  const reason = reasons.find((entry) => entry.code === "flipShare");
  if (reason === undefined) throw new Error("the pick has no share of flips among its reasons");
  return reason;
}

/** The least count over both ways of every direction, by trying the sizes just beyond every change of a label. */
function bruteForce(
  model: LinearModel,
  x: Float32Array,
  reference: Float32Array,
  draws: number,
  random: KeyedRandom,
): number {
  const { d, c, kind } = model;
  const m = reference.length / d;
  const tracks = kind === "sign" ? c : 1;
  let least = m;
  for (let h = 0; h < draws; h++) {
    const z = new Float32Array((d + 1) * c);
    fillNormals(random, h, z);
    for (const way of [1, -1]) {
      for (let track = 0; track < tracks; track++) {
        const own = changesAt(model, x, z, way, track);
        if (!Number.isFinite(own)) continue;
        let count = 0;
        for (let r = 0; r < m; r++) {
          if (changesAt(model, reference.subarray(r * d, (r + 1) * d), z, way, track) <= own * (1 + 1e-6)) count++;
        }
        least = Math.min(least, count);
      }
    }
  }
  return least;
}

/** Smallest size at which the row's label (or its decision in one column) changes along a direction. */
function changesAt(model: LinearModel, x: Float32Array, z: Float32Array, way: number, track: number): number {
  const { d, c, kind, weights, bias } = model;
  const logit = (values: Float32Array, offset: ArrayLike<number>, at: number, j: number) => {
    let sum = offset[at + j];
    for (let l = 0; l < d; l++) sum += x[l] * values[l * c + j];
    return sum;
  };
  const base = Array.from({ length: c }, (_, j) => logit(weights, bias, 0, j));
  const slope = Array.from({ length: c }, (_, j) => way * logit(z, z, d * c, j));
  if (kind === "sign") {
    const size = -base[track] / (Math.SQRT2 * slope[track]);
    return size > 0 ? size : Number.POSITIVE_INFINITY;
  }
  const label = base.indexOf(Math.max(...base));
  let first = Number.POSITIVE_INFINITY;
  for (let j = 0; j < c; j++) {
    const rise = slope[j] - slope[label];
    if (j !== label && rise > 0) first = Math.min(first, (base[label] - base[j]) / rise);
  }
  return first;
}
