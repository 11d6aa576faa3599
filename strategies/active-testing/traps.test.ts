import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { KeyedRandom } from "../core/keyedRandom";
import {
  averagedProposal,
  balancedAccuracyScores,
  combineFrames,
  compareModels,
  completedPrefix,
  costOfHalfWidth,
  disagreementScores,
  drawMany,
  drawNext,
  equivalentRandomLabels,
  estimateClassification,
  estimateControlled,
  estimateHajek,
  estimateLure,
  estimateOverPresent,
  estimateSlice,
  expectedMultiLabelLoss,
  fitTemperature,
  heavyDraws,
  LossBettingSequence,
  labelsForHalfWidth,
  logLosses,
  lossVariance,
  lureWeights,
  martingaleInterval,
  mixedWithUniform,
  multiLabelLosses,
  normalizedScores,
  populationVariance,
  proposalOver,
  raceDraws,
  squaredErrors,
  surrogateRefitDue,
  trainedTestItems,
  voteShareSurrogate,
  withTemperature,
} from ".";

const acquisition = JSON.parse(
  readFileSync(new URL("../../test/golden/evaluation/acquisition.json", import.meta.url), "utf8"),
);

describe("traps of active testing", () => {
  test("1: the last draw of an exhausted frame is not 0/0, draws count from 1, N is the whole frame", () => {
    const q = [0.5, 2 / 3, 1];
    expect(Array.from(lureWeights({ poolSize: 3, q }))).toEqual([1, 1, 1]);
    expect(estimateLure({ poolSize: 3, q, losses: [1, 0, 1] }).value).toBeCloseTo(2 / 3, 12);
    // Uniform draws weigh 1 with the right draw numbers and frame, and with no others.
    const uniform = [1 / 10, 1 / 9, 1 / 8];
    expect(Array.from(lureWeights({ poolSize: 10, q: uniform })).every((v) => Math.abs(v - 1) < 1e-12)).toBe(true);
    expect(Array.from(lureWeights({ poolSize: 9, q: uniform })).every((v) => Math.abs(v - 1) < 1e-3)).toBe(false);
    expect(() => lureWeights({ poolSize: 2, q })).toThrow(/3 draws from a frame of 2/);
  });

  test("2: the probability stored is the one drawn with, after floor and mixing", () => {
    const scores = [0, 0.001, 0.2, 0.9];
    const rule = { defensive: 0.1, floor: { kind: "share-of-max", share: 0.05 } } as const;
    const q = proposalOver(scores, [0, 1, 2, 3], rule);
    const runs = 4000;
    const counts = [0, 0, 0, 0];
    for (let run = 0; run < runs; run++) {
      const draw = drawNext({ scores, drawn: [], rule, seed: `s${run}` });
      expect(draw.q).toBe(q[draw.item]);
      expect(draw.qMin).toBe(Math.min(...q));
      counts[draw.item]++;
    }
    counts.forEach((count, item) => {
      expect(Math.abs(count / runs - q[item])).toBeLessThan(4 * Math.sqrt(q[item] / runs));
    });
  });

  test("3: an item of probability 0 with a loss biases in silence; mixing leaves none", () => {
    const losses = [1, 0, 0, 1];
    const blind = normalizedScores([0, 1, 1, 1]);
    // Every first draw, weighted by its probability: item 0 is never seen.
    const expected = blind.reduce(
      (sum, q, i) => (q === 0 ? sum : sum + q * estimateLure({ poolSize: 4, q: [q], losses: [losses[i]] }).value),
      0,
    );
    expect(expected).toBeCloseTo(0.25, 12);
    expect(Math.min(...mixedWithUniform(blind, 0.1))).toBeCloseTo(0.1 / 4, 12);
    expect(() => estimateLure({ poolSize: 4, q: [0], losses: [1] })).toThrow(/probability of draw 1 is 0/);
  });

  test("4: q is history: recomputing it with today's surrogate biases", () => {
    const losses = [1, 0, 1, 0];
    const then = [0.4, 0.2, 0.3, 0.1];
    const today = [0.1, 0.3, 0.4, 0.2];
    const mean = (q: number[]) =>
      then.reduce(
        (sum, chance, i) => sum + chance * estimateLure({ poolSize: 4, q: [q[i]], losses: [losses[i]] }).value,
        0,
      );
    expect(mean(then)).toBeCloseTo(0.5, 12);
    expect(Math.abs(mean(today) - 0.5)).toBeGreaterThan(0.1);
  });

  test("5: all weights change with every further draw", () => {
    const q = [0.3, 0.1, 0.2];
    const before = lureWeights({ poolSize: 8, q: q.slice(0, 2) });
    const after = lureWeights({ poolSize: 8, q });
    expect(Math.abs(after[0] - before[0])).toBeGreaterThan(0.01);
  });

  test("6: the self-normalised mean is bounded and biased", () => {
    const losses = [1, 0, 0, 0];
    const q = [0.7, 0.1, 0.1, 0.1];
    const mean = q.reduce(
      (sum, chance, i) => sum + chance * estimateHajek({ poolSize: 4, q: [chance], losses: [losses[i]] }),
      0,
    );
    expect(mean).toBeCloseTo(0.7, 12);
  });

  test("7: stopping when the plug-in interval looks good breaks it; the betting sequence holds", () => {
    const poolSize = 400;
    const losses = Float64Array.from({ length: poolSize }, (_, i) => (i % 4 === 0 ? 1 : 0));
    const runs = 150;
    let plugIn = 0;
    let betting = 0;
    for (let run = 0; run < runs; run++) {
      const sequence = new LossBettingSequence(poolSize, { alpha: 0.05, gridPoints: 201 });
      const draws = raceDraws(new Float64Array(poolSize).fill(1), 200, `peek/${run}`);
      const q = draws.map((draw) => draw.q);
      const drawn = draws.map(({ item }) => losses[item]);
      let isPlugInOut = false;
      let isBettingOut = false;
      for (let m = 1; m <= 200; m++) {
        sequence.add({ q: q[m - 1], qMin: q[m - 1], loss: drawn[m - 1] });
        const kept = sequence.interval();
        isBettingOut ||= kept.low > 0.25 || kept.high < 0.25;
        if (m < 20 || m % 10 > 0) continue;
        const estimate = estimateLure({ poolSize, q: q.slice(0, m), losses: drawn.slice(0, m) });
        const { interval } = martingaleInterval(estimate, { poolSize, nonZero: 20, level: 0.95 });
        isPlugInOut ||= interval!.low > 0.25 || interval!.high < 0.25;
      }
      plugIn += isPlugInOut ? 1 : 0;
      betting += isBettingOut ? 1 : 0;
    }
    expect(plugIn / runs).toBeGreaterThan(0.1);
    expect(betting / runs).toBeLessThan(0.05 + 3 * Math.sqrt((0.05 * 0.95) / runs));
  });

  test("8: a model that saw test items is found out", () => {
    expect(trainedTestItems(["a", "b", "c", "b"], ["x", "b"])).toEqual(["b"]);
    expect(trainedTestItems([1, 2], [3])).toEqual([]);
  });

  test("9: the frame's variance is not that of the distribution behind it", () => {
    const q = [1 / 4, 1 / 3, 1 / 2, 1];
    const { variance } = estimateLure({ poolSize: 4, q, losses: [1, 0, 1, 0] });
    expect(variance).toBe(0);
    expect(populationVariance(variance, 0.25, 4)).toBeCloseTo(0.0625, 12);
  });

  test("10: two models are told apart by their difference where their intervals overlap", () => {
    const poolSize = 600;
    const random = new KeyedRandom("compare", "models");
    const a = Float64Array.from({ length: poolSize }, (_, i) => (random.uniform(i) < 0.3 ? 1 : 0));
    const b = a.map((loss, i) => (loss === 0 && random.uniform(i, 1) < 0.1 ? 1 : loss));
    const scores = a.map((loss, i) => (loss === b[i] ? 0.05 : 1));
    const draws = raceDraws(scores, 120, "compare");
    const design = { poolSize, q: draws.map(({ q }) => q) };
    const of = (losses: Float64Array) => draws.map(({ item }) => losses[item]);
    const qMin = draws.map((draw) => draw.qMin);
    const result = compareModels(design, of(a), of(b), { level: 0.95, qMin });
    const truth = a.reduce((sum, loss, i) => sum + (loss - b[i]) / poolSize, 0);
    expect(result.interval.interval!.low).toBeLessThanOrEqual(truth);
    expect(result.interval.interval!.high).toBeLessThan(0);
    expect(result.better).toBe(result.betting!.high < 0 ? "a" : "not-yet-known");
    const separate = [a, b].map((losses) => {
      const estimate = estimateLure({ ...design, losses: of(losses) });
      return martingaleInterval(estimate, { poolSize, nonZero: 20, level: 0.95 }).interval!;
    });
    expect(separate[0].high).toBeGreaterThan(separate[1].low);
    expect(compareModels(design, of(a), of(b), { level: 0.95 }).better).toBe("a");
  });
});

