import { describe, expect, test } from "vitest";
import { KeyedRandom } from "../core/keyedRandom";
import { createReferenceKernels } from "../kernels";
import {
  alphaAtLook,
  auditQuality,
  classificationChange,
  cohenKappa,
  confidenceDiagnostics,
  designBasedQuality,
  errorGapBound,
  errorGapWorth,
  fitLearningCurve,
  forecastError,
  forecastWorth,
  gaussianDivergence,
  hadYouStoppedAt,
  lambertW,
  linearHeadDivergence,
  lowerAccuracy,
  positivesNeeded,
  positivesToFind,
  predictedChangeOfF,
  recallReached,
  selectedAccuracy,
  selfEstimateConverged,
  stabilizingPredictions,
  stopLights,
  variancePastPeak,
} from ".";

const N = 200;

/** Predictions on the stop set that differ from all-zero in the first `changed` places. */
function predictions(changed: number, value = 1): Int32Array {
  return Int32Array.from({ length: N }, (_, i) => (i < changed ? value : i % 3 === 0 ? 2 : 0));
}

function rounds(changed: readonly number[], setting?: string) {
  return changed.map((count, t) => ({ labels: 20 * (t + 1), predictions: predictions(count), setting }));
}

describe("stability", () => {
  test("κ: identical predictions agree fully, also when they name one class; by hand elsewhere", () => {
    expect(cohenKappa([1, 1, 1], [1, 1, 1], 2)).toBe(1);
    // 3 of 4 agree; chance agreement (2/4)(3/4) + (2/4)(1/4) = 1/2.
    expect(cohenKappa([0, 0, 1, 1], [0, 0, 0, 1], 2)).toBeCloseTo(0.5, 12);
    expect(() => cohenKappa([], [], 2)).toThrow(/0 and 0 predictions/);
  });

  test("stops after two windows in a row, and says how far F1 can still move", () => {
    const moving = stabilizingPredictions(rounds([0, 60, 20, 70, 10]), 3);
    expect(moving).toMatchObject({ vote: "go-on", reason: null });
    const three = stabilizingPredictions(rounds([0, 60, 60, 60, 60]), 3);
    expect(three).toMatchObject({ vote: "go-on", value: 1, f1ChangeAtMost: 0 });
    expect(stabilizingPredictions(rounds([0, 60, 60, 60, 60, 60]), 3)).toMatchObject({ vote: "stop", value: 1 });
    const close = stabilizingPredictions(rounds([60, 61, 60, 61, 60, 61]), 3);
    expect(close.vote).toBe("stop");
    expect(close.f1ChangeAtMost!).toBeCloseTo((4 * (1 - close.value!)) / close.value!, 12);
    expect(stabilizingPredictions(rounds([60, 63, 60, 63, 60, 63]), 3)).toMatchObject({ vote: "go-on" });
    expect(stabilizingPredictions(rounds([60, 63, 60, 63, 60, 63]), 3, { agreement: 0.97 })).toMatchObject({
      vote: "stop",
    });
  });

  test("is unknown, not no: too few rounds, too small a stop set, a changed label set", () => {
    expect(stabilizingPredictions(rounds([0, 0]), 3)).toMatchObject({ vote: "unknown", reason: "too-few-rounds" });
    const small = rounds([0, 0, 0, 0, 0, 0]).map((round) => ({
      ...round,
      predictions: round.predictions.slice(0, 99),
    }));
    expect(stabilizingPredictions(small, 3)).toMatchObject({ vote: "unknown", reason: "stop-set-too-small" });
    const changed = [...rounds([0, 0, 0, 0, 0, 0], "3 classes"), ...rounds([0, 0], "4 classes")];
    expect(stabilizingPredictions(changed, 4)).toMatchObject({ vote: "unknown", reason: "setting-changed" });
  });

  test("ΔF looks at predicted positives alone; nobody predicting the class is unknown", () => {
    expect(predictedChangeOfF(rounds([0, 0, 0, 0, 0, 0]), [1])).toMatchObject({
      vote: "unknown",
      reason: "nothing-to-compare",
    });
    const rare = predictedChangeOfF(rounds([4, 5, 4, 5, 4, 5]), [1]);
    expect(rare.trail[0]).toBeCloseTo(1 - 8 / 9, 12);
    expect(rare.vote).toBe("go-on");
    // The same five items in two hundred hardly move κ.
    expect(stabilizingPredictions(rounds([4, 5, 4, 5, 4, 5]), 3, { agreement: 0.97 }).vote).toBe("stop");
    expect(predictedChangeOfF(rounds([50, 50, 50, 50, 50]), [1]).vote).toBe("stop");
  });

  test("classification change", () => {
    expect(classificationChange(rounds([0, 4, 4, 4]))).toMatchObject({ vote: "stop", value: 0 });
    expect(classificationChange(rounds([0, 4, 4, 6])).vote).toBe("go-on");
    expect(classificationChange(rounds([0, 4, 4, 6]), 0.02).vote).toBe("stop");
  });
});

