import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { LabelledRows, Pool } from "@/strategies";
import { arrayMatrix, bitmapFromRows, runSpec } from "@/strategies";
import { creditAnswers } from "@/strategies/albl/creditAnswers";
import { armProbabilities, drawArm, floorOf } from "@/strategies/albl/exp4p";
import { badgeArm } from "@/strategies/badge/badgeArm";
import { openBadge } from "@/strategies/badge/badgeRun";
import type { ArmStream } from "@/strategies/core/arms";
import { rankedArm } from "@/strategies/core/arms";
import { ClassChooser, classOptionSchemas } from "@/strategies/core/classChoice";
import { pathRows } from "@/strategies/core/classPaths";
import type { KeyedRandom } from "@/strategies/core/keyedRandom";
import type { OpenBatch } from "@/strategies/core/openRows";
import { settleOpenRows } from "@/strategies/core/openRows";
import { resolveOptions } from "@/strategies/core/resolveOptions";
import { runSlots } from "@/strategies/core/runSlots";
import { galaxyArm } from "@/strategies/galaxy/galaxyArm";
import { createReferenceKernels } from "@/strategies/kernels";
import { bestArm, creditOutcomes, flatBelief, rewardsOf } from "@/strategies/tailor/belief";
import { classWeights } from "@/strategies/tailor/classWeights";

/** TAILOR and ALBL against the authors' own meta procedures and arms, every random draw given. */

function golden(name: string) {
  return JSON.parse(readFileSync(new URL(`../golden/classification/${name}.json`, import.meta.url), "utf8"));
}

const kernels = createReferenceKernels();
const nothing = () => undefined;
const context = { kernels, seed: "golden", scope: "golden", checkAbort: nothing, progress: nothing, trace: nothing };

function expectNear(actual: ArrayLike<number>, expected: ArrayLike<number>): void {
  expect(actual.length).toBe(expected.length);
  for (let i = 0; i < expected.length; i++) {
    expect(Math.abs(actual[i] - expected[i])).toBeLessThanOrEqual(1e-9 * Math.max(1, Math.abs(expected[i])));
  }
}

/** A pool of rows with one-hot or multi-hot labels, of which some are known. */
function poolOf(
  labels: number[][],
  labelled: number[],
  isMultiLabel: boolean,
  scores?: number[][],
  embeddings?: number[][],
): Pool {
  const n = labels.length;
  const nClasses = labels[0].length;
  const matrix = (values: number[][] | undefined) =>
    values && arrayMatrix(Float64Array.from(values.flat()), n, values[0].length);
  const known: LabelledRows = {
    rows: Uint32Array.from(labelled),
    classes: Int32Array.from(labelled, (row) => (isMultiLabel ? -1 : labels[row].indexOf(1))),
    ...(isMultiLabel ? { multi: Uint8Array.from(labelled.flatMap((row) => labels[row])) } : {}),
  };
  const isKnown = new Set(labelled);
  return {
    n,
    nClasses,
    taskKind: isMultiLabel ? "multi-label" : "single-label",
    eligible: bitmapFromRows(
      n,
      [...labels.keys()].filter((row) => !isKnown.has(row)),
    ),
    labelled: known,
    probabilities: matrix(scores),
    embeddings: matrix(embeddings),
  };
}

/** An arm that nominates rows in a fixed order. */
function stubArm(order: number[], labelled: number[]): ArmStream {
  const rows = Uint32Array.from(order.filter((row) => !labelled.includes(row)));
  const zeros = new Float64Array(rows.length);
  const nulls = [...rows].map(() => null);
  return rankedArm({
    ...{ rows, scores: zeros, utility: zeros, percentile: nulls, inclusion: nulls },
    reasons: [...rows].map(() => []),
    notices: [],
  });
}

interface GoldenRound {
  labeled_before: number[];
  class_weights_v: number[];
  theta_draws_pull_arm_class: number[][][];
  chosen_arm: number[];
  chosen_item: number[];
  posterior_after_a: number[][];
  posterior_after_b: number[][];
  expected_reward_pull_arm?: number[][];
}

