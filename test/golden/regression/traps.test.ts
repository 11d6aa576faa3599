import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { errorMetrics, meanLog } from "@/bin/simulate/regression/errorMetrics";
import type { Pool } from "@/strategies";
import { arrayMatrix, bitmapFromRows, KeyedRandom, registry, runSpec } from "@/strategies";
import { resolveOptions } from "@/strategies/core/resolveOptions";
import { createReferenceKernels } from "@/strategies/kernels";
import { cases, goldenArray } from "./golden";
import type { KernelRows, MethodOptions } from "@/strategies/bmdal/door";
import {
  demandedPrecision,
  denseKernel,
  METHOD_DEFAULTS,
  normals,
  parseBmdalSpec,
  posteriorKernel,
  runMethod,
  scaledToMean,
} from "@/strategies/bmdal/door";
import { indexOfLargest } from "@/strategies/bmdal/selection/maxDist";

/** The mistakes that are easily made with this framework, each with a test that would show it. Traps 5 to 11 and 14 stand with the golden vectors and the network. */

const kernels = createReferenceKernels();
const context = { kernels };
const options: MethodOptions = { ...METHOD_DEFAULTS, sampler: { first: () => 0, draw: () => -1 } };

function features(n: number, d: number, seed: string): Float64Array {
  return Float64Array.from(normals(new KeyedRandom(seed, "features"), n * d), (value, i) => value / (1 + (i % d)));
}

function poolOf(n: number, nKnown: number, d: number, scale = 1): Pool {
  const rows = (from: number, end: number) => Uint32Array.from({ length: end - from }, (_, i) => from + i);
  return {
    n: n + nKnown,
    nClasses: 0,
    taskKind: "regression",
    eligible: bitmapFromRows(n + nKnown, rows(0, n)),
    labelled: { rows: rows(n, n + nKnown), classes: new Int32Array(nKnown).fill(-1), values: new Float64Array(nKnown) },
    embeddings: arrayMatrix(
      features(n + nKnown, d, "pool").map((value) => scale * value),
      n + nKnown,
      d,
    ),
  };
}

const pick = async (use: string, pool: Pool, batch: number, given: Record<string, string | number | boolean> = {}) =>
  runSpec({ op: "single", use, options: given }, pool, batch, { kernels, seed: "s" });

test("trap 1: distance methods default to raw features, variance methods to the posterior", () => {
  for (const strategy of registry.strategies.filter(
    ({ taskKinds }) => taskKinds.length === 1 && taskKinds[0] === "regression",
  )) {
    if (!("posterior" in strategy.options.properties)) continue;
    const { posterior } = resolveOptions(strategy.options, undefined, "options");
    const wantsPosterior = ["maxdet-p", "maxdiag", "bait-f-p", "bait-fb-p"].includes(strategy.id);
    expect([strategy.id, posterior]).toEqual([strategy.id, wantsPosterior ? "train" : "none"]);
  }
  expect(parseBmdalSpec("lcmd / grad -> sketch(512)")).toEqual(parseBmdalSpec("lcmd-tp / grad → sketch(512)"));
  expect(parseBmdalSpec("maxdet / ll").mode).toBe("p");
});

test("trap 2: the posterior is scaled first, so the size of the features does not matter", async () => {
  const small = await pick("maxdet-p", poolOf(60, 10, 6), 12);
  const large = await pick("maxdet-p", poolOf(60, 10, 6, 1000), 12);
  expect([...large.rows]).toEqual([...small.rows]);
  const noisy = { sigma: 0.3 };
  const unscaled = await pick("maxdet-p", poolOf(60, 10, 6, 1000), 12, { ...noisy, scale: false });
  const scaled = await pick("maxdet-p", poolOf(60, 10, 6, 1000), 12, noisy);
  expect([...unscaled.rows]).not.toEqual([...scaled.rows]);
  expect(parseBmdalSpec("maxdet-p / ll → train").chain).toEqual([{ op: "train", sigma: 1e-3, isScaled: true }]);
});

