import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { LinearHead } from "@/strategies";
import { KeyedRandom } from "@/strategies";
import { createReferenceKernels } from "@/strategies/kernels";
import { lineChart, niceTicks } from "./lineChart";
import { readDataSet } from "./readDataSet";
import { loadSimulationModel } from "./serverModels";
import type { SimulatedRun } from "./simulateRun";
import { splitData } from "./simulateRun";
import { summarizeRuns } from "./summarizeRuns";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "winnow-simulate-test-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

const noTexts = () => Promise.reject(new Error("no texts here"));

test("a softmax model is handed on as the linear layer it is", async () => {
  const kernels = createReferenceKernels();
  const model = await loadSimulationModel("softmax", { kernels, monotonicMs: () => 0 });
  const random = new KeyedRandom("simulate", "x");
  const [n, d, nClasses] = [40, 3, 3];
  const x = Float32Array.from({ length: n * d }, (_, i) => 5 * random.uniform(i) + (i % d));
  const trainRows = Uint32Array.from({ length: 20 }, (_, i) => i);
  const trainClasses = Int32Array.from(trainRows, (row) => (x[row * d] > 3 ? 2 : x[row * d + 1] > 4 ? 1 : 0));
  const heads: LinearHead[] = [];
  const fit = {
    ...{ x, n, d, nClasses, trainRows, trainClasses, seed: "s" },
    giveHead: (head: LinearHead) => heads.push(head),
  };
  const probabilities = await model.fitPredict(fit);
  const [{ weights, bias }] = heads;
  for (let i = 0; i < n; i++) {
    const logits = Array.from(
      bias,
      (b, c) => b + x.subarray(i * d, (i + 1) * d).reduce((s, v, j) => s + v * weights[j * nClasses + c], 0),
    );
    const row = [...probabilities.subarray(i * nClasses, (i + 1) * nClasses)];
    expect(logits.indexOf(Math.max(...logits))).toBe(row.indexOf(Math.max(...row)));
  }
});

describe("readDataSet", () => {
  test("reads numbers, categories, missing values and a quoted label from a CSV", async () => {
    const data = file("a.csv", 'size,colour,label\n1,red,"yes"\n2,blue,no\n,red,yes\n3,red,no\n');
    const set = await readDataSet({ data, target: "label", header: true }, noTexts);
    expect(set).toMatchObject({ n: 4, d: 3, classes: ["no", "yes"] });
    expect([...set.y]).toEqual([1, 0, 1, 0]);
    const sizes = [0, 1, 2, 3].map((row) => set.x[3 * row]);
    // Mean 2 and deviation √(2/3) over the three known values; the missing one takes the mean.
    expect(sizes[2]).toBe(0);
    expect(sizes[0]).toBeCloseTo(-1 / Math.sqrt(2 / 3), 6);
    expect(set.x[4]).toBeGreaterThan(0);
    expect(set.x[5]).toBeLessThan(0);
    expect(set.notes).toEqual([
      'Column "colour" became 2 0/1 columns.',
      "1 missing values were replaced by their column's mean.",
    ]);
  });

  test("orders numeric classes by number and takes columns by number from either end", async () => {
    const data = file("b.csv.gz", gzipSync("5,1,10\n6,2,9\n7,3,10\n8,4,2\n"));
    const set = await readDataSet({ data, target: "-1", header: false }, noTexts);
    expect(set.classes).toEqual(["2", "9", "10"]);
    expect([...set.y]).toEqual([2, 1, 2, 0]);
    expect(set.d).toBe(2);
    expect((await readDataSet({ data, target: "0", header: false }, noTexts)).classes.length).toBe(4);
  });

  test("reads svmlight with gaps and comments", async () => {
    const data = file("c.svm", "+1 1:0.5 3:2 # first\n-1 2:1\n\n+1 3:4\n");
    const set = await readDataSet({ data, header: true }, noTexts);
    expect(set).toMatchObject({ n: 3, d: 3, classes: ["-1", "+1"] });
    expect([...set.y]).toEqual([1, 0, 1]);
  });

  test("hands a text column to the featurizer and leaves its vectors as they are", async () => {
    const data = file("d.tsv", "text\tlabel\nhello there\tham\nbuy now\tspam\n");
    const set = await readDataSet({ data, target: "label", text: "text", header: true }, async (texts) => ({
      x: Float32Array.from(texts, (text) => text.length),
      d: 1,
      note: "lengths",
    }));
    expect([...set.x]).toEqual([11, 7]);
    expect(set.notes).toEqual(["lengths"]);
  });

  test.each([
    ["e.csv", "a,b\n1,2\n", { target: "c" }, /--target: no column "c"; this file has: a, b/],
    ["f.csv", "a,b\n1,2\n", {}, /--target takes a column; this file has: a, b/],
    ["g.csv", "a,b\n1,2\n3,2\n", { target: "b" }, /only one class, "2"/],
    ["h.csv", "a,b\n1,2,3\n", { target: "b" }, /Invalid Record Length/],
    ["i.svm", "1 0:3\n", {}, /line 1: "0:3" is not index:value/],
    ["j.xlsx", "", {}, /no .csv, .tsv, .svm or .npy file/],
    ["k.csv", "a,b\n", { target: "b" }, /has no rows/],
    [
      "l.csv",
      `t,b\n${Array.from({ length: 70 }, (_, i) => `word${i},${i % 2}`).join("\n")}`,
      { target: "b" },
      /70 distinct texts/,
    ],
  ])("%s is refused with a reason", async (name, content, flags, message) => {
    await expect(readDataSet({ data: file(name, content), header: true, ...flags }, noTexts)).rejects.toThrow(message);
  });
});