/** Plays one round with the draws given and checks every choice and the belief afterwards. */
async function playRound(
  round: GoldenRound,
  arms: ArmStream[],
  labels: number[][],
  isMultiLabel: boolean,
  objective: "balance" | "find",
  beliefs: Map<string, ReturnType<typeof flatBelief>>,
): Promise<void> {
  const { labeled_before: known } = round;
  const counts = labels[0].map((_, k) => known.reduce((sum, row) => sum + labels[row][k], 0));
  const weights = classWeights({ objective, custom: [], isMajorityNegative: true }, counts, known.length);
  expectNear(weights, round.class_weights_v);
  const rewards = new Float64Array(arms.length);
  const run = await runSlots(
    arms,
    round.chosen_arm.length,
    (_slot, isIn) => {
      const arm = bestArm(rewards, isIn);
      return { arm, reward: rewards[arm] };
    },
    (slot) => {
      rewardsOf(Float64Array.from(round.theta_draws_pull_arm_class[slot].flat()), weights, rewards);
      if (round.expected_reward_pull_arm) expectNear(rewards, round.expected_reward_pull_arm[slot]);
    },
  );
  expect(run.filled.map((slot) => slot.arm)).toEqual(round.chosen_arm);
  expect(run.filled.map((slot) => slot.nomination.row)).toEqual(round.chosen_item);
  const ids = [...beliefs.keys()];
  const batch: OpenBatch = {
    round: 1,
    isClosed: false,
    rows: round.chosen_item,
    arms: round.chosen_arm.map((arm) => ids[arm]),
  };
  const after = poolOf(labels, [...known, ...round.chosen_item], isMultiLabel);
  const outcomes = settleOpenRows(after, [batch], 2);
  expect(outcomes[0].left.rows).toEqual([]);
  creditOutcomes(beliefs, outcomes, 0.9);
  ids.forEach((id, i) => {
    expectNear(beliefs.get(id)!.a, round.posterior_after_a[i]);
    expectNear(beliefs.get(id)!.b, round.posterior_after_b[i]);
  });
}

describe("TAILOR", () => {
  const vectors = golden("tailor_posterior");

  test.each([0, 1, 2])("chooses, credits and discounts as the released code does, scenario %i", async (index) => {
    const { labels, multi_label, objective, n_class, n_arm, rounds } = vectors.scenarios[index];
    const names = Array.from({ length: n_arm }, (_, i) => `arm ${i}`);
    const beliefs = new Map(names.map((name) => [name, flatBelief(n_class)]));
    const hot: number[][] = Array.isArray(labels[0])
      ? labels
      : labels.map((label: number) => Array.from({ length: n_class }, (_, k) => (k === label ? 1 : 0)));
    for (const round of rounds) {
      const arms = round.nomination_order_per_arm.map((order: number[]) => stubArm(order, round.labeled_before));
      await playRound(round, arms, hot, multi_label, objective === "div" ? "balance" : "find", beliefs);
    }
  });

  test("weighs classes as the released code does, strictly above one half", () => {
    for (const { positive_counts, n_labeled, v } of golden("tailor_full_round").class_weight_table) {
      const rule = { objective: "balance" as const, custom: [], isMajorityNegative: true };
      expectNear(classWeights(rule, positive_counts, n_labeled), v);
    }
  });

  test.each([0, 1])("with the authors' own arms picks what they pick, scenario %i", async (index) => {
    const scenario = golden("tailor_full_round").scenarios[index];
    const { labels, scores, embeddings, multi_label, batch, rounds } = scenario;
    const n_class = scores[0].length;
    const hot: number[][] = Array.isArray(labels[0])
      ? labels
      : labels.map((label: number) => Array.from({ length: n_class }, (_, k) => (k === label ? 1 : 0)));
    const beliefs = new Map(rounds[0].arms.map((name: string) => [name, flatBelief(n_class)])) as Map<
      string,
      ReturnType<typeof flatBelief>
    >;
    for (const round of rounds) {
      const pool = poolOf(hot, round.labeled_before, multi_label, scores, embeddings);
      const badge = await badgeArmOf(pool, batch, round);
      const arms: ArmStream[] = [];
      for (const name of round.arms) arms.push(await authorsArm(name, pool, batch, hot, badge));
      await playRound(round, arms, hot, multi_label, "balance", beliefs);
    }
  });
});

