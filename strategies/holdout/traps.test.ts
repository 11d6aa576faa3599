import { describe, expect, test } from "vitest";
import { KeyedRandom } from "../core/keyedRandom";
import type { LinearTraining } from ".";
import {
  ApproximateCrossValidation,
  askThresholdout,
  laplaceFromUniform,
  levelPerLook,
  proposeSmartFilter,
  similarityThreshold,
  startThresholdout,
} from ".";

function laplaceOf(seed: string) {
  const random = new KeyedRandom(seed, "thresholdout");
  return (k: number) => laplaceFromUniform(random.uniform(k));
}

describe("traps of the reusable holdout", () => {
  const options = { threshold: 0.04, noise: 0.01, budget: 3 };

  test("1: no noise is used twice, and the threshold survives a restart", () => {
    const laplace = laplaceOf("persist");
    const seen: number[] = [];
    const recording = (k: number) => {
      seen.push(k);
      return laplace(k);
    };
    let state = startThresholdout(options, recording);
    for (let version = 0; version < 5; version++) {
      // As stored between sessions.
      state = JSON.parse(JSON.stringify(state));
      state = askThresholdout(state, `v${version}`, 0.8, version % 2 === 0 ? 0.8 : 0.5, options, recording).state;
    }
    expect(new Set(seen).size).toBe(seen.length);
    // Two surprises by design; noise may have spent the third.
    expect(state.budget).toBeLessThanOrEqual(1);
  });

  test("2, 4: a consistent answer is the development estimate and nothing of the holdout", () => {
    const laplace = laplaceOf("consistent");
    const state = startThresholdout(options, laplace);
    const one = askThresholdout(state, "v", 0.8, 0.801, options, laplace).answer!;
    const other = askThresholdout(state, "v", 0.8, 0.799, options, laplace).answer!;
    expect(one).toEqual({ value: 0.8, usedHoldout: false });
    expect(other).toEqual(one);
  });

  test("3: only means in [0, 1] are answered", () => {
    const laplace = laplaceOf("range");
    const state = startThresholdout(options, laplace);
    expect(() => askThresholdout(state, "v", 1.2, 0.5, options, laplace)).toThrow(
      /development mean must be in \[0, 1\]/,
    );
    expect(() => askThresholdout(state, "v", 0.5, Number.NaN, options, laplace)).toThrow(/holdout mean/);
  });

  test("5: looks without it share their level", () => {
    expect(levelPerLook(0.95, 10)).toBeCloseTo(0.995, 12);
    expect(levelPerLook(0.95, 0)).toBeCloseTo(0.95, 12);
  });

  test("6: asking again gives the same answer and costs nothing; a spent budget answers nothing new", () => {
    const laplace = laplaceOf("again");
    const small = { ...options, budget: 1 };
    const first = askThresholdout(startThresholdout(small, laplace), "v1", 0.9, 0.5, small, laplace);
    expect(first.answer!.usedHoldout).toBe(true);
    const again = askThresholdout(first.state, "v1", 0.9, 0.5, small, laplace);
    expect(again.answer).toEqual(first.answer);
    expect(again.state).toEqual(first.state);
    expect(askThresholdout(first.state, "v2", 0.9, 0.5, small, laplace).answer).toBeNull();
    expect(askThresholdout(first.state, "constructor", 0.9, 0.5, small, laplace).answer).toBeNull();
  });

  test("keeps the best of many useless versions honest", () => {
    // Versions that are chance on the holdout; naive reports drift upward by picking the best looking one.
    const runs = 40;
    let naive = 0;
    let guarded = 0;
    for (let run = 0; run < runs; run++) {
      const random = new KeyedRandom(`chance/${run}`, "versions");
      const laplace = laplaceOf(`chance/${run}`);
      const wide = { threshold: 0.14, noise: 0.01, budget: 3 };
      let state = startThresholdout(wide, laplace);
      let best = 0;
      let bestAnswer = 0;
      for (let v = 0; v < 60; v++) {
        let right = 0;
        for (let i = 0; i < 200; i++) right += random.uniform(i, v) < 0.5 ? 1 : 0;
        const result = askThresholdout(state, `v${v}`, 0.5, right / 200, wide, laplace);
        state = result.state;
        best = Math.max(best, right / 200);
        bestAnswer = Math.max(bestAnswer, result.answer?.value ?? 0.5);
      }
      naive += (best - 0.5) / runs;
      guarded += (bestAnswer - 0.5) / runs;
    }
    expect(naive).toBeGreaterThan(0.06);
    expect(guarded).toBeLessThan(0.6 * naive);
  });

  test("Laplace numbers have their law", () => {
    const laplace = laplaceOf("law");
    const n = 20_000;
    let sum = 0;
    let absolute = 0;
    for (let k = 0; k < n; k++) {
      sum += laplace(k) / n;
      absolute += Math.abs(laplace(k)) / n;
    }
    expect(Math.abs(sum)).toBeLessThan(0.04);
    expect(absolute).toBeCloseTo(1, 1);
  });
});