test("splitData gives disjoint rows that only seed and repetition decide", () => {
  const plan = { initial: 5, batch: 5, rounds: 3, testShare: 0.3, seed: "s" };
  const split = splitData(100, plan, 1);
  expect(split.test.length).toBe(30);
  expect(new Set([...split.test, ...split.pool]).size).toBe(100);
  expect(new Set(split.initial).size).toBe(5);
  expect(Math.max(...split.initial)).toBeLessThan(70);
  expect(splitData(100, { ...plan, batch: 9 }, 1)).toEqual(split);
  expect(splitData(100, plan, 2)).not.toEqual(split);
});

describe("summarizeRuns", () => {
  const run = (
    strategy: string,
    repetition: number,
    accuracy: number[],
    picksHash = `${strategy}${repetition}`,
  ): SimulatedRun => ({
    strategy,
    repetition,
    labels: [10, 20, 40],
    accuracy,
    macroF1: accuracy,
    selectSeconds: 1,
    picksHash,
    roundsNotOk: 0,
  });
  const runs = [
    run("random", 0, [0.5, 0.6, 0.7]),
    run("random", 1, [0.5, 0.62, 0.72]),
    run("random", 2, [0.5, 0.58, 0.74]),
    run("good", 0, [0.5, 0.7, 0.8], "x0"),
    run("good", 1, [0.5, 0.73, 0.8], "x1"),
    run("good", 2, [0.5, 0.69, 0.8], "x2"),
    run("twin", 0, [0.5, 0.7, 0.8], "x0"),
    run("twin", 1, [0.5, 0.73, 0.8], "x1"),
    run("twin", 2, [0.5, 0.69, 0.8], "x2"),
  ];
  const summary = summarizeRuns(runs);

  test("weighs the curve by the labels between its points", () => {
    // (10·0.55 + 20·0.65) / 30
    expect(summary.strategies[0].area.values[0]).toBeCloseTo(18.5 / 30, 12);
    expect(summary.strategies[1].accuracy[1]).toMatchObject({
      labels: 20,
      mean: expect.closeTo((0.7 + 0.73 + 0.69) / 3, 12),
      n: 3,
    });
  });

  test("finds arms that are the same, and pairs that differ", () => {
    expect(summary.identicalArms).toEqual([["good", "twin"]]);
    const pair = summary.pairs.find((entry) => entry.a === "random" && entry.b === "good")!;
    expect(pair).toMatchObject({ wins: 0, losses: 3 });
    expect(pair.difference).toBeLessThan(-0.08);
    expect(pair.pAdjusted!).toBeGreaterThan(pair.pValue!);
    expect(summary.pairs.find((entry) => entry.a === "good")).toMatchObject({ difference: 0, pValue: 1, ties: 3 });
    expect(summary.penalty[1][0]).toBe(1);
    expect(summary.penalty[0][1]).toBe(0);
    expect(summary.penalty[1][2]).toBe(0);
  });

  test("profiles the labels each strategy needs for the baseline's final accuracy", () => {
    expect(summary.profile.baseline).toBe("random");
    // Targets 0.70, 0.72, 0.74: good needs 20, 20, 40; random always 40.
    const share = (name: string, tau: number) =>
      summary.profile.curves.find((curve) => curve.strategy === name)!.points.find((point) => point.tau === tau)!.share;
    expect(share("good", 1)).toBe(1);
    expect(share("random", 1)).toBeCloseTo(1 / 3, 12);
    expect(share("random", 2)).toBe(1);
  });
});

