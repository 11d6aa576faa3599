import { describe, expect, test } from "vitest";
import { KeyedRandom } from "../core/keyedRandom";
import {
  benjaminiHochberg,
  calibrationScores,
  candidateScores,
  classScoresOf,
  conformalPValues,
  OnlineConformal,
  planAutoLabels,
  predictionSet,
  selectOptimized,
  splitConformalRadius,
} from ".";

/** Confidence and whether the machine label is right, right more often where the confidence is high. */
function machineLabels(n: number, seed: string, from = 0.5) {
  const random = new KeyedRandom(seed, "machine");
  const confidence = Float64Array.from({ length: n }, (_, i) => from + (1 - from) * random.uniform(i));
  const isRight = confidence.map((value, i) => (random.uniform(i, 1) < 0.75 * value + 0.25 * value ** 4 ? 1 : 0));
  return { confidence, isRight };
}

function falseShare(accepted: Uint32Array, isRight: ArrayLike<number>): number {
  return accepted.length === 0 ? 0 : Array.from(accepted).filter((i) => isRight[i] === 0).length / accepted.length;
}

describe("traps of auto-labelling with a guarantee", () => {
  test("1: uniform calibration keeps the rate; calibration on hard picks does not, and weights mend it", () => {
    const runs = 200;
    const level = 0.2;
    let uniform = 0;
    let biased = 0;
    let weighted = 0;
    for (let run = 0; run < runs; run++) {
      const pool = machineLabels(700, `rate/${run}`);
      const candidates = Array.from({ length: 200 }, (_, i) => i);
      const offered = candidates.map((i) => pool.confidence[i]);
      const right = candidates.map((i) => pool.isRight[i]);
      const random = new KeyedRandom(`rate/${run}`, "pick");
      const calibrate = (items: number[]) => ({
        confidence: items.map((i) => pool.confidence[i]),
        isRight: items.map((i) => pool.isRight[i]),
      });
      const rest = Array.from({ length: 500 }, (_, k) => 200 + k);
      const simple = rest.filter((i) => random.uniform(i) < 0.4);
      // Labels are asked where the model errs in confidence: sure and right items are rarely among them.
      const chance = (i: number) => (pool.confidence[i] > 0.8 ? 0.05 : 0.6);
      const picked = rest.filter((i) => random.uniform(i, 1) < chance(i));
      uniform += falseShare(planAutoLabels(offered, calibrate(simple), level).accepted, right) / runs;
      biased += falseShare(planAutoLabels(offered, calibrate(picked), level).accepted, right) / runs;
      const weights = {
        calibration: picked.map((i) => 1 / chance(i)),
        candidates: candidates.map((i) => 1 / chance(i)),
      };
      weighted += falseShare(planAutoLabels(offered, { ...calibrate(picked), weights }, level).accepted, right) / runs;
    }
    expect(uniform).toBeLessThanOrEqual(level + 3 * Math.sqrt(0.02 / runs));
    expect(weighted).toBeLessThanOrEqual(level + 3 * Math.sqrt(0.02 / runs));
    expect(Math.abs(biased - uniform)).toBeGreaterThan(0.01);
  });

  test("2: a confidence tuned on the calibration labels accepts too many wrong ones", () => {
    const runs = 200;
    let honest = 0;
    let tuned = 0;
    for (let run = 0; run < runs; run++) {
      const candidates = machineLabels(150, `tuned/${run}/a`);
      const own = machineLabels(150, `tuned/${run}/b`);
      honest += falseShare(planAutoLabels(candidates.confidence, own, 0.2).accepted, candidates.isRight) / runs;
      // A model that memorised its calibration labels is sure where it was told so.
      const memorised = own.confidence.map((value, i) => (own.isRight[i] > 0 ? value : 0.4));
      const plan = planAutoLabels(candidates.confidence, { confidence: memorised, isRight: own.isRight }, 0.2);
      tuned += falseShare(plan.accepted, candidates.isRight) / runs;
    }
    expect(honest).toBeLessThanOrEqual(0.2 + 3 * Math.sqrt(0.03 / runs));
    expect(tuned).toBeGreaterThan(0.24);
  });

  test("3: the rate is an average: the expected number of wrong ones is stated", () => {
    const own = machineLabels(400, "stated");
    const plan = planAutoLabels(machineLabels(300, "stated/new").confidence, own, 0.25);
    expect(plan.expectedWrong).toBeCloseTo(0.25 * plan.accepted.length, 12);
    expect(plan.accepted.length).toBeGreaterThan(0);
  });

  test("4, 5: without enough calibration labels nothing is accepted, and it says how many are needed", () => {
    const own = { confidence: [0.9, 0.8], isRight: [1, 1] };
    const plan = planAutoLabels([0.99, 0.99], own, 0.01);
    expect(plan.accepted).toHaveLength(0);
    expect(plan).toMatchObject({ calibrationSize: 2, calibrationNeeded: 99 });
  });

  test("6: one procedure over everything offered: parts accept other items than the whole", () => {
    const p = [0.011, 0.012, 0.013, 0.04, 0.5, 0.6];
    const whole = Array.from(benjaminiHochberg(p, 0.05));
    const parts = [
      ...benjaminiHochberg(p.slice(0, 3), 0.05),
      ...Array.from(benjaminiHochberg(p.slice(3, 4), 0.05), (i) => i + 3),
    ];
    expect(whole).toEqual([0, 1, 2]);
    expect(parts).toEqual([0, 1, 2, 3]);
  });

  test("7: the largest p-value that passes is selected too, not one item too few", () => {
    expect(Array.from(benjaminiHochberg([0.01, 0.02, 0.03], 0.03))).toEqual([0, 1, 2]);
  });

  test("8: a p-value equal to its threshold passes in spite of rounding", () => {
    const n = 10;
    const p = Array.from({ length: n }, (_, k) => ((k + 1) * 0.3) / n + (k === 4 ? 1e-17 : 0));
    expect(benjaminiHochberg(p, 0.3)).toHaveLength(n);
  });

  test("9: the rate bounds disagreement with the annotators, whoever is right", () => {
    // Annotators err in a tenth of the items: perfect machine labels "disagree" there and are rejected like wrong ones.
    const random = new KeyedRandom("annotators", "noise");
    const own = {
      confidence: new Float64Array(300).fill(0.9),
      isRight: Float64Array.from({ length: 300 }, (_, i) => (random.uniform(i) < 0.1 ? 0 : 1)),
    };
    expect(planAutoLabels(new Float64Array(100).fill(0.9), own, 0.05).accepted).toHaveLength(0);
    expect(planAutoLabels(new Float64Array(100).fill(0.9), own, 0.2).accepted).toHaveLength(100);
  });

  test("choosing the better score on the same data breaks the rate; the optimised procedure keeps it", () => {
    const runs = 120;
    const level = 0.2;
    let optimised = 0;
    for (let run = 0; run < runs; run++) {
      const own = machineLabels(120, `opt/${run}/a`);
      const offered = machineLabels(80, `opt/${run}/b`);
      const random = new KeyedRandom(`opt/${run}`, "noise");
      const scored = (data: typeof own, k: number) =>
        data.confidence.map((value, i) => (k === 0 ? value : 0.3 * value + 0.7 * random.uniform(i, k)));
      const calibration = [0, 1, 2].map((k) => calibrationScores(scored(own, k), own.isRight));
      const candidates = [0, 1, 2].map((k) => candidateScores(scored(offered, k)));
      optimised += falseShare(selectOptimized(calibration, candidates, level).selected, offered.isRight) / runs;
    }
    expect(optimised).toBeLessThanOrEqual(level + 3 * Math.sqrt(0.03 / runs));
  });

  test("p-values of wrong machine labels are not small by chance more often than they say", () => {
    let small = 0;
    let wrong = 0;
    for (let run = 0; run < 100; run++) {
      const own = machineLabels(100, `null/${run}/a`);
      const offered = machineLabels(50, `null/${run}/b`);
      const p = conformalPValues(calibrationScores(own.confidence, own.isRight), candidateScores(offered.confidence));
      // Among all offered items: P(wrong and p ≤ t) ≤ t.
      p.forEach((value, i) => {
        if (offered.isRight[i] === 0 && value <= 0.1) small++;
        wrong++;
      });
    }
    expect(small / wrong).toBeLessThan(0.1 + 3 * Math.sqrt(0.09 / wrong) + 0.01);
  });
});

