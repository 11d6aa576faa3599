import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { KERNELS } from "@/test/contracts/strategyPools";
import type { LinearModel } from "../core/linearModel";
import { publishedSizes, searchScales } from "./scales";
import { seedBatch, seedingWeights, unitRows } from "./seedBatch";

function golden(name: string) {
  return JSON.parse(readFileSync(new URL(`../../test/golden/classification/${name}.json`, import.meta.url), "utf8"));
}

describe.each(KERNELS)("golden LDM on %s kernels", (_, makeKernels) => {
  test.each<[string, unknown]>(golden("ldm_estimate").cases.map((entry: { name: string }) => [entry.name, entry]))(
    "%s: the value of every item, and the perturbations used at every size",
    async (_name, given) => {
      const vectors = given as Record<string, never> & {
        weight_D_C: number[][];
        bias_C: number[];
        pool_features: number[][];
        reference_features: number[][];
        normal_draws: number[];
        stop: number;
        hypotheses_used: number;
        ldm: number[];
        ldm_times_reference_size: number[];
        per_sigma: { sigma: number; draws_used: number; sum_ldm: number }[];
      };
      const kernels = await makeKernels();
      const [d, c] = [vectors.weight_D_C.length, vectors.bias_C.length];
      const model: LinearModel = {
        kind: "argmax",
        ...{ d, c },
        weights: Float32Array.from(vectors.weight_D_C.flat()),
        bias: Float32Array.from(vectors.bias_C),
      };
      const perDraw = (d + 1) * c;
      for (const atOnce of [1, 3, 16]) {
        const result = searchScales(
          kernels,
          model,
          Float32Array.from(vectors.pool_features.flat()),
          Float32Array.from(vectors.reference_features.flat()),
          {
            sizes: publishedSizes(),
            stop: vectors.stop,
            maxHypotheses: 1_000_000,
            perturbBias: true,
            atOnce,
            draw: (hypothesis, out) =>
              out.set(vectors.normal_draws.slice(hypothesis * perDraw, (hypothesis + 1) * perDraw)),
            checkAbort: () => undefined,
            progress: () => undefined,
          },
        );
        const m = vectors.reference_features.length;
        expect([...result.counts]).toEqual(vectors.ldm_times_reference_size);
        expect(result.hypotheses).toBe(vectors.hypotheses_used);
        expect(result.perSize).toEqual(vectors.per_sigma.map((entry) => entry.draws_used));
        result.sums.forEach((sum, k) => {
          expect(sum / m).toBeCloseTo(vectors.per_sigma[k].sum_ldm, 6);
        });
        expect(result.isCapped).toBe(false);
        publishedSizes().forEach((size, k) => {
          expect(size).toBeCloseTo(vectors.per_sigma[k].sigma, 12);
        });
      }
    },
  );

  test.each<[string, unknown]>(golden("ldm_seeding").cases.map((entry: { name: string }) => [entry.name, entry]))(
    "%s: the picks of the seeding, and their weights",
    async (_name, given) => {
      const vectors = given as {
        ldm: number[];
        features: number[][];
        batch: number;
        uniform_draws: number[];
        sorted_order: number[];
        ldm_q: number;
        gamma_in_sorted_order: number[];
        selected_dataset_indices: number[];
        selected_sorted_positions: number[];
      };
      const kernels = await makeKernels();
      const sorted = Float64Array.from(vectors.sorted_order, (i) => vectors.ldm[i]);
      const { gamma, scale } = seedingWeights(sorted, vectors.batch);
      expect(scale).toBeCloseTo(vectors.ldm_q, 12);
      gamma.forEach((value, i) => {
        const expected = vectors.gamma_in_sorted_order[i];
        expect(Math.abs(value - expected)).toBeLessThanOrEqual(1e-9 * expected);
      });
      const d = vectors.features[0].length;
      const x = Float32Array.from(vectors.sorted_order.flatMap((i) => vectors.features[i]));
      const seeded = seedBatch(kernels, sorted, unitRows(kernels, x, sorted.length, d), vectors.batch, {
        uniform: (draw) => vectors.uniform_draws[draw],
        checkAbort: () => undefined,
        progress: () => undefined,
      });
      expect(seeded.picks).toEqual(vectors.selected_sorted_positions);
      expect(seeded.picks.map((i) => vectors.sorted_order[i])).toEqual(vectors.selected_dataset_indices);
      expect(seeded.undrawn).toBe(0);
    },
  );
});
