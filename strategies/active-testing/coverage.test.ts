import { describe, expect, test } from "vitest";
import { KeyedRandom } from "../core/keyedRandom";
import {
  ControlledBettingSequence,
  estimateControlled,
  estimateLure,
  LossBettingSequence,
  martingaleInterval,
  mixedWithUniform,
  normalizedScores,
  raceDraws,
} from ".";

/** 0/1 losses with as many errors as the reference pools had; under uniform draws nothing else of a pool matters. */
function poolOf(poolSize: number, errors: number): Float64Array {
  return Float64Array.from({ length: poolSize }, (_, i) => (i < errors ? 1 : 0));
}

const POOL = 2000;
const RUNS = 1000;

/** Monte-Carlo difference of two coverages in its standard errors; both sides are simulated. */
function gap(actual: number, runs: number, expected: number, expectedRuns: number): number {
  const p = (actual * runs + expected * expectedRuns) / (runs + expectedRuns);
  return Math.abs(actual - expected) / Math.sqrt(Math.max(p * (1 - p), 1e-4) * (1 / runs + 1 / expectedRuns));
}

describe("coverage of the plain plug-in interval under uniform draws is that of the reference tables", () => {
  test.each([
    [250, [0.918, 0.948, 0.949], [0.176, 0.1248, 0.0863]],
    [80, [0.881, 0.918, 0.9], [0.0983, 0.0731, 0.0512]],
    [343, [0.925, 0.929, 0.955], [0.2027, 0.143, 0.0989]],
  ])("%i errors in 2000, after 50, 100 and 200 labels", (errors, coverages, widths) => {
    const losses = poolOf(POOL, errors);
    const flat = new Float64Array(POOL).fill(1);
    const looks = [50, 100, 200];
    const covered = [0, 0, 0];
    const meanWidth = [0, 0, 0];
    for (let run = 0; run < RUNS; run++) {
      const all = raceDraws(flat, 200, `uniform/${run}`);
      looks.forEach((nDraws, k) => {
        const draws = all.slice(0, nDraws);
        const drawn = draws.map(({ item }) => losses[item]);
        const estimate = estimateLure({ poolSize: POOL, q: draws.map(({ q }) => q), losses: drawn });
        const look = { poolSize: POOL, nonZero: 0, level: 0.95, smallSample: false };
        const interval = martingaleInterval(estimate, look).interval!;
        if (interval.low <= errors / POOL && interval.high >= errors / POOL) covered[k]++;
        meanWidth[k] += (interval.high - interval.low) / RUNS;
      });
    }
    looks.forEach((_, k) => {
      expect(gap(covered[k] / RUNS, RUNS, coverages[k], 1000)).toBeLessThan(3);
      expect(Math.abs(meanWidth[k] / widths[k] - 1)).toBeLessThan(0.05);
    });
  });
});

/** A pool whose errors a surrogate sees, roughly: probabilities p of error, and what happened. */
function seenPool(poolSize: number, seed: string) {
  const random = new KeyedRandom(seed, "pool");
  const p = Float64Array.from({ length: poolSize }, (_, i) => 0.6 * random.uniform(i, 1) ** 4 + 0.005);
  const losses = p.map((chance, i) => (random.uniform(i, 2) < chance ? 1 : 0));
  const mean = losses.reduce((a, b) => a + b, 0) / poolSize;
  return { p, losses, mean, pMean: p.reduce((a, b) => a + b, 0) / poolSize };
}

