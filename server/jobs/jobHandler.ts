import type { JobName, JobPayload } from "@/contracts/jobs";
import type { Clock } from "../clock";
import type { Pool } from "../db";
import type { Logger } from "../log";
import type { BlobStore } from "../storage";

export interface ProgressReport {
  /** Units done so far. */
  done: number;
  /** Units in all, when known. */
  total?: number;
  /** What is being done now, in words for the lead. */
  message?: string;
}

/** What a job handler is given. */
export interface JobContext<Payload> {
  /** Parsed by the job's contract. */
  payload: Payload;
  db: Pool;
  clock: Clock;
  storage: BlobStore;
  /**
   * Tells the job list how far the job is. Cheap to call often: it writes at most a few times a second, the last report
   * always arrives. Throws once the job is cancelled, so a handler that reports is a handler that can be stopped.
   */
  progress: (report: ProgressReport) => Promise<void>;
  /** Aborted when the job is cancelled, the worker stops, or the worker can no longer prove that it is alive. */
  signal: AbortSignal;
  jobRunId: string;
  /** 1 on the first try. A handler must be safe to run again after a crash at any point. */
  attempt: number;
  log: Logger;
}

/** A job's work. What it returns (JSON) is kept as the run's result. An AppError that is not retryable ends the job. */
export type JobHandler<Payload> = (context: JobContext<Payload>) => Promise<unknown>;

/** The module of a `<name>.job.ts` file. */
export interface JobModule<N extends JobName> {
  default: JobHandler<JobPayload<N>>;
}
