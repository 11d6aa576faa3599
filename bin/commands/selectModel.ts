import type { PredictionMatrix, SelectionMethod } from "@/strategies";
import {
  clusterModels,
  DEFAULT_EPSILON,
  groupVotes,
  leaderIsCertain,
  predictionMatrix,
  runSelection,
  SELECTION_METHODS,
  simulateSelection,
  TUNING_MODELS_MIN,
  tuneEpsilon,
  withModels,
} from "@/strategies";
import { integerOption, UsageError } from "../cliError";
import { npyMatrix, npyVector } from "../npy/npyValues";
import { openNpy } from "../npy/openNpy";

export interface ModelSelectorFlags {
  readonly predictions: string;
  readonly labels: string;
  readonly classes: string;
  readonly epsilon?: string;
  readonly budget: string;
  readonly seed: string;
  readonly method?: string;
  readonly ties?: string;
  readonly realisations?: string;
  readonly pool?: string;
  readonly cluster?: boolean;
}

/** Random pools on which each ε is tried. */
const TUNING_REALISATIONS = 50;
const TUNING_POOL_MAX = 1000;

/** `winnow model-selector`: which items to label to find the best of many models, as the object that is printed. */
export async function selectModel(flags: ModelSelectorFlags): Promise<Record<string, unknown>> {
  const nClasses = integerOption("--classes", flags.classes, 2);
  const budget = integerOption("--budget", flags.budget, 1);
  const method = SELECTION_METHODS.find((name) => name === (flags.method ?? "model-selector"));
  if (method === undefined)
    throw new UsageError(`--method takes ${SELECTION_METHODS.join(", ")}; got "${flags.method}".`);
  const ties = flags.ties ?? "seeded";
  if (ties !== "seeded" && ties !== "lowest") throw new UsageError(`--ties takes seeded or lowest, got "${ties}".`);
  const all = await readPredictions(flags.predictions, nClasses);
  const clusters = clusterModels(all);
  const candidates = flags.cluster === true ? clusters.map(([first]) => first) : undefined;
  const matrix = candidates === undefined ? all : withModels(all, candidates);
  const labels = readLabels(flags.labels, matrix);
  const poolSize = flags.pool === undefined ? matrix.nItems : integerOption("--pool", flags.pool, 1);
  if (poolSize > matrix.nItems) throw new UsageError(`--pool is ${poolSize}, but there are ${matrix.nItems} items.`);
  const { epsilon, note } = epsilonOf(flags, matrix, method, budget, poolSize);
  const head = {
    method,
    epsilon,
    ...(note === undefined ? {} : { note }),
    seed: flags.seed,
    items: matrix.nItems,
    models: all.nModels,
    ...(candidates === undefined ? {} : { candidates }),
    classes: nClasses,
  };
  const base = { matrix, labels, method, epsilon, budget, seed: flags.seed };
  if (flags.realisations !== undefined) {
    const realisations = integerOption("--realisations", flags.realisations, 1);
    const curves = simulateSelection({ ...base, realisations, poolSize });
    return {
      ...head,
      realisations,
      pool: poolSize,
      identification: Array.from(curves.identification),
      nearBest: Array.from(curves.nearBest),
    };
  }
  const groups = groupVotes(matrix);
  const run = runSelection({ ...base, groups, ties });
  const asked = new Set(run.picks);
  const open = groups.kept.filter((item) => !asked.has(item));
  return {
    ...head,
    unanimous: matrix.nItems - groups.kept.length,
    duplicates: clusters.filter((cluster) => cluster.length > 1),
    picks: Array.from(run.picks),
    expectedEntropy: Array.from(run.scores, (score) => (Number.isNaN(score) || method === "coda" ? null : score)),
    best: Array.from(run.best, (model) => candidates?.[model] ?? model),
    ties: Array.from(run.ties),
    labelsSpent: run.picks.length,
    isCertain: leaderIsCertain(matrix, labels, run.picks, open).isMet,
  };
}

function epsilonOf(
  flags: ModelSelectorFlags,
  matrix: PredictionMatrix,
  method: SelectionMethod,
  budget: number,
  poolSize: number,
): { epsilon: number; note?: string } {
  const text = flags.epsilon ?? String(DEFAULT_EPSILON);
  if (text !== "auto") {
    const epsilon = Number(text);
    if (!(epsilon > 0 && epsilon <= 0.5))
      throw new UsageError(`--epsilon takes auto or a number above 0 and at most 0.5, got "${text}".`);
    return epsilon === 0.5 ? { epsilon, note: "at 0.5 all items tie: this is random sampling" } : { epsilon };
  }
  if (method !== "model-selector") return { epsilon: DEFAULT_EPSILON };
  if (matrix.nModels < TUNING_MODELS_MIN) {
    return { epsilon: DEFAULT_EPSILON, note: `fewer than ${TUNING_MODELS_MIN} models: not tuned` };
  }
  const pool = Math.min(poolSize, TUNING_POOL_MAX);
  const tuning = { matrix, realisations: TUNING_REALISATIONS, poolSize: pool, budget: Math.min(budget, pool) };
  return { epsilon: tuneEpsilon({ ...tuning, seed: flags.seed }).epsilon };
}

async function readPredictions(path: string, nClasses: number): Promise<PredictionMatrix> {
  const file = npyMatrix(openNpy(path), "--predictions");
  const values = new Int32Array(file.n * file.dim);
  for (const { start, end } of file.shards) {
    const part = await file.view(start, end);
    for (let at = 0; at < part.length; at++) {
      // What is no integer must not become one by rounding.
      values[start * file.dim + at] = Number.isInteger(part[at]) ? part[at] : -2;
    }
  }
  try {
    return predictionMatrix(values, file.n, file.dim, nClasses);
  } catch (error) {
    throw new UsageError(`--predictions: ${path}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function readLabels(path: string, matrix: PredictionMatrix): Int32Array {
  const values = npyVector(openNpy(path), "--labels");
  if (values.length !== matrix.nItems) {
    throw new UsageError(
      `--labels has ${values.length} entries and --predictions ${matrix.nItems} rows; they must agree.`,
    );
  }
  return Int32Array.from(values, (value, item) => {
    if (Number.isInteger(value) && value >= 0 && value < matrix.nClasses) return value;
    throw new UsageError(
      `--labels: the label of item ${item} is ${value}; class numbers 0 … ${matrix.nClasses - 1} were expected.`,
    );
  });
}

/** The same for people. */
export function selectionAsText(result: Record<string, unknown>): string {
  const head = `${result.method}, ε ${result.epsilon}: ${result.items} items, ${result.models} models, ${result.classes} classes`;
  if (result.identification !== undefined) {
    const identification = result.identification as number[];
    const near = result.nearBest as number[];
    const rows = identification.map((value, t) => `${t + 1}\t${value.toFixed(3)}\t${near[t].toFixed(3)}`);
    return [head, "labels\tidentification\tnear best", ...rows, ""].join("\n");
  }
  const { picks, best, expectedEntropy, ties } = result as Record<"picks" | "best" | "ties", number[]> & {
    expectedEntropy: (number | null)[];
  };
  const rows = picks.map(
    (item, t) =>
      `${t + 1}\t${item}\t${expectedEntropy[t]?.toFixed(6) ?? "–"}\t${best[t]}${ties[t] > 1 ? ` (of ${ties[t]})` : ""}`,
  );
  const ending = `${result.labelsSpent} labels spent on items where models differ; ${result.unanimous} items are unanimous${result.isCertain === true ? "; no other model can overtake" : ""}`;
  return [head, "label\titem\texpected entropy\tbest model", ...rows, ending, ""].join("\n");
}
