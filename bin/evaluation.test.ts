import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { KeyedRandom } from "@/strategies";
import { estimateFromDraws } from "./commands/estimateFromDraws";
import { planAsCsv, planTest } from "./commands/planTest";
import { selectModel } from "./commands/selectModel";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const run = promisify(execFile);
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "winnow-evaluation-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function write(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

/** A .npy file of f8 or i4 as NumPy writes it. */
function npy(name: string, values: Float64Array | Int32Array, shape: readonly number[]): string {
  const descr = values instanceof Float64Array ? "<f8" : "<i4";
  const dict = `{'descr': '${descr}', 'fortran_order': False, 'shape': (${shape.join(", ")}${shape.length === 1 ? "," : ""}), }`;
  const text = `${dict}${" ".repeat(63 - ((10 + dict.length) % 64))}\n`;
  const head = Buffer.alloc(10 + text.length);
  head.write("\x93NUMPY", 0, "latin1");
  head[6] = 1;
  head.writeUInt16LE(text.length, 8);
  head.write(text, 10, "latin1");
  const path = join(folder, name);
  writeFileSync(path, Buffer.concat([head, Buffer.from(values.buffer, values.byteOffset, values.byteLength)]));
  return path;
}

async function winnow(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  try {
    const { stdout, stderr } = await run(process.execPath, ["--import", "tsx", "bin/winnow.ts", ...args], {
      cwd: ROOT,
    });
    return { code: 0, stdout, stderr };
  } catch (error) {
    return error as { code: number; stdout: string; stderr: string };
  }
}

function golden(name: string) {
  return JSON.parse(readFileSync(join(ROOT, `test/golden/evaluation/${name}.json`), "utf8"));
}

/** Three classes; the target is right as often as its probabilities say. */
function syntheticFrame(n: number) {
  const random = new KeyedRandom("cli", "frame");
  const p = new Float64Array(n * 3);
  const surrogate = new Float64Array(n * 3);
  const losses: number[] = [];
  for (let i = 0; i < n; i++) {
    const sure = 0.45 + 0.54 * random.uniform(i, 1);
    const own = 0.45 + 0.54 * (0.7 * ((sure - 0.45) / 0.54) + 0.3 * random.uniform(i, 2));
    const top = random.below(3, i, 3);
    for (let c = 0; c < 3; c++) {
      p[i * 3 + c] = c === top ? sure : (1 - sure) / 2;
      surrogate[i * 3 + c] = c === top ? own : (1 - own) / 2;
    }
    losses.push(random.uniform(i, 4) < own ? 0 : 1);
  }
  return { p, surrogate, losses, mean: losses.reduce((a, b) => a + b, 0) / n };
}

