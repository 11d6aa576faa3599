import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { HOUR_MS } from "@/contracts/limits";
import type { Clock } from "../clock";
import type { ComputePool, ShardRef } from "../compute";
import type { Pool } from "../db";
import { withTransaction } from "../db";
import { isAppError, toErrorRecord } from "../errors";
import { notifyProject } from "../jobs";
import type { ProjectRow } from "../projects";
import { loadProject } from "../projects";
import type { BlobStore } from "../storage";
import { chooseSample, learningRowsMax } from "./chooseSample";
import { chunksOfVersion, readEmbeddingState } from "./embedding/readEmbeddingState";
import { exportItems } from "./exportItems";
import { featurePrefix } from "./featurePrefix";
import type { FeatureReport, FeatureVersionRow } from "./features.db";
import {
  activateFeatureVersion,
  deleteUnusedVersions,
  insertFeatureShard,
  insertFeatureVersion,
  markBuilt,
  markFailed,
  markLearnt,
  readPoolState,
  selectFeatureShards,
} from "./features.db";
import { mergeTailShards } from "./mergeTailShards";
import { resolveModelFolder } from "./onnx/resolveModelFolder";
import type { BuildStep, EmbeddingState } from "./planBuild";
import { featureSpecHash, planBuild } from "./planBuild";
import { requestAfterBuild } from "./requestAfterBuild";

/** Bytes of one shard, about: 65,536 rows of 256 numbers. */
const SHARD_BYTES = 64 * 2 ** 20;
const SHARD_ROWS_MAX = 65_536;
/** A sentence encoder does some hundred texts a second: small shards, so that a crash costs minutes. */
const SHARD_ROWS_ONNX = 4_096;
const SHARD_ROWS_MIN = 256;
const ENCODER_TIME_LIMIT_MS = 6 * HOUR_MS;
/** Steps in one run: learning, appending what came meanwhile, and again; then the next run goes on. */
const STEPS_MAX = 50;

export interface BuildContext {
  db: Pool;
  clock: Clock;
  storage: BlobStore;
  compute: ComputePool;
  signal: AbortSignal;
  jobRunId: string;
  /** Folder of the instance's ONNX models. */
  modelsRoot: string;
  progress: (report: { done: number; total?: number; message?: string }) => Promise<void>;
}

export interface BuildResult {
  steps: { kind: BuildStep["kind"]; version: number; nRows: number }[];
  /** Why nothing more was to do. */
  reason: string;
}

/**
 * Brings the features of a project up to date: learns a version where needed, then computes the shards it lacks, until no
 * row is missing. Called again after a crash it goes on with the first shard that is not there; called twice, the second
 * call finds nothing to do. Then asks for what depends on the vectors (training, predictions, a refill).
 */
export async function buildFeatures(
  context: BuildContext,
  input: { projectId: number; relearn: boolean },
): Promise<BuildResult> {
  const result: BuildResult = { steps: [], reason: "upToDate" };
  let { relearn } = input;
  for (let n = 0; n < STEPS_MAX; n++) {
    const project = await loadProject(context.db, input.projectId);
    const state = await readPoolState(context.db, project.id);
    const newest = state.versions.at(-1);
    // A run that was interrupted after its learning must not learn again.
    if (newest?.report.jobRunId === context.jobRunId && newest.state !== "failed") relearn = false;
    const embeddings =
      project.featureSpec.kind === "embedding"
        ? await readEmbeddingState(context, project.id, project.featureSpec.name, state)
        : null;
    const step = planBuild(project.featureSpec, state, { relearn, embeddings });
    if (step.kind === "nothing") {
      result.reason = step.reason;
      return result;
    }
    const version =
      step.kind === "learn" ? await beginVersion(context, project, state.nextRow, embeddings) : step.version;
    const isNew = version.state === "building";
    const nRows = step.kind === "resume" ? (embeddings?.nRows ?? state.nextRow) : step.nRows;
    await buildVersion(context, project, version, { nRows, isNew, throughChunk: embeddings?.throughChunk });
    result.steps.push({ kind: step.kind, version: version.version, nRows });
    relearn = false;
  }
  result.reason = "stepsMax";
  return result;
}

