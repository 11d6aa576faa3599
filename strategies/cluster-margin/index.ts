import { designedSelection, limitCandidates, withEmbedding } from "../core/embeddedCandidates";
import { compareKeys, rowsByKey } from "../core/itemKeys";
import { randomOf } from "../core/keyedRandom";
import { marginScorer } from "../core/probabilityScorers";
import { numberOption, textOption } from "../core/resolveOptions";
import { BLOCK_ROWS } from "../core/rowMatrix";
import { scorePool } from "../core/scorePool";
import type { Designer, Notice, OptionValues, PoolDims, Strategy } from "../core/types";
import type { ClusterRules } from "./poolClusters";
import { clustersOf, poolClusters, writeState } from "./poolClusters";
import { visitClusters } from "./visitClusters";

const design: Designer = async (context, pool, candidates, batchSize, options) => {
  const notices: Notice[] = [];
  const covered = withEmbedding(pool, candidates, notices);
  const limit = Math.max(batchSize, numberOption(options, "maxCandidates"));
  const limited = limitCandidates(context, pool, covered, limit, notices);
  const rows = covered.scored === undefined ? rowsByKey(pool.keys, limited) : limited;
  const rules = rulesOf(options);
  const clusters = await poolClusters(context, pool, rules, notices);
  const cluster = await clustersOf(context, pool, clusters, rows);
  const byKey = Array.from(rows.keys()).sort((a, b) => compareKeys(pool.keys, rows[a], rows[b]));
  const isRandom = textOption(options, "member") === "random";
  const member = randomOf(context, "member");
  const turn = randomOf(context, "turn");
  const picks = isRandom
    ? visitClusters(
        cluster,
        byKey,
        batchSize,
        (pick) => member.uniform(pick),
        (id) => turn.uniform(id),
      )
    : visitClusters(cluster, byKey, batchSize);
  const sizes = new Map<number, number>();
  for (const id of cluster) sizes.set(id, (sizes.get(id) ?? 0) + 1);
  const utility = covered.scored?.utility;
  const utilityOf = new Map(Array.from(covered.rows, (row, i) => [row, utility?.[i] ?? 0]));
  const own = Float64Array.from(picks, (i) => utilityOf.get(rows[i])!);
  const selection = designedSelection(
    covered,
    {
      rows: Uint32Array.from(picks, (i) => rows[i]),
      scores: own,
      utility: own.slice(),
      percentile: picks.map(() => null),
      reasons: picks.map((i) => ({
        code: "represents",
        cluster: cluster[i],
        clusterSize: sizes.get(cluster[i])!,
        labelledInCluster: null,
        typicality: null,
      })),
    },
    notices,
  );
  return { ...selection, state: writeState(pool, clusters, rules) };
};

function rulesOf(options: OptionValues): ClusterRules {
  return {
    sampleSize: numberOption(options, "sampleSize"),
    distanceThreshold: numberOption(options, "distanceThreshold"),
    clusterShare: numberOption(options, "clusterShare"),
  };
}

export const clusterMargin: Strategy = {
  id: "cluster-margin",
  version: 2,
  title: "Cluster-Margin",
  summary: "Groups the pool once; then takes uncertain items from the groups in turns, the smallest groups first.",
  whenToUse: "Large batches: the groups are made once, so a round costs little more than margin.",
  whenNot: "Batches of a few items, where the groups hardly matter.",
  taskKinds: ["single-label"],
  score: { name: "p1 − p2, the gap of the two largest probabilities", better: "lower" },
  options: {
    type: "object",
    additionalProperties: false,
    properties: {
      factor: {
        type: "number",
        title: "Candidates per pick",
        description: "How many of the items with the smallest margin are considered for each place of the batch.",
        minimum: 1,
        maximum: 1_000,
        default: 1.25,
      },
      member: {
        type: "string",
        title: "Item of a group",
        description: "A random candidate of the group, as published, or the one with the smallest margin.",
        enum: ["random", "smallest-margin"],
        default: "random",
      },
      sampleSize: {
        type: "integer",
        title: "Items that are grouped",
        description: "The groups are made of a random sample of this size; every other item joins the nearest group.",
        minimum: 2,
        maximum: 4_000,
        default: 1_000,
      },
      clusterShare: {
        type: "number",
        title: "Groups per item of the sample",
        description: "The sample is merged until this many groups per item are left.",
        minimum: 0.001,
        maximum: 1,
        default: 0.5,
      },
      distanceThreshold: {
        type: "number",
        title: "Distance threshold",
        description:
          "Merge groups while their mean distance is below it, as published; 0 goes by the number of groups.",
        minimum: 0,
        maximum: 1e9,
        default: 0,
      },
      maxCandidates: {
        type: "integer",
        title: "Candidates at most",
        description: "Upper bound on the items considered; those with the smallest margin are kept.",
        minimum: 1,
        maximum: 1_000_000,
        default: 100_000,
      },
    },
  },
  needs: () => ({ arrays: ["probabilities", "embeddings", "labels", "state"] }),
  costFormula: "once O(sample²·d); each round O(n·c + factor·batch·groups·d); memory O(sample² + factor·batch·d)",
  cost: (dims, options) => cost(dims, options),
  claims: { random: true, inclusion: false, embeddingInvariance: false },
  sources: [
    {
      authors: "Citovsky, DeSalvo, Gentile, Karydas, Rajagopalan, Rostamizadeh & Kumar",
      year: 2021,
      title: "Batch active learning at scale",
      where: "NeurIPS",
    },
  ],
  differences: [
    "Fewer candidates than published: on pools of thousands, ten candidates per pick fell behind margin and at times behind random. `factor: 10` is the published form.",
    "The hierarchy is built on a sample; other items join the nearest centroid. `sampleSize` and `distanceThreshold` give the published form on small pools.",
    "The state handed from round to round names the sample's items and groups; it holds no embeddings.",
    "Groups with equally many candidates are visited in random order; with `member: smallest-margin` in the order of their lowest item key.",
  ],
  async select(context, pool, batchSize, options) {
    const keep = Math.ceil(numberOption(options, "factor") * batchSize);
    const limit = Math.max(batchSize, Math.min(keep, numberOption(options, "maxCandidates")));
    const scorer = await marginScorer(context, pool, options);
    return design(context, pool, await scorePool(context, pool, scorer, limit), batchSize, options);
  },
  design,
};

function cost(dims: PoolDims, options: OptionValues): { flops: number; bytes: number } {
  const kept = Math.ceil(numberOption(options, "factor") * dims.batchSize);
  const bound = Math.max(dims.batchSize, Math.min(kept, numberOption(options, "maxCandidates")));
  const candidates = Math.min(dims.eligible, bound);
  const sample = Math.min(dims.eligible + dims.labelled, numberOption(options, "sampleSize"));
  const d = dims.embeddingDim;
  return {
    flops: 4 * dims.eligible * dims.nClasses + 3 * sample * sample * (d + 4) + 2 * candidates * sample * d,
    bytes:
      8 * sample * sample +
      24 * sample * d +
      4 * candidates * (d + 48) +
      8 * Math.min(8192, candidates + sample) * d +
      4 * Math.min(1024, candidates) * sample +
      8 * dims.nClasses * candidates +
      64 * (candidates + 2048) +
      24 * BLOCK_ROWS +
      48 * dims.eligible,
  };
}
