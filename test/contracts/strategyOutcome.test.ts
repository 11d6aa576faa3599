import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { fileURLToPath } from "node:url";
import { beforeAll, expect, test } from "vitest";
import { cliKernels } from "@/bin/cliKernels";
import { readDataSet } from "@/bin/simulate/readDataSet";
import { loadSimulationModel } from "@/bin/simulate/serverModels";
import { simulateRun } from "@/bin/simulate/simulateRun";
import type { SimulationSummary } from "@/bin/simulate/summarizeRuns";
import { summarizeRuns } from "@/bin/simulate/summarizeRuns";
import { normalizeSpec } from "@/strategies";

/**
 * What the strategies are for, on real data: 1,797 handwritten digits of 8×8 pixels (UCI Optical Recognition of
 * Handwritten Digits, CC BY 4.0, as packaged by scikit-learn), the product's own softmax trainer, paired seeds.
 */
const DIGITS = join(fileURLToPath(new URL("..", import.meta.url)), "fixtures", "digits.csv.gz");

const PLAN = { initial: 20, batch: 20, rounds: 8, testShare: 0.3, seed: "outcome" };
const REPETITIONS = 8;

let summary: SimulationSummary;

beforeAll(async () => {
  const data = await readDataSet({ data: DIGITS, target: "-1", header: false }, () =>
    Promise.reject(new Error("no texts")),
  );
  const { kernels } = await cliKernels(256 << 20);
  const tools = { kernels, monotonicMs: () => performance.now() };
  const model = await loadSimulationModel("softmax", tools);
  const runs = [];
  for (let repetition = 0; repetition < REPETITIONS; repetition++) {
    for (const use of ["random", "margin", "margin-kmeans", "typiclust"]) {
      const spec = normalizeSpec({ op: "single", use });
      runs.push(await simulateRun(data, PLAN, { name: use, spec }, repetition, model, tools));
    }
  }
  summary = summarizeRuns(runs);
}, 120_000);

function pointsOverRandom(strategy: string) {
  const pair = summary.pairs.find((entry) => entry.a === "random" && entry.b === strategy)!;
  return { gain: -100 * pair.difference, atLeast: -100 * pair.interval!.high };
}

test("margin beats random on digits by more than a point of mean accuracy, surely", () => {
  const { gain, atLeast } = pointsOverRandom("margin");
  expect(gain).toBeGreaterThan(1);
  expect(atLeast).toBeGreaterThan(0);
});

test("margin with k-means beats random on digits as well", () => {
  expect(pointsOverRandom("margin-kmeans").atLeast).toBeGreaterThan(0);
});

test("typiclust beats random while labels are few", () => {
  const at40 = (name: string) => summary.strategies.find((entry) => entry.strategy === name)!.accuracy[1];
  expect(at40("typiclust").labels).toBe(40);
  expect(at40("typiclust").mean).toBeGreaterThan(at40("random").mean + 0.02);
});

test("no arm is another arm", () => {
  expect(summary.identicalArms).toEqual([]);
});
