import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { Pool } from "@/strategies";
import { arrayMatrix, bitmapFromRows } from "@/strategies";
import { runSpecWith } from "@/strategies/core/runSpec";
import { KERNELS } from "@/test/contracts/strategyPools";
import { base } from "../base";
import { batchBald } from "../batch-bald";
import { FILTERS } from "../core/filters";
import { DISAGREEMENTS } from "../core/posteriorScores";
import { mase } from "../mase";
import { queryByCommittee } from "../query-by-committee";
import { bald } from "./index";

const registry = { strategies: [bald, batchBald, queryByCommittee, base, mase], filters: FILTERS };

function golden(name: string) {
  return JSON.parse(readFileSync(new URL(`../../test/golden/classification/${name}.json`, import.meta.url), "utf8"));
}

function expectNear(actual: ArrayLike<number>, expected: ArrayLike<number>): void {
  expect(actual.length).toBe(expected.length);
  for (let i = 0; i < expected.length; i++) {
    expect(Math.abs(actual[i] - expected[i])).toBeLessThanOrEqual(1e-9 * Math.abs(expected[i]) + 1e-13);
  }
}

function poolFrom(n: number, nClasses: number, labelled: readonly number[], more: Partial<Pool>): Pool {
  const all = Array.from({ length: n }, (_, row) => row);
  return {
    ...{ n, nClasses },
    eligible: bitmapFromRows(
      n,
      all.filter((row) => !labelled.includes(row)),
    ),
    labelled: { rows: Uint32Array.from(labelled), classes: new Int32Array(labelled.length) },
    ...more,
  };
}

describe.each(KERNELS)("golden vectors on %s kernels", (_, makeKernels) => {
  const vectors = golden("bald_batchbald");
  const q: number[][][] = vectors.probs_N_K_C;
  const [samples, nClasses] = [q[0].length, q[0][0].length];
  const posterior = {
    samples: Array.from({ length: samples }, (_unused, s) =>
      arrayMatrix(Float64Array.from(q.flatMap((row) => row[s])), q.length, nClasses),
    ),
  };
  const given = poolFrom(q.length, nClasses, [], { posterior });
  const run = async (use: string, pool: Pool, batch: number, options: object) =>
    runSpecWith(registry, { op: "single", use, options }, pool, batch, {
      kernels: await makeKernels(),
      seed: "golden",
    });

  test("BALD and its relatives have the published values, and BALD the published order", async () => {
    const flat = Float64Array.from(q.flat(2));
    const values = (measure: keyof typeof DISAGREEMENTS) =>
      q.map((_row, i) => DISAGREEMENTS[measure](flat, i * samples * nClasses, samples, nClasses, false));
    expectNear(values("bald"), vectors.bald_nats);
    expectNear(values("variation-ratio"), vectors.variation_ratio);
    expectNear(values("consensus-entropy"), vectors.predictive_entropy_nats);
    const picks = await run("bald", given, q.length, { posterior: "given" });
    expect([...picks.rows]).toEqual(vectors.bald_order);
    expectNear(
      picks.scores,
      vectors.bald_order.map((row: number) => vectors.bald_nats[row]),
    );
    const kl = await run("query-by-committee", given, 5, { posterior: "given", disagreement: "kl-to-consensus" });
    expect([...kl.rows]).toEqual(vectors.bald_order.slice(0, 5));
  });

  test("BatchBALD picks the published batch at the published joint information, and no row twice by content", async () => {
    const picks = await run("batch-bald", given, vectors.batch_size, { posterior: "given" });
    expect([...picks.rows]).toEqual(vectors.batchbald_indices);
    expectNear(picks.scores, vectors.batchbald_joint_mi_after_each_pick);
    expect(picks.notices).toEqual([]);
  });

  test("BatchBALD on drawn label combinations comes near the exact information", async () => {
    const options = { posterior: "given", exactMax: 3, configurations: 40_000 };
    const picks = await run("batch-bald", given, vectors.batch_size, options);
    expect(picks.notices).toEqual([{ code: "JOINT_SAMPLED", level: "info", exact: 2, configurations: 40_000 }]);
    expect([...picks.rows].slice(0, 3)).toEqual(vectors.batchbald_indices.slice(0, 3));
    picks.scores.forEach((joint, i) => {
      expect(Math.abs(joint - vectors.batchbald_joint_mi_after_each_pick[i])).toBeLessThan(0.01);
    });
  });

  test("BASE and MASE pick what the authors' code picks, at its distances", async () => {
    const { embeddings, weight_C_D, bias, labeled, budget, selected_in_order, ...rest } = golden("base");
    const [n, d, c] = [embeddings.length, embeddings[0].length, bias.length];
    const weights = Float32Array.from({ length: d * c }, (_unused, i) => weight_C_D[i % c][Math.floor(i / c)]);
    const head = { weights, bias: Float32Array.from(bias) };
    for (const make of [Float32Array, Float64Array]) {
      const pool = poolFrom(n, c, labeled, { embeddings: arrayMatrix(make.from(embeddings.flat()), n, d), head });
      const picks = await run("base", pool, budget, {});
      expect([...picks.rows]).toEqual(selected_in_order);
      const smallest = await run("mase", pool, rest.mase_selected_budget_6.length, {});
      expect([...smallest.rows]).toEqual(rest.mase_selected_budget_6);
      smallest.scores.forEach((distance, i) => {
        // The vectors' weights are decimals, the head's float32.
        expect(distance).toBeCloseTo(rest.min_boundary_distance[smallest.rows[i]], 5);
      });
      const quota: number[] = rest.quota_per_class;
      const served = quota.flatMap((count, label) => new Array<number>(count).fill(label));
      picks.scores.forEach((distance, i) => {
        const expected =
          rest.distance_to_class_boundary_null_is_infinite[picks.rows[i]][served[i]] ??
          rest.min_boundary_distance[picks.rows[i]];
        expect(distance).toBeCloseTo(expected, 5);
      });
    }
  });
});
