import type { Pool, RoundSelection } from "@/strategies";
import { arrayMatrix, bitmapFromRows, bitmapWithoutRows, runSpec } from "@/strategies";
import type { Kernels } from "@/strategies/kernels";
import type { LocalSet } from "./localSets";
import { fitSoftmax, predictSoftmax } from "./softmaxRegression";

/** What is known after each training; the first entry is before any selection. */
export interface RoundRecord {
  readonly labelled: number;
  readonly objective: number;
  readonly testBalancedAccuracy: number;
  readonly poolBalancedAccuracy: number;
  readonly classCounts: readonly number[];
  /** Rows picked next, in order; empty after the last training. */
  readonly picked: readonly number[];
  readonly status: string;
  readonly seconds: number;
}

export interface RunPlan {
  readonly spec: unknown;
  readonly initial: readonly number[];
  readonly batch: number;
  readonly rounds: number;
  readonly seed: string;
  /** Largest entry of the gradient at which a fit ends. */
  readonly tolerance: number;
  /** Width in which strategies see probabilities and features. */
  readonly dtype: "f32" | "f64";
}

/** Trains, measures, selects and labels, round after round, with the model of the reference runs. */
export async function activeRun(set: LocalSet, plan: RunPlan, kernels: Kernels): Promise<RoundRecord[]> {
  const { d, nClasses, poolX, poolY } = set;
  const n = poolY.length;
  const narrow = (values: Float64Array) => (plan.dtype === "f32" ? Float32Array.from(values) : values);
  const embeddings = arrayMatrix(narrow(poolX), n, d);
  const records: RoundRecord[] = [];
  let labelled = Uint32Array.from(plan.initial);
  const all = Uint32Array.from({ length: n }, (_, row) => row);
  let eligible = bitmapWithoutRows(bitmapFromRows(n, all), labelled);
  let weights: Float64Array | undefined;
  let states: RoundSelection["states"] = {};
  for (let round = 0; ; round++) {
    const classes = Int32Array.from(labelled, (row) => poolY[row]);
    const fit = fitSoftmax(rowsOf(poolX, labelled, d), classes, d, nClasses, plan.tolerance, weights);
    weights = fit.weights;
    const probabilities = predictSoftmax(weights, poolX, n, d, nClasses);
    const onTest = predictSoftmax(weights, set.testX, set.testY.length, d, nClasses);
    const known = {
      labelled: labelled.length,
      objective: fit.objective,
      testBalancedAccuracy: balancedAccuracy(onTest, set.testY, nClasses),
      poolBalancedAccuracy: balancedAccuracy(probabilities, poolY, nClasses),
      classCounts: countsOf(classes, nClasses),
    };
    if (round === plan.rounds) {
      records.push({ ...known, picked: [], status: "end", seconds: 0 });
      return records;
    }
    const pool: Pool = {
      n,
      nClasses,
      eligible,
      labelled: { rows: labelled, classes },
      probabilities: arrayMatrix(narrow(probabilities), n, nClasses),
      embeddings,
      head: {
        weights: Float32Array.from(weights.subarray(0, d * nClasses)),
        bias: Float32Array.from(weights.subarray(d * nClasses)),
      },
    };
    const begin = performance.now();
    const selection = await runSpec(plan.spec, pool, plan.batch, { kernels, seed: `${plan.seed}/${round}`, states });
    states = selection.states;
    const seconds = (performance.now() - begin) / 1000;
    records.push({ ...known, picked: [...selection.rows], status: selection.status, seconds });
    eligible = bitmapWithoutRows(eligible, selection.rows);
    labelled = Uint32Array.from([...labelled, ...selection.rows]);
  }
}

/** Mean over classes of the share of rows predicted right; a class without rows counts as 0. */
export function balancedAccuracy(probabilities: Float64Array, y: Int32Array, nClasses: number): number {
  const right = new Float64Array(nClasses);
  const total = countsOf(y, nClasses);
  for (const [i, own] of y.entries()) {
    let best = 0;
    for (let c = 1; c < nClasses; c++) {
      if (probabilities[i * nClasses + c] > probabilities[i * nClasses + best]) best = c;
    }
    if (best === own) right[own]++;
  }
  return right.reduce((sum, count, c) => sum + (total[c] === 0 ? 0 : count / total[c]), 0) / nClasses;
}

function countsOf(classes: Int32Array, nClasses: number): number[] {
  const counts = new Array<number>(nClasses).fill(0);
  for (const c of classes) counts[c]++;
  return counts;
}

function rowsOf(x: Float64Array, rows: Uint32Array, d: number): Float64Array {
  const out = new Float64Array(rows.length * d);
  for (const [at, row] of rows.entries()) out.set(x.subarray(row * d, (row + 1) * d), at * d);
  return out;
}
