import type { ImportRunView } from "@/contracts/ingestion";
import { LIMITS } from "@/contracts/limits";
import type { Clock } from "../clock";
import type { Pool } from "../db";
import { withTransaction } from "../db";
import type { AppError } from "../errors";
import { isAppError } from "../errors";
import { getFormat } from "../formats";
import type { ProgressReport } from "../jobs";
import { isCancelRequested, notifyProject } from "../jobs";
import type { ProjectRow } from "../projects";
import { loadProject } from "../projects";
import type { BlobStore } from "../storage";
import { importNotFound } from "./getImport";
import { BatchReader } from "./importBatch";
import type { BatchCounts, ImportRunRow } from "./imports.db";
import {
  endImportRun,
  insertImportErrors,
  markImportRunning,
  selectImportRun,
  selectImportTotals,
  setRefusedCounts,
} from "./imports.db";
import { analyzeItems } from "./ingestion.db";
import { checkWholeGzip, openUpload } from "./openUpload";
import { requestAfterIngest } from "./requestAfterIngest";
import { ImportRefused, writeBatch } from "./writeBatch";

export interface ImportEnvironment {
  db: Pool;
  clock: Clock;
  storage: BlobStore;
  signal: AbortSignal;
  jobRunId: string;
  progress: (report: ProgressReport) => Promise<void>;
}

export interface ImportOutcome {
  state: ImportRunView["state"];
  message: string;
  nRead: number;
  nInserted: number;
  nErrors: number;
}

/** Items added by one run from which the tables' statistics are made anew. */
const ANALYZE_FROM_ITEMS = 5_000;

/**
 * Reads an uploaded file into items, batch by batch: each batch, its errors and the place reached in the file are one
 * transaction, so a run that is killed goes on behind the last batch and no record is taken twice. The next batch is
 * read while the last one is written. Memory: two batches. Called for a run that has ended, it does nothing.
 *
 * Ends: done, doneWithErrors, refused (nothing was taken: most of the first batch is bad, the file is damaged, a bomb or
 * no text), failed (broken off after some batches), cancelled. Asks for indexing and features when items were added.
 */
export async function runImport(env: ImportEnvironment, projectId: number, number: number): Promise<ImportOutcome> {
  const { db } = env;
  const run = await selectImportRun(db, projectId, number);
  if (!run) throw importNotFound(number);
  if (!(await markImportRunning(db, projectId, number))) return summary(run.state, run.checkpoint.message ?? "", run);
  await notifyProject(db, projectId, "imports");
  try {
    const project = await loadProject(db, projectId);
    // From the beginning only: what was committed before an interruption has passed this.
    if (!run.checkpoint.records) await checkWholeGzip(env.storage, run.blobKey, env.signal);
    await readFile(env, project, number, run);
    return await endRun(env, projectId, number, undefined);
  } catch (error) {
    if (env.signal.aborted) {
      if (await isCancelRequested(db, env.jobRunId)) await endRun(env, projectId, number, undefined, true);
      throw env.signal.reason;
    }
    if (error instanceof ImportRefused) return endRefused(env, projectId, number, error);
    // What another try can mend (the database was away) is left to the worker, which tries again.
    if (isAppError(error) && !error.isRetryable) return await endRun(env, projectId, number, error);
    throw error;
  }
}

