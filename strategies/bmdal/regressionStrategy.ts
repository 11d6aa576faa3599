import { embeddedCandidates } from "../core/embeddedCandidates";
import { rowsByKey } from "../core/itemKeys";
import { randomOf } from "../core/keyedRandom";
import { knownRows } from "../core/knownRows";
import { numberOption } from "../core/resolveOptions";
import { sampleRows } from "../core/sampleRows";
import { StrategyError } from "../core/strategyError";
import type { Notice, OptionValues, Pool, Reason, RowMatrix, SelectContext, Selection, Strategy } from "../core/types";
import type { ClusterWeight } from "../kernels/types";
import { denseKernel, scaleInPlace } from "./algebra/kernels";
import { posteriorKernel } from "./algebra/posterior";
import type { AlgebraContext, KernelRows, Precision } from "./algebra/types";
import { gatherFeatures } from "./gatherFeatures";
import { predictionFeatures } from "./predictionFeatures";
import { regressionCost } from "./regressionCost";
import type { RegressionDefaults } from "./regressionOptions";
import { regressionOptions } from "./regressionOptions";
import { METHOD_DEFAULTS, runMethod } from "./runMethod";
import { drawByCumulation } from "./selection/kMeansPlusPlus";
import type { MethodPicks, SelectionMode } from "./selection/types";
import type { SelectionMethod } from "./spec/types";

type Method = Exclude<SelectionMethod, "random">;

/** Labelled and pending rows a selection keeps count of at most; more are left out at random, which the result says. */
const KNOWN_MAX = 200_000;

export interface RegressionStrategyText
  extends Pick<Strategy, "id" | "title" | "summary" | "whenToUse" | "whenNot" | "warning" | "sources" | "differences"> {
  readonly method: Method;
  readonly mode: SelectionMode;
  readonly score: Strategy["score"];
  readonly defaults: RegressionDefaults;
  readonly costFormula: string;
}

/** A selection method of the framework on the features (or the ensemble's predictions) of a pool. */
export function regressionStrategy(text: RegressionStrategyText): Strategy {
  const { method, mode, defaults, ...rest } = text;
  return {
    ...rest,
    version: 1,
    taskKinds: ["regression"],
    options: regressionOptions(method, defaults),
    needs: (options) => ({ arrays: [options.features === "predictions" ? "posterior" : "embeddings", "labels"] }),
    cost: (dims, options) => regressionCost(method, mode, dims, options),
    claims: { random: method === "kmeanspp", inclusion: false, embeddingInvariance: false },
    select: (context, pool, batchSize, options) => select(context, pool, batchSize, options, method, mode),
  };
}

async function select(
  context: SelectContext,
  pool: Pool,
  batchSize: number,
  options: OptionValues,
  method: Method,
  mode: SelectionMode,
): Promise<Selection> {
  const { kernels } = context;
  const notices: Notice[] = [];
  const source = options.features === "predictions" ? await predictionFeatures(pool) : pool.embeddings!;
  const withFeatures: Pool = Object.create(pool, { embeddings: { value: source } });
  const found = embeddedCandidates(withFeatures);
  notices.push(...found.notices);
  const candidates = rowsByKey(pool.keys, found.rows);
  const known = rowsByKey(pool.keys, knownRows(context, withFeatures, KNOWN_MAX, notices));
  const count = Math.min(batchSize, candidates.length);
  const mark = kernels.mark();
  try {
    let jitter = 0;
    const algebra: AlgebraContext = { kernels, onJitter: (epsilon) => (jitter = epsilon) };
    const made = await makeKernel(context, algebra, source, known, candidates, options, method);
    const picks = runPicks(context, algebra, made.kernel, known.length, count, options, method, mode);
    notices.push({ code: "ARITHMETIC", level: "info", dtype: made.dtype, posterior: made.posterior, jitter });
    if (picks.evaluatedShare !== undefined) {
      context.trace({ stage: method, values: { evaluatedShare: picks.evaluatedShare } });
    }
    return selectionOf(context, pool, candidates, known, picks, count, method, notices);
  } finally {
    kernels.release(mark);
  }
}

interface MadeKernel {
  readonly kernel: KernelRows;
  readonly dtype: Precision;
  readonly posterior: "none" | "features" | "kernel";
}