test("charts have round ticks around the data and escape what they are given", () => {
  expect(niceTicks(0.52, 0.97)).toEqual([0.5, 0.6, 0.7, 0.8, 0.9, 1]);
  expect(niceTicks(20, 220)).toEqual([0, 50, 100, 150, 200, 250]);
  expect(niceTicks(0.7, 0.7).length).toBeGreaterThan(1);
  const labels = { title: "A", xLabel: "labels", yLabel: "accuracy", xUnit: "labels" };
  const svg = lineChart([{ name: "<b>", points: [{ x: 1, y: 0.5, low: 0.4, high: 0.6 }] }], labels);
  expect(svg).not.toContain("<b>");
  expect(svg).toContain("1 labels: 0.5000 (0.4000 to 0.6000)");
  expect(svg).not.toContain("NaN");
});

test("winnow simulate writes curves, runs, results and a report, the same ones each time", async () => {
  const root = fileURLToPath(new URL("../..", import.meta.url));
  const digits = join(root, "test", "fixtures", "digits.csv.gz");
  const command = async (out: string) => {
    const flags = ["--no-header", "--target", "-1", "--strategies", "margin,random", "--rounds", "2", "--seeds", "2"];
    const args = ["--import", "tsx", "bin/winnow.ts", "simulate", "--data", digits, ...flags, "--out", out];
    return promisify(execFile)(process.execPath, args, { cwd: root });
  };
  const [first, second] = [join(folder, "one"), join(folder, "two")];
  const { stdout } = await command(first);
  await command(second);
  expect(stdout).toMatch(/^margin: mean accuracy 0\.\d{4} \(95 % .*\), 0\.\d{4} at 60 labels$/m);
  for (const name of ["curves.csv", "runs.csv"]) {
    expect(readFileSync(join(first, name), "utf8")).toBe(readFileSync(join(second, name), "utf8"));
  }
  const lines = readFileSync(join(first, "runs.csv"), "utf8").trim().split("\n");
  expect(lines.length).toBe(1 + 2 * 2 * 3);
  const results = JSON.parse(readFileSync(join(first, "results.json"), "utf8"));
  expect(results.data).toMatchObject({ n: 1797, d: 64 });
  // The arms start from the same model.
  const start = results.runs
    .filter((run: SimulatedRun) => run.repetition === 0)
    .map((run: SimulatedRun) => run.accuracy[0]);
  expect(start[0]).toBe(start[1]);
  const html = readFileSync(join(first, "report.html"), "utf8");
  expect(html.match(/<svg/g)!.length).toBe(3);
  expect(html).not.toMatch(/<script|https?:\/\//);
});