describe("traps of SMART filtering", () => {
  const n = 400;
  const items = Array.from({ length: n }, (_, i) => ({ text: `question ${i}` }));
  const references = (isRight: (i: number) => boolean, probability = 0.95) => ({
    nModels: 2,
    isRight: items.flatMap((_, i) => [isRight(i) ? 1 : 0, isRight(i) ? 1 : 0]),
    probability: new Array<number>(2 * n).fill(probability),
  });

  test("1: it is a proposal with reasons, from which strata can be made; the frame stays whole", () => {
    const proposal = proposeSmartFilter({ items, references: references((i) => i < 200), seed: "s" });
    expect(proposal.reasons).toHaveLength(n);
    expect(proposal.kept.length + Object.values(proposal.counts).reduce((a, b) => a + b, 0)).toBe(n);
  });

  test("2: easy means that all references are sure and right; a tenth of the easy items stays", () => {
    const easy = proposeSmartFilter({ items, references: references((i) => i < 200), seed: "s" });
    expect(easy.counts.easy).toBeGreaterThan(160);
    expect(easy.counts.easy).toBeLessThan(197);
    expect(proposeSmartFilter({ items, references: references(() => true, 0.8), seed: "s" }).counts.easy).toBe(0);
    const one = references(() => true);
    one.isRight = one.isRight.map((value, at) => (at % 2 === 1 ? 0 : value));
    expect(proposeSmartFilter({ items, references: one, seed: "s" }).counts.easy).toBe(0);
  });

  test("3: contamination is only asked where answers without the input are given", () => {
    const base = { items, references: references(() => false), seed: "s" };
    expect(proposeSmartFilter(base).counts.contaminated).toBe(0);
    expect(proposeSmartFilter({ ...base, withoutInput: references((i) => i < 30) }).counts.contaminated).toBe(30);
  });

  test("4: items that everybody gets wrong stay, and may be wrongly labelled", () => {
    const proposal = proposeSmartFilter({ items, references: references(() => false, 0.99), seed: "s" });
    expect(proposal.kept).toHaveLength(n);
  });

  test("exact duplicates keep one random copy; close pairs lose half of each cluster", () => {
    const twins = [{ text: "Same" }, { text: "same" }, { text: "SAME" }, { text: "other" }];
    const nobody = { nModels: 1, isRight: [0, 0, 0, 0], probability: [0, 0, 0, 0] };
    const proposal = proposeSmartFilter({ items: twins, references: nobody, seed: "s" });
    expect(proposal.counts.duplicate).toBe(2);
    const random = new KeyedRandom("pairs", "distances");
    const neighbours = Array.from({ length: 200 }, (_, k) => ({
      a: 2 * k,
      b: 2 * k + 1,
      distance: k < 60 ? 0.02 + 0.02 * random.uniform(k) : 0.5 + 0.2 * random.uniform(k),
    }));
    const similar = proposeSmartFilter({ items, references: references(() => false), neighbours, seed: "s" });
    expect(similar.similarityThreshold).toBeGreaterThan(0.05);
    expect(similar.similarityThreshold).toBeLessThan(0.5);
    expect(similar.counts.similar).toBe(60);
    expect(similarityThreshold([0.3])).toBeNull();
  });
});

