import { designedSelection, embeddedCandidates, limitCandidates, withEmbedding } from "../core/embeddedCandidates";
import { rowsByKey } from "../core/itemKeys";
import { knownRows } from "../core/knownRows";
import { numberOption, textOption } from "../core/resolveOptions";
import type { Designer, Notice, OptionValues, PoolDims, Strategy } from "../core/types";
import { kCenterGreedy } from "./kCenterGreedy";

const design: Designer = async (context, pool, candidates, batchSize, options) => {
  const notices: Notice[] = [];
  const covered = withEmbedding(pool, candidates, notices);
  const limit = Math.max(batchSize, numberOption(options, "maxCandidates"));
  const rows = limitCandidates(context, pool, covered, limit, notices);
  const known = rowsByKey(pool.keys, knownRows(context, pool, numberOption(options, "maxLabelled"), notices));
  const picks = await kCenterGreedy(
    context,
    pool.embeddings!,
    rowsByKey(pool.keys, rows),
    known,
    batchSize,
    textOption(options, "coldStart"),
  );
  context.trace({ stage: "k-center-greedy", values: { coverRadius: picks.coverRadius, known: known.length } });
  // The first pick of a cold start has no distance: what it is worth is the radius it leaves, the second's distance.
  const scores = Float64Array.from(picks.distances, (distance) => distance ?? picks.distances[1] ?? 0);
  return designedSelection(
    candidates,
    {
      rows: picks.rows,
      scores,
      utility: scores.slice(),
      percentile: picks.percentile,
      reasons: picks.distances.map((distance, i) => ({
        code: "farFromLabelled",
        distance,
        nearest: picks.nearest[i],
        percentile: picks.percentile[i],
      })),
    },
    notices,
  );
};

export const kCenterGreedyStrategy: Strategy = {
  id: "k-center-greedy",
  version: 1,
  title: "K-center greedy (core-set)",
  summary: "Picks, one after the other, the item farthest from everything labelled or picked so far.",
  whenToUse: "To cover a pool evenly with good embeddings, or as the batch design after an uncertainty filter.",
  whenNot: "Pools with outliers or junk: they are far from everything and come first.",
  warning: "On its own it fell behind random picks in several published comparisons; outliers come first.",
  taskKinds: ["single-label", "multi-label", "regression"],
  score: { name: "euclidean distance to the nearest labelled or earlier picked item", better: "higher" },
  options: {
    type: "object",
    additionalProperties: false,
    properties: {
      coldStart: {
        type: "string",
        title: "First pick without labels",
        description: "Which item comes first when nothing is labelled: the one nearest the mean, or the lowest key.",
        enum: ["nearest-mean", "lowest-key"],
        default: "nearest-mean",
      },
      maxCandidates: {
        type: "integer",
        title: "Candidates at most",
        description: "A larger pool is cut to a random subset of this size first, which the result says.",
        minimum: 1,
        maximum: 1_000_000,
        default: 50_000,
      },
      maxLabelled: {
        type: "integer",
        title: "Labelled items at most",
        description: "Of more labelled or pending items a random subset of this size is kept clear of.",
        minimum: 1,
        maximum: 1_000_000,
        default: 10_000,
      },
    },
  },
  needs: () => ({ arrays: ["embeddings", "labels"] }),
  costFormula: "time O((batch + labelled)·candidates·d); memory O(candidates·d)",
  cost: (dims, options) => cost(dims, options),
  claims: { random: false, inclusion: false, embeddingInvariance: true },
  sources: [
    {
      authors: "Sener & Savarese",
      year: 2018,
      title: "Active learning for convolutional neural networks: a core-set approach",
      where: "ICLR",
    },
    {
      authors: "Gonzalez",
      year: 1985,
      title: "Clustering to minimize the maximum intercluster distance",
      where: "TCS",
    },
  ],
  differences: [
    "Without labels the first pick is the item nearest the mean; `coldStart: lowest-key` gives the released code's row 0.",
    "Items whose answers are pending count as labelled.",
    "The greedy 2-approximation only; the mixed-integer refinement of the paper is left out.",
  ],
  select: (context, pool, batchSize, options) => design(context, pool, embeddedCandidates(pool), batchSize, options),
  design,
};

function cost(dims: PoolDims, options: OptionValues): { flops: number; bytes: number } {
  const candidates = Math.min(dims.eligible, numberOption(options, "maxCandidates"));
  const known = Math.min(dims.labelled, numberOption(options, "maxLabelled"));
  const d = dims.embeddingDim;
  return {
    flops: 2 * (dims.batchSize + known) * candidates * d,
    bytes:
      4 * (candidates + known) * (d + 8) +
      8 * Math.min(8192, candidates) * d +
      8 * Math.min(256, candidates) * d +
      4 * Math.min(1024, candidates) * known +
      32 * dims.batchSize * d +
      16 * dims.eligible,
  };
}
