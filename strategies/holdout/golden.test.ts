import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { ApproximateCrossValidation, askThresholdout, startThresholdout } from ".";

const golden = JSON.parse(
  readFileSync(new URL("../../test/golden/evaluation/conformal_and_more.json", import.meta.url), "utf8"),
);

test("Thresholdout with the noise given", () => {
  const { train_means, holdout_means, T, sigma, budget, gamma, eta, xi, answers } = golden.thresholdout;
  const options = { threshold: T, noise: sigma, budget };
  // The vectors give three kinds of noise, each in its own order: replayed here at the scale it is asked for.
  const queue: number[] = [gamma[0] / (2 * sigma)];
  let surprises = 0;
  const laplace = () => queue.shift()!;
  let state = startThresholdout(options, laplace);
  answers.forEach((expected: { answer: number | null; used_holdout?: boolean; budget: number }, i: number) => {
    queue.length = 0;
    queue.push(eta[i] / (4 * sigma), gamma[surprises + 1] / (2 * sigma), xi[surprises] / sigma);
    const result = askThresholdout(state, `version ${i}`, train_means[i], holdout_means[i], options, laplace);
    state = result.state;
    if (expected.answer === null) expect(result.answer).toBeNull();
    else {
      expect(result.answer!.value).toBeCloseTo(expected.answer, 9);
      expect(result.answer!.usedHoldout).toBe(expected.used_holdout);
    }
    expect(state.budget).toBe(expected.budget);
    if (result.answer?.usedHoldout) surprises++;
  });
});

test("approximate cross-validation follows the trace", () => {
  const { X, y, ridge, step, history } = golden.iacv;
  const p = X[0].length;
  const training = { x: X.flat(), n: X.length, p, y, family: "logistic", ridge } as const;
  const validation = new ApproximateCrossValidation(training);
  let done = 0;
  for (const entry of history) {
    for (; done < entry.iter; done++) validation.step(step);
    entry.theta.forEach((value: number, j: number) => {
      expect(validation.parameters[j]).toBeCloseTo(value, 9);
    });
    entry.iacv_loo_params.forEach((row: number[], i: number) => {
      row.forEach((value, j) => {
        expect(validation.parametersWithout(i)[j]).toBeCloseTo(value, 9);
      });
    });
    expect(validation.score()).toBeCloseTo(entry.cv_loss_iacv, 9);
    expect(validation.trainingLoss()).toBeCloseTo(entry.train_loss, 9);
  }
});
