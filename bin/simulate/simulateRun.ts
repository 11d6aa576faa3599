import type { LinearHead, Pool, RoundSelection, StrategySpec } from "@/strategies";
import {
  arrayMatrix,
  bitmapFromRows,
  bitmapWithoutRows,
  confusionMatrix,
  hash128Hex,
  KeyedRandom,
  macroF1,
  runSpec,
  specArrays,
} from "@/strategies";
import type { Kernels } from "@/strategies/kernels";
import type { DataSet } from "./dataSet";

/** Trains on some rows and predicts others: what a simulation needs of a model. */
export interface SimulationModel {
  readonly name: string;
  /**
   * Class probabilities (n × nClasses) of all rows of `x` after training on the given rows.
   * Deterministic for its arguments.
   */
  fitPredict(args: {
    readonly x: Float32Array;
    readonly n: number;
    readonly d: number;
    readonly nClasses: number;
    readonly trainRows: Uint32Array;
    readonly trainClasses: Int32Array;
    readonly seed: string;
    /** Called with the model as a linear layer on `x`, where it is one. */
    giveHead?(head: LinearHead): void;
  }): Promise<Float32Array>;
}

export interface SimulationPlan {
  readonly initial: number;
  readonly batch: number;
  readonly rounds: number;
  readonly testShare: number;
  /** Base of all seeds. */
  readonly seed: string;
}

/** One strategy on one repetition. Entry 0 of each list is the initial set. */
export interface SimulatedRun {
  readonly strategy: string;
  readonly repetition: number;
  readonly labels: readonly number[];
  readonly accuracy: readonly number[];
  readonly macroF1: readonly number[];
  /** Seconds of selection alone, all rounds. */
  readonly selectSeconds: number;
  /** Names the sequence of all picks: equal for two arms that chose the same. */
  readonly picksHash: string;
  /** Rounds whose selection was not `ok`. */
  readonly roundsNotOk: number;
}

/** The rows of one repetition: the same for every strategy. */
export interface Split {
  readonly test: Uint32Array;
  readonly pool: Uint32Array;
  /** Positions into `pool`. */
  readonly initial: Uint32Array;
}

/** Test rows, pool rows and the initial labelled ones, drawn by seed and repetition. */
export function splitData(n: number, plan: SimulationPlan, repetition: number): Split {
  const order = (stage: string, size: number) => {
    const random = new KeyedRandom(plan.seed, `${repetition}/${stage}`);
    const draws = Float64Array.from({ length: size }, (_, i) => random.uniform(i));
    return Array.from(draws, (_, i) => i).sort((a, b) => draws[a] - draws[b]);
  };
  const rows = order("split", n);
  const nTest = Math.round(plan.testShare * n);
  const pool = Uint32Array.from(rows.slice(nTest)).sort();
  return {
    test: Uint32Array.from(rows.slice(0, nTest)).sort(),
    pool,
    initial: Uint32Array.from(order("initial", pool.length).slice(0, plan.initial)),
  };
}

/** Labels, trains, measures and selects, round after round. */
export async function simulateRun(
  data: DataSet,
  plan: SimulationPlan,
  strategy: { readonly name: string; readonly spec: StrategySpec },
  repetition: number,
  model: SimulationModel,
  tools: { readonly kernels: Kernels; readonly monotonicMs: () => number },
): Promise<SimulatedRun> {
  const split = splitData(data.n, plan, repetition);
  const x = rowsOf(data, split.pool);
  const testX = rowsOf(data, split.test);
  const both = concatenated(x, testX);
  const nPool = split.pool.length;
  const nAll = nPool + split.test.length;
  const truth = Int32Array.from(split.test, (row) => data.y[row]);
  const nClasses = data.classes.length;
  let labelled = split.initial;
  let eligible = bitmapWithoutRows(
    bitmapFromRows(
      nPool,
      Uint32Array.from({ length: nPool }, (_, i) => i),
    ),
    labelled,
  );
  const labels: number[] = [];
  const accuracy: number[] = [];
  const f1: number[] = [];
  const picked: string[] = [];
  let selectMs = 0;
  let roundsNotOk = 0;
  let states: RoundSelection["states"] = {};
  const heads: LinearHead[] = [];
  const needsHead = specArrays(strategy.spec).includes("head");
  for (let round = 0; ; round++) {
    const classes = Int32Array.from(labelled, (i) => data.y[split.pool[i]]);
    const probabilities = await model.fitPredict({
      x: both,
      n: nAll,
      d: data.d,
      nClasses,
      trainRows: labelled,
      trainClasses: classes,
      seed: `${plan.seed}/${repetition}/${labelled.length}`,
      giveHead: needsHead ? (head) => heads.push(head) : undefined,
    });
    const predicted = argmaxRows(probabilities.subarray(nPool * nClasses), nClasses);
    labels.push(labelled.length);
    accuracy.push(predicted.reduce((sum, c, i) => sum + (c === truth[i] ? 1 : 0), 0) / truth.length);
    f1.push(macroF1(confusionMatrix(truth, predicted, nClasses), nClasses) ?? 0);
    if (round === plan.rounds || labelled.length === nPool) break;
    const pool: Pool = {
      n: nPool,
      nClasses,
      eligible,
      labelled: { rows: labelled, classes },
      probabilities: arrayMatrix(probabilities.subarray(0, nPool * nClasses), nPool, nClasses),
      embeddings: arrayMatrix(x, nPool, data.d),
      head: heads[heads.length - 1],
    };
    const start = tools.monotonicMs();
    const selection = await runSpec(strategy.spec, pool, plan.batch, {
      kernels: tools.kernels,
      seed: `${plan.seed}/${repetition}/${round}`,
      frameSeed: `${plan.seed}/${repetition}`,
      states,
    });
    states = selection.states;
    selectMs += tools.monotonicMs() - start;
    if (selection.status !== "ok") roundsNotOk++;
    // As a set: two arms that label the same rows are the same arm.
    picked.push([...selection.rows].sort((a, b) => a - b).join());
    eligible = bitmapWithoutRows(eligible, selection.rows);
    labelled = Uint32Array.from([...labelled, ...selection.rows]);
  }
  return {
    strategy: strategy.name,
    repetition,
    labels,
    accuracy,
    macroF1: f1,
    selectSeconds: selectMs / 1000,
    picksHash: hash128Hex(picked.join(";")),
    roundsNotOk,
  };
}

function rowsOf(data: DataSet, rows: Uint32Array): Float32Array {
  const x = new Float32Array(rows.length * data.d);
  rows.forEach((row, i) => {
    x.set(data.x.subarray(row * data.d, (row + 1) * data.d), i * data.d);
  });
  return x;
}

function concatenated(a: Float32Array, b: Float32Array): Float32Array {
  const both = new Float32Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}

/** Most probable class of every row; ties to the lower class. */
export function argmaxRows(probabilities: Float32Array, nClasses: number): Int32Array {
  const best = new Int32Array(probabilities.length / nClasses);
  for (let i = 0; i < best.length; i++) {
    for (let c = 1; c < nClasses; c++) {
      if (probabilities[i * nClasses + c] > probabilities[i * nClasses + best[i]]) best[i] = c;
    }
  }
  return best;
}
