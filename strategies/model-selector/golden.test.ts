import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import {
  Coda,
  comparisonWeights,
  groupVotes,
  ModelSelector,
  majorityVotes,
  predictionMatrix,
  varianceWeights,
  voteContest,
  voteCounts,
  voteEntropies,
  voteRisks,
} from ".";
import { descendingOrder } from "./orders";

const golden = JSON.parse(
  readFileSync(new URL("../../test/golden/evaluation/model_selector.json", import.meta.url), "utf8"),
);
const { predictions, num_classes: nClasses } = golden as { predictions: number[][]; num_classes: number };
const matrix = predictionMatrix(predictions.flat(), predictions.length, predictions[0].length, nClasses);
const kept = groupVotes(matrix).kept;

function near(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance = 1e-9): void {
  expect(actual.length).toBe(expected.length);
  for (let i = 0; i < expected.length; i++) expect(Math.abs(actual[i] - expected[i])).toBeLessThanOrEqual(tolerance);
}

interface Run {
  epsilon: number;
  kept_after_agreement_filter: number[];
  steps: {
    unlabeled: number[];
    expected_entropy_bits: number[];
    min: number;
    tie_set: number[];
    chosen: number;
    label: number;
    posterior_entropy_bits: number;
    correct_counts: number[];
    best_models: number[];
  }[];
}

describe("MODEL SELECTOR", () => {
  test.each((golden.runs as Run[]).map((run) => [run.epsilon, run] as const))(
    "every step at ε = %f",
    (epsilon, run) => {
      const selector = new ModelSelector(matrix, { epsilon, seed: "golden", ties: "lowest" });
      expect(Array.from(selector.groups.kept)).toEqual(run.kept_after_agreement_filter);
      for (const step of run.steps) {
        const { items, bits } = selector.scores();
        expect(Array.from(items)).toEqual(step.unlabeled);
        near(bits, step.expected_entropy_bits, 1e-12);
        const pick = selector.next()!;
        expect(Array.from(pick.ties)).toEqual(step.tie_set);
        expect(pick.item).toBe(step.chosen);
        expect(pick.expectedEntropy).toBeCloseTo(step.min, 12);
        selector.record(pick.item, step.label);
        expect(selector.entropyBits()).toBeCloseTo(step.posterior_entropy_bits, 12);
        expect(Array.from(selector.correct)).toEqual(step.correct_counts);
        expect(Array.from(selector.bestModels())).toEqual(step.best_models);
      }
      expect(selector.left).toBe(kept.length - run.steps.length);
    },
  );

  test("the majority vote stands in for labels, ties to the lowest class", () => {
    expect(Array.from(majorityVotes(matrix))).toEqual(golden.noisy_oracle_majority_vote.labels);
  });
});

describe("baselines", () => {
  const { baselines } = golden;
  const at = (values: Float64Array) => Float64Array.from(kept, (item) => values[item]);
  const share = (weights: Float64Array) => {
    const sum = weights.reduce((total, weight) => total + weight, 0);
    return weights.map((weight) => weight / sum);
  };

  test("vote counts, entropy and margin with their orders", () => {
    expect(Array.from(voteCounts(matrix))).toEqual(baselines.vote_counts.flat());
    near(voteEntropies(matrix), baselines.uncertainty_entropy_bits);
    near(voteContest(matrix), baselines.margin_uncertainty);
    near(voteContest(matrix, "released-code"), baselines.margin_uncertainty_authors_code);
    expect(Array.from(descendingOrder(kept, at(voteEntropies(matrix))))).toEqual(baselines.uncertainty_order);
    expect(Array.from(descendingOrder(kept, at(voteContest(matrix))))).toEqual(baselines.margin_order);
  });

  test("variance minimisation", () => {
    near(varianceWeights(matrix), baselines.vma_weight_full);
    near(share(at(varianceWeights(matrix))), Object.values(baselines.vma_q_first_draw));
  });

  test("active comparison of models", () => {
    near(voteRisks(matrix, kept), baselines.amc_risk_estimates_divided_by_C);
    near(share(comparisonWeights(matrix, kept)), Object.values(baselines.amc_q));
  });
});

test("CODA, every step", () => {
  const { coda } = golden;
  const selector = new Coda(matrix);
  const flat = (rows: number[][]) => rows.flat();
  coda.initial_dirichlets.forEach((rows: number[][], model: number) => {
    near(selector.dirichlet(model), flat(rows), 1e-5);
  });
  near(selector.classBelief().mean, coda.initial_pi_hat, 1e-5);
  near(selector.classBelief().perItem, flat(coda.initial_pi_hat_xi), 1e-5);
  near(selector.bestBelief(), coda.initial_pbest[0], 1e-5);
  for (const step of coda.steps) {
    const gains = selector.informationGains(step.candidates);
    near(gains, step.eig, 2e-5);
    const best = gains.reduce((at, gain, i) => (gain > gains[at] ? i : at), 0);
    expect(step.tie_set).toContain(step.candidates[best]);
    selector.record(step.chosen, step.label);
    near(selector.bestBelief(), step.pbest_after[0], 1e-5);
    near(selector.classBelief().mean, step.pi_hat_after, 1e-5);
  }
});
