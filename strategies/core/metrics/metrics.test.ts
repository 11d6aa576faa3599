import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { KeyedRandom } from "../keyedRandom";
import {
  areaUnderCurve,
  balancedAccuracy,
  betaCdf,
  classScores,
  clopperPearsonInterval,
  comparePaired,
  confusionMatrix,
  estimateAccuracy,
  estimateMacroF1,
  estimateMean,
  finitePopulationInterval,
  holmAdjusted,
  logGamma,
  macroF1,
  normalCdf,
  normalQuantile,
  percentileSorted,
  quantileSorted,
  rankCorrelation,
  signTest,
  studentCdf,
  studentQuantile,
  wilsonInterval,
} from ".";

describe("distributions", () => {
  test("agree with tabulated values", () => {
    expect(logGamma(10)).toBeCloseTo(Math.log(362880), 12);
    expect(logGamma(0.5)).toBeCloseTo(Math.log(Math.sqrt(Math.PI)), 12);
    expect(normalQuantile(0.975)).toBeCloseTo(1.959963984540054, 12);
    expect(normalCdf(-5)).toBeCloseTo(2.866515718791939e-7, 18);
    expect(normalCdf(2.999999)).toBeCloseTo(normalCdf(3.000001), 7);
    expect(studentQuantile(0.975, 10)).toBeCloseTo(2.228138851964939, 9);
    expect(studentQuantile(0.975, 1)).toBeCloseTo(12.706204736, 7);
    expect(studentCdf(-2.228138851964939, 10)).toBeCloseTo(0.025, 10);
    expect(betaCdf(0.3, 2, 3)).toBeCloseTo(0.3483, 12);
  });
});

describe("intervals of a proportion", () => {
  test("Clopper–Pearson has its closed forms", () => {
    expect(clopperPearsonInterval(0, 10, 0.95)).toEqual({ low: 0, high: expect.closeTo(1 - 0.025 ** 0.1, 12) });
    expect(clopperPearsonInterval(10, 10, 0.95)).toEqual({ low: expect.closeTo(0.025 ** 0.1, 12), high: 1 });
    const five = clopperPearsonInterval(5, 10, 0.95);
    expect(five.low).toBeCloseTo(0.18708602844739, 9);
    expect(five.high).toBeCloseTo(0.81291397155261, 9);
  });

  test("Wilson agrees with its published example", () => {
    const interval = wilsonInterval(5, 10, 0.95);
    expect(interval.low).toBeCloseTo(0.236593090512564, 9);
    expect(interval.high).toBeCloseTo(0.763406909487436, 9);
    expect(wilsonInterval(0, 0, 0.95)).toEqual({ low: 0, high: 1 });
  });

  test("Clopper–Pearson covers at least its level for every p, exactly computed", () => {
    const n = 20;
    const intervals = Array.from({ length: n + 1 }, (_, k) => clopperPearsonInterval(k, n, 0.9));
    for (let p = 0.01; p < 1; p += 0.01) {
      let covered = 0;
      for (let k = 0; k <= n; k++) {
        let mass = p ** k * (1 - p) ** (n - k);
        for (let i = 0; i < k; i++) mass *= (n - i) / (i + 1);
        if (intervals[k].low <= p && p <= intervals[k].high) covered += mass;
      }
      expect(covered).toBeGreaterThanOrEqual(0.9 - 1e-9);
    }
  });

  test("the finite-population interval covers by enumeration and closes when all is drawn", () => {
    expect(finitePopulationInterval(7, 10, 10, 0.95)).toEqual({ low: 0.7, high: 0.7 });
    const population = 15;
    const n = 6;
    const choose = (a: number, b: number): number => (b === 0 ? 1 : (choose(a - 1, b - 1) * a) / b);
    for (let marked = 0; marked <= population; marked++) {
      let covered = 0;
      for (let k = 0; k <= Math.min(n, marked); k++) {
        if (n - k > population - marked) continue;
        const { low, high } = finitePopulationInterval(k, n, population, 0.9);
        const mass = (choose(marked, k) * choose(population - marked, n - k)) / choose(population, n);
        if (low <= marked / population + 1e-12 && marked / population <= high + 1e-12) covered += mass;
      }
      expect(covered).toBeGreaterThanOrEqual(0.9 - 1e-9);
    }
    const narrow = finitePopulationInterval(80, 100, 120, 0.95);
    const wide = clopperPearsonInterval(80, 100, 0.95);
    expect(narrow.high - narrow.low).toBeLessThan(0.7 * (wide.high - wide.low));
  });

  test("refuse impossible counts", () => {
    expect(() => wilsonInterval(3, 2, 0.95)).toThrow(/successes ≤ n/);
    expect(() => clopperPearsonInterval(1, 2, 1)).toThrow(/level/);
    expect(() => finitePopulationInterval(1, 5, 4, 0.9)).toThrow(/population/);
  });
});