describe("good enough", () => {
  test("the level spent over all looks is the level", () => {
    let spent = 0;
    for (let look = 1; look < 100_000; look++) spent += alphaAtLook(0.05, look);
    expect(spent).toBeLessThan(0.05);
    expect(spent).toBeGreaterThan(0.0499);
  });

  test("exact one-sided limits", () => {
    // All n right: the limit is alpha^(1/n).
    expect(lowerAccuracy(20, 20, 0.05)).toBeCloseTo(0.05 ** (1 / 20), 10);
    expect(lowerAccuracy(0, 0, 0.05)).toBe(0);
    expect(lowerAccuracy(45, 50, 0.05, 50)).toBe(0.9);
    expect(lowerAccuracy(45, 50, 0.05, 100)).toBeGreaterThan(lowerAccuracy(45, 50, 0.05));
  });

  test("peeking every round keeps the promise", () => {
    const runs = 300;
    let wrong = 0;
    for (let run = 0; run < runs; run++) {
      const random = new KeyedRandom(`peek/${run}`, "audit");
      let correct = 0;
      for (let n = 1; n <= 300; n++) {
        correct += random.uniform(n) < 0.9 ? 1 : 0;
        if (n % 10 > 0) continue;
        if (lowerAccuracy(correct, n, alphaAtLook(0.05, n / 10)) > 0.9) {
          wrong++;
          break;
        }
      }
    }
    expect(wrong / runs).toBeLessThan(0.05);
  });

  test("says how many further audit labels would tell", () => {
    const args = { correct: 92, n: 100, target: 0.88, level: 0.95, look: 1 };
    const now = auditQuality(args);
    expect(now.vote).toBe("not-shown");
    const n = 100 + now.furtherLabels!;
    expect(auditQuality({ ...args, n, correct: Math.floor(0.92 * n + 1e-9) }).vote).toBe("good-enough");
    expect(now.furtherLabels).toBeGreaterThan(20);
    expect(auditQuality({ ...args, target: 0.95 }).furtherLabels).toBeNull();
    expect(auditQuality({ ...args, correct: 0, n: 0 })).toMatchObject({ vote: "unknown", lower: null });
  });
});

describe("worth it", () => {
  const truth = (labels: number) => 0.05 + 1.2 * labels ** -0.6;
  const points = [50, 100, 150, 200, 300, 400].map((labels) => ({
    labels,
    error: truth(labels),
    standardError: 0.003,
  }));

  test("a power law is found and forecast, with a spread that grows", () => {
    const forecast = fitLearningCurve(points)!;
    const soon = forecastError(forecast, 600);
    const late = forecastError(forecast, 4000);
    expect(Math.abs(soon.error - truth(600))).toBeLessThan(0.005);
    expect(Math.abs(late.error - truth(4000))).toBeLessThan(3 * late.deviation + 0.002);
    expect(late.deviation).toBeGreaterThan(soon.deviation);
    expect(fitLearningCurve(points.slice(0, 3))).toBeNull();
  });

  test("the cost optimum moves with the price of an error", () => {
    const forecast = fitLearningCurve(points)!;
    const args = { furtherLabels: 500, poolSize: 20_000, costPerLabel: 0.3, predictions: 10_000, secondsPerLabel: 20 };
    const cheap = forecastWorth(forecast, { ...args, costPerError: 0.001 });
    const dear = forecastWorth(forecast, { ...args, costPerError: 1 });
    expect(cheap).toMatchObject({ vote: "not-worth-it", optimalLabels: 400, cost: 150 });
    expect(dear.vote).toBe("worth-it");
    expect(dear.hours).toBeCloseTo(500 / 180, 9);
    const costAt = (labels: number) => 0.3 * labels + 10_000 * forecastError(forecast, labels).error;
    for (const other of [0.8, 1.25])
      expect(costAt(dear.optimalLabels)).toBeLessThanOrEqual(costAt(dear.optimalLabels * other));
    expect(dear.gain).toBeCloseTo(forecastError(forecast, 400).error - forecastError(forecast, 900).error, 9);
  });

  test("a flat curve is worth nothing more", () => {
    const flat = fitLearningCurve(points.map((point) => ({ ...point, error: 0.1 })))!;
    const args = { furtherLabels: 100, poolSize: 1000, costPerLabel: 0.01, costPerError: 1, predictions: 1000 };
    const worth = forecastWorth(flat, args);
    expect(worth.vote).toBe("not-worth-it");
    expect(worth.gain).toBeCloseTo(0, 12);
  });

  test("error gap: bounds, Lambert's W and the divergence of a linear head", () => {
    for (const x of [-0.3678, -0.3, -0.1, 0, 0.5, 3, 100])
      expect(lambertW(x) * Math.exp(lambertW(x))).toBeCloseTo(x, 10);
    expect(errorGapBound(0)).toBe(0);
    expect(errorGapBound(0.01)).toBeCloseTo(Math.sqrt(0.005), 12);
    expect(Math.expm1(1 + lambertW((0.01 - 1) / Math.E))).toBeCloseTo(0.145, 3);
    expect(errorGapBound(50)).toBe(1);
    // Full Gaussian divergence in one dimension: prior N(0, s), posterior after one label.
    const [s, x, noise, y] = [2, 1.5, 0.7, 1.1];
    const after = 1 / (1 / s + (x * x) / noise);
    const mean = (after * x * y) / noise;
    const exact = 0.5 * (after / s + (mean * mean) / s - 1 + Math.log(s / after));
    expect(linearHeadDivergence(x * s * x, y, noise)).toBeCloseTo(exact, 12);
    expect(errorGapWorth([0.1], { lifetimeCostOfError: 1, costPerLabel: 1 }).vote).toBe("unknown");
    const small = new Array<number>(10).fill(1e-8);
    expect(errorGapWorth(small, { lifetimeCostOfError: 100, costPerLabel: 1 }).vote).toBe("not-worth-it");
    expect(errorGapWorth(small, { lifetimeCostOfError: 1e6, costPerLabel: 1 }).vote).toBe("worth-it");
  });
});

