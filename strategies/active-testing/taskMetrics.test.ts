import { describe, expect, test } from "vitest";
import { KeyedRandom } from "../core/keyedRandom";
import { estimateMultiLabel, estimateRegression, raceDraws } from ".";

const N = 500;
const random = new KeyedRandom("task-metrics", "pool");

describe("regression from guided draws", () => {
  const values = Float64Array.from({ length: N }, (_, i) => 4 * random.uniform(i) - 2);
  const spread = Float64Array.from({ length: N }, (_, i) => 0.1 + random.uniform(i, 1) ** 3);
  const predicted = values.map((value, i) => value + spread[i] * (2 * random.uniform(i, 2) - 1));
  const mean = values.reduce((a, b) => a + b, 0) / N;
  const mse = values.reduce((sum, value, i) => sum + (value - predicted[i]) ** 2 / N, 0);
  const r2 = 1 - mse / values.reduce((sum, value) => sum + (value - mean) ** 2 / N, 0);

  test("means are unbiased, intervals cover, R² is near", () => {
    const runs = 300;
    let sum = 0;
    let squares = 0;
    let covered = 0;
    let explained = 0;
    for (let run = 0; run < runs; run++) {
      const draws = raceDraws(spread, 80, `regression/${run}`);
      const of = (list: Float64Array) => draws.map(({ item }) => list[item]);
      const metrics = estimateRegression({ poolSize: N, q: draws.map(({ q }) => q) }, of(values), of(predicted), 0.95);
      const { value, interval } = metrics.meanSquaredError;
      sum += value! / runs;
      squares += (value! - mse) ** 2 / runs;
      covered += interval!.low <= mse && interval!.high >= mse ? 1 : 0;
      explained += metrics.explained.value! / runs;
      expect(metrics.rootMeanSquaredError.value).toBeCloseTo(Math.sqrt(Math.max(0, value!)), 12);
    }
    expect(Math.abs(sum - mse)).toBeLessThan(4 * Math.sqrt(squares / runs));
    expect(covered / runs).toBeGreaterThan(0.9);
    expect(Math.abs(explained - r2)).toBeLessThan(0.02);
  });

  test("a fully drawn frame gives the plain metrics", () => {
    const q = Array.from({ length: 4 }, (_, m) => 1 / (4 - m));
    const metrics = estimateRegression({ poolSize: 4, q }, [1, 2, 3, 4], [1, 2, 3, 2], 0.95);
    expect(metrics.meanSquaredError.value).toBeCloseTo(1, 12);
    expect(metrics.meanAbsoluteError.value).toBeCloseTo(0.5, 12);
    expect(metrics.explained.value).toBeCloseTo(1 - 1 / 1.25, 12);
    expect(estimateRegression({ poolSize: 4, q: [] }, [], [], 0.95).explained.reason).toBe("not-yet-estimable");
  });
});

test("multi-label metrics of a fully drawn frame are the plain ones", () => {
  const q = Array.from({ length: 3 }, (_, m) => 1 / (3 - m));
  const labels = [1, 0, 1, 1, 0, 1];
  const predicted = [1, 1, 1, 1, 0, 0];
  const metrics = estimateMultiLabel({ poolSize: 3, q }, labels, predicted, 2, 0.95);
  expect(metrics.hammingLoss.value).toBeCloseTo(2 / 6, 12);
  expect(metrics.subsetAccuracy.value).toBeCloseTo(1 / 3, 12);
  expect(metrics.recall.map(({ value }) => value)).toEqual([1, expect.closeTo(0.5, 12)]);
  expect(metrics.precision.map(({ value }) => value)).toEqual([1, expect.closeTo(0.5, 12)]);
  expect(metrics.f1[1].value).toBeCloseTo(0.5, 12);
  expect(metrics.microF1.value).toBeCloseTo((2 * 3) / (2 * 3 + 1 + 1), 12);
  expect(() => estimateMultiLabel({ poolSize: 3, q }, [1], [1], 2, 0.95)).toThrow(/for 3 draws of 2/);
});
