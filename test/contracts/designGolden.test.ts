import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { gatherGradients } from "@/strategies/badge/gradientFactors";
import { GradientSampler } from "@/strategies/badge/gradientSampler";
import { bait } from "@/strategies/bait";
import { addFisher, gatherFisherRows } from "@/strategies/bait/fisherRows";
import { searchBatch } from "@/strategies/bait/searchBatch";
import { clusterMargin } from "@/strategies/cluster-margin";
import { averageLinkage, cutMerges } from "@/strategies/cluster-margin/averageLinkage";
import { visitClusters } from "@/strategies/cluster-margin/visitClusters";
import { rowsOfBitmap } from "@/strategies/core/bitmap";
import { resolveOptions } from "@/strategies/core/resolveOptions";
import { probcover } from "@/strategies/probcover";
import { DenseCovariance, LowRankCovariance, searchGraph } from "@/strategies/v-optimality/graphSearch";
import { lowEigenpairs } from "@/strategies/v-optimality/lowEigenpairs";
import { graphOfMatrix } from "@/strategies/v-optimality/neighbourGraph";
import { goldenPool, quietContext } from "./designPools";
import { KERNELS } from "./strategyPools";

function golden(name: string) {
  return JSON.parse(readFileSync(new URL(`../golden/classification/${name}.json`, import.meta.url), "utf8"));
}

/** Relative where |expected| ≥ 1, absolute below. */
function expectNear(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number): void {
  expect(actual.length).toBe(expected.length);
  for (let i = 0; i < expected.length; i++) {
    expect(Math.abs(actual[i] - expected[i])).toBeLessThanOrEqual(tolerance * Math.max(1, Math.abs(expected[i])));
  }
}

