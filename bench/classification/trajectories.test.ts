import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { beforeAll, expect, test } from "vitest";
import { cliKernels } from "@/bin/cliKernels";
import type { Kernels } from "@/strategies/kernels";
import type { LocalSet } from "./localSets";
import { letterSet } from "./localSets";
import { fitSoftmax } from "./softmaxRegression";
import type { Trajectory } from "./trajectories";
import { trajectoryDifferences } from "./trajectories";

const { runs } = JSON.parse(
  readFileSync("test/golden/classification/trajectories_softmax_regression.json", "utf8"),
) as { runs: Trajectory[] };
const onLetter = runs.filter((run) => run.dataset === "letter_imb4");

let kernels: Kernels;
let set: LocalSet;
beforeAll(async () => {
  ({ kernels } = await cliKernels(128 << 20));
  set = letterSet("letter_imb4", gunzipSync(readFileSync("test/fixtures/letter-recognition.csv.gz")).toString("utf8"));
});

test("the fixture holds the four runs on letters", () => {
  expect(onLetter.map((run) => run.strategy)).toEqual(["least_confidence", "margin", "entropy", "base"]);
});

test.each(onLetter)("$strategy: model, accuracies and picks of every round are the reference's", async (run) => {
  expect(await trajectoryDifferences(set, run, kernels)).toEqual([]);
});

test("a run with another pick is told apart", async () => {
  const [run] = onLetter;
  const [first, ...others] = run.rounds;
  const swapped = [first.selected_row[1], first.selected_row[0], ...first.selected_row.slice(2)];
  const altered = { ...run, rounds: [{ ...first, selected_row: swapped }, ...others] };
  expect(await trajectoryDifferences(set, altered, kernels)).toHaveLength(1);
});

test("a warm start ends where a cold one does", () => {
  const n = 120;
  const x = set.poolX.slice(0, n * set.d);
  const y = set.poolY.slice(0, n);
  const cold = fitSoftmax(x, y, set.d, set.nClasses, 1e-9);
  const less = fitSoftmax(x.slice(0, 60 * set.d), y.slice(0, 60), set.d, set.nClasses, 1e-9);
  const warm = fitSoftmax(x, y, set.d, set.nClasses, 1e-9, less.weights);
  for (const [j, value] of cold.weights.entries()) expect(warm.weights[j]).toBeCloseTo(value, 8);
});
