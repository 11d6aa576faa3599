import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { KeyedRandom } from "../core/keyedRandom";
import * as door from ".";
import {
  auditSeparates,
  bestOf,
  clusterModels,
  correctCounts,
  groupVotes,
  isConsensusRefuted,
  labelsToReach,
  leaderIsCertain,
  leaderUnchanged,
  ModelSelector,
  predictionMatrix,
  runSelection,
  SELECTION_METHODS,
  simulateSelection,
  tuneEpsilon,
  withModels,
} from ".";
import { posteriorOf } from "./expectedEntropies";

/** Expected entropies by their definition: for each class the whole belief after it. O(items · models · classes). */
function byDefinition(
  matrix: ReturnType<typeof predictionMatrix>,
  correct: ArrayLike<number>,
  epsilon: number,
  items: ArrayLike<number>,
) {
  const gamma = (1 - epsilon) / epsilon;
  const { values, nModels, nClasses } = matrix;
  const raw = Float64Array.from(correct, (count) => gamma ** count);
  return Float64Array.from(items, (i) => {
    let expected = 0;
    for (let c = 0; c < nClasses; c++) {
      const after = raw.map((weight, j) => (values[i * nModels + j] === c ? gamma * weight : weight));
      const sum = after.reduce((a, b) => a + b, 0);
      expected -= after.reduce((total, weight) => total + (weight / sum) * Math.log2(weight / sum), 0) / nClasses;
    }
    return expected;
  });
}

/** Models of differing skill on labelled items. */
function syntheticModels(
  nItems: number,
  nModels: number,
  nClasses: number,
  seed: string,
  skill = (j: number) => 0.5 + (0.4 * j) / nModels,
) {
  const random = new KeyedRandom(seed, "models");
  const labels = Int32Array.from({ length: nItems }, (_, i) => random.below(nClasses, i, 1_000_000));
  const values = Int32Array.from({ length: nItems * nModels }, (_, at) => {
    const [i, j] = [Math.floor(at / nModels), at % nModels];
    if (random.uniform(i, j) < skill(j)) return labels[i];
    return (labels[i] + 1 + random.below(nClasses - 1, i, 2_000_000 + j)) % nClasses;
  });
  return { matrix: predictionMatrix(values, nItems, nModels, nClasses), labels };
}

const arbitraryVotes = fc
  .record({
    nItems: fc.integer({ min: 1, max: 12 }),
    nModels: fc.integer({ min: 1, max: 9 }),
    nClasses: fc.integer({ min: 2, max: 6 }),
  })
  .chain((sizes) =>
    fc.record({
      sizes: fc.constant(sizes),
      votes: fc.array(fc.integer({ min: -1, max: sizes.nClasses - 1 }), {
        minLength: sizes.nItems * sizes.nModels,
        maxLength: sizes.nItems * sizes.nModels,
      }),
      correct: fc.array(fc.integer({ min: 0, max: 30 }), { minLength: sizes.nModels, maxLength: sizes.nModels }),
      epsilon: fc.double({ min: 0.05, max: 0.5, noNaN: true }),
    }),
  );

describe("laws", () => {
  test("the closed form is the definition, also with abstentions and classes nobody predicts", () => {
    fc.assert(
      fc.property(arbitraryVotes, ({ sizes, votes, epsilon }) => {
        const matrix = predictionMatrix(votes, sizes.nItems, sizes.nModels, sizes.nClasses);
        const selector = new ModelSelector(matrix, { epsilon, seed: "law" });
        for (let step = 0; ; step++) {
          const { items, bits } = selector.scores();
          const expected = byDefinition(matrix, selector.correct, epsilon, items);
          for (let i = 0; i < items.length; i++) expect(Math.abs(bits[i] - expected[i])).toBeLessThan(1e-10);
          const pick = selector.next();
          if (pick === undefined) break;
          expect(bits[items.indexOf(pick.item)]).toBeLessThanOrEqual(Math.min(...bits) + 1e-12);
          selector.record(pick.item, step % sizes.nClasses);
        }
      }),
      { numRuns: 60 },
    );
  });

  test("relabelled rows tie: their shape is one", () => {
    const matrix = predictionMatrix([0, 0, 1, 2, 2, 0, 1, 1, 0, 2, 1, 0], 4, 3, 3);
    const groups = groupVotes(matrix);
    expect(Array.from(groups.kept)).toEqual([0, 1, 2, 3]);
    expect(groups.nShapes).toBe(2);
    expect(new Set([groups.shapeOf[0], groups.shapeOf[1], groups.shapeOf[2]]).size).toBe(1);
  });

  test("the same seed repeats a run, another breaks ties differently", () => {
    const { matrix, labels } = syntheticModels(80, 9, 3, "repeat");
    const run = (seed: string) =>
      Array.from(runSelection({ matrix, labels, method: "model-selector", budget: 40, seed }).picks);
    expect(run("a")).toEqual(run("a"));
    expect(run("a")).not.toEqual(run("b"));
  });

  test.each(SELECTION_METHODS)("%s asks distinct items and never a unanimous one", (method) => {
    const { matrix, labels } = syntheticModels(60, 6, 3, "distinct", () => 0.85);
    const { kept } = groupVotes(matrix);
    const { picks, best } = runSelection({ matrix, labels, method, budget: 100, seed: "distinct" });
    expect([...picks].sort((a, b) => a - b)).toEqual(Array.from(kept));
    const all = correctCounts(
      matrix,
      labels,
      Uint32Array.from({ length: 60 }, (_, i) => i),
    );
    expect(Array.from(bestOf(all))).toContain(best[best.length - 1]);
  });

  test("finds the best model with fewer labels than random draws", () => {
    const { matrix, labels } = syntheticModels(400, 24, 4, "fewer", (j) => 0.55 + 0.012 * j);
    const common = { matrix, labels, realisations: 40, poolSize: 300, budget: 250, seed: "fewer" };
    const chosen = simulateSelection({ ...common, method: "model-selector", epsilon: 0.45 });
    const random = simulateSelection({ ...common, method: "random" });
    const mean = (curve: Float64Array) => curve.reduce((a, b) => a + b, 0) / curve.length;
    expect(mean(chosen.identification)).toBeGreaterThan(mean(random.identification) + 0.05);
  });
});