describe("metrics from weighted draws", () => {
  test("recall, F1 and balanced accuracy of the golden weights; accuracy is 1 − error", () => {
    const { N, v, y, pred, ...expected } = acquisition.weighted_metrics;
    // The probabilities whose weights are the given ones.
    const q = v.map((weight: number, m: number) => 1 / ((N - m) * (1 + ((weight - 1) * (N - m - 1)) / (N - v.length))));
    const metrics = estimateClassification({ poolSize: N, q }, y, pred, 3, 0.95);
    expect(metrics.error.value).toBeCloseTo(expected.error_unbiased, 9);
    expect(metrics.accuracy.value).toBeCloseTo(1 - expected.error_unbiased, 9);
    [0, 1, 2].forEach((c) => {
      expect(metrics.recall[c].value).toBeCloseTo(expected.recall[c], 9);
      expect(metrics.f1[c].value).toBeCloseTo(expected.f1[c], 9);
    });
    expect(metrics.balancedAccuracy.value).toBeCloseTo(expected.balanced_accuracy, 9);
    expect(metrics.macroF1.value).toBeCloseTo(expected.macro_f1, 9);
  });

  test("a class that was never drawn is not yet estimable, few draws give no interval", () => {
    const q = [0.1, 1 / 9, 1 / 8];
    const metrics = estimateClassification({ poolSize: 10, q }, [0, 0, 1], [0, 1, 1], 3, 0.95);
    expect(metrics.recall[2]).toMatchObject({ value: null, interval: null, reason: "not-yet-estimable" });
    expect(metrics.balancedAccuracy).toMatchObject({ value: null, reason: "not-yet-estimable" });
    expect(metrics.recall[0]).toMatchObject({ value: 0.5, interval: null, reason: "too-few" });
  });

  test("intervals of recall cover under a proposal made for it", () => {
    const poolSize = 800;
    const random = new KeyedRandom("recall", "pool");
    const p = Float64Array.from({ length: poolSize }, (_, i) => random.uniform(i) ** 3);
    const y = p.map((chance, i) => (random.uniform(i, 1) < chance ? 1 : 0));
    const predicted = p.map((chance, i) => (chance + 0.3 * (random.uniform(i, 2) - 0.5) > 0.5 ? 1 : 0));
    const positives = y.reduce((a, b) => a + b, 0);
    const truth = y.reduce((sum, value, i) => sum + (value === 1 && predicted[i] === 1 ? 1 : 0), 0) / positives;
    const values = Float64Array.from({ length: 2 * poolSize }, (_, at) =>
      at % 2 === 1 ? p[(at - 1) / 2] : 1 - p[at / 2],
    );
    const surrogate = { values, n: poolSize, nClasses: 2 };
    const balanced = balancedAccuracyScores(surrogate, predicted, [0.9, 0.6], [0.75, 0.25]);
    const scores = mixedWithUniform(averagedProposal([balanced, p.map(Math.sqrt)]), 0.2);
    const runs = 300;
    let covered = 0;
    for (let run = 0; run < runs; run++) {
      const draws = raceDraws(scores, 150, `recall/${run}`);
      const design = { poolSize, q: draws.map(({ q }) => q) };
      const metrics = estimateClassification(
        design,
        draws.map(({ item }) => y[item]),
        draws.map(({ item }) => predicted[item]),
        2,
        0.95,
      );
      const interval = metrics.recall[1].interval!;
      if (interval.low <= truth && interval.high >= truth) covered++;
    }
    expect(covered / runs).toBeGreaterThan(0.95 - 3 * Math.sqrt((0.95 * 0.05) / runs) - 0.02);
  });

  test("scores of agreements are 0 when two models are compared", () => {
    const surrogate = { values: [0.5, 0.3, 0.2, 0.1, 0.8, 0.1], n: 2, nClasses: 3 };
    expect(Array.from(disagreementScores([0, 1], [1, 1], surrogate))).toEqual([Math.sqrt(0.8), 0]);
  });
});