interface BadgeDraws {
  labeled_before: number[];
  permutations_in_call_order: number[][];
  badge_uniform_draws: number[];
  badge_candidate_positions_per_draw: number[][];
}

/**
 * The released BADGE arm with the recorded draws. These walk candidates in the order of a permutation, ours in the order of
 * keys: each is replaced by the middle of the step in which our order reaches the same row, so that the arm picks it
 * only if its squared distances are the authors'.
 */
async function badgeArmOf(pool: Pool, batch: number, round: BadgeDraws): Promise<ArmStream | null> {
  if (round.permutations_in_call_order.length === 0) return null;
  const p = [...(pool.probabilities!.view(0, pool.n) as Float64Array)];
  const e = [...(pool.embeddings!.view(0, pool.n) as Float64Array)];
  const [k, d] = [pool.nClasses, pool.embeddings!.dim];
  const gradient = (row: number) => {
    const own = p.slice(row * k, (row + 1) * k);
    const top = own.indexOf(Math.max(...own));
    return own.flatMap((x, c) => e.slice(row * d, (row + 1) * d).map((value) => ((c === top ? 1 : 0) - x) * value));
  };
  const squared = (a: number[], b?: number[]) => a.reduce((sum, x, i) => sum + (x - (b?.[i] ?? 0)) ** 2, 0);
  const open = [...Array(pool.n).keys()].filter((row) => !round.labeled_before.includes(row));
  const permuted = round.permutations_in_call_order[0].map((at) => open[at]);
  const longest = permuted.reduce((best, row) => (squared(gradient(row)) > squared(gradient(best)) ? row : best));
  const centres = [longest];
  const draws = round.badge_uniform_draws.map((u, draw) => {
    const rows = round.badge_candidate_positions_per_draw[draw].map((position) => permuted[position]);
    const weight = new Map(
      rows.map((row) => [row, Math.min(...centres.map((centre) => squared(gradient(row), gradient(centre))))]),
    );
    const total = [...weight.values()].reduce((sum, value) => sum + value, 0);
    let cumulative = 0;
    const drawn = rows.find((row) => {
      cumulative += weight.get(row)! / total;
      return cumulative >= u;
    })!;
    centres.push(drawn);
    const below = rows.reduce((sum, row) => sum + (row < drawn ? weight.get(row)! / total : 0), 0);
    return below + weight.get(drawn)! / total / 2;
  });
  const rows = await openBadge(context, pool, { rows: Uint32Array.from(open), notices: [] }, 1000);
  const random = { uniform: (draw: number) => draws[draw] ?? 0.5 } as unknown as KeyedRandom;
  return badgeArm(context, pool, { ...rows, random }, batch, "released");
}

