import type { Clock } from "../clock";
import type { Db, Tx } from "../db";
import { withTransaction } from "../db";
import { markCancelled, readCancelRequested, wakeWorkers } from "./jobs.db";
import { notifyProject } from "./notifyProject";

/**
 * Cancels a run of this project (null: a run of the instance). A queued run is cancelled at once; a running one is told
 * to stop and is cancelled when its handler has stopped. "notLive": it had ended, or is not this project's. Called twice,
 * the second call changes nothing.
 */
export async function cancelJob(
  db: Db,
  clock: Clock,
  projectId: number | null,
  jobRunId: string,
): Promise<"cancelled" | "stopping" | "notLive"> {
  if (!("release" in db)) return withTransaction(db, (tx) => cancelInTransaction(tx, clock, projectId, jobRunId));
  return cancelInTransaction(db, clock, projectId, jobRunId);
}

async function cancelInTransaction(tx: Tx, clock: Clock, projectId: number | null, jobRunId: string) {
  const marked = await markCancelled(tx, projectId, jobRunId, clock.now());
  if (!marked) return "notLive";
  await wakeWorkers(tx, `cancel:${jobRunId}`);
  if (projectId !== null) await notifyProject(tx, projectId, "jobs");
  return marked.state === "cancelled" ? "cancelled" : "stopping";
}

/** Whether someone asked to cancel the run. Handlers need not ask: their signal is aborted. */
export async function isCancelRequested(db: Db, jobRunId: string): Promise<boolean> {
  return readCancelRequested(db, jobRunId);
}
