import { designedSelection, embeddedCandidates, limitCandidates, withEmbedding } from "../core/embeddedCandidates";
import { gatherEmbeddings } from "../core/embeddingBlock";
import { rowsByKey } from "../core/itemKeys";
import { knownRows } from "../core/knownRows";
import { percentileSorted } from "../core/metrics/ranks";
import { booleanOption, numberOption, textOption } from "../core/resolveOptions";
import type { Designer, Notice, OptionValues, PoolDims, Strategy } from "../core/types";
import { gatherUnitRows } from "../core/unitRows";
import type { GraphCriterion } from "./graphSearch";
import { DenseCovariance, LowRankCovariance, searchGraph } from "./graphSearch";
import { lowEigenpairs } from "./lowEigenpairs";
import { neighbourGraph } from "./neighbourGraph";

const design: Designer = async (context, pool, candidates, batchSize, options) => {
  const { kernels } = context;
  const notices: Notice[] = [];
  const covered = withEmbedding(pool, candidates, notices);
  const limit = Math.max(batchSize, numberOption(options, "maxCandidates"));
  const open = limitCandidates(context, pool, covered, limit, notices);
  const known = knownRows(context, pool, numberOption(options, "maxLabelled"), notices);
  const rows = rowsByKey(pool.keys, Uint32Array.from([...open, ...known]));
  const knownSet = new Set(known);
  const isKnown = Uint8Array.from(rows, (row) => (knownSet.has(row) ? 1 : 0));
  const criterion: GraphCriterion = textOption(options, "criterion") === "sigma" ? "sigma-optimality" : "v-optimality";
  const tau = numberOption(options, "tau");
  const noise = numberOption(options, "noise");
  const mark = kernels.mark();
  try {
    const gather = booleanOption(options, "normalize") ? gatherUnitRows : gatherEmbeddings;
    const block = await gather(kernels, pool.embeddings!, rows);
    const graph = neighbourGraph(context, block, numberOption(options, "neighbours"));
    const isDense = rows.length <= numberOption(options, "exactMax");
    const pairs = isDense ? undefined : lowEigenpairs(context, graph, numberOption(options, "eigenpairs"));
    if (pairs !== undefined) {
      notices.push({ code: "APPROXIMATED", level: "warning", what: "eigenpairs", size: pairs.values.length });
    }
    const covariance =
      pairs === undefined ? new DenseCovariance(kernels, graph, tau, noise) : new LowRankCovariance(pairs, tau, noise);
    const n = Math.min(batchSize, open.length);
    const { picks, firstGains } = searchGraph(covariance, isKnown, n, criterion, () => context.checkAbort());
    context.trace({ stage: "v-optimality", values: { rows: rows.length, variance: covariance.trace() } });
    const gainOf = new Map<number, number>();
    let at = 0;
    isKnown.forEach((isLabelled, i) => {
      if (isLabelled === 0) gainOf.set(i, firstGains[at++]);
    });
    const ascending = firstGains.slice().sort();
    const percentile = picks.map((pick) => percentileSorted(ascending, gainOf.get(pick.index)!));
    const scores = Float64Array.from(picks, (pick) => pick.gain);
    return designedSelection(
      candidates,
      {
        rows: Uint32Array.from(picks, (pick) => rows[pick.index]),
        scores,
        utility: scores.slice(),
        percentile,
        reasons: picks.map(({ gain }, i) => ({ code: "information", criterion, gain, percentile: percentile[i] })),
      },
      notices,
    );
  } finally {
    kernels.release(mark);
  }
};

