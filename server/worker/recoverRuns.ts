import type { Clock } from "../clock";
import type { Pool } from "../db";
import { withTransaction } from "../db";
import { AppError, toErrorRecord } from "../errors";
import { notifyProject } from "../jobs";
import type { Logger } from "../log";
import { JOB_POLICIES } from "./jobPolicies";
import type { RunningRun } from "./worker.db";
import { finishRun, lockDeadRun, requeueRun, selectRunningRuns } from "./worker.db";

/**
 * Finds runs whose worker died (they are "running", but nobody holds their lock) and frees them for a new delivery, ends
 * them when they were to be cancelled, or fails them when they have taken too many workers with them. Any number of
 * workers may do this at once. Returns how many runs were found dead.
 */
export async function recoverRuns(
  db: Pool,
  clock: Clock,
  log: Logger,
  isOurs: (id: string) => boolean,
): Promise<number> {
  let n = 0;
  for (const run of await selectRunningRuns(db)) {
    // Our own runs end by themselves, also those that are being stopped after a lost session.
    if (isOurs(run.id)) continue;
    const isDead = await withTransaction(db, async (tx) => {
      if (!(await lockDeadRun(tx, run.id))) return false;
      await endDeadRun(tx, run, clock);
      if (run.project_id !== null) await notifyProject(tx, run.project_id, "jobs");
      return true;
    });
    if (!isDead) continue;
    n++;
    log.warn("a worker died during a job", { job: run.kind, run: run.id, attempt: run.attempts });
  }
  return n;
}

async function endDeadRun(tx: Parameters<typeof finishRun>[0], run: RunningRun, clock: Clock): Promise<void> {
  if (run.is_cancelled) {
    await finishRun(tx, run, { state: "cancelled", message: "cancelled" }, clock.now());
    return;
  }
  if (run.attempts < JOB_POLICIES[run.kind].attemptsMax) {
    await requeueRun(tx, run, { message: "its worker ended unexpectedly; it starts again", counts: true });
    return;
  }
  const error = new AppError(
    "E_JOB_FAILED",
    `The worker process died ${run.attempts} times during this job, so it is not tried again. The worker's log tells more; running out of memory is the usual cause.`,
  );
  await finishRun(tx, run, { state: "failed", error: toErrorRecord(error), message: error.message }, clock.now());
}
