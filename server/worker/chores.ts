import { setTimeout } from "node:timers/promises";
import { DAY_MS } from "@/contracts/limits";
import type { Clock } from "../clock";
import { addMs } from "../clock";
import type { Pool } from "../db";
import { sweepUploads } from "../ingestion";
import type { Logger } from "../log";
import type { BlobStore } from "../storage";
import { blobFolder, sweepDrafts } from "../storage";
import type { JobHandlers } from "./handlers";
import { DRAFTS_KEPT_MS, RUNS_KEPT_DAYS } from "./jobPolicies";
import { deleteOldRuns, tryLockChores, unlockChores } from "./worker.db";

export interface ChoresEnvironment {
  db: Pool;
  clock: Clock;
  storage: BlobStore;
  log: Logger;
  handlers: JobHandlers;
}

/** Does `chore` unless another worker is at one. Returns whether it was done. */
export async function withChoresLock(db: Pool, chore: () => Promise<void>): Promise<boolean> {
  const session = await db.connect();
  let broken: Error | undefined;
  try {
    if (!(await tryLockChores(session))) return false;
    try {
      await chore();
    } finally {
      await unlockChores(session).catch((error: Error) => {
        // The lock goes with the session: drop the connection instead of handing it on locked.
        broken = error;
      });
    }
    return true;
  } finally {
    session.release(broken);
  }
}

/** Looks for projects whose time-based retraining is due or whose queue runs low. Not a job of its own: it has no row. */
export async function runTick(environment: ChoresEnvironment, signal: AbortSignal): Promise<void> {
  const { db, clock, storage, log, handlers } = environment;
  await withChoresLock(db, async () => {
    const { default: tick } = await handlers["training.tick"]();
    await tick({
      payload: {},
      db,
      clock,
      storage,
      progress: async () => signal.throwIfAborted(),
      signal,
      jobRunId: "tick",
      attempt: 1,
      log: log.child({ job: "training.tick" }),
    });
  });
}

export interface CleanUpOptions {
  dataDir: string;
  /** Age at which a file that was never imported goes. */
  uploadsKeptDays: number;
}

/** Removes what nobody needs any more: old finished runs, drafts of blobs that a crash left, files never imported. */
export async function cleanUp(
  environment: ChoresEnvironment,
  { dataDir, uploadsKeptDays }: CleanUpOptions,
): Promise<void> {
  const { db, clock, storage, log } = environment;
  await withChoresLock(db, async () => {
    const nRuns = await deleteOldRuns(db, addMs(clock.now(), -RUNS_KEPT_DAYS * DAY_MS));
    const nDrafts = await sweepDrafts(blobFolder(dataDir), addMs(clock.now(), -DRAFTS_KEPT_MS));
    const nUploads = await sweepUploads({ db, storage }, addMs(clock.now(), -uploadsKeptDays * DAY_MS));
    if (nRuns + nDrafts + nUploads > 0) {
      log.info("cleaned up", { jobRuns: nRuns, drafts: nDrafts, uploads: nUploads });
    }
  });
}

/** Calls `chore` again and again with a pause between calls, until the signal; failures are logged, the next call follows. */
export async function repeat(
  everyMs: number,
  signal: AbortSignal,
  log: Logger,
  chore: () => Promise<void>,
): Promise<void> {
  while (!signal.aborted) {
    await chore().catch((error: unknown) => {
      if (!signal.aborted) log.warn("a periodic chore failed", { error });
    });
    // Rejects when the signal ends the pause early, which is what the loop looks for next.
    await setTimeout(everyMs, undefined, { signal }).catch(() => undefined);
  }
}
