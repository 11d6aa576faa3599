import { createHash } from "node:crypto";
import { getTaskType } from "@/task-types/registry";
import type { Clock } from "../clock";
import { classesKeyOf, presenceKeyOf, putShard } from "../compute";
import type { Pool } from "../db";
import { withTransaction } from "../db";
import { AppError } from "../errors";
import { notifyProject, requestJob } from "../jobs";
import { loadProject } from "../projects";
import type { BlobStore } from "../storage";
import type { PredictionChunkRow } from "./prediction.db";
import {
  activateExternalVersion,
  insertExternalVersion,
  insertPredictionShard,
  selectNewestExternalVersion,
  selectPredictionChunks,
} from "./prediction.db";
import { predictionPrefix } from "./predictionPrefix";

/** Rows of one shard; the whole of an outside model's predictions passes through memory shard by shard. */
const SHARD_ROWS = 65_536;
/** How far a row of probabilities may be from summing to 1 before it is refused rather than scaled. */
const SUM_TOLERANCE = 1e-3;

export interface AssembleContext {
  db: Pool;
  clock: Clock;
  storage: BlobStore;
  signal: AbortSignal;
  progress: (report: { done: number; total?: number; message?: string }) => Promise<void>;
}

/**
 * Turns everything ingested under an outside model's name into a model version with shards, later chunks replacing earlier
 * ones, and makes it the active one unless a lead pinned another. Rows that were not ingested get equal probabilities and
 * a zero in the shard's presence bitmap, so that no round ranks them. Called again without new chunks, it changes nothing.
 *
 * @throws AppError E_NOT_FOUND without chunks; E_PRECONDITION when their width is not the project's number of classes;
 *         E_BAD_ROWS for a row that is no distribution.
 */
export async function assemblePredictions(
  context: AssembleContext,
  input: { projectId: number; name: string },
): Promise<{ version: number; isNew: boolean; nRows: number; nMissing: number }> {
  const { db, clock, storage } = context;
  const { name } = input;
  const project = await loadProject(db, input.projectId);
  const chunks = await selectPredictionChunks(db, project.id, name);
  const throughChunk = chunks.at(-1)?.id;
  if (throughChunk === undefined) {
    throw new AppError("E_NOT_FOUND", `No predictions were ingested under the name "${name}".`);
  }
  const known = await selectNewestExternalVersion(db, project.id, name);
  if (known?.throughChunk === throughChunk) return { version: known.version, isNew: false, nRows: 0, nMissing: 0 };
  const classes = getTaskType(project.taskType)
    .classes(project.taskConfig)
    .map(({ id }) => id);
  const width = classes.length;
  const wrong = chunks.find((chunk) => chunk.width !== width);
  if (wrong) {
    throw new AppError(
      "E_PRECONDITION",
      `The predictions "${name}" have ${wrong.width} columns; the project has ${width} classes. Ingest them again.`,
    );
  }
  const chunkRows = await readChunkRows(storage, chunks);
  const nRows = chunkRows.reduce((most, rows) => rows.reduce((m, row) => Math.max(m, row + 1), most), 0);
  // Shards are stored under the hash of what is in them before the version has a number: a crash leaves no half version.
  const prefix = predictionPrefix(project.id, 0);
  const shards: { startRow: number; nRows: number; key: string }[] = [];
  let nMissing = 0;
  for (let startRow = 0; startRow < nRows; startRow += SHARD_ROWS) {
    context.signal.throwIfAborted();
    const range = { startRow, nRows: Math.min(SHARD_ROWS, nRows - startRow) };
    const shard = await assembleShard(storage, prefix, chunks, chunkRows, range, width);
    nMissing += shard.nMissing;
    shards.push({ ...range, key: shard.key });
    await context.progress({ done: startRow + range.nRows, total: nRows, message: "assembling predictions" });
  }
  const version = await withTransaction(db, async (tx) => {
    const number = await insertExternalVersion(tx, project.id, {
      params: { name, throughChunk },
      classes,
      dataHash: createHash("sha256").update(JSON.stringify(shards)).digest("hex"),
      codeVersion: "external",
      projectSeed: project.seed,
      metrics: { nRows, nMissing },
      at: clock.now(),
    });
    for (const shard of shards) await insertPredictionShard(tx, project.id, number, { ...shard, width });
    const isActive = await activateExternalVersion(tx, project.id, number, clock.now());
    await requestJob(tx, clock, { kind: "evaluation.measure", payload: { projectId: project.id } });
    if (isActive) {
      await requestJob(tx, clock, { kind: "queue.refill", payload: { projectId: project.id, trigger: "model" } });
    }
    await notifyProject(tx, project.id, "models");
    return number;
  });
  return { version, isNew: true, nRows, nMissing };
}

