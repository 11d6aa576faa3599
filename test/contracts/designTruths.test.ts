import { beforeAll, describe, expect, test } from "vitest";
import type { Pool } from "@/strategies";
import { arrayMatrix, KeyedRandom, rowsOfBitmap, runSpec } from "@/strategies";
import { drawBatch, openBadge } from "@/strategies/badge/badgeRun";
import { gatherGradients, residualOf } from "@/strategies/badge/gradientFactors";
import { GradientSampler } from "@/strategies/badge/gradientSampler";
import { addFisher, gatherFisherRows } from "@/strategies/bait/fisherRows";
import { FisherSearch } from "@/strategies/bait/fisherSearch";
import { averageLinkage } from "@/strategies/cluster-margin/averageLinkage";
import { predictedCandidates } from "@/strategies/core/predictedRows";
import { gaussianScale, greedyDeterminant } from "@/strategies/dpp-map/greedyDeterminant";
import type { Kernels } from "@/strategies/kernels";
import { ballGraph, purityRadius } from "@/strategies/probcover/ballGraph";
import { coverGreedily } from "@/strategies/probcover/coverGreedily";
import { blockOf, distance, points, quietContext } from "./designPools";
import { KERNELS, PLAIN, poolArrays, poolOf } from "./strategyPools";

/** Each design against the plainest form of what it computes, on pools small enough for it. */

/** Within 1e-9 of the larger of 1 and the expected value. */
function expectRelative(actual: number, expected: number): void {
  expect(Math.abs(actual - expected)).toBeLessThan(1e-9 * Math.max(1, Math.abs(expected)));
}

const seeds = ["a", "b", "c", "d", "e"];