/** Known rows first, then candidates; scaled and conditioned as the options say. */
async function makeKernel(
  context: SelectContext,
  algebra: AlgebraContext,
  source: RowMatrix,
  known: Uint32Array,
  candidates: Uint32Array,
  options: OptionValues,
  method: Method,
): Promise<MadeKernel> {
  const { kernels } = context;
  const hasPosterior = options.posterior === "train" && known.length > 0;
  const demanded = hasPosterior || method === "maxdet" || method === "bait-f" || method === "bait-fb" ? "f64" : "f32";
  // A wish for float32 cannot be met where it would lose every digit; the notice says what ran.
  const dtype: Precision = options.dtype === "f64" ? "f64" : demanded;
  const rows = new Uint32Array(known.length + candidates.length);
  rows.set(known);
  rows.set(candidates, known.length);
  const values = await gatherFeatures(kernels, source, rows, dtype);
  context.checkAbort();
  const base = denseKernel(kernels, values, rows.length, source.dim);
  if (options.scale === true) scaleInPlace(base, known.length);
  if (!hasPosterior) return { kernel: base, dtype, posterior: "none" };
  const sigma = numberOption(options, "sigma");
  const kernel = posteriorKernel(algebra, base, { first: 0, end: known.length }, sigma, "auto", true);
  return { kernel, dtype, posterior: kernel.kind === "dense" ? "features" : "kernel" };
}

function runPicks(
  context: SelectContext,
  algebra: AlgebraContext,
  kernel: KernelRows,
  nKnown: number,
  count: number,
  options: OptionValues,
  method: Method,
  mode: SelectionMode,
): MethodPicks {
  const random = randomOf(context, "draw");
  const needsFeatures = method === "bait-f" || method === "bait-fb";
  if (needsFeatures && kernel.kind !== "dense") {
    throw new StrategyError(
      "E_OPTIONS",
      "options.posterior: BAIT needs explicit features, and these have more columns than a posterior can keep; reduce or sketch them first.",
    );
  }
  return runMethod(
    algebra,
    method,
    {
      kernels: context.kernels,
      kernel,
      nKnown,
      mode,
      count,
      onPick(done) {
        context.checkAbort();
        context.progress(method, done, count);
      },
    },
    {
      ...METHOD_DEFAULTS,
      sigma: numberOption(options, "sigma"),
      isClamped: options.clampDistances !== false,
      clusterWeight: (options.clusterWeight ?? "squared-distance") as ClusterWeight,
      order: options.order === "published" ? "published" : "best-first",
      sampler: {
        first: (n) => random.below(n, 0, 1),
        draw: (distances, n, pick, taken) => drawByCumulation(distances, n, random.uniform(pick), taken),
      },
    },
  );
}

function selectionOf(
  context: SelectContext,
  pool: Pool,
  candidates: Uint32Array,
  known: Uint32Array,
  picks: MethodPicks,
  count: number,
  method: Method,
  notices: Notice[],
): Selection {
  const poolRow = (row: number) => (row < known.length ? known[row] : candidates[row - known.length]);
  const chosen = picks.rows.map((row) => candidates[row]);
  const scores = picks.scores.slice();
  const reasons: Reason[][] = picks.rows.map((_, i) => [reasonOf(method, picks, i, poolRow)]);
  if (chosen.length < count) {
    const taken = new Set(chosen);
    const left = candidates.filter((row) => !taken.has(row));
    const filled = sampleRows(left, count - chosen.length, pool.keys, randomOf(context, "fill"));
    const cause = picks.stopped ?? "nothing-left";
    notices.push({ code: "SELECTION_STOPPED", level: "fallback", after: chosen.length, filled: filled.length, cause });
    for (const row of filled) {
      chosen.push(row);
      scores.push(0);
      reasons.push([{ code: "random" }]);
    }
  }
  return {
    rows: Uint32Array.from(chosen),
    scores: Float64Array.from(scores),
    utility: Float64Array.from(scores),
    percentile: chosen.map(() => null),
    inclusion: chosen.map(() => null),
    reasons,
    notices,
  };
}

function reasonOf(method: Method, picks: MethodPicks, i: number, poolRow: (row: number) => number): Reason {
  const near = picks.nearest[i];
  const nearest = near === null ? null : poolRow(near);
  const distance = near === null ? null : Math.sqrt(Math.max(0, picks.scores[i]));
  switch (method) {
    case "lcmd": {
      const cluster = picks.clusters?.[i] ?? null;
      return {
        code: "largestCluster",
        distance,
        nearest,
        clusterSize: cluster?.rows ?? null,
        clusterShare: cluster?.share ?? null,
      };
    }
    case "maxdist":
    case "kmeanspp":
      return { code: "farFromLabelled", distance, nearest, percentile: null };
    case "maxdiag":
    case "maxdet":
      return { code: "predictiveVariance", variance: picks.scores[i] };
    case "bait-f":
    case "bait-fb":
      return { code: "lowersVariance", gain: picks.scores[i] };
    case "fw":
      return { code: "balancesPool", gain: picks.scores[i] };
  }
}