async function beginVersion(
  { db, clock, jobRunId }: BuildContext,
  project: ProjectRow,
  nextRow: number,
  embeddings: EmbeddingState | null,
): Promise<FeatureVersionRow> {
  const report: FeatureReport = { nRowsAtLearning: nextRow, jobRunId };
  if (embeddings) report.throughChunk = embeddings.throughChunk;
  return withTransaction(db, (tx) =>
    insertFeatureVersion(tx, project.id, {
      spec: project.featureSpec,
      specHash: featureSpecHash(project.featureSpec),
      projectSeed: project.seed,
      report,
      at: clock.now(),
    }),
  );
}

interface Target {
  nRows: number;
  isNew: boolean;
  throughChunk: number | undefined;
}

async function buildVersion(
  context: BuildContext,
  project: ProjectRow,
  version: FeatureVersionRow,
  target: Target,
): Promise<void> {
  const { db, clock } = context;
  const startedMs = clock.monotonicMs();
  const scratch = await mkdtemp(join(tmpdir(), "winnow-features-"));
  try {
    const learnt = version.dim > 0 ? version : await learnVersion(context, project, version, scratch);
    const { nMissing, cpuMs } = await computeShards(context, project, learnt, target, scratch);
    await mergeTailShards(context, project.id, learnt, shardRowsOf(learnt));
    const report: FeatureReport = { ...learnt.report, nMissing: (learnt.report.nMissing ?? 0) + nMissing };
    report.applyCpuMs = (learnt.report.applyCpuMs ?? 0) + cpuMs;
    if (target.throughChunk !== undefined) report.throughChunk = target.throughChunk;
    const unused = await withTransaction(db, async (tx) => {
      const durationMs = clock.monotonicMs() - startedMs;
      await markBuilt(tx, project.id, version.version, { nRows: target.nRows, report, durationMs });
      if (target.isNew) await activateFeatureVersion(tx, project.id, version.version, clock.now());
      await requestAfterBuild(tx, clock, project, target.isNew);
      await notifyProject(tx, project.id, "items");
      return target.isNew ? deleteUnusedVersions(tx, project.id, version.version) : [];
    });
    for (const old of unused) await context.storage.deletePrefix(featurePrefix(project.id, old));
  } catch (error) {
    const isFinal = isAppError(error) && !error.isRetryable && !context.signal.aborted;
    if (isFinal) await markFailed(db, project.id, version.version, toErrorRecord(error));
    throw error;
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

async function learnVersion(
  context: BuildContext,
  project: ProjectRow,
  version: FeatureVersionRow,
  scratch: string,
): Promise<FeatureVersionRow> {
  const { db, storage, compute, signal } = context;
  const { spec } = version;
  if (spec.kind === "embedding") {
    const [first] = await chunksOfVersion(db, project.id, spec.name, version.report.throughChunk ?? 0);
    const learnt = { ...version, dim: first.dim };
    await markLearnt(db, project.id, version.version, { dim: first.dim, blobKey: null, report: version.report });
    return learnt;
  }
  await context.progress({ done: 0, message: "reading a sample of the items" });
  const itemsPath = join(scratch, "sample");
  const rows = chooseSample(version.report.nRowsAtLearning, learningRowsMax(spec), version.seed);
  if (spec.kind !== "onnx") await exportItems(db, project, spec, { rows }, itemsPath, signal);
  const parametersKey = `${featurePrefix(project.id, version.version)}/parameters`;
  const { result, usage } = await compute.run(
    "features.learn",
    storage,
    {
      spec,
      seed: version.seed,
      itemsPath: spec.kind === "onnx" ? undefined : itemsPath,
      parametersKey,
      modelFolder: await modelFolderOf(context, version),
    },
    {
      signal,
      onProgress: ({ done, total, message }) => reportQuietly(context, { done, total, message }),
    },
  );
  const report = { ...version.report, ...result.report, learnCpuMs: usage.cpuMs };
  await markLearnt(db, project.id, version.version, { dim: result.dim, blobKey: parametersKey, report });
  return { ...version, dim: result.dim, blobKey: parametersKey, report };
}

/** Progress out of a message handler: a cancelled job is stopped by its signal, not by this rejection. */
function reportQuietly(context: BuildContext, report: { done: number; total?: number; message?: string }): void {
  context.progress(report).catch(() => undefined);
}

async function modelFolderOf(context: BuildContext, version: FeatureVersionRow): Promise<string | undefined> {
  return version.spec.kind === "onnx" ? resolveModelFolder(context.modelsRoot, version.spec.path) : undefined;
}

export function shardRowsOf(version: Pick<FeatureVersionRow, "spec" | "dim">): number {
  if (version.spec.kind === "onnx") return SHARD_ROWS_ONNX;
  const rows = 2 ** Math.floor(Math.log2(SHARD_BYTES / (4 * version.dim)));
  return Math.max(SHARD_ROWS_MIN, Math.min(SHARD_ROWS_MAX, rows));
}

/** Computes the shards between the last one there and nRows; returns how many of these rows have no vector, and the cost. */
async function computeShards(
  context: BuildContext,
  project: ProjectRow,
  version: FeatureVersionRow,
  target: Target,
  scratch: string,
): Promise<{ nMissing: number; cpuMs: number }> {
  const { db, storage, compute, signal } = context;
  const existing = await selectFeatureShards(db, project.id, version.version);
  const from = existing.reduce((end, shard) => Math.max(end, shard.startRow + shard.nRows), 0);
  const shardRows = shardRowsOf(version);
  const modelFolder = await modelFolderOf(context, version);
  const { spec } = version;
  const chunks =
    spec.kind === "embedding" ? await chunksOfVersion(db, project.id, spec.name, target.throughChunk ?? 0) : undefined;
  const prepare = async (start: number): Promise<string | undefined> => {
    if (chunks || start >= target.nRows) return undefined;
    const path = join(scratch, `items-${start}`);
    await exportItems(db, project, spec, { start, end: Math.min(target.nRows, start + shardRows) }, path, signal);
    return path;
  };
  let nMissing = 0;
  let cpuMs = 0;
  let prepared = prepare(from);
  for (let startRow = from; startRow < target.nRows; startRow += shardRows) {
    const nRows = Math.min(shardRows, target.nRows - startRow);
    const itemsPath = await prepared;
    // The next shard's items are read while this one is computed; its failure is met when it is awaited.
    prepared = prepare(startRow + shardRows);
    prepared.catch(() => undefined);
    const { result, usage } = await compute.run(
      "features.apply",
      storage,
      {
        spec,
        dim: version.dim,
        parametersKey: version.blobKey,
        itemsPath,
        chunks,
        modelFolder,
        startRow,
        nRows,
        shardPrefix: featurePrefix(project.id, version.version),
      },
      {
        signal,
        timeLimitMs: spec.kind === "onnx" ? ENCODER_TIME_LIMIT_MS : undefined,
        onProgress: ({ done }) =>
          reportQuietly(context, { done: startRow + done, total: target.nRows, message: "computing vectors" }),
      },
    );
    const shard: ShardRef = { startRow, nRows, key: result.shardKey };
    await insertFeatureShard(db, project.id, version.version, shard);
    nMissing += result.nMissing;
    cpuMs += usage.cpuMs;
    if (itemsPath) await rm(itemsPath, { force: true });
    await context.progress({ done: startRow + nRows, total: target.nRows, message: "computing vectors" });
  }
  await prepared;
  return { nMissing, cpuMs };
}