/** Scores of a stream whose level changes. */
function stream(n: number, seed: string, level: (t: number) => number): Float64Array {
  const random = new KeyedRandom(seed, "stream");
  return Float64Array.from({ length: n }, (_, t) => Math.min(1, level(t) * random.uniform(t)));
}

describe("traps of prediction sets", () => {
  const options = { coverage: 0.9, scale: 1 };

  function run(scores: ArrayLike<number>, lifetime = 8) {
    const online = new OnlineConformal({ ...options, lifetime });
    return Array.from(scores, (score) => {
      const isCovered = score <= online.radius;
      online.update(score);
      return isCovered;
    });
  }
  const share = (flags: readonly boolean[]) => flags.filter(Boolean).length / flags.length;
  const worst = (flags: readonly boolean[]) =>
    Math.max(...Array.from({ length: flags.length - 100 }, (_, t) => Math.abs(share(flags.slice(t, t + 100)) - 0.9)));

  test("1: coverage holds on the stream that was learnt from, not on another", () => {
    const hard = stream(1500, "hard", () => 1);
    const online = new OnlineConformal(options);
    for (const score of hard) online.update(score);
    const easy = stream(500, "easy", () => 0.4);
    expect(share(Array.from(easy, (score) => score <= online.radius))).toBeGreaterThan(0.97);
    expect(share(run(hard))).toBeGreaterThan(0.85);
  });

  test("2: the radius is fixed before the score: reading it does not change it", () => {
    const online = new OnlineConformal(options);
    online.update(0.4);
    expect(online.radius).toBe(online.radius);
  });

  test("3: longer-lived experts under-cover less", () => {
    const scores = stream(1500, "stationary", () => 1);
    const [short, long] = [share(run(scores, 8)), share(run(scores, 32))];
    expect(Math.abs(long - 0.9)).toBeLessThan(0.03);
    expect(Math.abs(short - 0.9)).toBeLessThan(0.05);
  });

  test("4: after a shift it recovers where a fixed radius does not", () => {
    const scores = stream(1500, "shift", (t) => (Math.floor(t / 300) % 2 === 0 ? 0.4 : 1));
    const radius = splitConformalRadius(scores.slice(0, 300), 0.1);
    const fixed = Array.from(scores.slice(300), (score) => score <= radius);
    const adaptive = run(scores).slice(300);
    expect(worst(adaptive)).toBeLessThan(0.15);
    expect(worst(fixed)).toBeGreaterThan(0.3);
    expect(share(adaptive)).toBeGreaterThan(0.86);
  });

  test("5: coverage is over all items, not per class", () => {
    const radius = splitConformalRadius(
      Array.from({ length: 100 }, (_, i) => (i < 90 ? 0.1 : 0.9)),
      0.1,
    );
    expect(radius).toBe(0.9);
    expect(predictionSet([0.05, 0.95], 0.5, { kind: "one-minus-p" })).toEqual([1]);
  });

  test("6: the radius starts at 0 and is warmed up on calibration scores; the state survives a restart", () => {
    const online = new OnlineConformal(options);
    expect(online.radius).toBe(0);
    for (const score of stream(200, "warm", () => 1)) online.update(score);
    expect(online.radius).toBeGreaterThan(0.5);
    const restored = new OnlineConformal(options, JSON.parse(JSON.stringify(online.state())));
    expect(restored.radius).toBe(online.radius);
    online.update(0.3);
    restored.update(0.3);
    expect(restored.radius).toBe(online.radius);
  });

  test("7: an expert goes when its updates exceed its lifetime", () => {
    const online = new OnlineConformal({ ...options, lifetime: 1 });
    const counts = [0.5, 0.5, 0.5, 0.5].map((score) => {
      online.update(score);
      return online.experts;
    });
    // The first expert (lifetime 1) still learns at step 2 and is gone at step 3.
    expect(counts).toEqual([1, 2, 2, 3]);
  });

  test("8: a gain of rounding size is none: relabelling time by 1e-17 changes nothing", () => {
    const scores = stream(400, "rounding", () => 1);
    const radii = (list: ArrayLike<number>) => {
      const online = new OnlineConformal(options);
      return Array.from(list, (score) => {
        online.update(score);
        return online.radius;
      });
    };
    const nudged = radii(scores.map((score) => score * (1 + 1e-15)));
    radii(scores).forEach((radius, t) => {
      expect(Math.abs(radius - nudged[t])).toBeLessThan(1e-9);
    });
  });

  test("cumulative scores and sets", () => {
    expect(Array.from(classScoresOf([0.2, 0.7, 0.1], { kind: "cumulative" }))).toEqual([
      0.8999999999999999, 0.7, 0.9999999999999999,
    ]);
    const penalised = classScoresOf([0.2, 0.7, 0.1], { kind: "cumulative", penalty: 0.05, free: 1 });
    expect(penalised[2]).toBeCloseTo(1.1, 12);
    expect(predictionSet([0.2, 0.7, 0.1], 0.95, { kind: "cumulative" })).toEqual([1, 0]);
    expect(predictionSet([0.2, 0.7, 0.1], 0.1, { kind: "cumulative" })).toEqual([1]);
  });

  test("split sets cover as promised", () => {
    const runs = 300;
    let covered = 0;
    for (let r = 0; r < runs; r++) {
      const scores = stream(41, `split/${r}`, () => 1);
      if (scores[40] <= splitConformalRadius(scores.slice(0, 40), 0.1)) covered++;
    }
    expect(covered / runs).toBeGreaterThan(0.9 - 3 * Math.sqrt(0.09 / runs));
  });
});
