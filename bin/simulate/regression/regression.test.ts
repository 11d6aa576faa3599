import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { namedMethods, runNumberSimulation } from "@/bin/commands/runNumberSimulation";
import { KeyedRandom } from "@/strategies";
import { readNumbers } from "./readNumbers";
import { drawSplit, readSplit } from "./splits";

let folder: string;
let data: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "winnow-numbers-"));
  data = join(folder, "numbers.csv");
  const random = new KeyedRandom("numbers", "csv");
  const rows = Array.from({ length: 160 }, (_, i) => {
    const [a, b] = [random.uniform(i, 0), random.uniform(i, 1)];
    const kind = ["red", "blue", ""][i % 3];
    return [a, 1000 * b, 5, kind, 3 + Math.sin(5 * a) + b + (kind === "red" ? 0.5 : 0)].join();
  });
  writeFileSync(data, ["a,b,constant,kind,y", ...rows, "1,,5,red,2"].join("\n"));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("number data", () => {
  test("drops incomplete rows and constant columns, makes categories alphabetical with one for missing, standardises the target", () => {
    const read = readNumbers({ data, target: "y", header: true });
    expect([read.n, read.d]).toEqual([160, 5]);
    // a, b, then blue, red, missing.
    expect([...read.x.subarray(2, 5)]).toEqual([0, 1, 0]);
    expect([...read.x.subarray(7, 10)]).toEqual([1, 0, 0]);
    expect([...read.x.subarray(12, 15)]).toEqual([0, 0, 1]);
    const mean = read.y.reduce((sum, value) => sum + value / 160, 0);
    expect(Math.abs(mean)).toBeLessThan(1e-12);
    expect(read.y.reduce((sum, value) => sum + (value - mean) ** 2 / 160, 0)).toBeCloseTo(1, 12);
    expect(() => readNumbers({ data, target: "kind", header: true })).toThrow(/holds texts/);
  });

  test("splits are disjoint, cover all rows and differ by number; stored ones are read as written", () => {
    const sizes = { initial: 20, validation: 30 };
    const split = drawSplit(160, sizes, "s", 0);
    expect([split.train.length, split.validation.length, split.pool.length, split.test.length]).toEqual([
      20, 30, 78, 32,
    ]);
    const all = [...split.train, ...split.validation, ...split.pool, ...split.test];
    expect([...all].sort((a, b) => a - b)).toEqual([...Array(160).keys()]);
    expect([...drawSplit(160, sizes, "s", 1).train]).not.toEqual([...split.train]);
    const path = join(folder, "split.i32");
    writeFileSync(path, Buffer.from(Int32Array.from(all).buffer));
    expect(readSplit(path, 160, sizes)).toEqual(split);
    expect(() => readSplit(path, 161, sizes)).toThrow(/161/);
  });

  test("methods are separated by commas outside brackets, and unknown ones named", () => {
    expect(
      namedMethods("random, lcmd-tp,bait-f-p / grad → sketch(8) → train(0.001, scale)").map(({ name }) => name),
    ).toEqual(["random", "lcmd-tp", "bait-f-p / grad → sketch(8) → train(0.001, scale)"]);
    expect(() => namedMethods("lcmd-xp")).toThrow(/no method "lcmd-xp"/);
    expect(() => namedMethods("bait-f-p / grad")).toThrow(/end the chain with a sketch/);
  });
});

test("a simulation is paired, repeatable, and runs every kind of kernel", async () => {
  const methods = [
    "random",
    "lcmd-tp / grad → sketch(16)",
    "lcmd-tp / grad",
    "maxdet-p / ll → train(0.1, scale)",
    "bait-f-p / grad → ens(2) → sketch(8) → train(0.1, scale)",
    "kmeanspp-tp / ntk",
    "fw-p / ll → acs-rf-hyper(8)",
    "maxdiag / laplace → train(0.1, scale)",
  ];
  const flags = (out: string) => ({
    data,
    target: "y",
    strategies: methods.join(","),
    ...{ initial: "24", validation: "30", batch: "9", rounds: "2", seeds: "2" },
    network: '{"hidden":[12,10],"epochs":8,"batchSize":12}',
    ...{ header: true, seed: "t", out: join(folder, out) },
  });
  const printed = await runNumberSimulation(flags("one"), () => undefined);
  await runNumberSimulation(flags("two"), () => undefined);
  const [one, two] = ["one", "two"].map((name) => JSON.parse(readFileSync(join(folder, name, "results.json"), "utf8")));
  const bare = (runs: { metrics: unknown; picksHash: string }[]) =>
    runs.map(({ metrics, picksHash }) => ({ metrics, picksHash }));
  expect(bare(two.runs)).toEqual(bare(one.runs));
  expect(one.runs.length).toBe(16);
  for (const run of one.runs) {
    expect(run.labels).toEqual([24, 33, 42]);
    expect(run.stopped).toEqual([]);
    // One network: the initial model is that of every other method on the split.
    const twin = one.runs.find(
      (other: { method: string; split: number }) => other.method === "random" && other.split === run.split,
    );
    if (!run.method.includes("ens")) expect(run.metrics[0]).toEqual(twin.metrics[0]);
  }
  const hashes = new Set(
    one.runs.filter((run: { split: number }) => run.split === 0).map((run: { picksHash: string }) => run.picksHash),
  );
  expect(hashes.size).toBe(8);
  expect(printed).toContain("random: mean ln mae");
  expect(printed).toMatch(/RMSE against random -?\d/);
}, 60_000);
