import type { z } from "zod";
import type { JOBS, JobName } from "@/contracts/jobs";
import { appendAuditLog } from "../audit";
import type { Actor } from "../auth";
import { userIdOf } from "../auth";
import type { Clock } from "../clock";
import type { Pool } from "../db";
import { withTransaction } from "../db";
import { AppError } from "../errors";
import { cancelJob } from "./cancelJob";
import { selectJobPayload } from "./jobs.db";
import { requireJobRun } from "./listJobPage";
import { requestJob } from "./requestJob";

export interface JobActionContext {
  db: Pool;
  clock: Clock;
  actor: Actor;
  project: { readonly id: number };
}

/** For leads: cancels a run. A run that has ended stays as it is. */
export async function cancelJobRun(
  { db, clock, actor, project }: JobActionContext,
  input: { id: string },
): Promise<{ state: "cancelled" | "stopping" | "notLive" }> {
  const run = await requireJobRun(db, project.id, input.id);
  return withTransaction(db, async (tx) => {
    const state = await cancelJob(tx, clock, project.id, run.id);
    if (state !== "notLive") {
      const entry = { actor, projectId: project.id, action: "job.cancel", target: run.id };
      await appendAuditLog(tx, { ...entry, details: { kind: run.kind }, at: clock.now() });
    }
    return { state };
  });
}

/**
 * For leads: asks for the same job again, with the same payload, as a new run. While one of its kind is live, that run is
 * returned. @throws AppError E_PRECONDITION for a run that has not failed and was not cancelled.
 */
export async function retryJobRun(
  { db, clock, actor, project }: JobActionContext,
  input: { id: string },
): Promise<{ jobRunId: string }> {
  const run = await requireJobRun(db, project.id, input.id);
  if (run.state !== "failed" && run.state !== "cancelled") {
    throw new AppError(
      "E_PRECONDITION",
      `This job is ${run.state}; only one that failed or was cancelled can be repeated.`,
    );
  }
  const payload = (await selectJobPayload(db, run.id)) as z.input<(typeof JOBS)[JobName]>;
  return withTransaction(db, async (tx) => {
    const { jobRunId } = await requestJob(tx, clock, {
      kind: run.kind,
      payload,
      requestedBy: userIdOf(actor) ?? undefined,
    });
    const entry = { actor, projectId: project.id, action: "job.retry", target: jobRunId };
    await appendAuditLog(tx, { ...entry, details: { kind: run.kind, of: run.id }, at: clock.now() });
    return { jobRunId };
  });
}
