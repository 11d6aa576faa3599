import { designedSelection, limitCandidates, withEmbedding } from "../core/embeddedCandidates";
import { rowsByKey } from "../core/itemKeys";
import { marginScorer } from "../core/probabilityScorers";
import { numberOption, textOption } from "../core/resolveOptions";
import { BLOCK_ROWS } from "../core/rowMatrix";
import { scorePool } from "../core/scorePool";
import type { Candidates, Designer, Notice, OptionValues, PoolDims, Strategy } from "../core/types";
import { diversifyByKMeans } from "./diversifyByKMeans";

const design: Designer = async (context, pool, candidates, batchSize, options) => {
  const notices: Notice[] = [];
  const covered = withEmbedding(pool, candidates, notices);
  const limit = Math.max(batchSize, numberOption(options, "maxCandidates"));
  const rows = rowsByKey(pool.keys, limitCandidates(context, pool, covered, limit, notices));
  const maxClusters = numberOption(options, "maxClusters");
  const clusters = Math.min(batchSize, maxClusters);
  if (clusters < Math.min(batchSize, rows.length)) {
    notices.push({ code: "CLUSTERS_CAPPED", level: "warning", asked: batchSize, used: clusters });
  }
  const utility = utilitiesOf(covered, rows);
  const diverse = await diversifyByKMeans(context, pool.embeddings!, rows, utility, {
    n: batchSize,
    k: clusters,
    isWeighted: textOption(options, "weighting") === "utility",
    maxIterations: numberOption(options, "maxIterations"),
  });
  const own = Float64Array.from(diverse.picks, (i) => utility[i]);
  return designedSelection(
    candidates,
    {
      rows: Uint32Array.from(diverse.picks, (i) => rows[i]),
      scores: own,
      utility: own.slice(),
      percentile: diverse.picks.map(() => null),
      reasons: diverse.picks.map((_, i) => ({
        code: "represents",
        cluster: diverse.cluster[i],
        clusterSize: diverse.clusterSize[i],
        labelledInCluster: null,
        typicality: null,
      })),
    },
    notices,
  );
};

export const marginKMeans: Strategy = {
  id: "margin-kmeans",
  version: 1,
  title: "Margin with k-means",
  summary: "Of the items with the closest two classes, picks one from each of as many groups as the batch has places.",
  whenToUse: "Batches of dozens or more, where plain margin would serve many near copies at once.",
  whenNot: "Batches of a few items, where plain margin does the same for less.",
  taskKinds: ["single-label"],
  score: { name: "p1 − p2, the gap between the two largest class probabilities", better: "lower" },
  options: {
    type: "object",
    additionalProperties: false,
    properties: {
      factor: {
        type: "number",
        title: "Candidates per pick",
        description:
          "How many of the most uncertain items are kept for each place of the batch before they are grouped.",
        minimum: 1,
        maximum: 1_000,
        default: 10,
      },
      weighting: {
        type: "string",
        title: "Weights of the groups",
        description: "Whether uncertain items pull the group centres towards them.",
        enum: ["utility", "none"],
        default: "utility",
      },
      maxClusters: {
        type: "integer",
        title: "Groups at most",
        description: "A larger batch takes several items per group, which the result says.",
        minimum: 1,
        maximum: 10_000,
        default: 1_000,
      },
      maxCandidates: {
        type: "integer",
        title: "Candidates at most",
        description: "Upper bound on the items that are grouped; the most uncertain are kept.",
        minimum: 1,
        maximum: 1_000_000,
        default: 50_000,
      },
      maxIterations: {
        type: "integer",
        title: "Iterations at most",
        description: "Upper bound on the passes of k-means.",
        minimum: 1,
        maximum: 1_000,
        default: 30,
      },
    },
  },
  needs: () => ({ arrays: ["probabilities", "embeddings"] }),
  costFormula: "time O(n·c + factor·batch·clusters·d·iterations); memory O(factor·batch·d)",
  cost: (dims, options) => cost(dims, options),
  claims: { random: true, inclusion: false, embeddingInvariance: false },
  sources: [{ authors: "Zhdanov", year: 2019, title: "Diverse mini-batch active learning", where: "arXiv 1901.05954" }],
  differences: [
    "The groups are started by k-means++ with weights, and the pick of a group is its row nearest the centroid.",
    "When the rows have fewer distinct points than places, the groups are visited again.",
  ],
  async select(context, pool, batchSize, options) {
    const keep = Math.ceil(numberOption(options, "factor") * batchSize);
    const limit = Math.max(batchSize, Math.min(keep, numberOption(options, "maxCandidates")));
    return design(
      context,
      pool,
      await scorePool(context, pool, await marginScorer(context, pool, options), limit),
      batchSize,
      options,
    );
  },
  design,
};

function utilitiesOf(candidates: Candidates, rows: Uint32Array): Float64Array {
  if (candidates.scored === undefined) return new Float64Array(rows.length).fill(1);
  const utilityOf = new Map<number, number>();
  for (const [i, row] of candidates.rows.entries()) utilityOf.set(row, candidates.scored.utility[i]);
  return Float64Array.from(rows, (row) => utilityOf.get(row)!);
}

function cost(dims: PoolDims, options: OptionValues): { flops: number; bytes: number } {
  const kept = Math.ceil(numberOption(options, "factor") * dims.batchSize);
  const candidates = Math.min(
    dims.eligible,
    Math.max(dims.batchSize, Math.min(kept, numberOption(options, "maxCandidates"))),
  );
  const clusters = Math.min(dims.batchSize, numberOption(options, "maxClusters"));
  const d = dims.embeddingDim;
  return {
    flops: 4 * dims.eligible * dims.nClasses + 2 * candidates * clusters * d * numberOption(options, "maxIterations"),
    bytes:
      4 * candidates * (d + 24) +
      8 * Math.min(8192, candidates) * d +
      20 * clusters * d +
      4 * Math.min(1024, candidates) * clusters +
      8 * dims.nClasses * candidates +
      64 * (candidates + 2048) +
      24 * BLOCK_ROWS,
  };
}
