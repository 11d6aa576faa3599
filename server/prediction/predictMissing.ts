import type { Clock } from "../clock";
import type { ComputePool, ShardRef } from "../compute";
import type { Pool } from "../db";
import { AppError } from "../errors";
import { readFeatureMatrix } from "../features";
import type { BlobStore } from "../storage";
import { insertPredictionShard, selectPredictingModel, selectPredictionShards } from "./prediction.db";
import { predictionPrefix } from "./predictionPrefix";

const SHARD_BYTES = 64 * 2 ** 20;
const SHARD_ROWS_MAX = 65_536;
const SHARD_ROWS_MIN = 256;

export interface PredictContext {
  db: Pool;
  clock: Clock;
  storage: BlobStore;
  compute: ComputePool;
  signal: AbortSignal;
  progress: (report: { done: number; total?: number; message?: string }) => Promise<void>;
}

export interface PredictOutcome {
  /** Rows predicted now. */
  nPredicted: number;
  /** Rows that have predictions: 0 … nRows − 1. */
  nRows: number;
  durationMs: number;
  /** Processor time of the compute child. */
  cpuMs: number;
}

/**
 * Predicts the rows that have features of the model's version and no predictions yet. Every shard is kept as soon as it is
 * stored, so that a crash costs one shard. Called twice, the second call finds nothing to do; versions of outside models
 * have what was ingested and are left alone.
 *
 * @throws AppError E_NOT_FOUND, E_PRECONDITION when the version is not trained (yet).
 */
export async function predictMissing(
  context: PredictContext,
  input: { projectId: number; modelVersion: number },
): Promise<PredictOutcome> {
  const { db, clock, storage, compute, signal } = context;
  const { projectId, modelVersion } = input;
  const startedMs = clock.monotonicMs();
  const model = await selectPredictingModel(db, projectId, modelVersion);
  if (!model) throw new AppError("E_NOT_FOUND", `Project ${projectId} has no model version ${modelVersion}.`);
  const existing = await selectPredictionShards(db, projectId, modelVersion);
  const from = existing.reduce((end, shard) => Math.max(end, shard.startRow + shard.nRows), 0);
  if (model.featureVersion === null) return { nPredicted: 0, nRows: from, durationMs: 0, cpuMs: 0 };
  if (model.blobKey === null || model.state === "failed") {
    throw new AppError("E_PRECONDITION", `Model version ${modelVersion} is not trained, so it cannot predict.`);
  }
  const features = await readFeatureMatrix(db, projectId, model.featureVersion);
  const nRows = features.shards.reduce((sum, shard) => sum + shard.nRows, 0);
  if (nRows <= from) return { nPredicted: 0, nRows: from, durationMs: 0, cpuMs: 0 };
  const width = model.classes.length;
  const writes: Promise<void>[] = [];
  const keep = (shard: ShardRef) => {
    const write = insertPredictionShard(db, projectId, modelVersion, { ...shard, width });
    // Awaited below; without this a failure in between would end the worker as an unhandled rejection.
    write.catch(() => undefined);
    writes.push(write);
  };
  const running = compute.run(
    "predict",
    storage,
    {
      features,
      modelKey: model.blobKey,
      width,
      ranges: rangesOf(from, nRows, width),
      shardPrefix: predictionPrefix(projectId, modelVersion),
    },
    {
      signal,
      onProgress: ({ done, total, finishedRange }) => {
        if (finishedRange) keep(finishedRange);
        // Out of a message handler: a cancelled job is stopped by its signal, not by this rejection.
        else context.progress({ done, total }).catch(() => undefined);
      },
    },
  );
  const { usage } = await running.finally(() => Promise.all(writes));
  return {
    nPredicted: nRows - from,
    nRows,
    durationMs: clock.monotonicMs() - startedMs,
    cpuMs: usage.cpuMs,
  };
}

function rangesOf(from: number, to: number, width: number): Omit<ShardRef, "key">[] {
  const rows = Math.max(SHARD_ROWS_MIN, Math.min(SHARD_ROWS_MAX, Math.floor(SHARD_BYTES / (4 * width))));
  const ranges: Omit<ShardRef, "key">[] = [];
  for (let startRow = from; startRow < to; startRow += rows) {
    ranges.push({ startRow, nRows: Math.min(rows, to - startRow) });
  }
  return ranges;
}