async function readFile(env: ImportEnvironment, project: ProjectRow, number: number, run: ImportRunRow): Promise<void> {
  const { mapping } = run;
  const { delimiter, hasHeader, isQuoted } = mapping;
  const file = await openUpload(env.storage, run.blobKey, { signal: env.signal });
  const dialect = Object.fromEntries(
    Object.entries({ delimiter, hasHeader, isQuoted }).filter(([, value]) => value !== undefined),
  );
  const records = getFormat(run.format).read(file.chunks, { recordBytesMax: LIMITS.recordBytes, dialect });
  const reader = new BatchReader(project.contentKind, mapping, records, run.checkpoint.records ?? 0);
  let nRead = run.checkpoint.records ?? 0;
  let writing: Promise<void> = Promise.resolve();
  const write = async (batch: Parameters<typeof writeBatch>[1]): Promise<void> => {
    await writeBatch(env, batch, project, number, run);
    nRead += batch.nRecords;
    await env.progress({ done: file.bytesRead(), total: run.sizeBytes, message: `${nRead} records read` });
  };
  try {
    for await (const batch of reader.batches()) {
      await writing;
      env.signal.throwIfAborted();
      writing = write(batch);
      // Awaited at the next batch; until then a failure must not count as unhandled.
      writing.catch(() => undefined);
    }
    await writing;
  } catch (error) {
    // A batch still being written decides about the checkpoint: wait for it before the run is ended.
    await writing;
    throw error;
  } finally {
    await file.close();
  }
}

function describeEnd(totals: BatchCounts): string {
  const parts = [`${totals.nInserted} items added`];
  if (totals.nExisting > 0) parts.push(`${totals.nExisting} were there already`);
  if (totals.nDuplicates > 0) parts.push(`${totals.nDuplicates} repeat the content of another`);
  if (totals.nLabels > 0) parts.push(`${totals.nLabels} labels taken`);
  if (totals.nErrors > 0) parts.push(`${totals.nErrors} records refused`);
  return `${parts.join(", ")}.`;
}

function judge(
  totals: BatchCounts,
  failure: AppError | undefined,
  isCancelled: boolean,
): [ImportRunView["state"], string] {
  const soFar = describeEnd(totals);
  if (isCancelled) return ["cancelled", `Cancelled after ${totals.nRead} records: ${soFar}`];
  if (failure) {
    if (totals.nRead === 0) return ["refused", failure.message];
    return ["failed", `${failure.message} Before that: ${soFar}`];
  }
  if (totals.nRead === 0) return ["refused", "The file holds no records."];
  return [totals.nErrors > 0 ? "doneWithErrors" : "done", soFar];
}

async function endRun(
  env: ImportEnvironment,
  projectId: number,
  number: number,
  failure: AppError | undefined,
  isCancelled = false,
): Promise<ImportOutcome> {
  const totals = await selectImportTotals(env.db, projectId, number);
  const [state, message] = judge(totals, failure, isCancelled);
  await withTransaction(env.db, async (tx) => {
    await endImportRun(tx, projectId, number, { state, message, now: env.clock.now() });
    if (totals.nInserted > 0) await requestAfterIngest(tx, env.clock, projectId);
    await notifyProject(tx, projectId, "imports");
  });
  // Without statistics the planner reads whole tables until autovacuum comes by, and the queue and the lists would wait.
  if (totals.nInserted >= ANALYZE_FROM_ITEMS) await analyzeItems(env.db);
  return summary(state, message, totals);
}

async function endRefused(
  env: ImportEnvironment,
  projectId: number,
  number: number,
  refusal: ImportRefused,
): Promise<ImportOutcome> {
  const { errors } = refusal;
  await withTransaction(env.db, async (tx) => {
    const now = env.clock.now();
    if (!(await endImportRun(tx, projectId, number, { state: "refused", message: refusal.message, now }))) return;
    await insertImportErrors(tx, projectId, number, 1, errors.slice(0, LIMITS.importErrorsKept));
    await setRefusedCounts(tx, projectId, number, { nRead: refusal.nRecords, nErrors: errors.length });
    await notifyProject(tx, projectId, "imports");
  });
  return { state: "refused", message: refusal.message, nRead: refusal.nRecords, nInserted: 0, nErrors: errors.length };
}

function summary(
  state: ImportRunView["state"],
  message: string,
  totals: { nRead?: number; nInserted: number; nErrors: number },
): ImportOutcome {
  return { state, message, nRead: totals.nRead ?? 0, nInserted: totals.nInserted, nErrors: totals.nErrors };
}