describe("winnow estimate", () => {
  test("prints the golden estimates", async () => {
    const entry = golden("lure").control_variate[0];
    const lines = entry.order.map((item: number, m: number) => `${m + 1},${item},${entry.q[m]},${entry.loss[m]}`);
    const draws = write("golden.csv", `draw,item,q,loss\n${lines.join("\n")}\n`);
    const control = write(
      "control.csv",
      `item,g\n${entry.g_pool.map((g: number, i: number) => `${i},${g}`).join("\n")}\n`,
    );
    const { stdout, code } = await winnow(
      "estimate",
      "--draws",
      draws,
      "--pool-size",
      "8",
      "--control",
      control,
      "--json",
    );
    expect(code).toBe(0);
    const result = JSON.parse(stdout);
    expect(result.lure).toBeCloseTo(entry.R_lure, 9);
    expect(result.tuned).toBeCloseTo(entry.R_cv_tuned, 9);
    expect(result.lambda).toBeCloseTo(entry.lambda_clipped, 9);
    expect(result.ess).toBeCloseTo(5, 9);
    expect(result.intervals.martingale).toMatchObject({ low: null, withheld: "few-non-zero-losses" });
    expect(result.intervals.betting.bound).toBe("uniform draws");
    expect(result.intervals.betting.low).toBeLessThanOrEqual(result.lure);
    expect(Object.keys(result)).toEqual(expect.arrayContaining(["lure", "pure", "tuned", "intervals", "ess"]));
  });

  test("uses the draws before the first outstanding one", () => {
    const path = write(
      "open.csv",
      "draw,item,q,loss\n1,a,0.1,1\n2,b,0.111111111111,0\n3,c,0.125,\n4,d,0.142857142857,1\n",
    );
    const result = estimateFromDraws({ draws: path, poolSize: "10" });
    expect(result).toMatchObject({ draws: 2, outstanding: 2, tuned: null });
    expect(result.lure).toBeCloseTo(0.5, 6);
  });

  test("accuracy is 1 − the mean loss, with its interval turned", () => {
    const path = write("turn.csv", "draw,item,q,loss\n1,a,0.3,1\n2,b,0.2,0\n3,c,0.4,1\n");
    const mean = estimateFromDraws({ draws: path, poolSize: "10", defensive: "0.5" });
    const accuracy = estimateFromDraws({ draws: path, poolSize: "10", defensive: "0.5", metric: "accuracy" });
    expect(accuracy.lure).toBeCloseTo(1 - (mean.lure as number), 12);
    const [a, b] = [accuracy, mean].map(
      (result) => (result.intervals as { betting: { low: number; high: number } }).betting,
    );
    expect([a.low, a.high]).toEqual([1 - b.high, 1 - b.low]);
  });

  test("a ratio from numerators and denominators", () => {
    const rows = Array.from({ length: 12 }, (_, m) => `${m + 1},${m},${1 / (12 - m)},${m % 3 === 0 ? 1 : 0},${m % 2}`);
    const path = write("ratio.csv", `draw,item,q,numerator,denominator\n${rows.join("\n")}\n`);
    const result = estimateFromDraws({ draws: path, poolSize: "12", metric: "ratio" });
    expect(result.lure).toBeCloseTo(4 / 6, 12);
  });

  test("without a known smallest probability the betting interval bounds one side only", () => {
    const rows = Array.from({ length: 40 }, (_, m) => `${m + 1},${m},${Math.min(1, 2 / (100 - m))},1`);
    const path = write("onesided.csv", `draw,item,q,loss\n${rows.join("\n")}\n`);
    const { betting } = estimateFromDraws({ draws: path, poolSize: "100" }).intervals as {
      betting: { low: number; high: number; bound: string };
    };
    expect(betting.bound).toBe("none: one-sided");
    expect(betting.high).toBe(1);
    expect(betting.low).toBeGreaterThan(0.4);
  });

  test("a smallest probability of 0 bounds nothing", () => {
    const path = write("zero.csv", "draw,item,q,q_min,loss\n1,a,0.5,0,1\n2,b,0.5,0.1,0\n");
    const { betting } = estimateFromDraws({ draws: path, poolSize: "10" }).intervals as { betting: { bound: string } };
    expect(betting.bound).toBe("none: one-sided");
  });

  test.each([
    ["gaps in the draw numbers", "draw,item,q,loss\n0,a,0.5,1\n1,b,0.5,1\n", /numbered 1, 2, 3/],
    ["an item drawn twice", "draw,item,q,loss\n1,a,0.5,1\n2,a,0.5,1\n", /drawn twice/],
    ["a probability of 0", "draw,item,q,loss\n1,a,0,1\n", /probability above 0/],
    ["a missing column", "draw,item,loss\n1,a,1\n", /lacks the column q/],
    ["text for a number", "draw,item,q,loss\n1,a,0.5,wrong\n", /loss is "wrong"/],
    ["no loss at all", "draw,item,q,loss\n1,a,0.5,\n", /no draw with a loss/],
  ])("refuses %s", (_, text, message) => {
    const path = write("refused.csv", text);
    expect(() => estimateFromDraws({ draws: path, poolSize: "10" })).toThrow(message);
  });

  test("refuses a control that leaves out items of the frame", () => {
    const draws = write("d.csv", "draw,item,q,loss\n1,a,0.5,1\n");
    const control = write("g.csv", "item,g\na,0.5\n");
    expect(() => estimateFromDraws({ draws, poolSize: "2", control })).toThrow(/all 2 of the frame/);
  });
});

describe("winnow test-plan", () => {
  test("a plan with losses filled in is an estimate whose intervals cover the truth", async () => {
    const n = 1500;
    const frame = syntheticFrame(n);
    const flags = {
      probabilities: npy("p.npy", frame.p, [n, 3]),
      surrogate: npy("s.npy", frame.surrogate, [n, 3]),
      loss: "error",
      draws: "250",
      seed: "plan",
      controlOut: join(folder, "g-plan.csv"),
    };
    const plan = await planTest(flags);
    expect(await planTest(flags)).toEqual(plan);
    expect(new Set(plan.draws.map((draw) => draw.item)).size).toBe(250);
    const csv = planAsCsv(plan)
      .trim()
      .split("\n")
      .map((line, k) => (k === 0 ? line : `${line}${frame.losses[plan.draws[k - 1].item]}`));
    const draws = write("plan.csv", csv.join("\n"));
    const result = estimateFromDraws({ draws, poolSize: String(n), control: flags.controlOut });
    const { martingale, betting } = result.intervals as Record<string, { low: number; high: number; bound?: string }>;
    for (const interval of [martingale, betting]) {
      expect(interval.low).toBeLessThan(frame.mean);
      expect(interval.high).toBeGreaterThan(frame.mean);
    }
    expect(betting.bound).toBe("column q_min");
    expect(martingale.high - martingale.low).toBeLessThan(0.12);
    expect(result.randomLabels as number).toBeGreaterThan(250);
  });

  test("on the command line: CSV by default, JSON on request", async () => {
    const p = npy("small.npy", new Float64Array([0.9, 0.1, 0.6, 0.4, 0.5, 0.5]), [3, 2]);
    const args = ["test-plan", "--probabilities", p, "--loss", "logloss", "--draws", "2", "--seed", "1"];
    const { stdout } = await winnow(...args);
    expect(stdout.split("\n")[0]).toBe("draw,item,q,q_min,expected_loss,loss");
    const plan = JSON.parse((await winnow(...args, "--json")).stdout);
    expect(plan.draws).toHaveLength(2);
    expect(plan.draws[0].q).toBeCloseTo(Number(stdout.split("\n")[1].split(",")[2]), 15);
    const refused = await winnow("test-plan", "--probabilities", p, "--loss", "auc", "--draws", "2", "--seed", "1");
    expect(refused.code).toBe(2);
    expect(refused.stderr).toMatch(/--loss takes error or logloss/);
  });
});