describe("unfinished, refused and added items", () => {
  test("an outstanding draw ends what may be evaluated; answers after it wait", () => {
    expect(completedPrefix(["labelled", "unlabelable", "outstanding", "labelled"])).toBe(2);
    expect(completedPrefix(["labelled", "removed"])).toBe(2);
  });

  test("unlabelable and removed items leave the population, not the weights", () => {
    const q = [1 / 6, 1 / 5, 1 / 4, 1 / 3];
    const estimate = estimateOverPresent(
      { poolSize: 6, q },
      [1, Number.NaN, 0, Number.NaN],
      ["labelled", "unlabelable", "labelled", "removed"],
      0.95,
    );
    expect(estimate.value).toBeCloseTo(0.5, 12);
  });

  test("items added later are a second frame", () => {
    const joined = combineFrames([
      { size: 300, value: 0.1, variance: 0.001 },
      { size: 100, value: 0.3, variance: 0.002 },
    ]);
    expect(joined.value).toBeCloseTo(0.15, 12);
    expect(joined.variance).toBeCloseTo(0.5625 * 0.001 + 0.0625 * 0.002, 12);
  });

  test("a slice has its own estimate or the reason why not", () => {
    const draws = {
      poolSize: 50,
      q: Array.from({ length: 30 }, (_, m) => 1 / (50 - m)),
      losses: Array.from({ length: 30 }, (_, m) => m % 2),
    };
    const inside = Array.from({ length: 30 }, (_, m) => (m < 12 ? 1 : 0));
    expect(estimateSlice(draws, inside, 0.95)).toMatchObject({ value: 0.5, reason: null, support: 12 });
    expect(
      estimateSlice(
        draws,
        inside.map((_, m) => (m < 3 ? 1 : 0)),
        0.95,
      ),
    ).toMatchObject({ interval: null, reason: "too-few" });
  });

  test("a new model version reuses all draws, with its own losses and control", () => {
    const poolSize = 300;
    const random = new KeyedRandom("versions", "pool");
    const hard = Float64Array.from({ length: poolSize }, (_, i) => random.uniform(i) ** 2);
    const second = hard.map((p, i) => (random.uniform(i, 1) < 0.7 * p ? 1 : 0));
    const truth = second.reduce((a, b) => a + b, 0) / poolSize;
    const poolMean = hard.reduce((a, b) => a + b, 0) / poolSize;
    let sum = 0;
    let plain = 0;
    let controlled = 0;
    const runs = 400;
    for (let run = 0; run < runs; run++) {
      const draws = raceDraws(
        hard.map((p) => Math.sqrt(p) + 0.05),
        60,
        `versions/${run}`,
      );
      const reused = { poolSize, q: draws.map(({ q }) => q), losses: draws.map(({ item }) => second[item]) };
      const value = estimateControlled(reused, { drawn: draws.map(({ item }) => hard[item]), poolMean }).value;
      sum += value / runs;
      controlled += (value - truth) ** 2 / runs;
      plain += (estimateLure(reused).value - truth) ** 2 / runs;
    }
    expect(Math.abs(sum - truth)).toBeLessThan(0.15 * Math.sqrt(controlled) + 3 * Math.sqrt(controlled / runs));
    expect(controlled).toBeLessThan(plain);
  });
});

