import { randomUUID } from "node:crypto";
import type { z } from "zod";
import type { JobName, JobPayload } from "@/contracts/jobs";
import { JOBS } from "@/contracts/jobs";
import type { Clock } from "../clock";
import type { Db, Tx } from "../db";
import { withTransaction } from "../db";
import { AppError, assert } from "../errors";
import { dedupeKey } from "./dedupeKey";
import { findLiveJobRun, insertJobRun, wakeWorkers } from "./jobs.db";
import { notifyProject } from "./notifyProject";

export interface JobRequest<N extends JobName> {
  kind: N;
  payload: z.input<(typeof JOBS)[N]>;
  /** Overrides the kind's own key: runs with different keys may be live side by side. */
  dedupeKey?: string;
  /** Not before this moment. */
  startAfter?: Date;
  /** User who asked for it, if a person did. */
  requestedBy?: string;
}

export interface RequestedJob {
  jobRunId: string;
  /** False: a run of the same project, kind and key was live already, and this is its id. */
  isNew: boolean;
}

const TRIES_MAX = 5;

/**
 * Asks for a background job, as part of the caller's transaction when `db` is a client inside one: a roll-back leaves
 * nothing. Writes one row and wakes the workers at commit. Called twice while the first run is live, it returns that
 * run: at most one run per project, kind and key is queued or running. A run that is already running may have read its
 * input before the caller's change: who must not miss a change checks again when the run ends.
 */
export async function requestJob<N extends JobName>(
  db: Db,
  clock: Clock,
  request: JobRequest<N>,
): Promise<RequestedJob> {
  if (!("release" in db)) return withTransaction(db, (tx) => requestInTransaction(tx, clock, request));
  return requestInTransaction(db, clock, request);
}

async function requestInTransaction<N extends JobName>(
  tx: Tx,
  clock: Clock,
  request: JobRequest<N>,
): Promise<RequestedJob> {
  const parsed = JOBS[request.kind].safeParse(request.payload);
  assert(parsed.success, `payload of job ${request.kind} does not fit its contract: ${parsed.error?.message}`);
  const payload = parsed.data as JobPayload<N>;
  const projectId = "projectId" in payload ? payload.projectId : null;
  const key = request.dedupeKey ?? dedupeKey(request.kind, payload);
  for (let n = 0; n < TRIES_MAX; n++) {
    const jobRunId = randomUUID();
    const isNew = await insertJobRun(tx, {
      id: jobRunId,
      projectId,
      kind: request.kind,
      dedupeKey: key,
      payload,
      requestedBy: request.requestedBy ?? null,
      createdAt: clock.now(),
      startAfter: request.startAfter ?? null,
    });
    if (isNew) {
      await wakeWorkers(tx, "request");
      if (projectId !== null) await notifyProject(tx, projectId, "jobs");
      return { jobRunId, isNew };
    }
    const live = await findLiveJobRun(tx, projectId, request.kind, key);
    if (live !== undefined) return { jobRunId: live, isNew: false };
    // The rival run ended between the two statements: the place is free now.
  }
  throw new AppError(
    "E_UNAVAILABLE",
    `Job ${request.kind} could not be queued: runs of it end and start too fast. Try again.`,
  );
}
