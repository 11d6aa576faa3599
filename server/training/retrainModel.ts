import type { JobPayload } from "@/contracts/jobs";
import { getTaskType } from "@/task-types/registry";
import type { Clock } from "../clock";
import type { ComputePool } from "../compute";
import type { Pool } from "../db";
import { withTransaction } from "../db";
import { AppError, isAppError, toErrorRecord } from "../errors";
import { readFeatureMatrix } from "../features";
import { isCancelRequested, notifyProject, requestJob } from "../jobs";
import type { PredictOutcome } from "../prediction";
import { predictMissing, prunePredictions } from "../prediction";
import type { ProjectRow } from "../projects";
import { loadProject } from "../projects";
import type { BlobStore } from "../storage";
import { CODE_VERSION } from "./codeVersion";

import { oneClassMessage } from "./oneClassMessage";
import { shouldRetrain } from "./retrainPolicy";
import type { LabelledItem } from "./snapshotLabels";
import { encodeTrainSet, hashTrainSet, snapshotLabels } from "./snapshotLabels";
import type { ModelVersionDbRow } from "./training.db";
import {
  activateUnlessPinned,
  advanceTrainedThrough,
  insertModelVersion,
  markReady,
  markTrained,
  markVersionFailed,
  selectEffectiveLabels,
  selectLabelSeq,
  selectNewestReadyVersion,
  selectRetrainState,
  selectUnfinishedVersions,
} from "./training.db";

/** Fewer labels or classes teach a model nothing. */
const LABELS_MIN = 2;
const CLASSES_MIN = 2;
/** Parts of the job in its progress, of 100. */
const TRAINED_AT = 50;
const PREDICTED_AT = 95;

export interface RetrainContext {
  db: Pool;
  clock: Clock;
  storage: BlobStore;
  compute: ComputePool;
  signal: AbortSignal;
  jobRunId: string;
  progress: (report: { done: number; total?: number; message?: string }) => Promise<void>;
}

export type RetrainResult =
  | { version: number; isActive: boolean; trainedThroughSeq: number; nTrain: number }
  | {
      skipped: "notDue" | "noFeatures" | "tooFewLabels" | "oneClass" | "unchanged";
      version?: number;
      /** Set where no label up to this number makes a difference: the policy then waits for a newer one. */
      skippedAtSeq?: number;
      /** What is missing, for people. */
      message?: string;
    };

export function modelPrefix(projectId: number, version: number): string {
  return `projects/${projectId}/models/${version}`;
}

/**
 * Trains a model version on the labels up to now, predicts the pool with it, makes it the active one (unless a lead pinned
 * another) and asks for a measurement and a refill.
 *
 * Each step is kept before the next begins: the version with its snapshot, the stored model, every shard of predictions,
 * and at last, in one transaction, readiness with everything that follows from it. Another attempt of the same run goes on
 * where the one before ended; a version that an earlier run left unfinished is marked as failed. The same training set is
 * never trained twice: the newest version is then said to be trained through the newer labels.
 */
export async function retrainModel(
  context: RetrainContext,
  payload: JobPayload<"training.retrain">,
): Promise<RetrainResult> {
  const project = await loadProject(context.db, payload.projectId);
  const version = (await resumeVersion(context, project.id)) ?? (await beginVersion(context, project, payload));
  if ("skipped" in version) return version;
  try {
    const trained = version.blobKey === null ? await trainVersion(context, project, version) : version;
    const predicted = await predictMissing(
      { ...context, progress: partOf(context, TRAINED_AT, PREDICTED_AT, "predicting the pool") },
      { projectId: project.id, modelVersion: version.version },
    );
    const isActive = await finishVersion(context, project.id, trained, predicted);
    await prunePredictions(context, project.id);
    return {
      version: version.version,
      isActive,
      trainedThroughSeq: version.trainedThroughSeq,
      nTrain: version.nTrain,
    };
  } catch (error) {
    await failVersion(context, project.id, version.version, error);
    throw error;
  }
}