export const vOptimality: Strategy = {
  id: "v-optimality",
  version: 1,
  title: "Graph variance (V- and Σ-optimality)",
  summary: "Picks the items whose answers would settle most of a graph of similar items.",
  whenToUse: "The first labels of a project: it needs no model and no answers, so whole batches are safe.",
  whenNot: "When a trained model already says where doubt is.",
  taskKinds: ["single-label", "multi-label", "regression"],
  score: { name: "fall of the graph's variance when the item's answer is known", better: "higher" },
  options: {
    type: "object",
    additionalProperties: false,
    properties: {
      criterion: {
        type: "string",
        title: "Criterion",
        description:
          "v lowers the mean variance over items, sigma the variance of the mean, which favours centres of groups.",
        enum: ["v", "sigma"],
        default: "v",
      },
      neighbours: {
        type: "integer",
        title: "Neighbours",
        description: "Nearest items that each item is joined with.",
        minimum: 1,
        maximum: 200,
        default: 10,
      },
      tau: {
        type: "number",
        title: "Prior",
        description: "Added to the graph's Laplacian: how far an answer reaches falls with it.",
        minimum: 1e-6,
        maximum: 100,
        default: 0.05,
      },
      noise: {
        type: "number",
        title: "Noise",
        description: "Variance of an answer.",
        minimum: 1e-9,
        maximum: 100,
        default: 0.01,
      },
      normalize: {
        type: "boolean",
        title: "Normalise",
        description: "Scale the embeddings to length 1 first, so that the distance follows the angle.",
        default: false,
      },
      exactMax: {
        type: "integer",
        title: "Items for the exact form",
        description:
          "More items than this are handled through the lowest eigenpairs of the graph, which the result says.",
        minimum: 1,
        maximum: 5_000,
        default: 1_000,
      },
      eigenpairs: {
        type: "integer",
        title: "Eigenpairs",
        description: "How many of the graph's lowest eigenpairs stand for it.",
        minimum: 1,
        maximum: 400,
        default: 100,
      },
      maxCandidates: {
        type: "integer",
        title: "Candidates at most",
        description: "A larger pool is cut to a random subset of this size first, which the result says.",
        minimum: 1,
        maximum: 100_000,
        default: 10_000,
      },
      maxLabelled: {
        type: "integer",
        title: "Labelled items at most",
        description: "Of more labelled or pending items a random subset of this size takes part.",
        minimum: 1,
        maximum: 100_000,
        default: 2_000,
      },
    },
  },
  needs: () => ({ arrays: ["embeddings", "labels"] }),
  costFormula:
    "time O((candidates + labelled)²·d + candidates·eigenpairs·(eigenpairs + batch)); memory O(candidates·(d + eigenpairs))",
  cost: (dims, options) => cost(dims, options),
  claims: { random: false, inclusion: false, embeddingInvariance: false },
  sources: [
    {
      authors: "Ji & Han",
      year: 2012,
      title: "A variance minimization criterion to active learning on graphs",
      where: "AISTATS",
    },
    {
      authors: "Ma, Garnett & Schneider",
      year: 2013,
      title: "Σ-optimality for active learning on Gaussian random fields",
      where: "NeurIPS",
    },
  ],
  differences: [
    "The graph is made here: nearest neighbours with self-tuned gaussian weights.",
    "Beyond `exactMax` items the covariance is that of the lowest eigenpairs of the Laplacian.",
    "Items whose answers are pending count as labelled.",
  ],
  select: (context, pool, batchSize, options) => design(context, pool, embeddedCandidates(pool), batchSize, options),
  design,
};

function cost(dims: PoolDims, options: OptionValues): { flops: number; bytes: number } {
  const open = Math.min(dims.eligible, Math.max(dims.batchSize, numberOption(options, "maxCandidates")));
  const known = Math.min(dims.labelled, numberOption(options, "maxLabelled"));
  const n = open + known;
  const neighbours = numberOption(options, "neighbours");
  const isDense = n <= numberOption(options, "exactMax");
  const r = Math.min(n, numberOption(options, "eigenpairs") + 8);
  const d = dims.embeddingDim;
  const search = isDense
    ? 3 * n ** 3 + 6 * (dims.batchSize + known) * n * n
    : 8 * 24 * 2 * n * (2 * neighbours) * r + 8 * 6 * n * r * r + 8 * (dims.batchSize + known) * n * r;
  return {
    flops: n * n * d + search,
    bytes:
      4 * n * (d + 24) +
      8 * Math.min(8192, n) * d +
      4 * 512 * 512 +
      // Lists of neighbours and edges, whose maps take about 100 bytes an entry.
      12 * n * neighbours +
      2 * 112 * n * neighbours +
      (isDense ? 4 * 8 * n * n : 8 * n * (4 * r + 8) + 8 * 4 * r * r) +
      24 * dims.eligible,
  };
}