test("trap 3: sigma is a standard deviation; its square is the noise", () => {
  const kernel = denseKernel(kernels, Float64Array.of(1, 1), 2, 1);
  for (const form of ["features", "kernel"] as const) {
    const post = posteriorKernel(context, kernel, { first: 0, end: 1 }, 0.1, form);
    expect(post.diagonal()[1]).toBeCloseTo(0.01 / 1.01, 12);
  }
});

test("trap 4: posteriors, MaxDet and BAIT run in float64 whatever is asked, and the result says so", async () => {
  for (const [text, precision] of [
    ["lcmd-tp / grad → sketch(512)", "f32"],
    ["kmeanspp-tp / linear → scale", "f32"],
    ["lcmd-p / grad → sketch(512) → train", "f64"],
    ["maxdet-tp / grad → sketch(512) → scale", "f64"],
    ["bait-f-p / ll", "f64"],
    ["fw-p / ll → acs-rf(512)", "f64"],
  ] as const) {
    expect([text, demandedPrecision(parseBmdalSpec(text))]).toEqual([text, precision]);
  }
  const asked = await pick("maxdet-p", poolOf(30, 5, 4), 5, { dtype: "f32" });
  expect(asked.notices).toContainEqual({
    code: "ARITHMETIC",
    level: "info",
    dtype: "f64",
    posterior: "features",
    jitter: 0,
  });
  const plain = await pick("lcmd-tp", poolOf(30, 5, 4), 5);
  expect(plain.notices).toContainEqual({
    code: "ARITHMETIC",
    level: "info",
    dtype: "f32",
    posterior: "none",
    jitter: 0,
  });
  expect(plain.status).toBe("ok");
});

test("trap 12: the benchmark's number is the mean of logs over the steps after the first", () => {
  const golden = cases.P;
  const measured = errorMetrics(goldenArray(golden.abs_errors).values);
  for (const metric of ["mae", "rmse", "maxe", "q95", "q99"] as const) {
    expect(measured[metric]).toBeCloseTo(golden.metrics[metric], 12);
  }
  const steps = [100, 1, 4].map((rmse) => ({ ...measured, rmse }));
  expect(meanLog(steps, "rmse")).toBeCloseTo((Math.log(1) + Math.log(4)) / 2, 12);
});

test("trap 13: MaxDiag lists its picks best first, and smallest first only when the released code's order is asked", async () => {
  const best = await pick("maxdiag", poolOf(40, 6, 4), 7);
  const published = await pick("maxdiag", poolOf(40, 6, 4), 7, { order: "published" });
  expect([...published.rows]).toEqual([...best.rows].reverse());
  expect([...best.scores]).toEqual([...best.scores].sort((a, b) => b - a));
});

test("trap 15: a NaN is never the largest, and a method that meets one stops and says why", async () => {
  expect(indexOfLargest([Number.NaN, 1, 3, 3], 4)).toBe(2);
  expect(indexOfLargest([Number.NaN], 1)).toBe(-1);
  const n = 12;
  const broken: KernelRows = {
    kind: "implicit",
    n,
    diagonal: () => new Float64Array(n).fill(1),
    row: (i, out) => {
      for (let j = 0; j < n; j++) out[j] = i === j ? 1 : Number.NaN;
    },
  };
  const problem = { kernels, kernel: broken, nKnown: 0, mode: "p", count: 5 } as const;
  const picks = runMethod(context, "maxdet", problem, options);
  expect(picks).toMatchObject({ rows: [0], stopped: "not-finite" });
  const pool = poolOf(20, 3, 4);
  const values = features(23, 4, "pool");
  values[4 * 4 + 1] = Number.NaN;
  await expect(pick("lcmd-tp", { ...pool, embeddings: arrayMatrix(values, 23, 4) }, 3)).rejects.toMatchObject({
    code: "E_EMBEDDING_ROWS",
  });
});

test("numeric failure fills at random, keyed by the seed, with a notice and status fallback", async () => {
  const n = 30;
  const same = arrayMatrix(new Float64Array(n * 3).fill(2), n, 3);
  const pool: Pool = { ...poolOf(n - 4, 4, 3), embeddings: same };
  const drawn = await pick("kmeanspp-tp", pool, 6);
  expect(drawn.status).toBe("fallback");
  expect(drawn.notices).toContainEqual({
    code: "SELECTION_STOPPED",
    level: "fallback",
    after: 0,
    filled: 6,
    cause: "nothing-left",
  });
  expect(drawn.reasons.every(([reason]) => reason.code === "random")).toBe(true);
  expect([...(await pick("kmeanspp-tp", pool, 6)).rows]).toEqual([...drawn.rows]);
  // Distance methods still have an order: the lowest key.
  expect((await pick("lcmd-tp", pool, 6)).status).toBe("ok");
});

