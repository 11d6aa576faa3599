import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ClassProbabilities, LossControl } from "@/strategies";
import {
  ControlledBettingSequence,
  deviationOfError,
  estimateControlled,
  estimateHajek,
  estimateLure,
  expectedErrorOf,
  floorAtShareOfMax,
  KeyedRandom,
  LossBettingSequence,
  martingaleInterval,
  mixedWithUniform,
  normalizedScores,
  raceDraws,
  rootScores,
  voteShareSurrogate,
} from "@/strategies";
import { givenFolder, option, readIndex } from "./predictionFolder";

/**
 * Mean squared error of active testing against i.i.d. sampling, and coverage of its intervals, on a prediction matrix:
 * `npx tsx bench/evaluation/activeTestingTables.ts FOLDER [--set glue_qnli] [--ranks 0,40] [--pool 2000] [--pools 5]
 *  [--runs 400] [--labels 50,200] [--out FILE.json]`.
 *
 * The target is one model (rank 0 is the best), the surrogate the smoothed vote share of all others. FOLDER as for
 * modelSelectorTable.ts; without it the command says so and ends well.
 */

const folder = givenFolder();
const name = option("set", "glue_qnli");
const entry = readIndex(folder).find((candidate) => candidate.name === name);
if (entry === undefined) throw new Error(`index.json has no set ${name}.`);
const predictions = readFileSync(join(folder, `${name}.pred.u8`));
const labels = readFileSync(join(folder, `${name}.labels.u8`));
const poolSize = Number(option("pool", "2000"));
const nPools = Number(option("pools", "5"));
const runs = Number(option("runs", "400"));
const looks = option("labels", "50,200").split(",").map(Number);
const LEVEL = 0.95;

interface Pool {
  readonly losses: Float64Array;
  readonly p: Float64Array;
  readonly mean: number;
  readonly pMean: number;
}

/** A random pool for one target: what it gets wrong, and the surrogate's probability that it does. */
function poolFor(rank: number, seed: string): Pool {
  const { n, models, classes } = entry!;
  const errors = Float64Array.from({ length: models }, (_, j) => {
    let wrong = 0;
    for (let i = 0; i < n; i++) if (predictions[i * models + j] !== labels[i]) wrong++;
    return wrong;
  });
  const target = Array.from({ length: models }, (_, j) => j).sort((a, b) => errors[a] - errors[b] || a - b)[rank];
  const random = new KeyedRandom(seed, "pool");
  const items = Array.from({ length: n }, (_, i) => i)
    .sort((a, b) => random.uniform(a) - random.uniform(b))
    .slice(0, poolSize);
  const others = new Int32Array(poolSize * (models - 1));
  const predicted = new Int32Array(poolSize);
  items.forEach((item, i) => {
    predicted[i] = predictions[item * models + target];
    let k = 0;
    for (let j = 0; j < models; j++) if (j !== target) others[i * (models - 1) + k++] = predictions[item * models + j];
  });
  const surrogate: ClassProbabilities = voteShareSurrogate(others, poolSize, models - 1, classes, 1);
  const p = expectedErrorOf(predicted, surrogate);
  const losses = Float64Array.from(items, (item, i) => (predicted[i] === labels[item] ? 0 : 1));
  return { losses, p, mean: mean(losses), pMean: mean(p) };
}

function mean(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value / values.length, 0);
}

const PROPOSALS: Record<string, (p: Float64Array) => Float64Array> = {
  uniform: (p) => new Float64Array(p.length).fill(1 / p.length),
  "expected loss, 5 % floor": (p) => normalizedScores(floorAtShareOfMax(p, 0.05)),
  "expected loss, mix 0.1": (p) => mixedWithUniform(normalizedScores(p), 0.1),
  "expected loss, mix 0.5": (p) => mixedWithUniform(normalizedScores(p), 0.5),
  "root expected loss": (p) => normalizedScores(floorAtShareOfMax(rootScores(p), 0.05)),
  "sqrt p(1-p)": (p) => normalizedScores(floorAtShareOfMax(deviationOfError(p), 0.05)),
};
const ESTIMATORS = ["LURE", "LURE+CV", "tuned CV", "self-normalised"] as const;

interface Cell {
  squares: number;
  covered: number;
  width: number;
  given: number;
}