describe("traps of model selection", () => {
  test("1: class numbers start at 0, for predictions and labels", () => {
    expect(() => predictionMatrix([1, 2, 3, 1], 2, 2, 3)).toThrow(/item 1, model 0 predicts 3; class numbers 0 … 2/);
    const selector = new ModelSelector(predictionMatrix([0, 1, 1, 0], 2, 2, 2), { seed: "ids" });
    expect(() => selector.record(0, 2)).toThrow(/label of item 0 is 2/);
    expect(() => selector.record(5, 0)).toThrow(/item 5 of 2/);
  });

  test("2: every class of the labels weighs the same, predicted or not", () => {
    const votes = [0, 0, 1, 0, 1, 1];
    const bits = (nClasses: number) =>
      new ModelSelector(predictionMatrix(votes, 2, 3, nClasses), { epsilon: 0.3, seed: "classes" }).scores().bits[0];
    expect(bits(10)).toBeGreaterThan(bits(2));
    expect(bits(10)).toBeCloseTo((2 * bits(2) + 8 * Math.log2(3)) / 10, 12);
  });

  test("3: unanimous items are left out before the budget is counted", () => {
    const matrix = predictionMatrix([0, 0, 0, 1, 1, 1], 3, 2, 2);
    const run = runSelection({ matrix, labels: [0, 1, 1], method: "model-selector", budget: 3, seed: "unanimous" });
    expect(Array.from(run.picks)).toEqual([1]);
  });

  test("4: beliefs are neither smoothed nor floored: p = 0 adds nothing", () => {
    const { weights, entropy } = posteriorOf([4000, 0, 0], Math.log(9));
    expect(Array.from(weights)).toEqual([1, 0, 0, 0, 0, 0]);
    expect(entropy).toBe(0);
  });

  test("5: best is best on the pool, and every tied best model counts", () => {
    // Model 0 and 1 tie on every pool; the returned one is drawn among them.
    const matrix = predictionMatrix([0, 0, 1, 0, 0, 1, 1, 1, 0, 1, 1, 0], 4, 3, 2);
    const curves = simulateSelection({
      matrix,
      labels: [0, 0, 1, 1],
      method: "random",
      realisations: 50,
      poolSize: 3,
      budget: 3,
      seed: "ties",
    });
    expect(curves.identification[0]).toBeCloseTo(1, 12);
    expect(curves.identification[2]).toBeCloseTo(1, 12);
  });

  test("6: a changed candidate starts again with the labels already bought, in any order", () => {
    const { matrix, labels } = syntheticModels(50, 6, 3, "replay");
    const asked = runSelection({ matrix, labels, method: "model-selector", budget: 20, seed: "replay" }).picks;
    const replayed = [...asked].map((_, k) => asked[asked.length - 1 - k]);
    const [forward, backward] = [asked, replayed].map((order) => {
      const selector = new ModelSelector(matrix, { seed: "replay", ties: "lowest" });
      for (const item of order) selector.record(item, labels[item]);
      selector.record(order[0], labels[order[0]]);
      return selector;
    });
    expect(forward.labelled).toBe(20);
    expect(Array.from(forward.correct)).toEqual(Array.from(backward.correct));
    expect(forward.next()).toEqual(backward.next());
  });

  test("7: an abstention never agrees and gains nothing", () => {
    const matrix = predictionMatrix([-1, 0, 1, -1, 1, 0], 2, 3, 2);
    const selector = new ModelSelector(matrix, { seed: "abstain" });
    selector.record(0, 0);
    expect(Array.from(selector.correct)).toEqual([0, 1, 0]);
    expect(correctCounts(matrix, [0, 0], [0, 1])[0]).toBe(0);
  });

  test("8: near-duplicate checkpoints are one cluster", () => {
    const { matrix } = syntheticModels(1000, 4, 5, "clusters");
    const doubled = withModels(matrix, [0, 1, 2, 3, 1, 1]);
    const values = Int32Array.from(doubled.values);
    for (let i = 0; i < 4; i++) values[i * 6 + 5] = (values[i * 6 + 5] + 1) % 5;
    const noisy = predictionMatrix(values, 1000, 6, 5);
    expect(clusterModels(noisy)).toEqual([[0], [1, 4, 5], [2], [3]]);
    expect(clusterModels(noisy, 0.999)).toEqual([[0], [1, 4], [2], [3], [5]]);
  });

  test("9: the winner by accuracy need not be the winner by another metric", () => {
    // Eight items of class 0, two of class 1: the model that never says 1 is right more often.
    const labels = [0, 0, 0, 0, 0, 0, 0, 0, 1, 1];
    const matrix = predictionMatrix(
      labels.flatMap((label, i) => [0, label === 1 || i < 3 ? 1 : 0]),
      10,
      2,
      2,
    );
    const { best } = runSelection({ matrix, labels, method: "model-selector", budget: 10, seed: "metric" });
    expect(best[best.length - 1]).toBe(0);
    const recall = (model: number) => [8, 9].filter((i) => matrix.values[i * 2 + model] === 1).length;
    expect(recall(1)).toBeGreaterThan(recall(0));
  });

  test("10: no belief leaves the room, and what stops is marked for what it is", () => {
    expect(Object.keys(door).filter((name) => /posterior|belief/i.test(name))).toEqual([]);
    expect(
      Object.getOwnPropertyNames(ModelSelector.prototype).filter((name) => /posterior|probab/i.test(name)),
    ).toEqual([]);
    expect(leaderUnchanged([1, 1, 1], 2, 3)).toMatchObject({ strength: "heuristic", isMet: true });
  });
});

