import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { Pool } from "@/strategies";
import { arrayMatrix, bitmapFromRows, runSpec } from "@/strategies";
import { gatherEmbeddings } from "@/strategies/core/embeddingBlock";
import { exactTypicality } from "@/strategies/typiclust/exactTypicality";
import { mostTypical, pickTypical } from "@/strategies/typiclust/pickTypical";
import { KERNELS } from "./strategyPools";

function golden(name: string) {
  return JSON.parse(readFileSync(new URL(`../golden/classification/${name}.json`, import.meta.url), "utf8"));
}

const RELATIVE = 1e-9;

function near(expected: number) {
  return {
    low: expected - RELATIVE * Math.abs(expected) - 1e-15,
    high: expected + RELATIVE * Math.abs(expected) + 1e-15,
  };
}

function expectNear(actual: ArrayLike<number>, expected: ArrayLike<number>): void {
  expect(actual.length).toBe(expected.length);
  for (let i = 0; i < expected.length; i++) {
    expect(actual[i]).toBeGreaterThanOrEqual(near(expected[i]).low);
    expect(actual[i]).toBeLessThanOrEqual(near(expected[i]).high);
  }
}

function poolFrom(
  matrices: { probabilities?: number[][]; embeddings?: number[][] },
  labelled: number[],
  dtype: "f32" | "f64",
): Pool {
  const n = (matrices.probabilities ?? matrices.embeddings)!.length;
  const matrix = (values: number[][] | undefined) =>
    values && arrayMatrix((dtype === "f64" ? Float64Array : Float32Array).from(values.flat()), n, values[0].length);
  const isLabelled = new Set(labelled);
  return {
    n,
    nClasses: matrices.probabilities?.[0].length ?? 0,
    eligible: bitmapFromRows(
      n,
      Array.from({ length: n }, (_, row) => row).filter((row) => !isLabelled.has(row)),
    ),
    labelled: { rows: Uint32Array.from(labelled), classes: new Int32Array(labelled.length) },
    probabilities: matrix(matrices.probabilities),
    embeddings: matrix(matrices.embeddings),
  };
}

describe.each(KERNELS)("golden vectors on %s kernels", (_, makeKernels) => {
  const { multiclass, binary } = golden("uncertainty");

  test.each([
    ["least-confidence", "selected_least_confidence", "least_confidence_maxprob"],
    ["margin", "selected_margin", "margin"],
    ["entropy", "selected_entropy", "entropy_nats"],
  ])("%s picks what LabelBench picks, with its scores", async (use, selected, scoreField) => {
    const kernels = await makeKernels();
    for (const dtype of ["f64", "f32"] as const) {
      const pool = poolFrom({ probabilities: multiclass.probs }, multiclass.labeled, dtype);
      const picks = await runSpec({ op: "single", use }, pool, multiclass.budget, { kernels, seed: "golden" });
      expect([...picks.rows]).toEqual(multiclass[selected]);
      const expected = multiclass[selected].map((row: number) => multiclass[scoreField][row]);
      if (dtype === "f64") expectNear(picks.scores, expected);
      else for (let i = 0; i < expected.length; i++) expect(picks.scores[i]).toBeCloseTo(expected[i], 6);
    }
  });

  test("with two classes the three uncertainty scores give one order", async () => {
    const kernels = await makeKernels();
    const pool = poolFrom({ probabilities: binary.probs }, binary.labeled, "f64");
    for (const use of ["least-confidence", "margin", "entropy"]) {
      const picks = await runSpec({ op: "single", use }, pool, binary.budget, { kernels, seed: "golden" });
      expect([...picks.rows]).toEqual(binary.selected_all_three);
    }
  });

  test("k-center-greedy picks what the authors' code picks, at its distances", async () => {
    const kernels = await makeKernels();
    const vectors = golden("kcenter_greedy");
    const pool = poolFrom({ embeddings: vectors.embeddings }, vectors.labeled, "f64");
    const radii: number[] = [];
    const picks = await runSpec({ op: "single", use: "k-center-greedy" }, pool, vectors.selected.length, {
      kernels,
      seed: "golden",
      trace: (event) => radii.push(event.values.coverRadius),
    });
    expect([...picks.rows]).toEqual(vectors.selected);
    expectNear(picks.scores, vectors.distance_at_selection);

    const cold = poolFrom({ embeddings: vectors.embeddings }, [], "f64");
    const spec = { op: "single", use: "k-center-greedy", options: { coldStart: "lowest-key" } };
    const first = await runSpec(spec, cold, vectors.cold_start_no_labeled.selected.length, { kernels, seed: "golden" });
    expect([...first.rows]).toEqual(vectors.cold_start_no_labeled.selected);
  });

  test("TypiClust with the clusters given picks what the authors' code picks, at its typicalities", async () => {
    const kernels = await makeKernels();
    const { features, labeled, typiclust } = golden("typiclust_probcover");
    const n = features.length;
    const matrix = arrayMatrix(Float64Array.from(features.flat()), n, 2);
    const rows = Uint32Array.from({ length: n }, (_, i) => i);
    const block = await gatherEmbeddings(kernels, matrix, rows);
    const isKnown = Uint8Array.from(rows, (row) => (labeled.includes(row) ? 1 : 0));
    const rules = {
      smallClusterMax: typiclust.min_cluster_size_exclusive,
      neighboursMax: typiclust.k_nn_max,
      isSquared: true,
      limitMembers: (members: Int32Array) => members,
    };
    const context = { kernels, checkAbort: () => undefined };
    const clusters = Int32Array.from(typiclust.cluster_id);
    const result = pickTypical(context, block, clusters, typiclust.n_clusters, isKnown, typiclust.budget, rules);
    expect(result.picks.map((pick) => pick.index)).toEqual(typiclust.selected);
    expect(result.fromSmall).toBe(0);

    for (const { members, typicality, k_nn } of typiclust.typicality_at_start) {
      const best = mostTypical(context, block, Int32Array.from(members), rules);
      expect(best.neighbours.length).toBe(k_nn);
      const value = await exactTypicality(matrix, rows, best, true);
      expectNear([value!], [Math.max(...typicality)]);
      expectNear([typicality[members.indexOf(best.index)]], [value!]);
    }
  });
});