describe.each(KERNELS)("golden vectors of batch designs on %s kernels", (_, makeKernels) => {
  test("BADGE draws what the authors' code draws from the same uniforms, with its probabilities", async () => {
    const kernels = await makeKernels();
    const vectors = golden("badge");
    const pool = goldenPool({ probabilities: vectors.probs, embeddings: vectors.embeddings }, vectors.labeled);
    const rows = rowsOfBitmap(pool.eligible);
    expect([...rows]).toEqual(vectors.unlabeled);
    const factors = await gatherGradients(kernels, pool, rows);
    expectNear(
      factors.norms,
      vectors.unlabeled.map((row: number) => vectors.grad_norm_sq[row]),
      1e-6,
    );
    const sampler = new GradientSampler(kernels, factors, new Uint8Array(rows.length).fill(1));
    const picks = [sampler.longest()];
    sampler.addCentre(picks[0]);
    for (const [step, u] of vectors.uniform_draws.entries()) {
      expectNear(sampler.probabilities(), vectors.step_probabilities_over_unlabeled[step], 1e-6);
      const next = sampler.draw(u);
      picks.push(next);
      sampler.addCentre(next);
    }
    expect(picks.map((i) => rows[i])).toEqual(vectors.selected);
  });

  test("BADGE beside other arms, as released, draws what it drew in TAILOR's recorded rounds", async () => {
    const kernels = await makeKernels();
    const { scores, embeddings, rounds } = golden("tailor_full_round").scenarios[1];
    for (const round of rounds) {
      const badgeArm = round.arms.indexOf("BADGE");
      const open: number[] = scores
        .map((_: number[], row: number) => row)
        .filter((row: number) => !round.labeled_before.includes(row));
      const shuffled = round.permutations_in_call_order[0].map((at: number) => open[at]);
      const pool = goldenPool({ probabilities: scores, embeddings }, round.labeled_before);
      // The order in which the recorded run cumulated, then the rows that were out of it before its first draw.
      const listed: number[] = round.badge_candidate_positions_per_draw[0].map((at: number) => shuffled[at]);
      const rows = Uint32Array.from([...listed, ...shuffled.filter((row: number) => !listed.includes(row))]);
      const factors = await gatherGradients(kernels, pool, rows);
      const sampler = new GradientSampler(kernels, factors, new Uint8Array(rows.length).fill(1));
      sampler.addCentre(sampler.longest());
      let draw = 0;
      round.chosen_item.forEach((row: number, slot: number) => {
        const at = rows.indexOf(row);
        if (round.chosen_arm[slot] !== badgeArm) sampler.exclude(at);
        else {
          expect(sampler.draw(round.badge_uniform_draws[draw++])).toBe(at);
          sampler.addCentre(at);
        }
      });
      expect(draw).toBe(round.badge_uniform_draws.length);
    }
  });

  test("the first BADGE pick is the longest gradient, its score exact", async () => {
    const kernels = await makeKernels();
    const vectors = golden("badge");
    const pool = goldenPool({ probabilities: vectors.probs, embeddings: vectors.embeddings }, vectors.labeled);
    const { badge } = await import("@/strategies/badge");
    const options = resolveOptions(badge.options, undefined, "options");
    const picks = await badge.select(quietContext(kernels), pool, 5, options);
    expect(picks.rows[0]).toBe(vectors.selected[0]);
    expectNear([picks.scores[0]], [vectors.grad_norm_sq[picks.rows[0]]], 1e-9);
  });

  test("BAIT adds and removes what the authors' code does, with its gains", async () => {
    const kernels = await makeKernels();
    const vectors = golden("bait");
    const pool = goldenPool({ probabilities: vectors.probs, embeddings: vectors.embeddings }, vectors.labeled);
    const open = rowsOfBitmap(pool.eligible);
    const known = Uint32Array.from(vectors.labeled as number[]);
    const rows = await gatherFisherRows(kernels, pool, open, "full", undefined);
    const labelled = await gatherFisherRows(kernels, pool, known, "full", undefined);
    const q = 9;
    const whole = open.length + known.length;
    const target = new Float64Array(q * q);
    addFisher(kernels, rows, { start: 0, end: rows.n }, 1 / whole, target);
    addFisher(kernels, labelled, { start: 0, end: labelled.n }, 1 / whole, target);
    expectNear(target, vectors.fisher_pool_mean.flat(), 1e-9);
    const mean = new Float64Array(q * q);
    addFisher(kernels, labelled, { start: 0, end: labelled.n }, 1 / labelled.n, mean);
    expectNear(mean, vectors.fisher_labeled_mean.flat(), 1e-9);

    const n = known.length;
    const b = vectors.budget;
    const start = mean.map((value, i) => (value * n) / (n + b) + (i % (q + 1) === 0 ? vectors.lambda : 0));
    for (let i = 0; i < rows.scales.length; i++) rows.scales[i] *= Math.sqrt(b / (n + b));
    const search = searchBatch(quietContext(kernels), { rows, target, start }, b, vectors.oversample);
    expectNear(search.firstGains, vectors.first_forward_gain_all_unlabeled.gain, 1e-9);
    expect(search.forward.map((step) => open[step.index])).toEqual(
      vectors.forward_steps.map((step: { pick: number }) => step.pick),
    );
    expectNear(
      search.forward.map((step) => step.change),
      vectors.forward_steps.map((step: { gain: number }) => step.gain),
      1e-9,
    );
    expect(search.backward.map((step) => open[step.index])).toEqual(
      vectors.backward_removals.map((step: { removed: number }) => step.removed),
    );
    expectNear(
      search.backward.map((step) => step.change),
      vectors.backward_removals.map((step: { cost: number }) => step.cost),
      1e-9,
    );
    const picks = await bait.select(quietContext(kernels), pool, b, resolveOptions(bait.options, undefined, "options"));
    expect([...picks.rows]).toEqual(vectors.selected);
  });

  test("average linkage merges as scipy does, and cuts at the distance threshold", async () => {
    const kernels = await makeKernels();
    const { embeddings, hac } = golden("cluster_margin");
    const merges = averageLinkage(quietContext(kernels), Float64Array.from(embeddings.flat()), embeddings.length, 3);
    merges.forEach(({ a, b, height, size }, step) => {
      const [left, right, expectedHeight, expectedSize] = hac.linkage_matrix[step];
      expect([a, b, size]).toEqual([left, right, expectedSize]);
      expectNear([height], [expectedHeight], 1e-9);
    });
    const count = merges.findIndex((merge) => merge.height >= hac.distance_threshold);
    expect([...cutMerges(merges, embeddings.length, count)]).toEqual(hac.cluster_id_by_first_appearance);
  });

  test("Cluster-Margin visits as the repository's code and as the paper says", () => {
    const vectors = golden("cluster_margin");
    const { cluster_id_by_first_appearance: idOf } = vectors.hac;
    for (const variant of [vectors.galaxy_repo_variant, vectors.paper_variant]) {
      const open = variant.margins
        .map((_: number, row: number) => row)
        .filter((row: number) => !vectors.labeled.includes(row))
        .sort((a: number, b: number) => variant.margins[a] - variant.margins[b] || a - b);
      const rows: number[] = open.slice(0, variant.k_margin);
      const cluster = rows.map((row) => idOf[row]);
      const byRow = [...rows.keys()].sort((a, b) => rows[a] - rows[b]);
      const draws: number[] | undefined = variant.uniform_draws;
      const picks = visitClusters(cluster, byRow, variant.batch, draws && ((pick) => draws[pick]));
      expect(picks.map((i) => rows[i])).toEqual(variant.selected);
    }
  });

  test("Cluster-Margin as a strategy picks the same from the whole pool, and again from its state", async () => {
    const kernels = await makeKernels();
    const vectors = golden("cluster_margin");
    const { paper_variant: paper, hac } = vectors;
    const probabilities = vectors.logits.map((row: number[]) => {
      const sum = row.reduce((total, logit) => total + Math.exp(logit), 0);
      return row.map((logit) => Math.exp(logit) / sum);
    });
    const pool = goldenPool({ probabilities, embeddings: vectors.embeddings }, vectors.labeled);
    const options = resolveOptions(
      clusterMargin.options,
      {
        factor: paper.k_margin / paper.batch,
        member: "smallest-margin",
        sampleSize: 60,
        distanceThreshold: hac.distance_threshold,
      },
      "options",
    );
    const first = await clusterMargin.select(quietContext(kernels), { ...pool, state: null }, paper.batch, options);
    const candidates = paper.margins
      .map((_: number, row: number) => row)
      .filter((row: number) => !vectors.labeled.includes(row))
      .sort((a: number, b: number) => paper.margins[a] - paper.margins[b])
      .slice(0, paper.k_margin);
    const cluster = candidates.map((row: number) => hac.cluster_id_by_first_appearance[row]);
    const expected = visitClusters(cluster, [...candidates.keys()], paper.batch).map((i) => candidates[i]);
    expect([...first.rows]).toEqual(expected);
    const again = await clusterMargin.select(
      quietContext(kernels, "another seed"),
      { ...pool, state: JSON.parse(JSON.stringify(first.state)) },
      paper.batch,
      options,
    );
    expect([...again.rows]).toEqual(expected);
    expect(again.notices).toEqual([]);
    const moved = { ...pool, state: { ...(first.state as object), rows: [0] } };
    const reset = await clusterMargin.select(quietContext(kernels), moved, paper.batch, options);
    expect(reset.notices).toEqual([{ code: "STATE_RESET", level: "info", what: "clusters" }]);
    expect([...reset.rows]).toEqual(expected);
  });

  test("ProbCover picks and covers what the authors' code does at its radius", async () => {
    const kernels = await makeKernels();
    const { features, labeled, probcover: vectors } = golden("typiclust_probcover");
    const pool = goldenPool({ embeddings: features }, labeled);
    const options = resolveOptions(probcover.options, { radius: vectors.delta, normalize: false }, "options");
    const picks = await probcover.select(quietContext(kernels), pool, vectors.budget, options);
    expect([...picks.rows]).toEqual(vectors.selected);
    expect([...picks.scores]).toEqual(vectors.new_points_covered);
    expectNear(
      picks.reasons.map(([reason]) => (reason.code === "covers" ? reason.coverageAfter : Number.NaN)),
      vectors.coverage_after,
      1e-12,
    );
    expect(picks.notices).toEqual([]);
  });

  test.each(["dense", "all eigenpairs"])(
    "V- and sigma-optimality choose as published, covariance held as %s",
    async (form) => {
      const kernels = await makeKernels();
      const vectors = golden("v_opt_sigma_opt");
      const graph = graphOfMatrix(vectors.weights);
      const { prior_tau: tau, gamma2: noise, initial_labeled: known } = vectors;
      for (const [criterion, expected] of [
        ["v-optimality", vectors.v_opt],
        ["sigma-optimality", vectors.sigma_opt],
      ] as const) {
        const make = () =>
          form === "dense"
            ? new DenseCovariance(kernels, graph, tau, noise)
            : new LowRankCovariance(lowEigenpairs({ checkAbort: () => undefined }, graph, graph.n), tau, noise);
        const isKnown = Uint8Array.from({ length: graph.n }, (_, i) => (known.includes(i) ? 1 : 0));
        const covariance = make();
        const { picks } = searchGraph(covariance, isKnown, expected.selected.length, criterion, () => undefined);
        expect(picks.map((pick) => pick.index)).toEqual(expected.selected);
        const steps = expected.acquisition_values_over_ascending_candidates;
        const replay = make();
        for (const row of known) replay.condition(row);
        const taken = new Set<number>(known);
        const gains = new Float64Array(graph.n);
        for (const [step, pick] of picks.entries()) {
          replay.gains(criterion, gains);
          const open = Array.from({ length: graph.n }, (_, i) => i).filter((i) => !taken.has(i));
          expectNear(
            open.map((i) => gains[i]),
            steps[step],
            1e-9,
          );
          replay.condition(pick.index);
          taken.add(pick.index);
        }
        expectNear([replay.trace()], [expected.final_covariance_trace], 1e-9);
      }
    },
  );
});