/** The unfinished version of this very run. Those of other runs, which can never end, are closed. */
async function resumeVersion(
  { db, jobRunId }: RetrainContext,
  projectId: number,
): Promise<ModelVersionDbRow | undefined> {
  const unfinished = await selectUnfinishedVersions(db, projectId);
  const abandoned = new AppError(
    "E_JOB_FAILED",
    "The training was given up before it ended; a newer one took its place.",
  );
  for (const version of unfinished) {
    if (version.params.jobRunId === jobRunId) return version;
    await markVersionFailed(db, projectId, version.version, toErrorRecord(abandoned));
  }
  return undefined;
}

async function beginVersion(
  context: RetrainContext,
  project: ProjectRow,
  payload: JobPayload<"training.retrain">,
): Promise<ModelVersionDbRow | Extract<RetrainResult, { skipped: unknown }>> {
  const { db, clock, storage, jobRunId } = context;
  const featureVersion = project.activeFeatureVersion;
  if (featureVersion === null) return { skipped: "noFeatures" };
  const isAsked = payload.trigger === "manual" || payload.trigger === "start";
  const state = await selectRetrainState(db, project.id, jobRunId);
  const decision = state && shouldRetrain(project.retrainPolicy, state, clock.now());
  if (!isAsked && decision?.due !== true) return { skipped: "notDue" };
  if (payload.trigger === "start" && (state?.nLabels ?? 0) < project.retrainPolicy.minLabels) {
    return { skipped: "tooFewLabels" };
  }
  const taskType = getTaskType(project.taskType);
  if (taskType.target !== "classes") {
    throw new AppError(
      "E_PRECONDITION",
      `"${taskType.title}" projects cannot be trained yet: their labels are no classes.`,
    );
  }
  const labelSeq = await selectLabelSeq(db, project.id);
  const labels = await selectEffectiveLabels(db, project.id, labelSeq);
  const snapshot = snapshotLabels(taskType, project.taskConfig, labels);
  const items = await withVectors(context, project.id, featureVersion, snapshot.training);
  if (items.length < LABELS_MIN) return { skipped: "tooFewLabels", skippedAtSeq: labelSeq };
  const known = taskType.classes(project.taskConfig);
  if (new Set(items.map((item) => item.classIndex)).size < CLASSES_MIN) {
    const message = oneClassMessage(items.length, known[items[0].classIndex].title);
    await context.progress({ done: 100, total: 100, message });
    return { skipped: "oneClass", skippedAtSeq: labelSeq, message };
  }
  const classes = known.map(({ id }) => id);
  const trainSet = encodeTrainSet(items);
  const dataHash = hashTrainSet(featureVersion, classes, trainSet);
  const trainer = project.trainerSpec;
  const newest = await selectNewestReadyVersion(db, project.id);
  if (newest && isSameTraining(newest, dataHash, trainer)) {
    await advanceTrainedThrough(db, project.id, newest.version, labelSeq);
    // The new answers may be audits: they teach nothing, but they measure.
    await requestJob(db, clock, { kind: "evaluation.measure", payload: { projectId: project.id } });
    return { skipped: "unchanged", version: newest.version };
  }
  const trainSetKey = `projects/${project.id}/trainsets/${dataHash}`;
  await storage.put(trainSetKey, trainSet);
  return withTransaction(db, (tx) =>
    insertModelVersion(tx, project.id, {
      trainer: trainer.id,
      trainedThroughSeq: labelSeq,
      nTrain: items.length,
      featureVersion,
      projectSeed: project.seed,
      params: {
        options: trainer.options,
        classWeights: trainer.classWeights ?? "none",
        trainSetKey,
        jobRunId,
        trigger: payload.trigger,
        triggeredAt: payload.triggeredAt ?? null,
        nServingAudit: snapshot.serving.length,
      },
      classes,
      dataHash,
      codeVersion: CODE_VERSION,
      at: clock.now(),
    }),
  );
}

/** Items whose vectors are computed; the others join with the next version. */
async function withVectors({ db }: RetrainContext, projectId: number, featureVersion: number, items: LabelledItem[]) {
  const { shards } = await readFeatureMatrix(db, projectId, featureVersion);
  const last = shards.at(-1);
  const nRows = last ? last.startRow + last.nRows : 0;
  return items.filter((item) => item.row < nRows);
}

