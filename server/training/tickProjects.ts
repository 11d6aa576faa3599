import { SECOND_MS } from "@/contracts/limits";
import type { Clock } from "../clock";
import { addMs } from "../clock";
import type { Pool } from "../db";
import { AppError, toErrorRecord } from "../errors";
import { areFeaturesBehind } from "../features";
import { notifyProject, requestJob } from "../jobs";
import { loadProject } from "../projects";
import { requestRetrainIfDue } from "./requestRetrain";
import type { AttentionRow } from "./tick.db";
import { closeOrphanedVersions, selectProjectsInNeed, selectUnassembled } from "./tick.db";

/** After a job of some kind failed for good, the next of its kind waits this long. */
const PAUSE_AFTER_FAILURE_MS = 60 * SECOND_MS;
/** Time between two refills of a queue that stays empty. */
const EMPTY_QUEUE_PAUSE_MS = 15 * SECOND_MS;

export interface TickContext {
  db: Pool;
  clock: Clock;
  signal: AbortSignal;
}

/**
 * Looks at all active projects and asks for what is missing: features of new rows or of other settings, predictions of
 * rows that the model in use has not seen, a retraining that time or labels made due, a round for an empty queue. Every
 * job has a law of one per project, so asking twice is harmless; what failed is asked for again after a pause.
 */
export async function tickProjects({ db, clock, signal }: TickContext): Promise<{ requested: number }> {
  const now = clock.now();
  const abandoned = new AppError("E_JOB_FAILED", "The training ended without an outcome and was given up.");
  for (const projectId of await closeOrphanedVersions(db, toErrorRecord(abandoned))) {
    await notifyProject(db, projectId, "models");
  }
  const inNeed = await selectProjectsInNeed(db, {
    failedAfter: addMs(now, -PAUSE_AFTER_FAILURE_MS),
    refilledBefore: addMs(now, -EMPTY_QUEUE_PAUSE_MS),
  });
  let requested = 0;
  for (const payload of await selectUnassembled(db, addMs(now, -PAUSE_AFTER_FAILURE_MS))) {
    if ((await requestJob(db, clock, { kind: "prediction.assemble", payload })).isNew) requested++;
  }
  for (const project of inNeed) {
    signal.throwIfAborted();
    requested += await requestWhatIsMissing(db, clock, project);
  }
  return { requested };
}

async function requestWhatIsMissing(db: Pool, clock: Clock, need: AttentionRow): Promise<number> {
  const { projectId } = need;
  const project = await loadProject(db, projectId);
  let n = 0;
  const count = ({ isNew }: { isNew: boolean }) => {
    if (isNew) n++;
  };
  if (need.mayNeedFeatures && (await areFeaturesBehind(db, project))) {
    count(await requestJob(db, clock, { kind: "features.build", payload: { projectId } }));
  }
  if (need.needsPredictions && need.activeModelVersion !== null) {
    const payload = { projectId, modelVersion: need.activeModelVersion };
    count(await requestJob(db, clock, { kind: "prediction.predict", payload }));
  }
  if (need.hasNewLabels && (await requestRetrainIfDue(db, clock, project))) n++;
  if (need.isQueueEmpty) {
    count(await requestJob(db, clock, { kind: "queue.refill", payload: { projectId, trigger: "lowQueue" } }));
  }
  return n;
}
