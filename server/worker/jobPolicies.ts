import type { JobName } from "@/contracts/jobs";
import { DAY_MS, HOUR_MS, SECOND_MS } from "@/contracts/limits";

export interface JobPolicy {
  /** Runs of this kind at once in one worker process. */
  concurrency: number;
  /** Tries in all, crashes of the worker included. */
  attemptsMax: number;
}

const HEAVY: JobPolicy = { concurrency: 1, attemptsMax: 4 };

/** How each kind of job is run. Kinds that compute are held to one at a time per process: they share its child processes. */
export const JOB_POLICIES: Record<JobName, JobPolicy> = {
  "ingestion.run": { concurrency: 2, attemptsMax: 6 },
  "items.index": { concurrency: 1, attemptsMax: 6 },
  "features.build": HEAVY,
  "training.retrain": HEAVY,
  "prediction.predict": HEAVY,
  "prediction.assemble": HEAVY,
  "queue.refill": { concurrency: 2, attemptsMax: 6 },
  "acquisition.preview": { concurrency: 1, attemptsMax: 2 },
  "evaluation.measure": { concurrency: 2, attemptsMax: 6 },
  "demo.simulate": { concurrency: 4, attemptsMax: 6 },
  "training.tick": { concurrency: 1, attemptsMax: 1 },
};

/** First pause before a failed attempt is repeated; it doubles each time. Seconds. */
export const RETRY_DELAY_S = 1;
export const RETRY_DELAY_MAX_S = 60;
/** pg-boss's own heartbeat: the last resort when a machine vanishes and its connections linger. Seconds. */
export const BOSS_HEARTBEAT_S = 60;
/** pg-boss ends an attempt after this long, whatever happens; its maximum. Seconds. */
export const BOSS_EXPIRE_S = DAY_MS / SECOND_MS;
/** How often queues are asked when no notification came: retries and delayed runs are not announced. Seconds. */
export const BOSS_POLL_S = 1;

/** Runs without a worker are looked for this often. */
export const SWEEP_EVERY_MS = 1_000;
export const HEARTBEAT_EVERY_MS = 5_000;
/** Progress is written at most this often. */
export const PROGRESS_EVERY_MS = 300;
/** Time that handlers have to stop before the process ends without them. */
export const STOP_GRACE_MS = 8_000;
/** Finished runs are kept this long. */
export const RUNS_KEPT_DAYS = 30;
/** Blobs still being written after this long belong to a process that is gone. */
export const DRAFTS_KEPT_MS = DAY_MS;
export const TICK_EVERY_MS = 2_000;
export const CLEAN_UP_EVERY_MS = HOUR_MS;