const sizes = fc.record({
  seed: fc.integer({ min: 0, max: 1 << 20 }).map(String),
  nKnown: fc.integer({ min: 0, max: 8 }),
  n: fc.integer({ min: 2, max: 40 }),
  d: fc.integer({ min: 1, max: 7 }),
  mode: fc.constantFrom("p", "tp"),
});

describe("laws of the methods", () => {
  test("MaxDet-TP with noise picks what MaxDet-P picks on the posterior, by features and by kernel rows", () => {
    fc.assert(
      fc.property(sizes, ({ seed, nKnown, n, d }) => {
        const kernel = scaledToMean(
          context,
          denseKernel(kernels, features(n + nKnown, d, seed), n + nKnown, d),
          nKnown,
        );
        const sigma = 0.1;
        const count = Math.min(n, 6);
        const run = (which: KernelRows, mode: "p" | "tp") =>
          runMethod(context, "maxdet", { kernels, kernel: which, nKnown, mode, count }, { ...options, sigma }).rows;
        const expected = run(kernel, "tp");
        expect(run(posteriorKernel(context, kernel, { first: 0, end: nKnown }, sigma), "p")).toEqual(expected);
        expect(run({ ...kernel, kind: "implicit" } as KernelRows, "tp")).toEqual(expected);
      }),
      { numRuns: 60 },
    );
  });

  test("BAIT picks what the closed form picks: every candidate tried, tr(P F) by inversion", () => {
    fc.assert(
      fc.property(sizes, ({ seed, nKnown, n, d, mode }) => {
        const sigma = 0.2;
        const values = features(n + nKnown, d, seed);
        const kernel = denseKernel(kernels, values, n + nKnown, d);
        const count = Math.min(n, 4);
        const rows = runMethod(
          context,
          "bait-f",
          { kernels, kernel, nKnown, mode: mode as "p" | "tp", count },
          { ...options, sigma },
        ).rows;
        const chosen = mode === "tp" ? Array.from({ length: nKnown }, (_, i) => i) : [];
        for (const row of rows) {
          const objective = (extra: number) => traceOf(values, d, n + nKnown, [...chosen, extra], sigma);
          const tried = Array.from({ length: n }, (_, i) =>
            chosen.includes(nKnown + i) ? Infinity : objective(nKnown + i),
          );
          const least = Math.min(...tried);
          expect(tried[row]).toBeLessThanOrEqual(least + 1e-6 * Math.abs(least));
          chosen.push(nKnown + row);
        }
      }),
      { numRuns: 40 },
    );
  });

  test("LCMD and MaxDist are their definitions, and pruning and heaps change nothing", () => {
    fc.assert(
      fc.property(sizes, ({ seed, nKnown, n, d, mode }) => {
        const values = features(n + nKnown, d, seed);
        const kernel = denseKernel(kernels, values, n + nKnown, d);
        const problem = { kernels, kernel, nKnown, mode: mode as "p" | "tp", count: n };
        for (const method of ["lcmd", "maxdist"] as const) {
          const expected = byDefinition(method, values, d, nKnown, n, mode === "tp");
          for (const prune of ["never", "auto", "always"] as const) {
            expect(runMethod(context, method, problem, { ...options, prune }).rows).toEqual(expected);
          }
          expect(
            runMethod(context, method, { ...problem, kernel: { ...kernel, kind: "implicit" } as KernelRows }, options)
              .rows,
          ).toEqual(expected);
        }
      }),
      { numRuns: 60 },
    );
  });

  test.each(["lcmd-tp", "maxdist-tp", "maxdet-p", "maxdet-tp", "bait-f-p"])(
    "%s goes on where it stopped: pending picks count as selected, so a refill is the rest of one selection",
    async (use) => {
      const pool = poolOf(70, 8, 5);
      const whole = await pick(use, pool, 20, {
        sigma: 0.05,
        ...(use === "maxdet-p" || use === "bait-f-p" ? { scale: false } : { scale: false }),
      });
      const first = whole.rows.slice(0, 9);
      const left = bitmapFromRows(
        pool.n,
        Array.from({ length: 70 }, (_, row) => row).filter((row) => !first.includes(row)),
      );
      const rest = await pick(use, { ...pool, eligible: left, pending: first }, 11, { sigma: 0.05, scale: false });
      expect([...rest.rows]).toEqual([...whole.rows.slice(9)]);
    },
  );

  test("the predictions of an ensemble stand in for features", async () => {
    const pool = poolOf(50, 0, 3);
    const members = 5;
    const values = features(50, members, "members");
    const samples = Array.from({ length: members }, (_, s) =>
      arrayMatrix(
        Float64Array.from({ length: 50 }, (_unused, row) => 100 + values[row * members + s]),
        50,
        1,
      ),
    );
    const black = { ...pool, embeddings: undefined, posterior: { samples } };
    const certain = await pick("maxdiag", black, 50, { features: "predictions", posterior: "none", scale: false });
    const spread = (row: number) => {
      const own = values.subarray(row * members, (row + 1) * members);
      const mean = own.reduce((sum, value) => sum + value / members, 0);
      return own.reduce((sum, value) => sum + (value - mean) ** 2 / members, 0);
    };
    certain.rows.forEach((row, i) => {
      expect(certain.scores[i]).toBeCloseTo(spread(row), 5);
    });
    expect((await pick("lcmd-tp", black, 10, { features: "predictions" })).rows.length).toBe(10);
  });
});