const out: Record<string, unknown>[] = [];
for (const rank of option("ranks", "0,40").split(",").map(Number)) {
  const pools = Array.from({ length: nPools }, (_, k) => poolFor(rank, `${name}/${rank}/${k}`));
  const trueError = pools.reduce((sum, pool) => sum + pool.mean / nPools, 0);
  for (const [proposal, scoresOf] of Object.entries(PROPOSALS)) {
    const cells = new Map<string, Cell>();
    const betting = new Map<string, Cell>();
    const add = (map: Map<string, Cell>, key: string, change: Partial<Cell>) => {
      const cell = map.get(key) ?? { squares: 0, covered: 0, width: 0, given: 0 };
      for (const field of Object.keys(change) as (keyof Cell)[]) cell[field] += change[field]!;
      map.set(key, cell);
    };
    pools.forEach((pool, k) => {
      const scores = scoresOf(pool.p);
      for (let run = 0; run < runs; run++) {
        const draws = raceDraws(scores, Math.max(...looks), `${name}/${rank}/${k}/${run}`);
        measure(pool, draws, (key, change) => add(cells, key, change));
        if (run < 100 / nPools) bet(pool, draws, scores, (key, change) => add(betting, key, change));
      }
    });
    for (const labelCount of looks) {
      const iid = pools.reduce(
        (sum, pool) =>
          sum + (((pool.mean * (1 - pool.mean)) / labelCount) * ((poolSize - labelCount) / (poolSize - 1))) / nPools,
        0,
      );
      const total = runs * nPools;
      const row = Object.fromEntries(
        ESTIMATORS.map((estimator) => {
          const { squares, covered, given, width } = cells.get(`${estimator}/${labelCount}`)!;
          const fields = {
            ratio: squares / total / iid,
            coverage: given > 0 ? covered / given : null,
            width: width / Math.max(1, given),
          };
          return [estimator, fields];
        }),
      );
      const bets = Object.fromEntries(
        ["betting", "betting+CV"].map((kind) => {
          const { covered, given, width } = betting.get(`${kind}/${labelCount}`)!;
          return [kind, { coverage: covered / given, width: width / given }];
        }),
      );
      const line = { set: name, rank, trueError, proposal, labels: labelCount, ...row, ...bets };
      out.push(line);
      console.log(
        JSON.stringify(line, (_, value) => (typeof value === "number" ? Number(value.toPrecision(4)) : value)),
      );
    }
  }
}
const at = process.argv.indexOf("--out");
if (at > 0) writeFileSync(process.argv[at + 1], JSON.stringify(out));

function measure(
  pool: Pool,
  draws: ReturnType<typeof raceDraws>,
  add: (key: string, change: Partial<Cell>) => void,
): void {
  for (const labelCount of looks) {
    const part = draws.slice(0, labelCount);
    const design = { poolSize, q: part.map(({ q }) => q), losses: part.map(({ item }) => pool.losses[item]) };
    const control: LossControl = { drawn: part.map(({ item }) => pool.p[item]), poolMean: pool.pMean };
    const estimates = {
      LURE: estimateLure(design),
      "LURE+CV": estimateControlled(design, control, 1),
      "tuned CV": estimateControlled(design, control),
    };
    for (const [estimator, estimate] of Object.entries(estimates)) {
      const look = { poolSize, nonZero: 0, level: LEVEL, smallSample: false };
      const { low, high } = martingaleInterval(estimate, look).interval!;
      const covered = low <= pool.mean && high >= pool.mean ? 1 : 0;
      add(`${estimator}/${labelCount}`, {
        squares: (estimate.value - pool.mean) ** 2,
        covered,
        width: high - low,
        given: 1,
      });
    }
    add(`self-normalised/${labelCount}`, { squares: (estimateHajek(design) - pool.mean) ** 2 });
  }
}

function bet(
  pool: Pool,
  draws: ReturnType<typeof raceDraws>,
  scores: Float64Array,
  add: (key: string, change: Partial<Cell>) => void,
): void {
  const plain = new LossBettingSequence(poolSize, { alpha: 1 - LEVEL });
  const controlled = new ControlledBettingSequence(poolSize, pool.pMean, { alpha: 1 - LEVEL });
  const isLeft = new Uint8Array(poolSize).fill(1);
  let left = scores.reduce((sum, score) => sum + score, 0);
  const byRatio = Array.from({ length: poolSize }, (_, i) => i).sort(
    (a, b) => pool.p[b] / scores[b] - pool.p[a] / scores[a],
  );
  let top = 0;
  draws.forEach(({ item, q, qMin }, m) => {
    while (isLeft[byRatio[top]] === 0) top++;
    const controlOverQMax = (pool.p[byRatio[top]] / scores[byRatio[top]]) * left * (1 + 1e-9);
    const loss = pool.losses[item];
    plain.add({ q, qMin, loss });
    controlled.add({ q, qMin, loss, control: pool.p[item], controlOverQMax });
    isLeft[item] = 0;
    left -= scores[item];
    if (!looks.includes(m + 1)) return;
    for (const [kind, sequence] of [
      ["betting", plain],
      ["betting+CV", controlled],
    ] as const) {
      const { low, high } = sequence.interval();
      add(`${kind}/${m + 1}`, { covered: low <= pool.mean && high >= pool.mean ? 1 : 0, width: high - low, given: 1 });
    }
  });
}
