import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { loadSimulationModel } from "@/bin/simulate/serverModels";
import { loadKernels } from "@/server/models";
import type { ClassProbabilities, LossControl } from "@/strategies";
import {
  ensembleMean,
  estimateControlled,
  estimateLure,
  expectedError,
  expectedLogLoss,
  fitTemperature,
  floorAtPercentile,
  floorAtShareOfMax,
  KeyedRandom,
  logLosses,
  mixedWithUniform,
  modelBasedGuess,
  mostProbableClasses,
  normalizedScores,
  raceDraws,
  rootScores,
  rootSecondMomentLogLoss,
  withTemperature,
  zeroOneLosses,
} from "@/strategies";

/**
 * Active testing of the product's own models on handwritten digits:
 * `npx tsx bench/evaluation/imageTesting.ts [--mnist FOLDER] [--train 250] [--pool 1500] [--members 5] [--runs 1000]
 *  [--labels 25,50,100,200] [--out FILE.json]`.
 *
 * Target: softmax regression on the training rows. Surrogate: the mean of several neural networks trained on the same rows,
 * its temperature fitted out of fold. Without --mnist the digits of the test fixtures; FOLDER holds t10k-images-idx3-ubyte.gz
 * and t10k-labels-idx1-ubyte.gz and is not part of the project: when it is missing the command says so and ends well.
 */

function option(name: string, fallback: string): string {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? fallback : process.argv[at + 1];
}

interface Images {
  readonly name: string;
  readonly x: Float32Array;
  readonly d: number;
  readonly labels: Int32Array;
}

function readDigits(): Images {
  const file = new URL("../../test/fixtures/digits.csv.gz", import.meta.url);
  const rows = gunzipSync(readFileSync(file)).toString().trim().split("\n");
  const values = rows.map((row) => row.split(",").map(Number));
  const d = values[0].length - 1;
  return {
    name: "digits",
    d,
    x: Float32Array.from(values.flatMap((row) => row.slice(0, d).map((pixel) => pixel / 16))),
    labels: Int32Array.from(values, (row) => row[d]),
  };
}

function readMnist(folder: string): Images {
  const images = gunzipSync(readFileSync(join(folder, "t10k-images-idx3-ubyte.gz"))).subarray(16);
  const labels = gunzipSync(readFileSync(join(folder, "t10k-labels-idx1-ubyte.gz"))).subarray(8);
  return {
    name: "mnist",
    d: 784,
    x: Float32Array.from(images, (pixel) => pixel / 255),
    labels: Int32Array.from(labels),
  };
}

const mnist = option("mnist", "");
if (mnist !== "" && !existsSync(join(mnist, "t10k-images-idx3-ubyte.gz"))) {
  console.log(`Skipped: ${mnist} holds no t10k-images-idx3-ubyte.gz.`);
  process.exit(0);
}
const data = mnist === "" ? readDigits() : readMnist(mnist);
const nTrain = Number(option("train", "250"));
const poolSize = Number(option("pool", "1500"));
const nMembers = Number(option("members", "5"));
const runs = Number(option("runs", "1000"));
const looks = option("labels", "25,50,100,200").split(",").map(Number);
const CLASSES = 10;

const kernels = await loadKernels({ memoryBytes: 512 << 20 });
const tools = { kernels, monotonicMs: () => performance.now() };
const softmax = await loadSimulationModel("softmax", tools);
const mlp = await loadSimulationModel("mlp", tools);

const random = new KeyedRandom("image-testing", "split");
const order = Array.from(data.labels, (_, i) => i).sort((a, b) => random.uniform(a) - random.uniform(b));
const train = order.slice(0, nTrain);
const pool = order.slice(nTrain, nTrain + poolSize);

/** Predicts `rows` after training on others. */
async function predicted(
  model: typeof softmax,
  trainRows: number[],
  rows: number[],
  seed: string,
): Promise<ClassProbabilities> {
  const { d } = data;
  const all = [...trainRows, ...rows];
  const x = new Float32Array(all.length * d);
  all.forEach((row, i) => {
    x.set(data.x.subarray(row * d, (row + 1) * d), i * d);
  });
  const values = await model.fitPredict({
    x,
    n: all.length,
    d,
    nClasses: CLASSES,
    trainRows: Uint32Array.from(trainRows, (_, i) => i),
    trainClasses: Int32Array.from(trainRows, (row) => data.labels[row]),
    seed,
  });
  return { values: values.subarray(trainRows.length * CLASSES), n: rows.length, nClasses: CLASSES };
}

