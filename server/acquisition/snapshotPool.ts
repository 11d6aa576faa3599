import { createHash } from "node:crypto";
import type { ManifestArray } from "@/contracts/manifest";
import type { Bitmap } from "@/strategies";
import { auditFrame, bitmapAnd, bitmapWithout, clearBit, countBits, createBitmap, setBit } from "@/strategies";
import { getTaskType } from "@/task-types/registry";
import type { Clock } from "../clock";
import type { MatrixRef, ShardRef } from "../compute";
import { rowsOf } from "../compute";
import type { Pool } from "../db";
import { readFeatureMatrix, readPresence } from "../features";
import { selectPredictionShards } from "../prediction";
import type { ProjectRow } from "../projects";
import type { BlobStore } from "../storage";
import { readTrainingLabels } from "../training";
import type { PoolCountsRow, RoundModelRow } from "./acquisition.db";
import {
  selectCandidateRanges,
  selectInFlight,
  selectPoolCounts,
  selectRoundModel,
  selectSkippedRows,
} from "./acquisition.db";
import { AUDIT_FRAME_SHARE, frameSeedOf } from "./strategySpec";

export interface PoolSnapshot {
  counts: PoolCountsRow;
  n: number;
  model: RoundModelRow | undefined;
  featureVersion: number | null;
  /** Classes in the order of the probabilities' columns. */
  classes: string[];
  /** Rows that may be picked. */
  eligible: Bitmap;
  /** Open rows that are left out because they have no vector or prediction; served last, at random. */
  absent: Bitmap;
  labelledRows: Uint32Array;
  labelledClasses: Int32Array;
  pending: Uint32Array;
  skipped: Uint32Array;
  embeddings: MatrixRef | null;
  probabilities: MatrixRef | null;
}

export interface SnapshotContext {
  db: Pool;
  clock: Clock;
  storage: BlobStore;
}

/** Everything a round looks at, as it is now. Arrays are named, not read. */
export async function snapshotPool(context: SnapshotContext, project: ProjectRow): Promise<PoolSnapshot> {
  const { db, clock } = context;
  const counts = await selectPoolCounts(db, project.id);
  const n = counts.nextRow;
  const model =
    project.activeModelVersion === null
      ? undefined
      : await selectRoundModel(db, project.id, project.activeModelVersion);
  const featureVersion = project.activeFeatureVersion;
  const embeddings = featureVersion === null ? null : await readFeatureMatrix(db, project.id, featureVersion);
  const probabilities = model ? await readProbabilities(db, project.id, model) : null;
  const { wanted, pending } = await readCandidates(db, project, n, clock.now());
  const absent = bitmapAnd(wanted, await readAbsent(context, n, [embeddings, probabilities]));
  // Audits look at no vector: rows of the frame stay in, or the sample would miss what has none.
  const isAudited = project.strategy.auditShare > 0;
  const frame = isAudited ? auditFrame({ n }, frameSeedOf(project.seed), AUDIT_FRAME_SHARE) : createBitmap(n);
  const left = bitmapWithout(absent, frame);
  const taskType = getTaskType(project.taskType);
  const projectClasses = taskType.classes(project.taskConfig).map(({ id }) => id);
  const classes = model?.classes ?? projectClasses;
  const labels = await readTrainingLabels(db, project, counts.labelSeq);
  const known = labels
    .map(({ row, classIndex }) => ({ row, classIndex: classes.indexOf(projectClasses[classIndex]) }))
    .filter(({ row, classIndex }) => classIndex >= 0 && row < n);
  return {
    counts,
    n,
    model,
    featureVersion,
    classes,
    eligible: bitmapWithout(wanted, left),
    absent: left,
    labelledRows: Uint32Array.from(known, ({ row }) => row),
    labelledClasses: Int32Array.from(known, ({ classIndex }) => classIndex),
    pending,
    skipped: Uint32Array.from((await selectSkippedRows(db, project.id)).filter((row) => row < n)),
    embeddings: embeddings && embeddings.shards.length > 0 ? clipTo(embeddings, n) : null,
    probabilities,
  };
}

async function readProbabilities(db: Pool, projectId: number, model: RoundModelRow): Promise<MatrixRef | null> {
  const shards = await selectPredictionShards(db, projectId, model.version);
  if (shards.length === 0) return null;
  return { dim: model.classes.length, shards: shards.map(({ startRow, nRows, key }) => ({ startRow, nRows, key })) };
}

/** Rows that came after the pool was counted are left to the next round. */
function clipTo(matrix: MatrixRef, n: number): MatrixRef {
  const shards = matrix.shards.filter((shard) => shard.startRow + shard.nRows <= n);
  return { ...matrix, shards };
}

async function readCandidates(db: Pool, { id: projectId, overlap }: ProjectRow, n: number, now: Date) {
  const wanted = createBitmap(n);
  for (const { first, last } of await selectCandidateRanges(db, projectId)) {
    for (let row = first; row <= Math.min(last, n - 1); row++) setBit(wanted, row);
  }
  const pending: number[] = [];
  for (const { row, wanted: left, isHeld } of await selectInFlight(db, projectId, overlap, now)) {
    if (row >= n) continue;
    if (left <= 0) clearBit(wanted, row);
    if (isHeld && left <= 0) pending.push(row);
  }
  return { wanted, pending: Uint32Array.from(pending) };
}

/** Rows that some matrix covers without having values for them. */
async function readAbsent({ storage }: SnapshotContext, n: number, matrices: (MatrixRef | null)[]): Promise<Bitmap> {
  const absent = createBitmap(n);
  for (const shard of matrices.flatMap((matrix): ShardRef[] => matrix?.shards ?? [])) {
    const present = await readPresence(storage, shard);
    if (present === null) continue;
    for (let r = 0; r < shard.nRows && shard.startRow + r < n; r++) {
      if (((present[r >>> 5] >>> (r & 31)) & 1) === 0) setBit(absent, shard.startRow + r);
    }
  }
  return absent;
}

export interface StoredSnapshot {
  eligible: ManifestArray;
  labelledRows: ManifestArray;
  labelledClasses: ManifestArray;
  pending: ManifestArray;
  skipped: ManifestArray;
}

/** Stores the small arrays of a snapshot under names that carry their hash: a repeated run stores the same or others beside. */
export async function storeSnapshot(
  storage: BlobStore,
  prefix: string,
  snapshot: PoolSnapshot,
): Promise<StoredSnapshot> {
  const put = async (
    name: string,
    dtype: ManifestArray["dtype"],
    array: Uint32Array | Int32Array,
    length = array.length,
  ): Promise<ManifestArray> => {
    const bytes = new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    const key = `${prefix}/${name}-${sha256}`;
    await storage.put(key, bytes);
    return { key, dtype, shape: [length], sha256 };
  };
  return {
    eligible: await put("eligible", "bits", snapshot.eligible.words, snapshot.n),
    labelledRows: await put("labelled-rows", "u4", snapshot.labelledRows),
    labelledClasses: await put("labelled-classes", "i4", snapshot.labelledClasses),
    pending: await put("pending", "u4", snapshot.pending),
    skipped: await put("skipped", "u4", snapshot.skipped),
  };
}

/** Rows a matrix covers; 0 for none. */
export function coveredRows(matrix: MatrixRef | null): number {
  return matrix === null ? 0 : rowsOf(matrix);
}

export function countEligible(snapshot: PoolSnapshot): number {
  return countBits(snapshot.eligible);
}
