import type { Page } from "@/contracts/access";
import type { JobName, JobRunView } from "@/contracts/jobs";
import { appendAuditLog } from "../audit";
import type { Actor } from "../auth";
import { userIdOf } from "../auth";
import type { Clock } from "../clock";
import type { Db, Pool } from "../db";
import { withTransaction } from "../db";
import { AppError } from "../errors";
import { cancelJob } from "./cancelJob";
import { selectJobRequest, selectJobRun, selectJobRuns } from "./jobs.db";
import { requestJob } from "./requestJob";

interface JobsContext {
  db: Pool;
  clock: Clock;
  actor: Actor;
}
interface RunInput {
  projectId: number;
  id: string;
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

function readCursor(cursor: string): { createdAt: Date; id: string } {
  const [at, id] = cursor.split("_");
  const createdAt = new Date(at);
  if (id !== undefined && UUID.test(id) && !Number.isNaN(createdAt.getTime())) return { createdAt, id };
  throw new AppError("E_BAD_INPUT", "cursor: expected the nextCursor of the page before.", {
    details: { field: "cursor" },
  });
}

function noSuchRun(): AppError {
  return new AppError("E_NOT_FOUND", "There is no job with this id in the project.");
}

/** One page of the project's runs, newest first. */
export async function pageJobRuns(
  { db }: { db: Db },
  input: { projectId: number; kinds?: readonly JobName[]; cursor?: string; limit: number },
): Promise<Page<JobRunView>> {
  const rows = await selectJobRuns(db, {
    projectId: input.projectId,
    kinds: input.kinds,
    before: input.cursor === undefined ? undefined : readCursor(input.cursor),
    limit: input.limit + 1,
  });
  const page = rows.slice(0, input.limit);
  const last = page[page.length - 1];
  return { rows: page, nextCursor: rows.length > input.limit ? `${last.createdAt}_${last.id}` : null };
}

/** One run of the project. */
export async function readJobRun({ db }: { db: Db }, input: RunInput): Promise<JobRunView> {
  const run = await selectJobRun(db, input.projectId, input.id);
  if (!run) throw noSuchRun();
  return run;
}

/** Cancels a live run, with a line in the audit log. Cancelling what has ended changes nothing. */
export async function cancelJobRun(
  { db, clock, actor }: JobsContext,
  { projectId, id }: RunInput,
): Promise<{ state: "cancelled" | "stopping" | "notLive" }> {
  return withTransaction(db, async (tx) => {
    const request = await selectJobRequest(tx, projectId, id);
    if (!request) throw noSuchRun();
    const state = await cancelJob(tx, clock, projectId, id);
    if (state === "notLive") return { state };
    await appendAuditLog(tx, {
      actor,
      projectId,
      action: "job.cancel",
      target: id,
      details: { kind: request.kind },
      at: clock.now(),
    });
    return { state };
  });
}

/** Asks again for what a failed or cancelled run was to do: a new run, or the live one of the same work. */
export async function retryJobRun(
  { db, clock, actor }: JobsContext,
  { projectId, id }: RunInput,
): Promise<{ jobRunId: string }> {
  return withTransaction(db, async (tx) => {
    const request = await selectJobRequest(tx, projectId, id);
    if (!request) throw noSuchRun();
    if (request.state !== "failed" && request.state !== "cancelled") {
      throw new AppError(
        "E_CONFLICT",
        `Only a job that failed or was cancelled can be retried; this one is ${request.state}.`,
      );
    }
    const { jobRunId } = await requestJob(tx, clock, {
      kind: request.kind,
      payload: request.payload as Parameters<typeof requestJob>[2]["payload"],
      requestedBy: userIdOf(actor) ?? undefined,
    });
    await appendAuditLog(tx, {
      actor,
      projectId,
      action: "job.retry",
      target: id,
      details: { kind: request.kind, jobRunId },
      at: clock.now(),
    });
    return { jobRunId };
  });
}
