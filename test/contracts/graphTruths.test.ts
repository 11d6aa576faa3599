import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import type { Pool } from "@/strategies";
import { arrayMatrix, bitmapFromRows, KeyedRandom, runSpec } from "@/strategies";
import { principalAxes } from "@/strategies/core/principalAxes";
import { symmetricEigen } from "@/strategies/core/symmetricEigen";
import { meanDirection } from "@/strategies/density-weighted/meanDirection";
import type { Kernels } from "@/strategies/kernels";
import { DenseCovariance, LowRankCovariance, searchGraph } from "@/strategies/v-optimality/graphSearch";
import { lowEigenpairs } from "@/strategies/v-optimality/lowEigenpairs";
import { degrees, neighbourGraph } from "@/strategies/v-optimality/neighbourGraph";
import { blockOf, distance, points, quietContext } from "./designPools";
import { KERNELS, PLAIN, poolOf } from "./strategyPools";

describe.each(KERNELS)("graphs, axes and densities on %s kernels", (_, makeKernels) => {
  let kernels: Kernels;
  beforeAll(async () => {
    kernels = await makeKernels();
  });
  const context = () => quietContext(kernels);

  describe("graph variance", () => {
    test("joins each row with its nearest, weights in (0, 1], both ways", () => {
      const x = points(40, 3, "graph");
      const graph = neighbourGraph(context(), blockOf(x, 3), 4);
      for (let i = 0; i < 40; i++) {
        const own = [...graph.columns.subarray(graph.starts[i], graph.starts[i + 1])];
        const nearest = Array.from({ length: 40 }, (_v, j) => j)
          .filter((j) => j !== i)
          .sort((a, b) => distance(x, 3, i, a) - distance(x, 3, i, b))
          .slice(0, 4);
        for (const j of nearest) expect(own).toContain(j);
        own.forEach((j, at) => {
          const weight = graph.weights[graph.starts[i] + at];
          expect(weight > 0 && weight <= 1).toBe(true);
          const back = [...graph.columns.subarray(graph.starts[j], graph.starts[j + 1])].indexOf(i);
          expect(graph.weights[graph.starts[j] + back]).toBe(weight);
        });
      }
    });

    test("low eigenpairs are those of the whole Laplacian", () => {
      const graph = neighbourGraph(context(), blockOf(points(120, 3, "spectrum"), 3), 6);
      const dense = new Float64Array(120 * 120);
      degrees(graph).forEach((value, i) => {
        dense[i * 121] = value;
        for (let at = graph.starts[i]; at < graph.starts[i + 1]; at++)
          dense[i * 120 + graph.columns[at]] -= graph.weights[at];
      });
      const all = symmetricEigen(dense, 120).values.slice().reverse();
      const { values, vectors } = lowEigenpairs(context(), graph, 12);
      expect(values.length).toBe(12);
      for (let j = 0; j < 12; j++) expect(Math.abs(values[j] - all[j])).toBeLessThan(1e-3 * Math.max(all[j], 0.01));
      for (const vector of vectors) expect(vector.reduce((sum, value) => sum + value * value, 0)).toBeCloseTo(1, 9);
    });

    test("the low-rank form with many eigenpairs picks nearly as well as the whole covariance", () => {
      const graph = neighbourGraph(context(), blockOf(points(200, 3, "rank"), 3), 8);
      const isKnown = new Uint8Array(200);
      isKnown[7] = 1;
      const whole = () => new DenseCovariance(kernels, graph, 0.05, 0.01);
      const left = (picks: readonly number[]) => {
        const covariance = whole();
        for (const i of [7, ...picks]) covariance.condition(i);
        return covariance.trace();
      };
      const exact = searchGraph(whole(), isKnown, 8, "v-optimality", () => undefined).picks.map((pick) => pick.index);
      const pairs = lowEigenpairs(context(), graph, 60);
      const rough = searchGraph(new LowRankCovariance(pairs, 0.05, 0.01), isKnown, 8, "v-optimality", () => undefined);
      const gain = left([]) - left(exact);
      expect(left([]) - left(rough.picks.map((pick) => pick.index))).toBeGreaterThan(0.97 * gain);
    });

    test("says when eigenpairs stand for the graph", async () => {
      const pool = poolOf({ ...PLAIN, n: 150 });
      const spec = { op: "single", use: "v-optimality", options: { exactMax: 50, eigenpairs: 20 } };
      const picks = await runSpec(spec, pool, 6, { kernels, seed: "s" });
      expect(picks.notices).toEqual([{ code: "APPROXIMATED", level: "warning", what: "eigenpairs", size: 20 }]);
    });
  });

  test("principal axes of a large matrix are its leading eigenvectors", () => {
    const n = 300;
    const random = new KeyedRandom("axes", "matrix");
    const factor = Float64Array.from({ length: n * n }, (_v, i) => (random.uniform(i) - 0.5) / (1 + (i % n)) ** 0.8);
    const matrix = new Float64Array(n * n);
    kernels.gemmF64({ m: n, n, k: n, a: factor, b: factor, out: matrix, transA: true });
    const { values } = symmetricEigen(matrix, n);
    const axes = principalAxes(kernels, matrix, n, 10);
    for (let j = 0; j < 10; j++) expect(Math.abs(axes.values[j] / values[j] - 1)).toBeLessThan(1e-3);
    const trace = values.reduce((sum, value) => sum + value, 0);
    const ten = values.subarray(0, 10).reduce((sum, value) => sum + value, 0);
    expect(axes.kept).toBeCloseTo(ten / trace, 3);
  });

  test("the mean direction gives every row's mean cosine to the pool, whatever the order", async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(1000), fc.integer({ min: 1, max: 12 }), async (seed, n) => {
        const x = points(n, 3, String(seed));
        const open = Uint32Array.from({ length: n }, (_v, i) => i);
        const pool = (data: Float32Array): Pool => ({
          ...{ n, nClasses: 0, eligible: bitmapFromRows(n, open), embeddings: arrayMatrix(data, n, 3, 2) },
          labelled: { rows: new Uint32Array(0), classes: new Int32Array(0) },
        });
        const mean = await meanDirection(context(), pool(x));
        const cosine = (a: number, b: number) => {
          let dot = 0;
          for (let j = 0; j < 3; j++) dot += x[a * 3 + j] * x[b * 3 + j];
          return dot / (distance(x, 3, a, -1) * distance(x, 3, b, -1));
        };
        for (let i = 0; i < n; i++) {
          const expected = open.reduce((sum, other) => sum + cosine(i, other), 0) / n;
          let got = 0;
          for (let j = 0; j < 3; j++) got += (x[i * 3 + j] / distance(x, 3, i, -1)) * mean[j];
          expect(got).toBeCloseTo(expected, 7);
        }
        const reversed = new Float32Array(x.length);
        for (let i = 0; i < n; i++) reversed.set(x.subarray(i * 3, (i + 1) * 3), (n - 1 - i) * 3);
        expect(await meanDirection(context(), pool(reversed))).toEqual(mean);
      }),
      { seed: 1, numRuns: 50 },
    );
  });
});
