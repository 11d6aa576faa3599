import { describe, expect, test } from "vitest";
import { bitmapFromRows } from "../core/bitmap";
import { GONE, OPEN } from "../core/classPaths";
import { KeyedRandom } from "../core/keyedRandom";
import { completeOptions } from "../core/resolveOptions";
import { arrayMatrix } from "../core/rowMatrix";
import type { Pool } from "../core/types";
import { createReferenceKernels } from "../kernels";
import { direct } from "./index";
import { bestSplit, pickAroundSplit, pickInInterval, splitAgreement, uncertainInterval } from "./pickOnPath";

const _ = OPEN;

describe("the stretch in which a threshold can lie", () => {
  test.each([
    [[_, 1, _, 1, _, _, 0, _, 0, _], { from: 3, to: 6 }],
    // A positive beyond a negative widens it on both sides.
    [[1, _, 0, _, 1, _, 0, 0, _], { from: 0, to: 6 }],
    [[_, _, 1, _], { from: 2, to: 3 }],
    [[_, 0, _, _], { from: 0, to: 1 }],
    [[_, _, _], { from: 0, to: 2 }],
    [[0, _, _, 1], { from: 0, to: 3 }],
    [[1, GONE, _, 0], { from: 0, to: 3 }],
  ])("of %j is %j", (answers, expected) => {
    expect(uncertainInterval(Int8Array.from(answers))).toEqual(expected);
  });

  test("splits agree with labels as counted one by one, and the best is the first with most", () => {
    const random = new KeyedRandom("direct", "agreement");
    for (let run = 0; run < 500; run++) {
      const answers = Int8Array.from({ length: run % 15 }, (_unused, i) => [OPEN, 0, 1, GONE][random.below(4, i, run)]);
      const counted = Array.from({ length: answers.length + 1 }, (_unused, split) =>
        answers.reduce((sum, answer, i) => {
          const sign = answer === 1 ? 1 : answer === 0 ? -1 : 0;
          return sum + (i < split ? sign : -sign);
        }, 0),
      );
      expect([...splitAgreement(answers)]).toEqual(counted);
      expect(bestSplit(answers)).toBe(counted.indexOf(Math.max(...counted)));
    }
  });
});

describe("picking", () => {
  test("around a split goes outward on both sides, the front first, and past what is labelled", () => {
    const answers = Int8Array.from([_, 1, _, _, 0, _, _]);
    expect(pickAroundSplit({ answers, inFlight: () => GONE }, 3, 9)).toEqual([2, 3, 0, 5, 6]);
  });

  test("with answers known between groups finds a threshold by few labels, noise or not", () => {
    const random = new KeyedRandom("direct", "bisect");
    const n = 1000;
    for (const threshold of [100, 500, 900]) {
      const answers = new Int8Array(n).fill(OPEN);
      answers[0] = 1;
      answers[n - 1] = 0;
      let draws = 0;
      const inFlight = (position: number) => {
        const isFlipped = random.uniform(position, threshold) < 0.02;
        return position < threshold !== isFlipped ? 1 : 0;
      };
      const draw = (open: readonly number[], k: number) =>
        [...open]
          .map((p) => [random.uniform(p, ++draws), p])
          .sort((a, b) => a[0] - b[0])
          .slice(0, k)
          .map(([, p]) => p);
      const picks = pickInInterval({ answers, inFlight }, 60, 10, draw, () => random.uniform(++draws) < 0.5);
      expect(picks.length).toBeGreaterThan(30);
      expect(picks.length).toBeLessThanOrEqual(60);
      expect(Math.abs(bestSplit(answers) - threshold)).toBeLessThan(25);
    }
  });
});

describe("DIRECT", () => {
  const n = 200;
  const random = new KeyedRandom("direct", "pool");
  const probabilities = new Float64Array(3 * n);
  for (let row = 0; row < n; row++) {
    const p = [0.1 * random.uniform(row), random.uniform(row, 1), random.uniform(row, 2)];
    const sum = p.reduce((total, value) => total + value, 0);
    p.forEach((value, k) => {
      probabilities[3 * row + k] = value / sum;
    });
  }
  const labelled = Array.from({ length: 20 }, (_unused, i) => i);
  const pool: Pool = {
    n,
    nClasses: 3,
    eligible: bitmapFromRows(
      n,
      Array.from({ length: n - 20 }, (_unused, i) => i + 20),
    ),
    labelled: {
      rows: Uint32Array.from(labelled),
      classes: Int32Array.from(labelled, (i) => (i === 0 ? 0 : 1 + (i % 2))),
    },
    probabilities: arrayMatrix(probabilities, n, 3),
  };
  const nothing = () => undefined;
  const context = {
    ...{ kernels: createReferenceKernels(), seed: "s", scope: "s", checkAbort: nothing, progress: nothing },
    trace: nothing,
  };
  const classesOf = async (batch: number, options: object) => {
    const picks = await direct.select(context, pool, batch, completeOptions(direct, options, "options"));
    const reasons = picks.reasons.map(([reason]) => {
      if (reason.code !== "classBoundary") throw new Error(reason.code);
      return reason;
    });
    return { rules: reasons.map((reason) => reason.rule), classes: reasons.map((reason) => reason.class) };
  };

  test("spends half of a batch inside the stretches and half around the thresholds", async () => {
    const { rules } = await classesOf(60, {});
    expect(rules.filter((rule) => rule === "interval").length).toBe(30);
    expect(rules.filter((rule) => rule === "threshold").length).toBe(30);
  });

  test("small batches go to the rarest class, each class getting its least", async () => {
    expect(new Set((await classesOf(10, { minPerClass: 5 })).classes)).toEqual(new Set([0]));
    expect(new Set((await classesOf(60, { minPerClass: 5 })).classes)).toEqual(new Set([0, 1, 2]));
    // The released code spreads small batches thinly instead.
    expect(new Set((await classesOf(12, { minPerClass: 5, released: true })).classes)).toEqual(new Set([0, 1, 2]));
  });

  test("hands out everything when a batch is larger than the pool", async () => {
    const { classes } = await classesOf(500, { inFlight: "predicted", group: 7 });
    expect(classes.length).toBe(180);
  });
});
