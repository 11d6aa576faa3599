import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import {
  benjaminiHochberg,
  calibrationScores,
  candidateScores,
  conformalPValues,
  eBenjaminiHochberg,
  OnlineConformal,
  planAutoLabels,
  selectOptimized,
  splitConformalRadius,
  updateRadius,
} from ".";

const golden = JSON.parse(
  readFileSync(new URL("../../test/golden/evaluation/conformal_and_more.json", import.meta.url), "utf8"),
);

function near(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance = 1e-9): void {
  expect(actual.length).toBe(expected.length);
  for (let i = 0; i < expected.length; i++) expect(Math.abs(actual[i] - expected[i])).toBeLessThanOrEqual(tolerance);
}

describe("conformal selection", () => {
  const small = golden.conformal_selection;
  const calibration = calibrationScores(small.calib_mu, small.calib_y);
  const candidates = candidateScores(small.test_mu);

  test("scores and p-values under every tie rule", () => {
    near(calibration, small.calib_scores);
    near(candidates, small.test_scores);
    near(conformalPValues(calibration, candidates), small.p_conservative_ties);
    near(conformalPValues(calibration, candidates, { kind: "strict" }), small.p_strict);
    near(conformalPValues(calibration, candidates, { kind: "randomized", u: small.u }), small.p_randomized);
  });

  test.each(Object.entries(small.BH as Record<string, { conservative: number[]; randomized: number[] }>))(
    "selection at level %s",
    (level, expected) => {
      const own = { confidence: small.calib_mu, isRight: small.calib_y };
      expect(Array.from(planAutoLabels(small.test_mu, own, Number(level)).accepted)).toEqual(expected.conservative);
      const ties = { kind: "randomized", u: small.u } as const;
      expect(Array.from(planAutoLabels(small.test_mu, own, Number(level), ties).accepted)).toEqual(expected.randomized);
    },
  );

  test("the large case", () => {
    const large = golden.conformal_selection_large;
    const own = { confidence: large.calib_mu, isRight: large.calib_y };
    near(planAutoLabels(large.test_mu, own, 0.1).pValues, large.p);
    for (const [level, expected] of Object.entries(large.BH)) {
      expect(Array.from(planAutoLabels(large.test_mu, own, Number(level)).accepted)).toEqual(expected);
    }
  });

  test("weighted p-values", () => {
    const { calib_weights, test_weights, p } = golden.weighted_p_values;
    const weights = { calibration: calib_weights, candidates: test_weights };
    near(conformalPValues(calibration, candidates, { kind: "randomized", u: small.u }, weights), p);
  });

  test("Benjamini–Hochberg and e-BH", () => {
    const { p, q, selected } = golden.BH_plain;
    expect(Array.from(benjaminiHochberg(p, q))).toEqual(selected);
    for (const [level, expected] of Object.entries(golden.eBH.selected)) {
      expect(Array.from(eBenjaminiHochberg(golden.eBH.e, Number(level)))).toEqual(expected);
    }
  });

  test.each(Object.entries(golden.optcs_msel.results as Record<string, Record<string, number[]>>))(
    "OptCS at level %s",
    (level, expected) => {
      const { calib_scores, test_scores } = golden.optcs_msel;
      const result = selectOptimized(calib_scores, test_scores, Number(level));
      expect(Array.from(result.chosenScore)).toEqual(expected.theta);
      expect(Array.from(result.auxiliarySizes)).toEqual(expected.aux_sizes);
      near(result.pValues, expected.p);
      near(result.eValues, expected.e);
      expect(Array.from(result.selected)).toEqual(expected.selected_dtm);
    },
  );
});

describe("prediction sets", () => {
  test("split conformal", () => {
    const { scores, alpha, qhat } = golden.split_conformal;
    expect(splitConformalRadius(scores, alpha)).toBe(qhat);
    expect(splitConformalRadius(scores.slice(0, 8), alpha)).toBe(Number.POSITIVE_INFINITY);
  });

  test("SF-OGD and SAOCP over a stream", () => {
    const online = golden.online_conformal;
    const options = { coverage: online.coverage, scale: online.scale, lifetime: online.lifetime_g };
    const learner = { radius: 0, squares: 0 };
    const adaptive = new OnlineConformal(options);
    const radii: number[] = [];
    const adaptiveRadii: number[] = [];
    const experts: number[] = [];
    for (const score of online.scores) {
      radii.push(learner.radius);
      adaptiveRadii.push(adaptive.radius);
      updateRadius(learner, score, options);
      adaptive.update(score);
      experts.push(adaptive.experts);
    }
    near(radii, online.sfogd_radius_before_update);
    expect(experts).toEqual(online.saocp_snap_n_experts_after);
    near(adaptiveRadii, online.saocp_snap_radius_before_update, 1e-6);
  });
});