describe.each(KERNELS)("designs on %s kernels", (_, makeKernels) => {
  let kernels: Kernels;
  beforeAll(async () => {
    kernels = await makeKernels();
  });
  const context = () => quietContext(kernels);

  describe("BADGE", () => {
    test.each(["single-label", "multi-label"] as const)(
      "draws by the distances of %s gradients written out",
      async (kind) => {
        const spec = { ...PLAIN, n: 40, taskKind: kind, dtype: "f64" as const };
        const arrays = poolArrays(spec);
        const pool = poolOf(spec, arrays);
        const rows = rowsOfBitmap(pool.eligible);
        const factors = await gatherGradients(kernels, pool, rows);
        const c = spec.nClasses;
        const gradients = Array.from(rows, (row) => {
          const p = residualOf(
            Float64Array.from(arrays.probabilities.subarray(row * c, (row + 1) * c)),
            kind === "multi-label",
          );
          return [...p].flatMap((value) =>
            Array.from({ length: spec.dim }, (_v, j) => value * arrays.embeddings[row * spec.dim + j]),
          );
        });
        const sampler = new GradientSampler(kernels, factors, new Uint8Array(rows.length).fill(1));
        const centres: number[] = [];
        for (const next of [3, 11, 5]) {
          sampler.addCentre(next);
          centres.push(next);
          const mass = gradients.map((g, i) =>
            centres.includes(i)
              ? 0
              : Math.min(...centres.map((at) => g.reduce((sum, value, j) => sum + (value - gradients[at][j]) ** 2, 0))),
          );
          const total = mass.reduce((sum, value) => sum + value, 0);
          sampler.probabilities().forEach((p, i) => {
            expect(Math.abs(p - mass[i] / total)).toBeLessThan(1e-5);
          });
        }
      },
    );

    test("never draws a copy of a pick while another item is left, and fills with them at the end", async () => {
      const spec = { ...PLAIN, n: 60, distinct: 6, labelledShare: 0, idleShare: 0 };
      const pool = poolOf(spec);
      const picks = await runSpec({ op: "single", use: "badge" }, pool, 10, { kernels, seed: "copies" });
      expect(new Set([...picks.rows].slice(0, 6).map((row) => row % 6)).size).toBe(6);
      expect(picks.notices).toContainEqual({
        ...{ code: "FILLED", level: "fallback", count: 4, because: "coincide", rule: "random" },
      });
      expect(picks.status).toBe("fallback");
    });

    test("as an arm it nominates the longest gradient first and keeps away from what others took", async () => {
      const { badge } = await import("@/strategies/badge");
      const pool: Pool = { ...poolOf({ ...PLAIN, idleShare: 0 }), pending: new Uint32Array(0) };
      const rows = await openBadge(context(), pool, predictedCandidates(pool), 1000);
      const alone = drawBatch(context(), pool, rows, 8).picks.map((pick) => rows.factors.rows[pick.index]);
      const arm = await badge.arm!(context(), pool, 8, { maxCandidates: 1000, armRule: "every-pick" });
      const sequence: number[] = [];
      for (let i = 0; i < 8; i++) {
        const nomination = (await arm.nominate())!;
        expect(await arm.nominate()).toEqual(nomination);
        sequence.push(nomination.row);
        arm.take(nomination.row, true);
      }
      expect(sequence[0]).toBe(alone[0]);
      expect(new Set(sequence).size).toBe(8);
      expect(alone.map((row) => arm.rankOf(row))).toEqual([...alone.keys()]);

      // Another arm takes a row first: it is a centre, so its copies have no chance; the longest gradient still comes.
      const copies = poolOf({ ...PLAIN, n: 80, distinct: 4, labelledShare: 0, idleShare: 0 });
      const second = await badge.arm!(context(), copies, 4, { maxCandidates: 1000, armRule: "every-pick" });
      const first = (await second.nominate())!.row;
      const other = [0, 1, 2, 3].find((row) => row % 4 !== first % 4)!;
      second.take(other, false);
      expect((await second.nominate())!.row).toBe(first);
      second.take(first, true);
      const third = (await second.nominate())!;
      expect([first % 4, other % 4]).not.toContain(third.row % 4);
      expect(third.reasons).toEqual([expect.objectContaining({ code: "gradient", norm: expect.any(Number) })]);

      // As released: the longest gradient is never nominated, and other arms' picks are no centres.
      const released = await badge.arm!(context(), copies, 4, { maxCandidates: 1000, armRule: "released" });
      const start = (await released.nominate())!.row;
      expect(start % 4).not.toBe(first % 4);
      released.take(start, false);
      for (let i = 0; i < 76; i++) {
        const next = await released.nominate();
        if (next === null) break;
        expect(next.row).not.toBe(first);
        released.take(next.row, false);
      }
    });
  });

  describe("BAIT", () => {
    test.each([
      ["single-label", "full"],
      ["multi-label", "full"],
      ["single-label", "rank-one"],
    ] as const)(
      "%s, %s: gains are the change of tr(M⁻¹F), also after rows were added and removed",
      async (kind, form) => {
        const spec = { ...PLAIN, n: 24, nClasses: 3, dim: 3, taskKind: kind, dtype: "f64" as const };
        const pool = poolOf(spec);
        const open = rowsOfBitmap(pool.eligible);
        const rows = await gatherFisherRows(kernels, pool, open, form, undefined);
        const q = rows.k * rows.d;
        const target = new Float64Array(q * q);
        addFisher(kernels, rows, { start: 0, end: rows.n }, 1 / rows.n, target);
        const identity = (value: number) =>
          Float64Array.from({ length: q * q }, (_v, i) => (i % (q + 1) === 0 ? value : 0));
        const traceWith = (chosen: readonly number[]) => {
          const matrix = identity(1);
          for (const i of chosen) addFisher(kernels, rows, { start: i, end: i + 1 }, 1, matrix);
          const x = target.slice();
          expect(kernels.cholesky(matrix, q)).toBe(true);
          kernels.choleskySolve(matrix, q, x, q);
          let trace = 0;
          for (let i = 0; i < q; i++) trace += x[i * q + i];
          return trace;
        };
        const search = new FisherSearch(kernels, { rows, target, start: identity(1) });
        const chosen: number[] = [];
        for (const [next, sign] of [
          [4, 1],
          [9, 1],
          [2, 1],
          [9, -1],
        ] as const) {
          search.change(next, sign);
          if (sign === 1) chosen.push(next);
          else chosen.splice(chosen.indexOf(next), 1);
          const before = traceWith(chosen);
          expectRelative(search.objective(), before);
          search.refresh(1);
          for (let i = 0; i < rows.n; i++) expectRelative(search.traces[i], before - traceWith([...chosen, i]));
          search.refresh(-1);
          for (const i of chosen)
            expectRelative(search.traces[i], traceWith(chosen.filter((other) => other !== i)) - before);
        }
      },
    );

    test("projects long embeddings, says how much was kept, and keeps all when nothing is lost", async () => {
      const n = 80;
      const flat = points(n, 3, "flat");
      const random = new KeyedRandom("turn", "axes");
      // Three dimensions inside forty.
      const turn = Array.from({ length: 3 }, (_v, i) =>
        Array.from({ length: 40 }, (_w, j) => random.uniform(i, j) - 0.5),
      );
      const wide = new Float64Array(n * 40);
      for (let i = 0; i < n; i++)
        for (let j = 0; j < 40; j++) for (let a = 0; a < 3; a++) wide[i * 40 + j] += flat[i * 3 + a] * turn[a][j];
      const base = poolOf({ ...PLAIN, n, dim: 5, labelledShare: 0, idleShare: 0, dtype: "f64" });
      const pool: Pool = { ...base, embeddings: arrayMatrix(wide, n, 40) };
      const pick = (maxDimension: number) =>
        runSpec({ op: "single", use: "bait", options: { maxDimension } }, pool, 5, { kernels, seed: "s" });
      const all = await pick(160);
      const some = await pick(16);
      expect(all.notices).toEqual([]);
      expect([...some.rows]).toEqual([...all.rows]);
      const [notice] = some.notices;
      expect(notice).toMatchObject({ code: "DIMENSIONS_REDUCED", from: 40, to: 4 });
      expect(notice.code === "DIMENSIONS_REDUCED" && notice.kept).toBeCloseTo(1, 9);
    });
  });

  test("average linkage merges the nearest two clusters each time, found by brute force", () => {
    for (const seed of seeds) {
      const [n, d] = [14, 2];
      const x = Float64Array.from(points(n, d, seed));
      const clusters = new Map<number, number[]>(Array.from({ length: n }, (_v, i) => [i, [i]]));
      const mean = (a: number[], b: number[]) =>
        a.reduce((sum, i) => sum + b.reduce((part, j) => part + distance(x, d, i, j), 0), 0) / (a.length * b.length);
      averageLinkage(context(), x, n, d).forEach((merge, step) => {
        let least = Number.POSITIVE_INFINITY;
        let pair = [0, 0];
        for (const [a, left] of clusters) {
          for (const [b, right] of clusters) {
            if (a >= b || mean(left, right) >= least) continue;
            least = mean(left, right);
            pair = [a, b];
          }
        }
        expect([merge.a, merge.b]).toEqual(pair);
        expect(merge.height).toBeCloseTo(least, 10);
        clusters.set(n + step, [...clusters.get(merge.a)!, ...clusters.get(merge.b)!]);
        clusters.delete(merge.a);
        clusters.delete(merge.b);
      });
    }
  });

  describe("ProbCover", () => {
    test("covers greedily what a set of balls covers, and starts again when all is covered", () => {
      for (const seed of seeds) {
        const x = points(30, 2, seed);
        const radius = 0.9;
        const graph = ballGraph(context(), blockOf(x, 2), radius);
        const balls = Array.from({ length: 30 }, (_v, i) =>
          Array.from({ length: 30 }, (_w, j) => j).filter((j) => distance(x, 2, i, j) < radius),
        );
        const isKnown = Uint8Array.from({ length: 30 }, (_v, i) => (i % 11 === 0 ? 1 : 0));
        let left = new Set(Array.from({ length: 30 }, (_v, i) => i));
        for (let i = 0; i < 30; i += 11) for (const j of balls[i]) left.delete(j);
        const taken = new Set([0, 11, 22]);
        const { picks, filled } = coverGreedily(graph, isKnown, 27);
        let again = 0;
        for (const pick of picks) {
          if (left.size === 0) left = new Set(Array.from({ length: 30 }, (_v, i) => i).filter((i) => !taken.has(i)));
          const gain = (i: number) => balls[i].filter((j) => left.has(j)).length;
          const open = Array.from({ length: 30 }, (_v, i) => i).filter((i) => !taken.has(i));
          expect(pick.index).toBe(open.reduce((best, i) => (gain(i) > gain(best) ? i : best)));
          expect(pick.newItems).toBe(gain(pick.index));
          for (const j of balls[pick.index]) left.delete(j);
          taken.add(pick.index);
          if (pick.coverageBefore === 1) again++;
        }
        expect(picks.length).toBe(27);
        expect(filled).toBe(again);
        expect(filled).toBeGreaterThan(0);
      }
    });

    test("the purity rule gives the largest radius with enough pure balls", () => {
      for (const seed of seeds) {
        const x = points(60, 2, seed);
        const group = Int32Array.from({ length: 60 }, (_v, i) => (x[2 * i] > 0.3 ? 1 : 0));
        const radius = purityRadius(context(), blockOf(x, 2), group, 0.9)!;
        const pure = (r: number) =>
          Array.from({ length: 60 }, (_v, i) => i).filter((i) =>
            Array.from({ length: 60 }, (_w, j) => j).every((j) => group[i] === group[j] || distance(x, 2, i, j) >= r),
          ).length / 60;
        expect(pure(radius * (1 - 1e-5))).toBeGreaterThanOrEqual(0.9);
        expect(pure(radius * (1 + 1e-5))).toBeLessThan(0.9);
      }
      expect(purityRadius(context(), blockOf(points(5, 2, "one"), 2), new Int32Array(5), 0.9)).toBeNull();
    });
  });

  describe("determinantal choice", () => {
    const determinant = (matrix: number[][]): number => {
      const a = matrix.map((row) => [...row]);
      let product = 1;
      for (let i = 0; i < a.length; i++) {
        product *= a[i][i];
        for (let r = i + 1; r < a.length; r++) {
          const factor = a[r][i] / a[i][i];
          for (let c = i; c < a.length; c++) a[r][c] -= factor * a[i][c];
        }
      }
      return product;
    };

    test.each(["gaussian", "cosine"] as const)("takes the row whose determinant is largest, %s likeness", (kind) => {
      for (const seed of seeds) {
        const [n, d] = [11, 4];
        const x = points(n, d, seed);
        if (kind === "cosine") {
          for (let i = 0; i < n; i++) {
            const length = distance(x, d, i, -1);
            for (let j = 0; j < d; j++) x[i * d + j] /= length;
          }
        }
        const block = blockOf(x, d);
        const scale = gaussianScale(block, 0.7);
        const random = new KeyedRandom(seed, "quality");
        const quality = Float64Array.from({ length: n }, (_v, i) => 0.2 + random.uniform(i));
        const likeness = (i: number, j: number) => {
          if (kind === "gaussian") return Math.exp(-(distance(x, d, i, j) ** 2) / scale);
          let dot = 0;
          for (let q = 0; q < d; q++) dot += x[i * d + q] * x[j * d + q];
          return i === j ? 1 : (1 + dot) / 2;
        };
        const known = [n - 1];
        const det = (set: readonly number[]) =>
          determinant(
            set.map((i) =>
              set.map(
                (j) => (known.includes(i) ? 1 : quality[i]) * likeness(i, j) * (known.includes(j) ? 1 : quality[j]),
              ),
            ),
          );
        const picks = greedyDeterminant(context(), block, quality, known, 4, { kind, scale });
        const chosen = [...known];
        for (const { index, gain } of picks) {
          const open = Array.from({ length: n }, (_v, i) => i).filter((i) => !chosen.includes(i));
          const best = open.reduce((most, i) => (det([...chosen, i]) > det([...chosen, most]) ? i : most));
          expect(index).toBe(best);
          expect(gain).toBeCloseTo(Math.log(det([...chosen, best]) / det(chosen)), 4);
          chosen.push(index);
        }
        expect(picks.length).toBe(4);
      }
    });

    test("stops at the rank and fills with the most uncertain, saying so", async () => {
      const spec = { ...PLAIN, n: 40, distinct: 5, labelledShare: 0, idleShare: 0 };
      const picks = await runSpec({ op: "single", use: "dpp-map" }, poolOf(spec), 8, { kernels, seed: "s" });
      expect(new Set([...picks.rows].slice(0, 5).map((row) => row % 5)).size).toBe(5);
      expect(picks.notices).toContainEqual({
        code: "FILLED",
        level: "fallback",
        count: 3,
        because: "rank",
        rule: "utility",
      });
    });
  });
});
