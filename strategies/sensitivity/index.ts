import { designedSelection, embeddedCandidates, limitCandidates, rowsBelow } from "../core/embeddedCandidates";
import type { EmbeddingBlock } from "../core/embeddingBlock";
import { gatherEmbeddings, kernelFloats } from "../core/embeddingBlock";
import { inclusionProbabilities } from "../core/inclusionProbabilities";
import { rowsByKey } from "../core/itemKeys";
import { randomOf } from "../core/keyedRandom";
import { assignClusters, kMeans } from "../core/kMeans";
import { percentileSorted } from "../core/metrics/ranks";
import { pivotalSample } from "../core/pivotalSample";
import { gatherPredictions } from "../core/predictedRows";
import { numberOption, textOption } from "../core/resolveOptions";
import { sampleRows } from "../core/sampleRows";
import type { Notice, OptionValues, Pool, PoolDims, SelectContext, Selection, Strategy } from "../core/types";
import { sensitivities } from "./sensitivities";

/** Iterations of k-means at most. */
const ITERATIONS_MAX = 25;

/** Clusters at most when their number follows from the batch. */
const CLUSTERS_MAX = 1_000;

/** Places of the batch per cluster. */
const PLACES_PER_CLUSTER = 4;

async function select(
  context: SelectContext,
  pool: Pool,
  batchSize: number,
  options: OptionValues,
): Promise<Selection> {
  const { kernels } = context;
  const notices: Notice[] = [];
  const loss = textOption(options, "loss");
  const all = rowsBelow(
    embeddedCandidates(pool),
    loss === "none" ? pool.embeddings!.n : pool.probabilities!.n,
    notices,
  );
  const limit = Math.max(batchSize, numberOption(options, "maxCandidates"));
  const rows = rowsByKey(pool.keys, limitCandidates(context, pool, all, limit, notices));
  const n = Math.min(batchSize, rows.length);
  const mark = kernels.mark();
  try {
    const block = await gatherEmbeddings(kernels, pool.embeddings!, rows);
    const losses = loss === "none" ? new Float64Array(rows.length).fill(1) : await lossesOf(pool, rows, loss);
    const clustering = cluster(context, pool, block, clustersFor(n, options), numberOption(options, "fitSample"));
    const sizes = sensitivities(clustering.assignment, clustering.distances, losses, clustering.k);
    const pi = inclusionProbabilities(sizes, n, 0);
    const random = randomOf(context, "meetings");
    let meeting = 0;
    const sample = pivotalSample(block.x, block.d, pi, (q) => random.uniform(meeting++) < q);
    // Candidates are themselves a simple random sample of the eligible rows.
    const share = rows.length / Math.max(1, all.rows.length);
    return describe(context, pool, rows, sample, { sizes, clustering, inclusion: pi.map((p) => p * share) }, [
      ...all.notices,
      ...notices,
    ]);
  } finally {
    kernels.release(mark);
  }
}

interface Clustering {
  readonly k: number;
  readonly assignment: Int32Array;
  /** Squared distance of each row to its centroid. */
  readonly distances: Float32Array;
}

interface Drawn {
  readonly sizes: Float64Array;
  readonly clustering: Clustering;
  readonly inclusion: Float64Array;
}

/** The picks in random order, so that the first of them are themselves a sample. */
function describe(
  context: SelectContext,
  pool: Pool,
  rows: Uint32Array,
  sample: Int32Array,
  { sizes, clustering, inclusion }: Drawn,
  notices: readonly Notice[],
): Selection {
  const indexOf = new Map(Array.from(sample, (i) => [rows[i], i]));
  const ordered = sampleRows(Uint32Array.from(indexOf.keys()), indexOf.size, pool.keys, randomOf(context, "order"));
  const at = Array.from(ordered, (row) => indexOf.get(row)!);
  const counts = new Int32Array(clustering.k);
  for (const id of clustering.assignment) counts[id]++;
  const ascending = sizes.slice().sort();
  const scores = Float64Array.from(at, (i) => sizes[i]);
  const selection = designedSelection(
    { rows, notices: [] },
    {
      rows: ordered,
      scores,
      utility: scores.slice(),
      percentile: at.map((i) => percentileSorted(ascending, sizes[i])),
      reasons: at.map((i) => ({
        code: "represents",
        cluster: clustering.assignment[i],
        clusterSize: counts[clustering.assignment[i]],
        labelledInCluster: null,
        typicality: null,
      })),
    },
    notices,
  );
  return {
    ...selection,
    inclusion: at.map((i) => Math.min(1, inclusion[i])),
    reasons: selection.reasons.map((reasons, pick) => [
      ...reasons,
      { code: "drawn", inclusion: Math.min(1, inclusion[at[pick]]) },
    ]),
  };
}

function clustersFor(batchSize: number, options: OptionValues): number {
  const asked = numberOption(options, "clusters");
  return asked > 0 ? asked : Math.max(1, Math.min(CLUSTERS_MAX, Math.ceil(batchSize / PLACES_PER_CLUSTER)));
}