describe("drawing", () => {
  const scores = Float64Array.from({ length: 50 }, (_, i) => 0.05 + (i % 7) / 7);

  test("draws issued together are those issued one by one", () => {
    const rule = { defensive: 0.1 };
    const together = drawMany({ scores, count: 20, rule, seed: "batch" });
    const drawn: number[] = [];
    for (const planned of together) {
      expect(drawNext({ scores, drawn, rule, seed: "batch" })).toEqual(planned);
      drawn.push(planned.item);
    }
    expect(drawMany({ scores, count: 5, rule, seed: "batch", drawn: drawn.slice(0, 15) })).toEqual(together.slice(15));
    expect(together[19].left).toBe(31);
    expect(drawMany({ scores, count: 99, rule, seed: "batch" })).toHaveLength(50);
  });

  test("every q is what its scores say over the items left, and none is taken twice", () => {
    const draws = raceDraws(scores, 50, "race");
    const left = new Set(scores.keys());
    for (const { item, q, qMin } of draws) {
      const sum = [...left].reduce((total, i) => total + scores[i], 0);
      expect(q).toBeCloseTo(scores[item] / sum, 12);
      expect(qMin).toBeCloseTo(Math.min(...[...left].map((i) => scores[i])) / sum, 12);
      expect(left.delete(item)).toBe(true);
    }
    expect(left.size).toBe(0);
    expect(draws[49].q).toBeCloseTo(1, 12);
  });

  test("a largest-first pick has no probability to record: the race refuses scores of 0", () => {
    expect(() => raceDraws([1, 0], 1, "zero")).toThrow(/score 1 is 0/);
  });
});