/** Rows for a logistic or squared loss. */
function rows(n: number, p: number, seed: string, family: "logistic" | "squared") {
  const random = new KeyedRandom(seed, "rows");
  const x = Float64Array.from({ length: n * p }, (_, at) => 2 * random.uniform(at) - 1);
  const y = Float64Array.from({ length: n }, (_, i) => {
    let eta = 0;
    for (let j = 0; j < p; j++) eta += (j % 2 === 0 ? 2 : -1.5) * x[i * p + j];
    if (family === "squared") return eta + 0.3 * (random.uniform(i, 7) - 0.5);
    return random.uniform(i, 7) < 1 / (1 + Math.exp(-eta)) ? 1 : 0;
  });
  return { x, y, n, p, family };
}

/** The same training without one row. */
function without(training: ReturnType<typeof rows> & { ridge: number; lasso?: number }, row: number) {
  const { x, y, n, p } = training;
  const keep = Array.from({ length: n }, (_, i) => i).filter((i) => i !== row);
  return {
    ...training,
    n: n - 1,
    x: Float64Array.from(keep.flatMap((i) => Array.from(x.subarray(i * p, (i + 1) * p)))),
    y: Float64Array.from(keep, (i) => y[i]),
  };
}

describe("traps of approximate cross-validation", () => {
  test("1, 4: exact for quadratic losses, step by step, also with soft thresholding", () => {
    const training = { ...rows(20, 3, "quadratic", "squared"), ridge: 0.4, lasso: 0 };
    const validation = new ApproximateCrossValidation(training);
    for (let step = 0; step < 25; step++) validation.step(0.05);
    for (const row of [0, 7, 19]) {
      const exact = new ApproximateCrossValidation(without(training, row));
      for (let step = 0; step < 25; step++) exact.step(0.05);
      exact.parameters.forEach((value, j) => {
        expect(validation.parametersWithout(row)[j]).toBeCloseTo(value, 10);
      });
    }
    const sparse = { ...training, lasso: 0.8 };
    const withLasso = new ApproximateCrossValidation(sparse);
    const exact = new ApproximateCrossValidation(without(sparse, 4));
    for (let step = 0; step < 25; step++) {
      withLasso.step(0.05);
      exact.step(0.05);
    }
    exact.parameters.forEach((value, j) => {
      expect(withLasso.parametersWithout(4)[j]).toBeCloseTo(value, 8);
    });
  });

  test("stochastic steps: a row that is the whole batch leaves its copy alone", () => {
    const training = { ...rows(6, 2, "batch", "squared"), ridge: 0 };
    const validation = new ApproximateCrossValidation(training);
    validation.stepOnBatch(0.1, [3]);
    expect(Array.from(validation.parametersWithout(3))).toEqual([0, 0]);
    expect(Array.from(validation.parametersWithout(0))).toEqual(Array.from(validation.parameters));
    validation.stepOnBatch(0.1, [3, 0]);
    const exact = new ApproximateCrossValidation(training, validation.parametersWithout(3));
    validation.stepOnBatch(0.1, [0]);
    exact.stepOnBatch(0.1, [0]);
    exact.parameters.forEach((value, j) => {
      expect(validation.parametersWithout(3)[j]).toBeCloseTo(value, 10);
    });
  });

  test("2: a step beyond 2 / curvature diverges and is seen to", () => {
    const training = { ...rows(20, 3, "diverge", "squared"), ridge: 0 };
    const validation = new ApproximateCrossValidation(training);
    for (let step = 0; step < 200; step++) validation.step(1);
    expect(validation.score()).toBeGreaterThan(1e6);
  });

  test("3: close to leave-one-out where rows are many against parameters", () => {
    const training = { ...rows(60, 3, "many", "logistic"), ridge: 0.5 };
    const validation = new ApproximateCrossValidation(training);
    for (let step = 0; step < 60; step++) validation.step(0.05);
    let exactScore = 0;
    for (let row = 0; row < 60; row++) {
      const exact = new ApproximateCrossValidation(without(training, row));
      for (let step = 0; step < 60; step++) exact.step(0.05);
      const held = new ApproximateCrossValidation(
        { ...training, n: 1, x: training.x.slice(row * 3, row * 3 + 3), y: training.y.slice(row, row + 1) },
        exact.parameters,
      );
      exactScore += held.trainingLoss() / 60;
    }
    expect(Math.abs(validation.score() - exactScore)).toBeLessThan(0.002);
    expect(validation.score()).toBeGreaterThan(validation.trainingLoss());
  });

  test("a softmax head is near to leave-one-out, and nearer than the cheaper curvature within classes", () => {
    const n = 40;
    const data = rows(n, 3, "softmax", "squared");
    const y = data.y.map((value) => (value < -0.6 ? 0 : value < 0.6 ? 1 : 2));
    const training: LinearTraining = { ...data, y, family: "softmax", nClasses: 3, ridge: 1 };
    const train = (args: LinearTraining) => {
      const validation = new ApproximateCrossValidation(args);
      for (let step = 0; step < 60; step++) validation.step(0.05);
      return validation;
    };
    const validation = train(training);
    let exactScore = 0;
    for (let row = 0; row < n; row++) {
      // How the copies move leaves the training itself alone: the cheaper curvature will do.
      const rest = {
        ...training,
        ...without({ ...data, y, ridge: 1 }, row),
        family: "softmax" as const,
        curvature: "per-class" as const,
      };
      const one = { ...training, n: 1, x: data.x.slice(row * 3, row * 3 + 3), y: y.slice(row, row + 1) };
      exactScore += new ApproximateCrossValidation(one, train(rest).parameters).trainingLoss() / n;
    }
    const gap = exactScore - validation.trainingLoss();
    expect(Math.abs(validation.score() - exactScore)).toBeLessThan(0.1 * gap);
    const perClass = train({ ...training, curvature: "per-class" });
    expect(Math.abs(perClass.score() - exactScore)).toBeLessThan(0.6 * gap);
    const predictions = validation.heldOutPredictions();
    expect(predictions.filter((value, i) => value === y[i]).length / n).toBeGreaterThan(0.6);
    expect(() => new ApproximateCrossValidation({ ...training, nClasses: 1 })).toThrow(/two classes or more/);
  });

  test("5: weights of 1/q turn it from the chosen rows to the pool", () => {
    const training = { ...rows(30, 2, "weights", "logistic"), ridge: 1 };
    const validation = new ApproximateCrossValidation(training);
    for (let step = 0; step < 20; step++) validation.step(0.05);
    const losses = validation.losses();
    const weights = Float64Array.from(losses, (_, i) => (i === 5 ? 1 : 0));
    expect(validation.score(weights)).toBeCloseTo(losses[5], 12);
  });

  test("a wrong label stands out among the losses", () => {
    const data = rows(80, 3, "error", "logistic");
    const eta = Float64Array.from(
      { length: 80 },
      (_, i) => 2 * data.x[i * 3] - 1.5 * data.x[i * 3 + 1] + 2 * data.x[i * 3 + 2],
    );
    const y = eta.map((value) => (value > 0 ? 1 : 0));
    const surest = eta.reduce((at, value, i) => (Math.abs(value) > Math.abs(eta[at]) ? i : at), 0);
    y[surest] = 1 - y[surest];
    const validation = new ApproximateCrossValidation({ ...data, y, ridge: 0.1 });
    for (let step = 0; step < 100; step++) validation.step(0.05);
    const losses = validation.losses();
    expect(losses.indexOf(Math.max(...losses))).toBe(surest);
  });
});
