import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Pool, RoundSelection } from "@/strategies";
import { arrayMatrix, bitmapFromRows, bitmapWithoutRows, meanAveragePrecision, runSpec } from "@/strategies";
import type { Kernels } from "@/strategies/kernels";
import type { RunPlan } from "./activeRun";
import { fitSoftmax, predictSoftmax } from "./softmaxRegression";

/** The multi-label set of the local table: yeast, 14 labels, one logistic regression for each. */
export interface MultiLabelSet {
  readonly d: number;
  readonly nClasses: number;
  readonly poolX: Float64Array;
  /** n × nClasses, 0 or 1. */
  readonly poolY: Uint8Array;
  readonly testX: Float64Array;
  readonly testY: Uint8Array;
}

export interface MultiLabelRecord {
  readonly test: number;
  readonly pool: number;
  readonly rarest: number;
  readonly status: string;
  readonly seconds: number;
}

const YEAST = { file: "yeast/yeast_train.svm", d: 103, nClasses: 14, pool: 1050 };

/** The first 1,050 rows are the pool, the others the test rows. @returns the set, or the sentence that says what is missing. */
export function readYeast(folder: string): MultiLabelSet | string {
  const path = join(folder, YEAST.file);
  if (!existsSync(path)) return `yeast is skipped: there is no ${path}.`;
  const { d, nClasses } = YEAST;
  const lines = readFileSync(path, "utf8").trim().split("\n");
  const take = (kept: readonly string[]) => {
    const x = new Float64Array(kept.length * d);
    const y = new Uint8Array(kept.length * nClasses);
    for (const [row, line] of kept.entries()) {
      const [labels, ...features] = line.trim().split(/\s+/);
      for (const label of labels.split(",")) y[row * nClasses + Number(label)] = 1;
      for (const feature of features) {
        const [column, value] = feature.split(":").map(Number);
        x[row * d + column - 1] = value;
      }
    }
    return { x, y };
  };
  const pool = take(lines.filter((_line, i) => i < YEAST.pool));
  const test = take(lines.filter((_line, i) => i >= YEAST.pool));
  return { d, nClasses, poolX: pool.x, poolY: pool.y, testX: test.x, testY: test.y };
}

/** As `activeRun`, with mean average precision in place of balanced accuracy. */
export async function multiLabelRun(set: MultiLabelSet, plan: RunPlan, kernels: Kernels): Promise<MultiLabelRecord[]> {
  const { d, nClasses, poolX, poolY } = set;
  const n = poolY.length / nClasses;
  const records: MultiLabelRecord[] = [];
  const embeddings = arrayMatrix(Float32Array.from(poolX), n, d);
  const all = Uint32Array.from({ length: n }, (_, row) => row);
  let labelled = Uint32Array.from(plan.initial);
  let eligible = bitmapWithoutRows(bitmapFromRows(n, all), labelled);
  let states: RoundSelection["states"] = {};
  let heads: readonly Float64Array[] | undefined;
  for (let round = 0; ; round++) {
    const multi = labelsOf(set, labelled);
    heads = fitHeads(set, labelled, multi, plan.tolerance, heads);
    const probabilities = predictHeads(heads, poolX, n, d, nClasses);
    const onTest = predictHeads(heads, set.testX, set.testY.length / nClasses, d, nClasses);
    const counts = Array.from({ length: nClasses }, (_, k) =>
      multi.reduce((sum, value, i) => sum + (i % nClasses === k ? value : 0), 0),
    );
    const known = {
      test: meanAveragePrecision(onTest, set.testY, nClasses).all,
      pool: meanAveragePrecision(probabilities, poolY, nClasses).all,
      rarest: Math.min(...counts),
    };
    if (round === plan.rounds) {
      records.push({ ...known, status: "end", seconds: 0 });
      return records;
    }
    const pool: Pool = {
      n,
      nClasses,
      taskKind: "multi-label",
      eligible,
      labelled: { rows: labelled, classes: new Int32Array(labelled.length).fill(-1), multi },
      probabilities: arrayMatrix(Float32Array.from(probabilities), n, nClasses),
      embeddings,
    };
    const begin = performance.now();
    const context = { kernels, seed: `${plan.seed}/${round}`, states, taskKind: "multi-label" as const };
    const selection = await runSpec(plan.spec, pool, plan.batch, context);
    states = selection.states;
    records.push({ ...known, status: selection.status, seconds: (performance.now() - begin) / 1000 });
    eligible = bitmapWithoutRows(eligible, selection.rows);
    labelled = Uint32Array.from([...labelled, ...selection.rows]);
  }
}

function labelsOf(set: MultiLabelSet, rows: Uint32Array): Uint8Array {
  const out = new Uint8Array(rows.length * set.nClasses);
  for (const [at, row] of rows.entries()) {
    out.set(set.poolY.subarray(row * set.nClasses, (row + 1) * set.nClasses), at * set.nClasses);
  }
  return out;
}

/** One logistic regression per label. A softmax of two classes with penalty 2 is one logit with penalty 1. */
function fitHeads(
  set: MultiLabelSet,
  rows: Uint32Array,
  multi: Uint8Array,
  tolerance: number,
  start?: readonly Float64Array[],
): Float64Array[] {
  const { d, nClasses } = set;
  const x = new Float64Array(rows.length * d);
  for (const [at, row] of rows.entries()) x.set(set.poolX.subarray(row * d, (row + 1) * d), at * d);
  return Array.from({ length: nClasses }, (_, k) => {
    const y = Int32Array.from(rows, (_row, at) => multi[at * nClasses + k]);
    return fitSoftmax(x, y, d, 2, tolerance, start?.[k], 2).weights;
  });
}

function predictHeads(
  heads: readonly Float64Array[],
  x: Float64Array,
  n: number,
  d: number,
  nClasses: number,
): Float64Array {
  const out = new Float64Array(n * nClasses);
  for (const [k, weights] of heads.entries()) {
    const both = predictSoftmax(weights, x, n, d, 2);
    for (let i = 0; i < n; i++) out[i * nClasses + k] = both[2 * i + 1];
  }
  return out;
}