describe("stopping", () => {
  test("certain means that no completion of the labels changes the leader", () => {
    for (const seed of ["a", "b", "c", "d"]) {
      const { matrix, labels } = syntheticModels(12, 3, 2, `certain/${seed}`);
      const { kept } = groupVotes(matrix);
      const order = runSelection({ matrix, labels, method: "random", budget: 12, seed }).picks;
      for (let spent = 0; spent <= order.length; spent++) {
        const asked = order.slice(0, spent);
        const open = kept.filter((item) => !asked.includes(item));
        const { isMet, leader } = leaderIsCertain(matrix, labels, asked, open);
        let canLose = false;
        for (let mask = 0; mask < 2 ** open.length; mask++) {
          const completed = Int32Array.from(labels);
          open.forEach((item, k) => {
            completed[item] = (mask >> k) & 1;
          });
          const best = bestOf(correctCounts(matrix, completed, kept));
          canLose ||= best.length > 1 || best[0] !== leader;
        }
        expect(isMet).toBe(!canLose);
      }
    }
  });

  test("an audit separates at its level, and an equal pair stays together", () => {
    const uneven = Array.from({ length: 300 }, (_, m) => (m % 4 === 0 ? 1 : 0));
    expect(auditSeparates(3, uneven, 2000, 0.05)).toMatchObject({ strength: "at-level", isMet: true, leader: 3 });
    let wrong = 0;
    for (let run = 0; run < 60; run++) {
      const random = new KeyedRandom(`audit/${run}`, "pairs");
      const even = Array.from({ length: 200 }, (_, m) =>
        random.uniform(m) < 0.2 ? (random.uniform(m, 1) < 0.5 ? 1 : -1) : 0,
      );
      if (auditSeparates(0, even, 5000, 0.05).isMet) wrong++;
    }
    expect(wrong).toBeLessThanOrEqual(6);
  });

  test("a consensus leader is given up when labels speak against it", () => {
    const labels = new Int32Array(20);
    const matrix = predictionMatrix(Array.from({ length: 20 }, (_, i) => [i < 12 ? 1 : 0, 0]).flat(), 20, 2, 2);
    const asked = Uint32Array.from({ length: 20 }, (_, i) => i);
    expect(isConsensusRefuted(matrix, labels, asked, 0)).toBe(true);
    expect(isConsensusRefuted(matrix, labels, asked.slice(10, 14), 0)).toBe(false);
    expect(isConsensusRefuted(matrix, labels, asked, 1)).toBe(false);
  });

  test("labels to reach a share count from where the curve stays there", () => {
    expect(labelsToReach([0.5, 0.95, 0.8, 0.92, 1], 0.9)).toBe(4);
    expect(labelsToReach([0.5, 0.6], 0.9)).toBeNull();
  });
});

test("ε is chosen without a label, within its grid", () => {
  const { matrix } = syntheticModels(150, 20, 3, "tune", (j) => 0.6 + 0.015 * j);
  const tuning = tuneEpsilon({
    matrix,
    realisations: 10,
    poolSize: 100,
    budget: 50,
    seed: "tune",
    grid: [0.35, 0.42, 0.49],
  });
  expect([0.35, 0.42, 0.49]).toContain(tuning.epsilon);
  const best = tuning.trials.find((trial) => trial.epsilon === tuning.epsilon)!;
  expect(best.meanSuccess).toBe(Math.max(...tuning.trials.map((trial) => trial.meanSuccess)));
});
