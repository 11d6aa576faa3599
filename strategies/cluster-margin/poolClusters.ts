import { hasBit, rowsOfBitmap } from "../core/bitmap";
import { eachEmbeddingBlock, kernelDoubles } from "../core/doubleRows";
import { gatherEmbeddings, kernelFloats } from "../core/embeddingBlock";
import { keyHi, keyLo, rowsByKey } from "../core/itemKeys";
import { randomOf } from "../core/keyedRandom";
import { assignClusters } from "../core/kMeans";
import { sampleRows } from "../core/sampleRows";
import type { JsonValue, Notice, Pool, SelectContext } from "../core/types";
import type { Merge } from "./averageLinkage";
import { averageLinkage, cutMerges } from "./averageLinkage";

/** Clusters of a sample of the pool, made once and used in every round. */
export interface PoolClusters {
  /** Rows of the sample, by key. */
  readonly rows: Uint32Array;
  /** Cluster of each row of the sample. */
  readonly cluster: Int32Array;
  readonly k: number;
}

export interface ClusterRules {
  readonly sampleSize: number;
  /** Merge while the mean distance stays below it; 0: until there are `clusterShare` as many clusters as rows. */
  readonly distanceThreshold: number;
  readonly clusterShare: number;
}

/** The clusters of earlier rounds where they still fit the pool, else new ones; says so when old ones do not fit. */
export async function poolClusters(
  context: SelectContext,
  pool: Pool,
  rules: ClusterRules,
  notices: Notice[],
): Promise<PoolClusters> {
  const kept = readState(pool, rules);
  if (kept !== undefined) return kept;
  if (pool.state !== null && pool.state !== undefined) {
    notices.push({ code: "STATE_RESET", level: "info", what: "clusters" });
  }
  const covered = pool.embeddings!.n;
  const eligible = rowsOfBitmap(pool.eligible);
  const others = new Set([...pool.labelled.rows, ...(pool.pending ?? [])].filter((row) => !hasBit(pool.eligible, row)));
  const all = new Uint32Array(eligible.length + others.size);
  all.set(eligible);
  all.set([...others], eligible.length);
  const open = all.filter((row) => row < covered);
  const rows = rowsByKey(pool.keys, sampleRows(open, rules.sampleSize, pool.keys, randomOf(context, "sample")));
  const { dim } = pool.embeddings!;
  const mark = context.kernels.mark();
  const x = kernelDoubles(context.kernels, rows.length * dim);
  await eachEmbeddingBlock(pool, rows, (block, start) => x.set(block, start * dim));
  const merges = rows.length > 1 ? averageLinkage(context, x, rows.length, dim) : [];
  context.kernels.release(mark);
  const cluster = cutMerges(merges, rows.length, mergesWanted(merges, rows.length, rules));
  const k = cluster.reduce((most, id) => Math.max(most, id + 1), 0);
  context.trace({ stage: "average-linkage", values: { rows: rows.length, clusters: k } });
  return { rows, cluster, k };
}

function mergesWanted(merges: readonly Merge[], n: number, rules: ClusterRules): number {
  if (rules.distanceThreshold > 0) {
    const first = merges.findIndex((merge) => merge.height >= rules.distanceThreshold);
    return first < 0 ? merges.length : first;
  }
  return Math.max(0, n - Math.max(1, Math.ceil(rules.clusterShare * n)));
}

/** Cluster of each row: its own where it belongs to the sample, else that of the nearest centroid. */
export async function clustersOf(
  context: SelectContext,
  pool: Pool,
  clusters: PoolClusters,
  rows: Uint32Array,
): Promise<Int32Array> {
  const { kernels } = context;
  const mark = kernels.mark();
  try {
    const sample = await gatherEmbeddings(kernels, pool.embeddings!, clusters.rows);
    const { d } = sample;
    const sums = new Float64Array(clusters.k * d);
    const sizes = new Float64Array(clusters.k);
    clusters.cluster.forEach((id, i) => {
      sizes[id]++;
      for (let j = 0; j < d; j++) sums[id * d + j] += sample.x[i * d + j];
    });
    const centroids = kernelFloats(kernels, clusters.k * d);
    for (let c = 0; c < clusters.k; c++) for (let j = 0; j < d; j++) centroids[c * d + j] = sums[c * d + j] / sizes[c];
    const block = await gatherEmbeddings(kernels, pool.embeddings!, rows, sample.shift);
    const assignment = new Int32Array(rows.length);
    assignClusters(kernels, block, centroids, clusters.k, assignment, new Float32Array(rows.length));
    const own = new Map(Array.from(clusters.rows, (row, i) => [row, clusters.cluster[i]]));
    return assignment.map((nearest, i) => own.get(rows[i]) ?? nearest);
  } finally {
    kernels.release(mark);
  }
}

interface StoredClusters {
  readonly rules: string;
  readonly dim: number;
  readonly rows: readonly number[];
  /** Low and high word of each row's key: a pool that numbers its rows otherwise is noticed. */
  readonly keys: readonly number[];
  readonly cluster: readonly number[];
}

/** What the next round receives: row numbers and clusters of the sample, no embeddings. */
export function writeState(pool: Pool, clusters: PoolClusters, rules: ClusterRules): JsonValue {
  const stored: StoredClusters = {
    rules: nameOf(rules),
    dim: pool.embeddings!.dim,
    rows: Array.from(clusters.rows),
    keys: Array.from(clusters.rows).flatMap((row) => [keyLo(pool.keys, row), keyHi(pool.keys, row)]),
    cluster: Array.from(clusters.cluster),
  };
  return stored as unknown as JsonValue;
}

function readState(pool: Pool, rules: ClusterRules): PoolClusters | undefined {
  const stored = pool.state as Partial<StoredClusters> | null | undefined;
  if (stored === null || typeof stored !== "object" || Array.isArray(stored)) return undefined;
  const { rows, keys, cluster } = stored;
  if (stored.rules !== nameOf(rules) || stored.dim !== pool.embeddings!.dim) return undefined;
  if (!Array.isArray(rows) || !Array.isArray(keys) || !Array.isArray(cluster)) return undefined;
  if (rows.length === 0 || cluster.length !== rows.length || keys.length !== 2 * rows.length) return undefined;
  const isSame = rows.every(
    (row, i) =>
      row < pool.embeddings!.n &&
      keyLo(pool.keys, row) === keys[2 * i] &&
      keyHi(pool.keys, row) === keys[2 * i + 1] &&
      Number.isInteger(cluster[i]) &&
      cluster[i] >= 0 &&
      cluster[i] < rows.length,
  );
  if (!isSame) return undefined;
  const ids = Int32Array.from(cluster);
  return { rows: Uint32Array.from(rows), cluster: ids, k: ids.reduce((most, id) => Math.max(most, id + 1), 0) };
}

function nameOf(rules: ClusterRules): string {
  return `${rules.sampleSize}/${rules.distanceThreshold}/${rules.clusterShare}`;
}