function cluster(context: SelectContext, pool: Pool, block: EmbeddingBlock, k: number, fitSample: number): Clustering {
  const { kernels } = context;
  const assignment = new Int32Array(block.n);
  const distances = new Float32Array(block.n);
  if (block.n === 0) return { k: 0, assignment, distances };
  const size = Math.max(Math.min(k, block.n), fitSample);
  const chosen = new Set(sampleRows(block.rows, size, pool.keys, randomOf(context, "fit-sample")));
  const positions = Int32Array.from(Array.from(block.rows.keys()).filter((i) => chosen.has(block.rows[i])));
  const mark = kernels.mark();
  const x = kernelFloats(kernels, positions.length * block.d);
  kernels.gatherRows({ x: block.x, d: block.d, rows: positions, out: x });
  const fitted = kMeans(kernels, {
    x,
    norms: Float32Array.from(positions, (i) => block.norms[i]),
    n: positions.length,
    d: block.d,
    k: Math.min(k, positions.length),
    maxIterations: ITERATIONS_MAX,
    random: randomOf(context, "k-means"),
    checkAbort: () => context.checkAbort(),
  });
  kernels.release(mark);
  assignClusters(kernels, block, fitted.centroids, fitted.k, assignment, distances);
  return { k: fitted.k, assignment, distances };
}

/** Expected loss of each row: entropy in nats (multi-label: summed over classes) or 1 − the largest probability. */
async function lossesOf(pool: Pool, rows: Uint32Array, loss: string): Promise<Float64Array> {
  const predictions = await gatherPredictions(pool, rows);
  const c = pool.probabilities!.dim;
  const isMultiLabel = pool.taskKind === "multi-label";
  const part = (p: number) => (p > 0 ? -p * Math.log(p) : 0);
  return Float64Array.from(rows, (_, i) => {
    const row = predictions.subarray(i * c, (i + 1) * c);
    if (loss === "entropy") return row.reduce((sum, p) => sum + part(p) + (isMultiLabel ? part(1 - p) : 0), 0);
    if (isMultiLabel) return row.reduce((sum, p) => sum + Math.min(p, 1 - p), 0);
    return 1 - row.reduce((most, p) => Math.max(most, p), 0);
  });
}

export const sensitivity: Strategy = {
  id: "sensitivity",
  version: 1,
  title: "Sensitivity sampling",
  summary: "Draws items in proportion to how much they can change the pool's loss, group by group, with known chances.",
  whenToUse: "Seed sets, and audits that shall estimate a quantity of a large pool from few labels.",
  whenNot: "Embeddings in which likeness says nothing about the loss.",
  taskKinds: ["single-label", "multi-label"],
  score: { name: "share of the loss, the spread and the groups that the item stands for", better: "higher" },
  options: {
    type: "object",
    additionalProperties: false,
    properties: {
      loss: {
        type: "string",
        title: "Expected loss",
        description: "Of the item in the middle of each group: entropy, 1 − the largest probability, or none.",
        enum: ["entropy", "least-confidence", "none"],
        default: "entropy",
      },
      clusters: {
        type: "integer",
        title: "Groups",
        description: "Groups of k-means; 0 takes a quarter of the batch.",
        minimum: 0,
        maximum: 10_000,
        default: 0,
      },
      fitSample: {
        type: "integer",
        title: "Items the groups are fitted on",
        description: "The group centres are found on a random subset of this size; then every item joins its nearest.",
        minimum: 100,
        maximum: 1_000_000,
        default: 10_000,
      },
      maxCandidates: {
        type: "integer",
        title: "Candidates at most",
        description: "A larger pool is cut to a random subset of this size first; the chances given account for it.",
        minimum: 1,
        maximum: 1_000_000,
        default: 50_000,
      },
    },
  },
  needs: (options) => ({
    arrays: textOption(options, "loss") === "none" ? ["embeddings"] : ["probabilities", "embeddings"],
  }),
  costFormula: "time O(sample·groups·d·iterations + candidates·groups·d); memory O(candidates·d)",
  cost: (dims, options) => cost(dims, options),
  claims: { random: true, inclusion: true, embeddingInvariance: false },
  sources: [
    {
      authors: "Axiotis, Cohen-Addad, Henzinger, Jerome, Mirrokni, Saulpic, Woodruff & Wunder",
      year: 2024,
      title: "Data-efficient learning via clustering-based sensitivity sampling: foundation models and beyond",
      where: "ICML",
    },
  ],
  differences: [
    "The loss of a group's middle item is the model's expected loss, not a measured one.",
    "Each of the three terms has the same weight, and one for 1 / group size keeps small groups.",
    "A sample without replacement that spreads over the embeddings takes the place of independent draws.",
  ],
  select,
};

function cost(dims: PoolDims, options: OptionValues): { flops: number; bytes: number } {
  const n = Math.min(dims.eligible, Math.max(dims.batchSize, numberOption(options, "maxCandidates")));
  const k = clustersFor(Math.min(dims.batchSize, dims.eligible), options);
  const sample = Math.min(n, Math.max(k, numberOption(options, "fitSample")));
  const d = dims.embeddingDim;
  return {
    flops: 2 * d * k * (sample * ITERATIONS_MAX + n) + 6 * n * d * Math.max(1, Math.log2(n / 12)),
    bytes:
      4 * (n + sample) * (d + 40) +
      8 * n * dims.nClasses +
      8 * Math.min(8192, n) * d +
      20 * k * d +
      4 * Math.min(1024, n) * k +
      32 * dims.eligible,
  };
}
