import { KeyedRandom } from "../core/keyedRandom";
import { bestOf } from "./ModelSelector";
import { weightedOrder } from "./orders";
import type { PredictionMatrix } from "./predictionMatrix";
import { correctCounts, majorityVotes } from "./predictionMatrix";
import type { SelectionMethod } from "./runSelection";
import { runSelection } from "./runSelection";
import { groupVotes } from "./voteGroups";

export interface SelectionCurves {
  /** Entry t: share of pools whose returned model is a best one of the pool after t + 1 labels. */
  readonly identification: Float64Array;
  /** The same for a model whose accuracy on the pool is within `near` of the best. */
  readonly nearBest: Float64Array;
}

export interface SimulationArguments {
  readonly matrix: PredictionMatrix;
  readonly labels: ArrayLike<number>;
  readonly method: SelectionMethod;
  readonly epsilon?: number;
  readonly realisations: number;
  /** Items of each random pool, drawn without replacement. */
  readonly poolSize: number;
  readonly budget: number;
  readonly seed: string;
  /** Accuracy gap that still counts as near best. */
  readonly near?: number;
  readonly marginEvenSplit?: "most-contested" | "released-code";
  /** First realisation to run; others can run elsewhere and be averaged. */
  readonly firstRealisation?: number;
}

const NEAR_BEST = 0.01;

/**
 * How often a method finds the best model, over random pools. Best is best on the pool, all tied ones counting; after the
 * last item on which models differ the answer stays.
 */
export function simulateSelection(args: SimulationArguments): SelectionCurves {
  const { matrix, labels, method, epsilon, realisations, poolSize, budget, seed, marginEvenSplit } = args;
  const { near = NEAR_BEST, firstRealisation = 0 } = args;
  if (!(poolSize >= 1 && poolSize <= matrix.nItems)) {
    throw new RangeError(`simulateSelection: pools of ${poolSize} from ${matrix.nItems} items.`);
  }
  const groups = groupVotes(matrix);
  const all = Uint32Array.from({ length: matrix.nItems }, (_, i) => i);
  const flat = new Float64Array(all.length).fill(1);
  const random = new KeyedRandom(seed, "pools");
  const identification = new Float64Array(budget);
  const nearBest = new Float64Array(budget);
  for (let r = firstRealisation; r < firstRealisation + realisations; r++) {
    const items = weightedOrder(all, flat, random, r).subarray(0, poolSize).slice().sort();
    const correct = correctCounts(matrix, labels, items);
    const top = correct[bestOf(correct)[0]];
    const run = runSelection({
      matrix,
      labels,
      method,
      epsilon,
      budget,
      seed: `${seed}/${r}`,
      items,
      groups,
      marginEvenSplit,
    });
    for (let t = 0; t < budget; t++) {
      if (run.best.length === 0) {
        identification[t]++;
        nearBest[t]++;
        continue;
      }
      const found = correct[run.best[Math.min(t, run.best.length - 1)]];
      if (found === top) identification[t]++;
      if (top - found <= near * poolSize + 1e-9) nearBest[t]++;
    }
  }
  // Divided once: a share of 1 is 1.
  const share = (counts: Float64Array) => counts.map((count) => count / realisations);
  return { identification: share(identification), nearBest: share(nearBest) };
}

/** First number of labels from which on a curve never falls below a share again; null when there is none. */
export function labelsToReach(curve: ArrayLike<number>, share: number): number | null {
  let reached: number | null = null;
  for (let t = curve.length - 1; t >= 0 && curve[t] >= share - 1e-9; t--) reached = t + 1;
  return reached;
}

export interface EpsilonTuning {
  readonly epsilon: number;
  /** Success per ε, by the rule. */
  readonly trials: readonly { readonly epsilon: number; readonly meanSuccess: number; readonly fast: number | null }[];
}

export const EPSILON_GRID = Array.from({ length: 15 }, (_, k) => (35 + k) / 100);
/** Fewer models than this, and the majority vote is too poor a stand-in for labels. */
export const TUNING_MODELS_MIN = 20;
const SMOOTHING = 5;
const FAST_SUCCESS = 0.9;

/**
 * Chooses ε without a label: the majority vote plays the oracle, and the ε that finds the model closest to it best wins.
 *
 * @param rule "mean-success" over the budget, or "fastest" to a smoothed success above 0.9. Ties go to the smaller ε.
 */
export function tuneEpsilon(args: {
  readonly matrix: PredictionMatrix;
  readonly realisations: number;
  readonly poolSize: number;
  readonly budget: number;
  readonly seed: string;
  readonly rule?: "mean-success" | "fastest";
  readonly grid?: readonly number[];
}): EpsilonTuning {
  const { rule = "mean-success", grid = EPSILON_GRID, matrix, ...rest } = args;
  const labels = majorityVotes(matrix);
  const trials = grid.map((epsilon) => {
    const { identification } = simulateSelection({ ...rest, matrix, labels, method: "model-selector", epsilon });
    const meanSuccess = identification.reduce((sum, value) => sum + value / identification.length, 0);
    return { epsilon, meanSuccess, fast: firstSmoothed(identification) };
  });
  const better = (a: (typeof trials)[number], b: (typeof trials)[number]) =>
    rule === "mean-success"
      ? a.meanSuccess > b.meanSuccess + 1e-12
      : (a.fast ?? Number.POSITIVE_INFINITY) < (b.fast ?? Number.POSITIVE_INFINITY);
  const best = trials.reduce((found, trial) => (better(trial, found) ? trial : found));
  return { epsilon: best.epsilon, trials };
}

function firstSmoothed(curve: Float64Array): number | null {
  for (let t = 0; t + SMOOTHING <= curve.length; t++) {
    let mean = 0;
    for (let k = 0; k < SMOOTHING; k++) mean += curve[t + k] / SMOOTHING;
    if (mean > FAST_SUCCESS) return t + 1;
  }
  return null;
}