async function readChunkRows(storage: BlobStore, chunks: readonly PredictionChunkRow[]): Promise<Int32Array[]> {
  const all: Int32Array[] = [];
  for (const chunk of chunks) {
    const rows = new Int32Array(chunk.nRows);
    await storage.readRange(chunk.key, 0, new Uint8Array(rows.buffer));
    all.push(rows);
  }
  return all;
}

async function assembleShard(
  storage: BlobStore,
  prefix: string,
  chunks: readonly PredictionChunkRow[],
  chunkRows: readonly Int32Array[],
  range: { startRow: number; nRows: number },
  width: number,
): Promise<{ key: string; nMissing: number }> {
  const values = new Float32Array(range.nRows * width).fill(1 / width);
  const present = new Uint32Array((range.nRows + 31) >>> 5);
  for (const [i, chunk] of chunks.entries()) {
    const rows = chunkRows[i];
    const isTouched = rows.some((row) => row >= range.startRow && row < range.startRow + range.nRows);
    if (!isTouched) continue;
    const block = new Float32Array(chunk.nRows * width);
    await storage.readRange(chunk.key, 4 * chunk.nRows, new Uint8Array(block.buffer));
    for (let p = 0; p < rows.length; p++) {
      const r = rows[p] - range.startRow;
      if (r < 0 || r >= range.nRows) continue;
      values.set(distribution(block.subarray(p * width, (p + 1) * width), rows[p]), r * width);
      present[r >>> 5] |= 1 << (r & 31);
    }
  }
  const key = await putShard(storage, prefix, range, values);
  await storage.put(classesKeyOf(key), new Uint8Array(mostProbable(values, range.nRows, width).buffer));
  const nMissing = range.nRows - countPresent(present);
  if (nMissing > 0) await storage.put(presenceKeyOf(key), new Uint8Array(present.buffer));
  return { key, nMissing };
}

/** The row scaled to sum to 1. */
function distribution(row: Float32Array, itemRow: number): Float32Array {
  const sum = row.reduce((total, value) => total + value, 0);
  const isDistribution = row.every((value) => value >= 0) && Math.abs(sum - 1) <= SUM_TOLERANCE;
  if (!isDistribution) {
    throw new AppError(
      "E_BAD_ROWS",
      `The ingested prediction of row ${itemRow} is no distribution: values must be ≥ 0 and sum to 1, these sum to ${sum}.`,
      { details: { row: itemRow, sum } },
    );
  }
  return row.map((value) => value / sum);
}

function mostProbable(values: Float32Array, n: number, width: number): Uint16Array {
  const classes = new Uint16Array(n);
  for (let i = 0; i < n; i++) {
    let best = 0;
    for (let c = 1; c < width; c++) if (values[i * width + c] > values[i * width + best]) best = c;
    classes[i] = best;
  }
  return classes;
}

function countPresent(words: Uint32Array): number {
  let n = 0;
  for (let word of words) for (; word !== 0; word &= word - 1) n++;
  return n;
}