test("the general Gaussian divergence is that of a linear head, and 0 without change", () => {
  const kernels = createReferenceKernels();
  // Prior N(0, S), one label y at x with noise: the posterior in closed form.
  const [S, x, noise, y] = [[2, 0.5, 0.5, 1], [1, -0.5], 0.6, 1.3];
  const sx = [S[0] * x[0] + S[1] * x[1], S[2] * x[0] + S[3] * x[1]];
  const v = x[0] * sx[0] + x[1] * sx[1];
  const before = { mean: [0, 0], covariance: S };
  const after = {
    mean: sx.map((value) => (value * y) / (v + noise)),
    covariance: S.map((value, at) => value - (sx[at >> 1] * sx[at & 1]) / (v + noise)),
  };
  expect(gaussianDivergence(kernels, after, before)).toBeCloseTo(linearHeadDivergence(v, y, noise), 10);
  expect(gaussianDivergence(kernels, before, before)).toBeCloseTo(0, 12);
  expect(() => gaussianDivergence(kernels, { mean: [0], covariance: [-1] }, { mean: [0], covariance: [1] })).toThrow(
    /positive definite/,
  );
});

test("labels with recorded probabilities give an interval once they carry enough", () => {
  const n = 1000;
  const runs = 300;
  let covered = 0;
  let sum = 0;
  const random = new KeyedRandom("design", "pool");
  const predicted = Float64Array.from({ length: n }, (_, i) => random.uniform(i));
  const outcome = predicted.map((p, i) => (random.uniform(i, 1) < p ? 1 : 0));
  const truth = outcome.reduce((a, b) => a + b, 0) / n;
  for (let run = 0; run < runs; run++) {
    const inclusion = (i: number) => 0.1 + 0.3 * predicted[i] * (1 - predicted[i]);
    const labelled = Array.from({ length: n }, (_, i) => i)
      .filter((i) => random.uniform(i, 2 + run) < inclusion(i))
      .map((item) => ({ item, outcome: outcome[item], inclusion: inclusion(item) }));
    const { value, interval } = designBasedQuality(predicted, labelled, 0.95);
    sum += value / runs;
    covered += interval!.low <= truth && interval!.high >= truth ? 1 : 0;
  }
  expect(Math.abs(sum - truth)).toBeLessThan(0.01);
  expect(covered / runs).toBeGreaterThan(0.95 - 3 * Math.sqrt((0.95 * 0.05) / runs));
  expect(designBasedQuality([0.5], [{ item: 0, outcome: 1, inclusion: 0.5 }], 0.95)).toMatchObject({
    value: 1.5,
    interval: null,
  });
  expect(() => designBasedQuality([0.5], [{ item: 0, outcome: 1, inclusion: 0 }], 0.95)).toThrow(
    /inclusion probability 0/,
  );
});