const target = await predicted(softmax, train, pool, "target");
const members: ClassProbabilities[] = [];
for (let k = 0; k < nMembers; k++) members.push(await predicted(mlp, train, pool, `member/${k}`));
const half = Math.floor(nTrain / 2);
const outOfFold = [
  await predicted(mlp, train.slice(half), train.slice(0, half), "fold/0"),
  await predicted(mlp, train.slice(0, half), train.slice(half), "fold/1"),
];
const folds: ClassProbabilities = {
  values: Float32Array.from(outOfFold.flatMap((fold) => Array.from(fold.values))),
  n: nTrain,
  nClasses: CLASSES,
};
const temperature = fitTemperature(
  folds,
  train.map((_, i) => i),
  train.map((row) => data.labels[row]),
);
const surrogate = withTemperature(ensembleMean(members), temperature);
const truth = Int32Array.from(pool, (row) => data.labels[row]);
const rows = Array.from(pool, (_, i) => i);

const uniform = new Float64Array(poolSize).fill(1 / poolSize);
const mixed = (scores: Float64Array) => mixedWithUniform(normalizedScores(scores), 0.1);
const CASES = {
  error: {
    losses: zeroOneLosses(truth, mostProbableClasses(target)),
    expected: expectedError(target, surrogate),
    proposals: {
      uniform,
      "expected loss, 5 % floor": normalizedScores(floorAtShareOfMax(expectedError(target, surrogate), 0.05)),
      "root expected loss, mix 0.1": mixed(rootScores(expectedError(target, surrogate))),
      "own doubt, mix 0.1": mixed(expectedError(target, target)),
    },
  },
  "log loss": {
    losses: logLosses(truth, target, rows),
    expected: expectedLogLoss(target, surrogate),
    proposals: {
      uniform,
      "expected loss, 10th percentile floor": normalizedScores(
        floorAtPercentile(expectedLogLoss(target, surrogate), 0.1),
      ),
      "root second moment, mix 0.1": mixed(rootSecondMomentLogLoss(target, surrogate)),
      "own entropy, 10th percentile floor": normalizedScores(floorAtPercentile(expectedLogLoss(target, target), 0.1)),
    },
  },
};

function median(values: number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
}

const out: Record<string, unknown>[] = [];
for (const [loss, { losses, expected, proposals }] of Object.entries(CASES)) {
  const mean = losses.reduce((sum, value) => sum + value / poolSize, 0);
  const spread = losses.reduce((sum, value) => sum + (value - mean) ** 2 / poolSize, 0);
  const poolMean = expected.reduce((sum, value) => sum + value / poolSize, 0);
  const guess = modelBasedGuess(target, surrogate, loss === "error" ? "error" : "log-loss").value;
  const iidSquares: Record<number, number[]> = {};
  for (const [proposal, scores] of Object.entries(proposals)) {
    const squares = looks.map(() => ({ lure: [] as number[], tuned: [] as number[] }));
    for (let run = 0; run < runs; run++) {
      const all = raceDraws(scores, Math.max(...looks), `${data.name}/${run}`);
      looks.forEach((count, k) => {
        const draws = all.slice(0, count);
        const design = { poolSize, q: draws.map(({ q }) => q), losses: draws.map(({ item }) => losses[item]) };
        const control: LossControl = { drawn: draws.map(({ item }) => expected[item]), poolMean };
        squares[k].lure.push((estimateLure(design).value - mean) ** 2);
        squares[k].tuned.push((estimateControlled(design, control).value - mean) ** 2);
      });
    }
    looks.forEach((count, k) => {
      if (proposal === "uniform") iidSquares[count] = squares[k].lure;
      const iid = (spread / count) * ((poolSize - count) / (poolSize - 1));
      const average = (list: number[]) => list.reduce((sum, value) => sum + value / list.length, 0);
      const line = {
        data: data.name,
        loss,
        true: mean,
        temperature,
        proposal,
        labels: count,
        lure: average(squares[k].lure) / iid,
        tuned: average(squares[k].tuned) / iid,
        medianRatio: median(squares[k].lure) / median(iidSquares[count]),
        guess: (guess - mean) ** 2 / iid,
      };
      out.push(line);
      console.log(
        JSON.stringify(line, (_, value) => (typeof value === "number" ? Number(value.toPrecision(3)) : value)),
      );
    });
  }
}
const at = process.argv.indexOf("--out");
if (at > 0) writeFileSync(process.argv[at + 1], JSON.stringify(out));
process.exit(0);