describe("surrogates and planning", () => {
  test("a temperature is found that makes overconfident votes honest, and refits come lazily", () => {
    const random = new KeyedRandom("temperature", "labels");
    const n = 3000;
    const honest = Float64Array.from({ length: 2 * n }, (_, at) => {
      const p = 0.5 + 0.45 * random.uniform(Math.floor(at / 2));
      return at % 2 === 0 ? p : 1 - p;
    });
    const matrix = { values: honest, n, nClasses: 2 };
    const labels = Int32Array.from({ length: n }, (_, i) => (random.uniform(i, 1) < honest[2 * i] ? 0 : 1));
    const sharp = withTemperature(matrix, 0.4);
    const found = fitTemperature(
      sharp,
      Array.from({ length: n }, (_, i) => i),
      labels,
    );
    expect(found).toBeGreaterThan(2.1);
    expect(found).toBeLessThan(2.9);
    expect([0, 4, 5, 9, 10].map((labelsNow) => surrogateRefitDue(labelsNow === 10 ? 5 : 0, labelsNow))).toEqual([
      false,
      false,
      true,
      true,
      true,
    ]);
    expect([
      surrogateRefitDue(50, 99),
      surrogateRefitDue(50, 100),
      surrogateRefitDue(400, 599),
      surrogateRefitDue(400, 600),
    ]).toEqual([false, true, false, true]);
  });

  test("vote shares with pseudo-votes", () => {
    expect(Array.from(voteShareSurrogate([0, 0, 1, -1], 2, 2, 2, 1).values)).toEqual([0.75, 0.25, 1 / 3, 2 / 3]);
  });

  test("losses of regression, probabilities and label sets", () => {
    expect(Array.from(squaredErrors([1, 2], [1, 4]))).toEqual([0, 4]);
    expect(Array.from(logLosses([0], { values: [0, 1], n: 1, nClasses: 2 }, [0], 10))).toEqual([10]);
    expect(Array.from(multiLabelLosses([1, 0, 1, 1], [1, 1, 1, 1], 2, "hamming"))).toEqual([0.5, 0]);
    expect(Array.from(multiLabelLosses([1, 0, 1, 1], [1, 1, 1, 1], 2, "subset"))).toEqual([1, 0]);
    const surrogate = { values: [0.9, 0.2], n: 1, nClasses: 2 };
    expect(expectedMultiLabelLoss([1, 0], surrogate, "hamming")[0]).toBeCloseTo(0.15, 12);
    expect(expectedMultiLabelLoss([1, 0], surrogate, "subset")[0]).toBeCloseTo(1 - 0.9 * 0.8, 12);
  });

  test("what random sampling would have needed, and what a width costs", () => {
    const q = Array.from({ length: 100 }, (_, m) => 1 / (1000 - m));
    const losses = Array.from({ length: 100 }, (_, m) => (m % 5 === 0 ? 1 : 0));
    const draws = { poolSize: 1000, q, losses };
    const spread = lossVariance(draws);
    expect(spread).toBeCloseTo(0.16, 6);
    expect(equivalentRandomLabels(0.16 * (1 / 100 - 1 / 1000), spread, 1000)).toBeCloseTo(100, 4);
    expect(equivalentRandomLabels(0.001, 0, 1000)).toBeNull();
    const now = { variance: 0.16 * (1 / 100 - 1 / 1000), draws: 100, poolSize: 1000, level: 0.95 };
    const half = 1.959963984540054 * Math.sqrt(now.variance);
    expect(labelsForHalfWidth({ ...now, halfWidth: half })).toBe(100);
    expect(labelsForHalfWidth({ ...now, halfWidth: half / 2 })).toBe(308);
    expect(costOfHalfWidth({ ...now, halfWidth: half / 2, costPerLabel: 0.5 })).toEqual({
      labels: 308,
      further: 208,
      cost: 104,
    });
  });

  test("draws that carry the estimate are named for a second annotator", () => {
    const draws = { poolSize: 100, q: [0.05, 0.001, 0.01, 0.02], losses: [1, 0, 1, 1] };
    expect(heavyDraws(draws, 0.5)[0]).toBe(
      0 + [0, 2, 3].sort((a, b) => lureWeights(draws)[b] - lureWeights(draws)[a])[0],
    );
    expect(heavyDraws(draws, 1)).not.toContain(1);
  });
});