describe("recall", () => {
  test("stops when what is left cannot hold the missing positives, and not before", () => {
    const found = Array.from({ length: 300 }, (_, i) => (i < 50 ? 1 : 0));
    expect(recallReached(found, 1000, 0.95, 0.95).vote).toBe("go-on");
    const long = Array.from({ length: 900 }, (_, i) => (i < 50 ? 1 : 0));
    expect(recallReached(long, 1000, 0.95, 0.95).vote).toBe("stop");
    expect(recallReached([1, 0], 2, 0.95, 0.95)).toEqual({ pValue: 0, vote: "stop" });
    expect(() => recallReached([1, 0], 1, 0.9, 0.9)).toThrow(/2 screened of 1/);
  });

  test("random positives that must be found again, and how many it takes", () => {
    expect(positivesToFind(25, 0.95, 0.95)).toBeNull();
    expect(positivesNeeded(0.95, 0.95)).toBe(59);
    expect(positivesToFind(58, 0.95, 0.95)).toBeNull();
    expect(positivesToFind(59, 0.95, 0.95)).toBe(59);
    expect(positivesToFind(100, 0.8, 0.95)).toBe(87);
  });
});

describe("diagnostics carry no vote", () => {
  test("confidence", () => {
    const certain = confidenceDiagnostics([1, 0, 0, 1], 2, 2)!;
    expect(certain).toEqual({ overallUncertainty: 0, expectedError: 0, largestUncertainty: 0 });
    expect(confidenceDiagnostics([0.5, 0.5, 1, 0], 2, 2)!).toEqual({
      overallUncertainty: 0.5,
      expectedError: 0.25,
      largestUncertainty: 1,
    });
    expect(confidenceDiagnostics([], 0, 2)).toBeNull();
    expect(certain).not.toHaveProperty("vote");
  });

  test("accuracy on the chosen, self-estimates, variance peak", () => {
    expect(selectedAccuracy([1, 0, 1, 1], [1, 1, 1, 0])).toBe(0.5);
    expect(selectedAccuracy([], [])).toBeNull();
    expect(selfEstimateConverged([0.5, 0.6, 0.7, 0.70001], 2, 5e-4)).toBe(false);
    expect(selfEstimateConverged([0.6, 0.7, 0.7, 0.70001], 2, 5e-4)).toBe(true);
    expect(selfEstimateConverged([0.7], 2)).toBe(false);
    expect(variancePastPeak([1, 3, 2.2, 1.4])).toBe(true);
    expect(variancePastPeak([1, 3, 2.2, 2])).toBe(false);
  });
});

describe("the four lights", () => {
  const audit = auditQuality({ correct: 195, n: 200, target: 0.9, level: 0.95, look: 2 });
  const stability = stabilizingPredictions(rounds([60, 60, 60, 60, 60]), 3);
  const base = { audit, stability, worth: null, sliceTarget: 0.8, labels: 300, budget: 500, poolLeft: 1000 };
  const slice = (name: string, labels: number, value: number | null) => ({
    name,
    labels,
    value,
    interval: value === null ? null : { low: value - 0.05, high: value + 0.05 },
  });

  test("each answers for itself", () => {
    const lights = stopLights({ ...base, slices: [slice("a", 40, 0.95), slice("b", 30, 0.7)] });
    expect(lights.goodEnough.state).toBe("calm");
    expect(lights.stillChanging.state).toBe("calm");
    expect(lights.worthIt.state).toBe("unknown");
    expect(lights.anyoneLeftBehind).toMatchObject({ state: "not-yet", worst: { name: "b" }, tooFew: [] });
    expect(lights.limits).toEqual([]);
  });

  test("a slice with few labels is unknown, not fine", () => {
    const lights = stopLights({ ...base, slices: [slice("a", 40, 0.95), slice("rare", 3, 1)] });
    expect(lights.anyoneLeftBehind).toMatchObject({ state: "unknown", tooFew: ["rare"] });
    expect(stopLights({ ...base, slices: [] }).anyoneLeftBehind.state).toBe("unknown");
    expect(stopLights({ ...base, slices: [slice("a", 40, 0.95)] }).anyoneLeftBehind.state).toBe("calm");
  });

  test("budget and pool end it whatever the lights say", () => {
    expect(stopLights({ ...base, slices: [], labels: 500, poolLeft: 0 }).limits).toEqual([
      "budget-spent",
      "pool-exhausted",
    ]);
    expect(stopLights({ ...base, slices: [], budget: null }).limits).toEqual([]);
  });

  test("had you stopped at 300", () => {
    const history = [{ labels: 100 }, { labels: 280 }, { labels: 340 }];
    expect(hadYouStoppedAt(history, 300)).toEqual({ labels: 280 });
    expect(hadYouStoppedAt(history, 50)).toBeNull();
  });
});