async function authorsArm(
  name: string,
  pool: Pool,
  batch: number,
  labels: number[][],
  badge: ArmStream | null,
): Promise<ArmStream> {
  const [, family, classText] = /^([A-Za-z]+)(?:, Class #(\d+))?$/.exec(name)!;
  const fixed = { classRule: "fixed", class: Number(classText ?? 0) };
  const ranked = async (use: string, options: object) =>
    rankedArm(await runSpec({ op: "single", use, options }, pool, batch, { kernels, seed: "golden" }));
  switch (family) {
    case "EMAL":
      return ranked("emal", {});
    case "Confidence":
      return ranked("least-confidence", {});
    case "Uncertainty":
      return ranked("class-uncertainty", fixed);
    case "MLP":
      return ranked("most-likely-positive", { ...fixed, order: "worstFirst" });
    case "BADGE":
      return badge!;
    default: {
      const options = resolveOptions(
        { type: "object", additionalProperties: false, properties: classOptionSchemas("rarest") },
        fixed,
        "options",
      );
      const rows = pathRows(context, pool, 1000, 1000, "removed", []);
      const chooser = new ClassChooser(context, pool, options);
      const rules = { variant: "bisect" as const, inFlight: "removed" as const };
      return galaxyArm(
        pool,
        rows,
        chooser,
        rules,
        () => -1,
        (row, k) => labels[row][k],
      );
    }
  }
}

describe("the arms of TAILOR", () => {
  const vectors = golden("tailor_arm_streams");
  const pool = (isMultiLabel: boolean): Pool =>
    poolOf(
      vectors.labels.map((row: number[]) => (isMultiLabel ? row : row.map((_, k) => (k === 0 ? 1 : 0)))),
      vectors.labeled,
      isMultiLabel,
      vectors.scores,
    );

  test.each([
    ["emal", {}, vectors.emal],
    ...[0, 1, 2].flatMap((k) => [
      ["class-uncertainty", { classRule: "fixed", class: k }, vectors.uncertain_per_class[k]],
      ["most-likely-positive", { classRule: "fixed", class: k }, vectors.mlp_per_class_most_likely_first[k]],
      [
        "most-likely-positive",
        { classRule: "fixed", class: k, order: "worstFirst" },
        vectors.mlp_per_class_author_order[k],
      ],
    ]),
    ["weak", {}, vectors.weak_supervision_given_finetuned_scores],
  ])("%s %j nominates what the authors' arm nominates", async (use, options, expected) => {
    const spec = { op: "single", use, options };
    const picks = await runSpec(spec, pool(true), vectors.batch, { kernels, seed: "golden" });
    expect([...picks.rows]).toEqual(expected);
  });

  test("confidence nominates what the authors' arm nominates", async () => {
    // These scores do not sum to 1; a common factor keeps the order of the arm only where rows are rescaled alike.
    const largest = Math.max(...vectors.scores.map((row: number[]) => Math.max(...row)));
    const scores = vectors.scores.map((row: number[]) => {
      const top = Math.max(...row) / (2 * largest) + 0.5;
      return [top, (1 - top) / 2, (1 - top) / 2];
    });
    const labels = vectors.labels.map(() => [1, 0, 0]);
    const given = poolOf(labels, vectors.labeled, false, scores);
    const picks = await runSpec({ op: "single", use: "least-confidence" }, given, vectors.batch, {
      kernels,
      seed: "golden",
    });
    expect([...picks.rows]).toEqual(vectors.confidence);
  });
});

describe("ALBL", () => {
  test("weighs and draws as the baseline of the TAILOR repository", async () => {
    const vectors = golden("albl_tailor_repo");
    const ids = ["a", "b", "c"];
    const floor = floorOf("released", ids.length, 1000);
    const rules = { form: "released" as const, horizon: 1000, ids, floor };
    let state = { round: 0, weights: {}, open: [] as OpenBatch[], chances: {}, answered: [] } as Parameters<
      typeof creditAnswers
    >[1];
    const labelled: number[] = [...vectors.initial_labeled];
    for (const [index, round] of vectors.rounds.entries()) {
      const pool = poolOf(vectors.labels, labelled, true, round.scores);
      const credited = await creditAnswers(pool, state, settleOpenRows(pool, state.open, index + 1), rules);
      const weights = ids.map((id) => credited.weights[id]);
      expectNear(weights, round.weights_normalised);
      const chances = armProbabilities(weights, floor);
      expectNear(chances, round.arm_probability);
      expect(round.pmin).toBeCloseTo(floor, 12);
      const chosen = round.uniform_draws.map((u: number) => drawArm(chances, u));
      expect(chosen).toEqual(round.chosen_arm);
      const arms = round.nomination_order_per_arm.map((order: number[]) => stubArm(order, labelled));
      const run = await runSlots(arms, chosen.length, (slot) => ({ arm: chosen[slot], reward: 0 }));
      const rows = run.filled.map((slot) => slot.nomination.row);
      expect(rows).toEqual(round.chosen_item);
      labelled.push(...rows);
      state = {
        ...{ round: index + 1, weights: credited.weights, answered: credited.answered },
        chances: { [index + 1]: Object.fromEntries(ids.map((id, i) => [id, chances[i]])) },
        open: [
          {
            round: index + 1,
            isClosed: false,
            rows,
            arms: chosen.map((i: number) => ids[i]),
            chances: chosen.map((i: number) => chances[i]),
          },
        ],
      };
    }
  });
});