describe("winnow model-selector", () => {
  const data = golden("model_selector");
  const files = () => ({
    predictions: npy("h.npy", Int32Array.from(data.predictions.flat()), [14, 5]),
    labels: npy("y.npy", Int32Array.from(data.labels), [14]),
    classes: "3",
    budget: "11",
    seed: "1",
  });

  test("picks and expected entropies of the golden run", async () => {
    const { predictions, labels } = files();
    const flags = ["--predictions", predictions, "--labels", labels, "--classes", "3", "--epsilon", "0.45"];
    const { stdout, code } = await winnow(
      "model-selector",
      ...flags,
      "--budget",
      "20",
      "--seed",
      "1",
      "--ties",
      "lowest",
      "--json",
    );
    expect(code).toBe(0);
    const result = JSON.parse(stdout);
    const { steps } = data.runs[0];
    expect(result.picks).toEqual(steps.map((step: { chosen: number }) => step.chosen));
    steps.forEach((step: { min: number; best_models: number[] }, t: number) => {
      expect(result.expectedEntropy[t]).toBeCloseTo(step.min, 9);
      expect(step.best_models).toContain(result.best[t]);
    });
    expect(result).toMatchObject({ labelsSpent: 11, unanimous: 3, isCertain: false });
  });

  test.each(["model-selector", "coda", "vma", "amc", "entropy", "margin", "random"])(
    "%s spends labels where models differ",
    async (method) => {
      const result = await selectModel({ ...files(), method });
      expect([...(result.picks as number[])].sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 5, 7, 8, 10, 11, 12, 13]);
      expect(data.true_best).toContain((result.best as number[]).at(-1));
    },
  );

  test("curves over random pools end at certainty", async () => {
    const result = await selectModel({ ...files(), realisations: "20", pool: "10", budget: "10" });
    expect(result.identification).toHaveLength(10);
    expect((result.identification as number[]).at(-1)).toBeCloseTo(1, 12);
    (result.nearBest as number[]).forEach((near, t) => {
      expect(near).toBeGreaterThanOrEqual((result.identification as number[])[t] - 1e-12);
    });
  });

  test("near-duplicate models are one candidate on request, named by its first", async () => {
    const doubled = data.predictions.flatMap((row: number[]) => [row[0], row[0], ...row.slice(2)]);
    const predictions = npy("twins.npy", Int32Array.from(doubled), [14, 5]);
    const plain = await selectModel({ ...files(), predictions });
    expect(plain).toMatchObject({ duplicates: [[0, 1]], models: 5 });
    const clustered = await selectModel({ ...files(), predictions, cluster: true });
    expect(clustered).toMatchObject({ candidates: [0, 2, 3, 4], duplicates: [[0, 1]] });
    expect((clustered.best as number[]).at(-1)).toBe(0);
    expect((clustered.ties as number[]).at(-1)).toBe(1);
  });

  test("ε is not tuned on few models, and 0.5 says what it is", async () => {
    expect(await selectModel({ ...files(), epsilon: "auto" })).toMatchObject({
      epsilon: 0.42,
      note: expect.stringMatching(/not tuned/),
    });
    expect(await selectModel({ ...files(), epsilon: "0.5" })).toMatchObject({
      note: expect.stringMatching(/random sampling/),
    });
  });

  test("refuses class numbers that start at 1", async () => {
    const labels = npy(
      "y1.npy",
      Int32Array.from(data.labels, (label: number) => label + 1),
      [14],
    );
    await expect(selectModel({ ...files(), labels })).rejects.toThrow(/class numbers 0 … 2/);
    const predictions = npy(
      "h1.npy",
      Int32Array.from(data.predictions.flat(), (vote: number) => vote + 1),
      [14, 5],
    );
    await expect(selectModel({ ...files(), predictions })).rejects.toThrow(/item 0, model 0 predicts 3/);
    await expect(selectModel({ ...files(), epsilon: "0.6" })).rejects.toThrow(/at most 0.5/);
  });
});
