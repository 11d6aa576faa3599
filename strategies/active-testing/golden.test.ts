import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import {
  activeInferenceMean,
  clippedToUniform,
  controlIncrements,
  deviationOfError,
  deviationOfLogLoss,
  effectiveSampleSize,
  ensembleMean,
  ensembleMutualInformation,
  estimateControlled,
  estimateHajek,
  estimateLure,
  estimatePure,
  expectedError,
  expectedLogLoss,
  expectedSquaredError,
  floorAtPercentile,
  floorAtShareOfMax,
  fMeasureScores,
  LossBettingSequence,
  lureCoefficients,
  lureWeights,
  martingaleIncrements,
  mixedWithUniform,
  modelBasedGuess,
  normalizedScores,
  precisionScores,
  predictionPoweredMean,
  pureWeights,
  recallScores,
  rootScores,
  rootSecondMomentLogLoss,
  xwedScores,
} from ".";

function golden(name: string) {
  return JSON.parse(readFileSync(new URL(`../../test/golden/evaluation/${name}.json`, import.meta.url), "utf8"));
}

function near(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance = 1e-9): void {
  expect(actual.length).toBe(expected.length);
  for (let i = 0; i < expected.length; i++) expect(Math.abs(actual[i] - expected[i])).toBeLessThanOrEqual(tolerance);
}

interface DrawCase {
  name: string;
  N: number;
  q: number[];
  loss: number[];
  [field: string]: unknown;
}

describe("lure.json", () => {
  const lure = golden("lure");

  test.each((lure.cases as DrawCase[]).map((entry) => [entry.name, entry] as const))("%s", (_, entry) => {
    const draws = { poolSize: entry.N, q: entry.q, losses: entry.loss };
    const weights = lureWeights(draws);
    const estimate = estimateLure(draws);
    near(weights, entry.v_lure as number[]);
    near(pureWeights(draws), entry.v_pure as number[]);
    near(martingaleIncrements(draws), entry.increments_a as number[]);
    near(lureCoefficients(entry.q.length, entry.N), entry.coefs_c as number[]);
    near(
      [
        estimate.value,
        estimate.variance,
        estimatePure(draws).value,
        estimateHajek(draws),
        effectiveSampleSize(weights),
      ],
      [entry.R_lure, entry.var_martingale, entry.R_pure, entry.R_hajek, entry.ess] as number[],
    );
    const weighted = weights.reduce((sum, weight, m) => sum + weight * entry.loss[m], 0) / weights.length;
    expect(weighted).toBeCloseTo(entry.R_lure as number, 10);
  });

  test.each((lure.control_variate as DrawCase[]).map((entry) => [entry.name, entry] as const))(
    "control variate, %s",
    (_, entry) => {
      const g = entry.g_pool as number[];
      const draws = { poolSize: entry.N, q: entry.q, losses: entry.loss };
      const control = { drawn: (entry.order as number[]).map((item) => g[item]), poolMean: entry.g_mean as number };
      near(controlIncrements(draws, control), entry.B_increments as number[]);
      const tuned = estimateControlled(draws, control);
      const fixed = estimateControlled(draws, control, 1);
      near([tuned.value, tuned.variance, tuned.lambda, tuned.lambdaRaw, fixed.value, fixed.variance], [
        entry.R_cv_tuned,
        entry.var_cv_tuned,
        entry.lambda_clipped,
        entry.lambda_raw,
        entry.R_cv_lambda1,
        entry.var_cv_lambda1,
      ] as number[]);
    },
  );
});

test("betting.json, every step", () => {
  const betting = golden("betting");
  const sequence = new LossBettingSequence(betting.N, {
    alpha: betting.alpha,
    gridPoints: betting.grid_points,
    truncation: betting.truncation_c,
  });
  for (const step of betting.steps) {
    const m = step.m - 1;
    sequence.add({ q: betting.q[m], qMin: betting.q_min_remaining[m], loss: betting.loss[m] });
    const kept = sequence.keptCandidates();
    near([kept.low, kept.high], [step.lower, step.upper]);
    for (const [mu, log] of Object.entries(step.log_capital_at as Record<string, number>)) {
      expect(Math.abs(sequence.logCapitalAt(Number(mu)) - log)).toBeLessThan(1e-6);
    }
    const interval = sequence.interval();
    expect(interval.low).toBeLessThanOrEqual(kept.low + 1e-12);
    expect(interval.high).toBeGreaterThanOrEqual(kept.high - 1e-12);
  }
});