describe("guided draws", () => {
  const pool = seenPool(1000, "guided");
  const scores = mixedWithUniform(normalizedScores(pool.p.map(Math.sqrt)), 0.1);

  test("estimates are unbiased, and the guarded intervals cover", () => {
    const runs = 600;
    let covered = 0;
    let given = 0;
    let sum = 0;
    let squares = 0;
    let uniformSquares = 0;
    for (let run = 0; run < runs; run++) {
      const draws = raceDraws(scores, 120, `guided/${run}`);
      const losses = draws.map(({ item }) => pool.losses[item]);
      const control = { drawn: draws.map(({ item }) => pool.p[item]), poolMean: pool.pMean };
      const estimate = estimateControlled({ poolSize: 1000, q: draws.map(({ q }) => q), losses }, control);
      const nonZero = losses.filter((loss) => loss > 0).length;
      const { interval } = martingaleInterval(estimate, { poolSize: 1000, nonZero, level: 0.95 });
      sum += estimate.value / runs;
      squares += (estimate.value - pool.mean) ** 2 / runs;
      const uniform = raceDraws(new Float64Array(1000).fill(1), 120, `flat/${run}`);
      uniformSquares +=
        (uniform.reduce((total, { item }) => total + pool.losses[item] / 120, 0) - pool.mean) ** 2 / runs;
      if (interval === null) continue;
      given++;
      if (interval.low <= pool.mean && interval.high >= pool.mean) covered++;
    }
    expect(Math.abs(sum - pool.mean)).toBeLessThan(4 * Math.sqrt(squares / runs));
    expect(squares).toBeLessThan(0.85 * uniformSquares);
    expect(given).toBeGreaterThan(0.9 * runs);
    expect(covered / given).toBeGreaterThan(0.95 - 3 * Math.sqrt((0.95 * 0.05) / given));
  });

  test("the betting sequence covers at every look, also when looking decides when to stop", () => {
    const runs = 120;
    let plain = 0;
    let controlled = 0;
    let width = 0;
    let controlledWidth = 0;
    for (let run = 0; run < runs; run++) {
      const draws = raceDraws(scores, 150, `betting/${run}`);
      const sequence = new LossBettingSequence(1000, { alpha: 0.05, gridPoints: 401 });
      const withControl = new ControlledBettingSequence(1000, pool.pMean, { alpha: 0.05, gridPoints: 401 });
      let isCovered = true;
      let isControlledCovered = true;
      for (const { item, q, qMin } of draws) {
        const loss = pool.losses[item];
        sequence.add({ q, qMin, loss });
        // No predicted loss is above 0.605.
        const controlOverQMax = 0.605 / qMin;
        withControl.add({ q, qMin, loss, control: pool.p[item], controlOverQMax });
        const inside = ({ low, high }: { low: number; high: number }) => low <= pool.mean && high >= pool.mean;
        isCovered &&= inside(sequence.interval());
        isControlledCovered &&= inside(withControl.interval());
      }
      plain += isCovered ? 1 : 0;
      controlled += isControlledCovered ? 1 : 0;
      width += (sequence.interval().high - sequence.interval().low) / runs;
      controlledWidth += (withControl.interval().high - withControl.interval().low) / runs;
    }
    expect(plain / runs).toBeGreaterThanOrEqual(0.95 - 3 * Math.sqrt((0.95 * 0.05) / runs));
    expect(controlled / runs).toBeGreaterThanOrEqual(0.95 - 3 * Math.sqrt((0.95 * 0.05) / runs));
    expect(width).toBeLessThan(0.25);
    expect(controlledWidth).toBeLessThan(0.25);
  });

  test("uniform draws: the mean width of the sequence is that of the reference tables", () => {
    const losses = poolOf(POOL, 80);
    let width = 0;
    const runs = 60;
    for (let run = 0; run < runs; run++) {
      const sequence = new LossBettingSequence(POOL, { alpha: 0.05, gridPoints: 1001 });
      for (const { item, q } of raceDraws(new Float64Array(POOL).fill(1), 200, `width/${run}`)) {
        sequence.add({ q, qMin: q, loss: losses[item] });
      }
      const kept = sequence.keptCandidates();
      width += (kept.high - kept.low) / runs;
    }
    expect(Math.abs(width / 0.0748 - 1)).toBeLessThan(0.08);
  });
});
