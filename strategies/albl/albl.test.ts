import { expect, test } from "vitest";
import { bitmapFromRows } from "../core/bitmap";
import type { OpenBatch } from "../core/openRows";
import { settleOpenRows } from "../core/openRows";
import { arrayMatrix } from "../core/rowMatrix";
import type { Pool } from "../core/types";
import { creditAnswers } from "./creditAnswers";
import { armProbabilities, DELTA, drawArm, floorOf } from "./exp4p";

const N = 10;

/** Ten rows of two classes; the model holds the first class likelier on rows 0 … 4. */
function poolOf(labelled: number[], classes: number[]): Pool {
  return {
    n: N,
    nClasses: 2,
    eligible: bitmapFromRows(
      N,
      [...Array(N).keys()].filter((row) => !labelled.includes(row)),
    ),
    labelled: { rows: Uint32Array.from(labelled), classes: Int32Array.from(classes) },
    probabilities: arrayMatrix(
      Float64Array.from({ length: 2 * N }, (_, i) => (i >> 1 < 5 === (i & 1) < 1 ? 0.7 : 0.3)),
      N,
      2,
    ),
  };
}

test("Hsu and Lin's form credits every nominator with the weighted accuracy over all answers, as by hand", async () => {
  const ids = ["a", "b"];
  const horizon = 50;
  const floor = floorOf("hsuLin", 2, horizon);
  expect(floor).toBeCloseTo(Math.sqrt(Math.log(2) / 100), 12);
  const chances = { a: 0.6, b: 0.4 };
  // Row 0 was nominated by both, row 7 by b alone; row 0 is answered rightly, row 7 not.
  const open: OpenBatch = { round: 1, isClosed: false, rows: [0, 7], arms: ["a b", "b"], chances: [1, 0.4] };
  const state = { round: 1, weights: { a: 0.5, b: 0.5 }, open: [open], chances: { 1: chances }, answered: [] };
  const pool = poolOf([0, 7], [0, 0]);
  const rules = { form: "hsuLin" as const, horizon, ids, floor };
  const { weights, answered } = await creditAnswers(pool, state, settleOpenRows(pool, [open], 2), rules);
  expect(answered).toEqual([
    [0, 1],
    [7, 2.5],
  ]);
  const reward = (1 * 1 + 2.5 * 0) / (N * horizon);
  const bonus = (arm: "a" | "b") => Math.sqrt(Math.log(2 / DELTA) / (2 * horizon)) / chances[arm];
  const raw = {
    a: Math.exp((floor / 2) * (reward / 1 + bonus("a") + (0 + bonus("a")))),
    b: Math.exp((floor / 2) * (reward / 1 + bonus("b") + (reward / 0.4 + bonus("b")))),
  };
  expect(weights.a).toBeCloseTo(raw.a / (raw.a + raw.b), 12);
  expect(weights.b).toBeCloseTo(raw.b / (raw.a + raw.b), 12);
});

test("a thousand answers of one batch keep the weights finite, and an arm can come back", async () => {
  const n = 1000;
  const rows = [...Array(n).keys()];
  const pool: Pool = {
    n,
    nClasses: 2,
    eligible: bitmapFromRows(n, []),
    labelled: { rows: Uint32Array.from(rows), classes: new Int32Array(n) },
    probabilities: arrayMatrix(
      Float64Array.from({ length: 2 * n }, (_, i) => 1 - (i & 1)),
      n,
      2,
    ),
  };
  const open: OpenBatch = {
    ...{ round: 1, isClosed: false, rows },
    arms: rows.map(() => "a"),
    chances: rows.map(() => 0.1),
  };
  const state = { round: 1, weights: { a: 1, b: 1 }, open: [open], chances: { 1: { a: 0.1, b: 0.9 } }, answered: [] };
  const rules = { form: "released" as const, horizon: 1, ids: ["a", "b"], floor: floorOf("released", 2, 1) };
  const { weights } = await creditAnswers(pool, state, settleOpenRows(pool, [open], 2), rules);
  expect(weights.a).toBeCloseTo(1, 12);
  expect(weights.b).toBeGreaterThan(0);
  const chances = armProbabilities([weights.a, weights.b], rules.floor);
  expect(chances[1]).toBeCloseTo(rules.floor, 12);
  expect(drawArm(chances, 0)).toBe(0);
  expect(drawArm(chances, 0.999999)).toBe(1);
});