describe("acquisition.json", () => {
  const acquisition = golden("acquisition");
  const matrix = (rows: number[][]) => ({ values: rows.flat(), n: rows.length, nClasses: rows[0].length });
  const target = matrix(acquisition.target_probs);
  const surrogate = matrix(acquisition.surrogate_probs);
  const members = (acquisition.surrogate_ensemble_probs as number[][][]).map(matrix);

  test("log loss", () => {
    const { raw, clipped_p10, q_paper, q_unclipped } = acquisition.cross_entropy;
    const scores = expectedLogLoss(target, surrogate);
    near(scores, raw);
    near(floorAtPercentile(scores, 0.1), clipped_p10);
    near(normalizedScores(floorAtPercentile(scores, 0.1)), q_paper);
    near(normalizedScores(scores), q_unclipped);
    near(normalizedScores(rootSecondMomentLogLoss(target, surrogate)), acquisition.cross_entropy_sqrt_second_moment);
    near(normalizedScores(deviationOfLogLoss(target, surrogate)), acquisition.cross_entropy_sd);
    near(expectedLogLoss(target, target), acquisition.self_entropy_no_surrogate.raw);
  });

  test("accuracy", () => {
    const { raw, floored, q_paper, sqrt_q, control_variate_q } = acquisition.accuracy;
    const scores = expectedError(target, surrogate);
    near(scores, raw);
    near(floorAtShareOfMax(scores, 0.05), floored);
    near(normalizedScores(floorAtShareOfMax(scores, 0.05)), q_paper);
    near(normalizedScores(rootScores(scores)), sqrt_q);
    near(normalizedScores(deviationOfError(scores)), control_variate_q);
  });

  test("squared error", () => {
    const { mu_surrogate, sd_surrogate, mu_target, aleatoric_sd, raw, q, floored_5pct } = acquisition.mse;
    const scores = expectedSquaredError({
      target: mu_target,
      surrogateMean: mu_surrogate,
      surrogateDeviation: sd_surrogate,
      noiseDeviation: aleatoric_sd,
    });
    near(scores, raw);
    near(normalizedScores(scores), q);
    near(floorAtShareOfMax(scores, 0.05), floored_5pct);
  });

  test("clipping and mixing", () => {
    const q = normalizedScores(expectedLogLoss(target, surrogate));
    for (const [share, expected] of Object.entries(acquisition.uniform_clip))
      near(clippedToUniform(q, Number(share)), expected as number[]);
    for (const [share, expected] of Object.entries(acquisition.defensive_mix))
      near(mixedWithUniform(q, Number(share)), expected as number[]);
  });

  test("XWED, mutual information and the model-based guess", () => {
    near(ensembleMean(members).values, surrogate.values);
    near(xwedScores(target, members), acquisition.xwed.scores);
    near(ensembleMutualInformation(members), acquisition.xwed.bald);
    const guess = modelBasedGuess(target, surrogate, "log-loss");
    expect(guess.kind).toBe("model-based-guess");
    near(
      [guess.value, modelBasedGuess(target, surrogate, "error").value],
      [acquisition.ase_estimate_logloss, acquisition.ase_estimate_error_rate],
    );
  });

  test("F-measure, recall and precision", () => {
    const { f_measure: f, recall, precision } = acquisition;
    near(fMeasureScores(f.p_pos, f.pred, f.F_guess, f.alpha), f.raw);
    near(normalizedScores(fMeasureScores(f.p_pos, f.pred, f.F_guess, f.alpha)), f.q);
    near(recallScores(recall.p_pos, recall.pred, recall.recall_guess), recall.raw);
    near(normalizedScores(recallScores(recall.p_pos, recall.pred, recall.recall_guess)), recall.q);
    near(precisionScores(precision.p_pos, precision.pred, precision.precision_guess), precision.raw);
  });
});

describe("conformal_and_more.json", () => {
  const { ppi, active_inference: active } = golden("conformal_and_more");

  test("prediction-powered means", () => {
    const estimate = (lambda: number | "tuned") =>
      predictionPoweredMean(ppi.Y, ppi.Yhat, ppi.Yhat_unlabeled, 1 - ppi.alpha, lambda);
    const [plain, tuned, classical] = [estimate(1), estimate("tuned"), estimate(0)];
    near(
      [plain.value, plain.standardError, plain.interval.low, plain.interval.high],
      [ppi.ppi.est, ppi.ppi.se, ...ppi.ppi.ci],
    );
    near(
      [tuned.value, tuned.standardError, tuned.interval.low, tuned.interval.high, tuned.lambda],
      [ppi.ppi_pp.est, ppi.ppi_pp.se, ...ppi.ppi_pp.ci, ppi.lambda_clipped],
    );
    near([classical.value, classical.standardError], [ppi.classical.est, ppi.classical.se]);
  });

  test("active inference", () => {
    const estimate = activeInferenceMean(active.f, active.loss, active.pi, active.xi);
    near(
      [estimate.value, estimate.standardError, estimate.poolStandardError],
      [active.estimate, active.se_iid, active.se_fixed_pool],
    );
  });
});