/** tr((I + σ⁻²Σ_S φφᵀ)⁻¹ F) by Cholesky. */
function traceOf(values: Float64Array, d: number, n: number, chosen: readonly number[], sigma: number): number {
  const precision = new Float64Array(d * d);
  const fisher = new Float64Array(d * d);
  for (let a = 0; a < d; a++) {
    precision[a * d + a] = 1;
    for (let b = 0; b < d; b++) {
      for (let i = 0; i < n; i++) fisher[a * d + b] += values[i * d + a] * values[i * d + b];
      for (const i of chosen) precision[a * d + b] += (values[i * d + a] * values[i * d + b]) / (sigma * sigma);
    }
  }
  kernels.cholesky(precision, d);
  kernels.choleskySolve(precision, d, fisher, d);
  let trace = 0;
  for (let a = 0; a < d; a++) trace += fisher[a * d + a];
  return trace;
}

/** The two rules written out: every distance by differences, nothing kept between picks. */
function byDefinition(
  method: "lcmd" | "maxdist",
  values: Float64Array,
  d: number,
  nKnown: number,
  n: number,
  isTp: boolean,
): number[] {
  const dot = (a: number, b: number) => {
    let sum = 0;
    for (let j = 0; j < d; j++) sum += values[a * d + j] * values[b * d + j];
    return sum;
  };
  const selected = isTp ? Array.from({ length: nKnown }, (_, i) => i) : [];
  const picks: number[] = [];
  while (picks.length < n) {
    const near = Array.from({ length: n }, (_, i) => {
      let best = { distance: Number.POSITIVE_INFINITY, owner: -1 };
      for (const center of selected) {
        const distance = Math.max(0, dot(nKnown + i, nKnown + i) + dot(center, center) - 2 * dot(nKnown + i, center));
        if (distance < best.distance) best = { distance, owner: center };
      }
      return best;
    });
    const weights = new Map<number, number>();
    for (const { distance, owner } of near) weights.set(owner, (weights.get(owner) ?? 0) + distance);
    const heaviest = Math.max(...weights.values());
    const score = (i: number) => (selected.length === 0 ? dot(nKnown + i, nKnown + i) : near[i].distance);
    const open = Array.from({ length: n }, (_, i) => i).filter(
      (i) =>
        !picks.includes(i) &&
        (method === "maxdist" || selected.length === 0 || weights.get(near[i].owner) === heaviest),
    );
    const best = open.reduce((a, b) => (score(b) > score(a) ? b : a));
    picks.push(best);
    selected.push(nKnown + best);
  }
  return picks;
}
