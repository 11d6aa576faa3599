import { designedSelection, embeddedCandidates, limitCandidates, withEmbedding } from "../core/embeddedCandidates";
import type { EmbeddingBlock } from "../core/embeddingBlock";
import { gatherEmbeddings, kernelFloats } from "../core/embeddingBlock";
import { keyHi, keyLo, rowsByKey } from "../core/itemKeys";
import { randomOf } from "../core/keyedRandom";
import { assignClusters, kMeans } from "../core/kMeans";
import { knownRows } from "../core/knownRows";
import { numberOption, textOption } from "../core/resolveOptions";
import { sampleRows } from "../core/sampleRows";
import { selectTopK } from "../core/topK";
import type { Designer, Notice, OptionValues, Pool, PoolDims, SelectContext, Strategy } from "../core/types";
import { exactTypicality } from "./exactTypicality";
import type { TypicalPick, TypicalRules } from "./pickTypical";
import { pickTypical } from "./pickTypical";

/** Of a cluster larger than this a random part is searched: typicality costs its square. */
const MEMBERS_MAX = 1_000;

const design: Designer = async (context, pool, candidates, batchSize, options) => {
  const notices: Notice[] = [];
  const covered = withEmbedding(pool, candidates, notices);
  const limit = Math.max(batchSize, numberOption(options, "maxCandidates"));
  const open = limitCandidates(context, pool, covered, limit, notices);
  const known = knownRows(context, pool, numberOption(options, "maxLabelled"), notices);
  const all = new Uint32Array(open.length + known.length);
  all.set(open);
  all.set(known, open.length);
  const rows = rowsByKey(pool.keys, all);
  const knownSet = new Set(known);
  const isKnown = Uint8Array.from(rows, (row) => (knownSet.has(row) ? 1 : 0));
  const asked = known.length + batchSize;
  const clusters = Math.min(asked, numberOption(options, "maxClusters"));
  const mark = context.kernels.mark();
  try {
    const block = await gatherEmbeddings(context.kernels, pool.embeddings!, rows);
    const clustering = cluster(context, pool, block, clusters, numberOption(options, "fitSample"));
    const rules = typicalRules(context, pool, block, options, notices);
    const { picks, fromSmall } = pickTypical(
      context,
      block,
      clustering.assignment,
      clustering.k,
      isKnown,
      batchSize,
      rules,
    );
    if (fromSmall > 0) {
      notices.push({
        code: "SMALL_CLUSTERS_USED",
        // The rule is the same within a small group; only in small pools are there no others.
        level: "info",
        count: fromSmall,
        minSize: rules.smallClusterMax + 1,
      });
    }
    const typicality: (number | null)[] = [];
    for (const pick of picks) {
      typicality.push(await exactTypicality(pool.embeddings!, rows, pick, rules.isSquared));
    }
    return designedSelection(candidates, designed(rows, picks, typicality), notices);
  } finally {
    context.kernels.release(mark);
  }
};

export const typiclust: Strategy = {
  id: "typiclust",
  version: 1,
  title: "TypiClust",
  summary: "Splits the pool into groups and picks from each group without labels its most typical item.",
  whenToUse: "The first labels of a project, before a model can be trusted.",
  whenNot: "Once there are tens of labels per class: typical items are then the ones already understood.",
  taskKinds: ["single-label", "multi-label", "regression"],
  score: { name: "typicality, 1 / (mean distance to the nearest members of its group + 1e-5)", better: "higher" },
  options: {
    type: "object",
    additionalProperties: false,
    properties: {
      maxClusters: {
        type: "integer",
        title: "Groups at most",
        description: "There are as many groups as labelled items plus places of the batch, up to this number.",
        minimum: 1,
        maximum: 5_000,
        default: 500,
      },
      smallClusterMax: {
        type: "integer",
        title: "Small groups",
        description: "Groups of at most this many items are used last.",
        minimum: 0,
        maximum: 1_000,
        default: 5,
      },
      neighbours: {
        type: "integer",
        title: "Neighbours",
        description: "Typicality is taken over this many nearest items of the group, at most half of the group.",
        minimum: 1,
        maximum: 500,
        default: 20,
      },
      distance: {
        type: "string",
        title: "Distance",
        description: "Euclidean as in the paper, or its square as in the released code.",
        enum: ["euclidean", "squared"],
        default: "euclidean",
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
        description: "Of more labelled or pending items a random subset of this size takes part.",
        minimum: 1,
        maximum: 1_000_000,
        default: 10_000,
      },
      fitSample: {
        type: "integer",
        title: "Items the groups are fitted on",
        description: "The group centres are found on a random subset of this size; then every item joins its nearest.",
        minimum: 100,
        maximum: 1_000_000,
        default: 10_000,
      },
    },
  },
  needs: () => ({ arrays: ["embeddings", "labels"] }),
  costFormula: "time O(sample·clusters·d·iterations + candidates·clusters·d); memory O(candidates·d)",
  cost: (dims, options) => cost(dims, options),
  claims: { random: true, inclusion: false, embeddingInvariance: false },
  sources: [
    {
      authors: "Hacohen, Dekel & Weinshall",
      year: 2022,
      title: "Active learning on a budget: opposite strategies suit high and low budgets",
      where: "ICML",
    },
  ],
  differences: [
    "Distances are euclidean as in the paper; `distance: squared` gives the released code's.",
    "The clusters are fitted on a random subset and seeded by the round, not by a shared generator.",
    "When the large clusters are used up, the small ones follow, with a notice; the released code stops.",
    "Items whose answers are pending count as labelled.",
    `Of a cluster with more than ${MEMBERS_MAX} unlabelled items a random part is searched.`,
  ],
  select: (context, pool, batchSize, options) => design(context, pool, embeddedCandidates(pool), batchSize, options),
  design,
};