describe("estimates from a simple random sample", () => {
  test("estimateAccuracy names its method and has no interval without data", () => {
    expect(estimateAccuracy({ correct: 0, n: 0, level: 0.95, method: "wilson" })).toEqual({
      value: null,
      interval: null,
      level: 0.95,
      n: 0,
      method: "wilson",
    });
    const estimate = estimateAccuracy({ correct: 45, n: 50, level: 0.95, method: "clopper-pearson" });
    expect(estimate.value).toBe(0.9);
    expect(estimate.interval).toEqual(clopperPearsonInterval(45, 50, 0.95));
  });

  test("estimateMean covers the population mean about as often as it says", () => {
    const random = new KeyedRandom("estimate", "population");
    const population = Float64Array.from({ length: 60 }, (_, i) => random.uniform(i) ** 2);
    const mean = population.reduce((sum, value) => sum + value / 60, 0);
    let covered = 0;
    const runs = 2000;
    for (let run = 0; run < runs; run++) {
      const order = Array.from(population, (_, i) => i).sort(
        (a, b) => random.uniform(a, run + 1) - random.uniform(b, run + 1),
      );
      const { interval } = estimateMean(
        order.slice(0, 25).map((i) => population[i]),
        60,
        0.9,
      );
      if (interval !== null && interval.low <= mean && mean <= interval.high) covered++;
    }
    expect(covered / runs).toBeGreaterThan(0.87);
    expect(covered / runs).toBeLessThan(0.93);
    const { interval } = estimateMean([3, 3, 4], 3, 0.9);
    expect(interval!.high).toBe(interval!.low);
    expect(estimateMean([2], 9, 0.9)).toMatchObject({ value: 2, interval: null });
  });
});

describe("classification scores", () => {
  const truth = [0, 0, 0, 1, 1, 2];
  const predicted = [0, 0, 1, 1, 1, 0];

  test("are those counted by hand", () => {
    const confusion = confusionMatrix(truth, predicted, 4);
    const scores = classScores(confusion, 4);
    expect(scores[0]).toMatchObject({ truth: 3, predicted: 3, correct: 2, f1: 4 / 6 });
    expect(scores[1].f1).toBeCloseTo(0.8, 12);
    expect(scores[2]).toMatchObject({ recall: 0, precision: null, f1: 0 });
    expect(scores[3].f1).toBeNull();
    // The fourth class occurs nowhere and does not count; the third counts with 0.
    expect(macroF1(confusion, 4)).toBeCloseTo((2 / 3 + 0.8 + 0) / 3, 12);
    expect(balancedAccuracy(confusion, 4)).toBeCloseTo((2 / 3 + 1 + 0) / 3, 12);
    expect(macroF1(new Int32Array(16), 4)).toBeNull();
    expect(() => confusionMatrix([4], [0], 4)).toThrow(/class/);
  });

  test("the bootstrap interval of macro-F1 is keyed by seed and holds the value", () => {
    const random = new KeyedRandom("f1", "data");
    const y = Array.from({ length: 200 }, (_, i) => random.below(3, i));
    const p = y.map((label, i) => (random.uniform(i, 1) < 0.8 ? label : random.below(3, i, 2)));
    const args = { truth: y, predicted: p, nClasses: 3, level: 0.95, replicates: 400, seed: "s" };
    const estimate = estimateMacroF1(args);
    expect(estimateMacroF1(args)).toEqual(estimate);
    expect(estimateMacroF1({ ...args, seed: "t" }).interval).not.toEqual(estimate.interval);
    expect(estimate.interval!.low).toBeLessThan(estimate.value!);
    expect(estimate.interval!.high).toBeGreaterThan(estimate.value!);
    expect(estimate.interval!.high - estimate.interval!.low).toBeGreaterThan(0.06);
    expect(estimate.interval!.high - estimate.interval!.low).toBeLessThan(0.16);
  });
});

describe("ranks and comparisons", () => {
  test("rankCorrelation is 1 for a monotone map, −1 for its reverse, null for a constant", () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.integer({ min: -1000, max: 1000 }), { minLength: 2, maxLength: 30 }), (x) => {
        expect(
          rankCorrelation(
            x,
            x.map((value) => value ** 3),
          ),
        ).toBeCloseTo(1, 12);
        expect(
          rankCorrelation(
            x,
            x.map((value) => -value),
          ),
        ).toBeCloseTo(-1, 12);
      }),
    );
    expect(rankCorrelation([1, 2, 3], [5, 5, 5])).toBeNull();
    // 1 − 6·Σd²/(n(n²−1)) without ties: d = 0, 1, −1, 0.
    expect(rankCorrelation([1, 2, 3, 4], [10, 30, 20, 40])).toBeCloseTo(0.8, 12);
  });

  test("quantiles and percentiles are those of the definition", () => {
    expect(quantileSorted([1, 2, 3, 4], 0.5)).toBe(2.5);
    expect(quantileSorted([7], 0.9)).toBe(7);
    expect(percentileSorted([1, 2, 2, 3], 2)).toBe(0.75);
    expect(percentileSorted([1, 2, 2, 3], 0)).toBe(0);
  });

  test("areaUnderCurve of a flat curve is its height and of a line its middle", () => {
    expect(areaUnderCurve([20, 40, 100], [0.7, 0.7, 0.7])).toBeCloseTo(0.7, 12);
    expect(areaUnderCurve([0, 1, 10], [0, 0.1, 1])).toBeCloseTo(0.5, 12);
    expect(areaUnderCurve([5], [0.3])).toBe(0.3);
  });

  test("comparePaired, signTest and holmAdjusted agree with worked examples", () => {
    const compared = comparePaired([5, 6, 7, 8], [4, 6, 5, 7], 0.95);
    expect(compared).toMatchObject({ difference: 1, wins: 3, ties: 1, losses: 0, n: 4 });
    // t = 1 / (0.8164966 / 2) = 2.449490 with 3 degrees of freedom.
    expect(compared.pValue).toBeCloseTo(0.09172, 4);
    expect(comparePaired([1, 1], [1, 1], 0.95).pValue).toBe(1);
    expect(comparePaired([1], [0], 0.95)).toMatchObject({ interval: null, pValue: null });
    expect(signTest(8, 2)).toBeCloseTo(112 / 1024, 12);
    expect(signTest(0, 0)).toBe(1);
    expect(holmAdjusted([0.01, 0.04, 0.03])).toEqual([0.03, 0.06, 0.06]);
  });
});