function isSameTraining(newest: ModelVersionDbRow, dataHash: string, trainer: ProjectRow["trainerSpec"]): boolean {
  const settings = (id: string, options: unknown, classWeights: unknown) =>
    JSON.stringify([id, options, classWeights ?? "none"]);
  return (
    newest.dataHash === dataHash &&
    settings(newest.trainer, newest.params.options, newest.params.classWeights) ===
      settings(trainer.id, trainer.options, trainer.classWeights)
  );
}

async function trainVersion(
  context: RetrainContext,
  project: ProjectRow,
  version: ModelVersionDbRow,
): Promise<ModelVersionDbRow> {
  const { db, storage, compute, signal } = context;
  if (version.featureVersion === null) throw new AppError("E_INTERNAL", "a trained version has no features");
  await context.progress({ done: 0, total: 100, message: `training on ${version.nTrain} items` });
  const modelKey = `${modelPrefix(project.id, version.version)}/model`;
  const report = partOf(context, 0, TRAINED_AT, `training on ${version.nTrain} items`);
  const { result, usage } = await compute.run(
    "train",
    storage,
    {
      features: await readFeatureMatrix(db, project.id, version.featureVersion),
      trainSetKey: version.params.trainSetKey,
      trainer: { id: version.trainer, options: version.params.options, classWeights: version.params.classWeights },
      nClasses: version.classes.length,
      seed: version.seed,
      modelKey,
    },
    {
      signal,
      // Out of a message handler: a cancelled job is stopped by its signal, not by this rejection.
      onProgress: ({ done, total }) => void report({ done, total }).catch(() => undefined),
    },
  );
  const metrics = {
    ...result.metrics,
    remarks: result.remarks,
    trainPeakRssBytes: usage.peakRssBytes,
    trainCpuMs: usage.cpuMs,
  };
  const trained = { blobKey: modelKey, backend: result.backend, metrics, durationMs: usage.wallMs };
  await markTrained(db, project.id, version.version, trained);
  await context.progress({ done: TRAINED_AT, total: 100 });
  return { ...version, ...trained };
}

/** Reports a part of the job, from … to of 100. */
function partOf(context: RetrainContext, from: number, to: number, message: string) {
  return ({ done, total }: { done: number; total?: number }) =>
    context.progress({ done: total ? from + ((to - from) * done) / total : from, total: 100, message });
}

async function finishVersion(
  { db, clock }: RetrainContext,
  projectId: number,
  version: ModelVersionDbRow,
  predicted: PredictOutcome,
): Promise<boolean> {
  return withTransaction(db, async (tx) => {
    const at = clock.now();
    const isMine = await markReady(tx, projectId, version.version, {
      metrics: { predictMs: predicted.durationMs, predictCpuMs: predicted.cpuMs },
      at,
    });
    if (!isMine) throw new AppError("E_CONFLICT", `Model version ${version.version} was closed by another run.`);
    const isActive = await activateUnlessPinned(tx, projectId, version.version, at);
    await requestJob(tx, clock, { kind: "evaluation.measure", payload: { projectId } });
    if (isActive) {
      const triggeredAt = version.params.triggeredAt ?? undefined;
      await requestJob(tx, clock, { kind: "queue.refill", payload: { projectId, trigger: "model", triggeredAt } });
    }
    await notifyProject(tx, projectId, "models");
    return isActive;
  });
}

/** A cancelled version and one that cannot succeed are closed; whatever may succeed on another try stays as it is. */
async function failVersion(
  { db, jobRunId, signal }: RetrainContext,
  projectId: number,
  version: number,
  error: unknown,
) {
  const isCancelled = signal.aborted && (await isCancelRequested(db, jobRunId).catch(() => false));
  const isFinal = !signal.aborted && isAppError(error) && !error.isRetryable;
  if (!isCancelled && !isFinal) return;
  const record = isCancelled ? new AppError("E_CANCELLED", "The training was cancelled.") : error;
  await markVersionFailed(db, projectId, version, toErrorRecord(record));
  await notifyProject(db, projectId, "models");
}