/** Iterations of k-means at most. */
const ITERATIONS_MAX = 25;

/** K-means fitted on at most `fitSample` rows, every row then assigned to its nearest centroid. */
function cluster(
  context: SelectContext,
  pool: Pool,
  block: EmbeddingBlock,
  k: number,
  fitSample: number,
): { readonly k: number; readonly assignment: Int32Array } {
  const { kernels } = context;
  const args = {
    k: Math.min(k, block.n),
    maxIterations: ITERATIONS_MAX,
    random: randomOf(context, "k-means"),
    checkAbort: () => context.checkAbort(),
  };
  if (block.n <= fitSample) return kMeans(kernels, { ...block, ...args });
  const chosen = new Set(
    sampleRows(block.rows, Math.max(fitSample, args.k), pool.keys, randomOf(context, "fit-sample")),
  );
  const positions = Int32Array.from(Array.from(block.rows.keys()).filter((i) => chosen.has(block.rows[i])));
  const mark = kernels.mark();
  const x = kernelFloats(kernels, positions.length * block.d);
  kernels.gatherRows({ x: block.x, d: block.d, rows: positions, out: x });
  const norms = Float32Array.from(positions, (i) => block.norms[i]);
  const fitted = kMeans(kernels, { x, norms, n: positions.length, d: block.d, ...args });
  kernels.release(mark);
  const assignment = new Int32Array(block.n);
  assignClusters(kernels, block, fitted.centroids, fitted.k, assignment, new Float32Array(block.n));
  return { k: fitted.k, assignment };
}

function typicalRules(
  context: SelectContext,
  pool: Pool,
  block: EmbeddingBlock,
  options: OptionValues,
  notices: Notice[],
): TypicalRules {
  const random = randomOf(context, "members");
  let isTold = false;
  return {
    smallClusterMax: numberOption(options, "smallClusterMax"),
    neighboursMax: numberOption(options, "neighbours"),
    isSquared: textOption(options, "distance") === "squared",
    limitMembers: (members) => {
      if (members.length <= MEMBERS_MAX) return members;
      if (!isTold) {
        notices.push({
          code: "CANDIDATES_TRUNCATED",
          level: "warning",
          from: members.length,
          to: MEMBERS_MAX,
          rule: "random",
          of: "cluster",
        });
        isTold = true;
      }
      const draws = Float64Array.from(members, (i) => {
        const row = block.rows[i];
        return -random.uniform(keyLo(pool.keys, row), keyHi(pool.keys, row));
      });
      return Int32Array.from(selectTopK(Uint32Array.from(members), draws, MEMBERS_MAX, undefined).rows).sort();
    },
  };
}

function designed(rows: Uint32Array, picks: readonly TypicalPick[], typicality: readonly (number | null)[]) {
  const scores = Float64Array.from(typicality, (value) => value ?? 0);
  return {
    rows: Uint32Array.from(picks, (pick) => rows[pick.index]),
    scores,
    utility: scores.slice(),
    percentile: picks.map(() => null),
    reasons: picks.map((pick, i) => ({
      code: "represents" as const,
      cluster: pick.cluster,
      clusterSize: pick.clusterSize,
      labelledInCluster: pick.knownInCluster,
      typicality: typicality[i],
    })),
  };
}

function cost(dims: PoolDims, options: OptionValues): { flops: number; bytes: number } {
  const open = Math.min(dims.eligible, Math.max(dims.batchSize, numberOption(options, "maxCandidates")));
  const rows = open + Math.min(dims.labelled, numberOption(options, "maxLabelled"));
  const clusters = Math.min(dims.batchSize + dims.labelled, numberOption(options, "maxClusters"), rows);
  const sample = Math.min(rows, numberOption(options, "fitSample"));
  const members = Math.min(MEMBERS_MAX, rows);
  const d = dims.embeddingDim;
  return {
    flops: 2 * d * (clusters * (sample * ITERATIONS_MAX + rows) + dims.batchSize * members * members),
    bytes:
      4 * (rows + sample) * (d + 16) +
      8 * Math.min(8192, rows) * d +
      20 * clusters * d +
      4 * Math.min(1024, rows) * clusters +
      4 * members * (2 * members + d) +
      24 * dims.eligible,
  };
}
