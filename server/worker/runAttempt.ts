import type { JobName, JobPayload } from "@/contracts/jobs";
import { JOBS } from "@/contracts/jobs";
import type { Clock } from "../clock";
import type { Pool } from "../db";
import { AppError, isAppError, toErrorRecord } from "../errors";
import type { JobContext, JobHandler } from "../jobs";
import { notifyProject, reportProgress } from "../jobs";
import type { Logger } from "../log";
import type { BlobStore } from "../storage";
import type { JobHandlers } from "./handlers";
import { HEARTBEAT_EVERY_MS, JOB_POLICIES } from "./jobPolicies";
import { makeProgress } from "./makeProgress";
import type { ClaimedRun } from "./worker.db";
import { awaitRetry, beatRun, finishRun, requeueRun } from "./worker.db";

export interface AttemptEnvironment {
  db: Pool;
  clock: Clock;
  storage: BlobStore;
  log: Logger;
  handlers: JobHandlers;
}

/** What pg-boss is to do with its job: done with it, deliver it again after a pause, or put it with the dead letters. */
export type AttemptEnd = "done" | "retry" | "dead";

/** Why a running attempt is told to stop; the reason of its signal. */
export class StopReason extends AppError {
  readonly kind: "cancelled" | "workerStops" | "lockLost";

  constructor(kind: StopReason["kind"]) {
    const messages = {
      cancelled: "The job was cancelled.",
      workerStops: "The worker is stopping; the job goes on elsewhere.",
      lockLost: "The worker lost its database session; the job starts again.",
    };
    super("E_CANCELLED", messages[kind]);
    this.kind = kind;
  }
}

/**
 * Runs one attempt of a claimed run to its end and writes the outcome. Never throws: an outcome that cannot be written
 * (the database is away) leaves the run to the sweep, which finds it without a lock.
 */
export async function runAttempt(
  environment: AttemptEnvironment,
  run: ClaimedRun,
  controller: AbortController,
): Promise<AttemptEnd> {
  const { db, clock } = environment;
  const log = environment.log.child({ job: run.kind, run: run.id, attempt: run.attempts });
  const heartbeat = setInterval(() => {
    beatRun(db, run, clock.now()).then(
      (stop) => stop && controller.abort(new StopReason("cancelled")),
      (error: unknown) => log.warn("heartbeat could not be written", { error }),
    );
  }, HEARTBEAT_EVERY_MS);
  const startedMs = clock.monotonicMs();
  let end: AttemptEnd;
  try {
    await tell(db, run);
    const result = await callHandler(environment, run, controller.signal, log);
    const durationMs = Math.round(clock.monotonicMs() - startedMs);
    end = await settle(async () => {
      await finishRun(db, run, { state: "succeeded", result }, clock.now());
      return "done";
    }, log);
    log.info("job done", { durationMs });
  } catch (error) {
    end = await settle(() => endFailedAttempt(environment, run, controller.signal, error, log), log);
  } finally {
    clearInterval(heartbeat);
  }
  await tell(db, run).catch(() => undefined);
  return end;
}

async function tell(db: Pool, run: ClaimedRun): Promise<void> {
  if (run.project_id !== null) await notifyProject(db, run.project_id, "jobs");
}

/** An outcome that cannot be written: pg-boss tries again, or the sweep does, whichever finds the run first. */
async function settle(write: () => Promise<AttemptEnd>, log: Logger): Promise<AttemptEnd> {
  try {
    return await write();
  } catch (error) {
    log.error("the outcome of a job could not be written", { error });
    return "retry";
  }
}

async function callHandler(
  environment: AttemptEnvironment,
  run: ClaimedRun,
  signal: AbortSignal,
  log: Logger,
): Promise<unknown> {
  const parsed = JOBS[run.kind].safeParse(run.payload);
  if (!parsed.success) {
    throw new AppError(
      "E_BAD_INPUT",
      `The stored payload does not fit the contract of ${run.kind}: ${parsed.error.message}`,
    );
  }
  const { default: handler } = await environment.handlers[run.kind]();
  const progress = makeProgress({
    signal,
    monotonicMs: environment.clock.monotonicMs,
    write: (report) => reportProgress(environment.db, environment.clock, run.id, report),
  });
  const context: JobContext<JobPayload<JobName>> = {
    payload: parsed.data,
    db: environment.db,
    clock: environment.clock,
    storage: environment.storage,
    progress: progress.report,
    signal,
    jobRunId: run.id,
    attempt: run.attempts,
    log,
  };
  try {
    signal.throwIfAborted();
    return await (handler as JobHandler<JobPayload<JobName>>)(context);
  } finally {
    await progress.flush();
  }
}

/**
 * A blob that is gone: a newer version of the features or the model was made while the attempt read the older one, whose
 * files nobody needs any more. The next attempt reads what holds then.
 */
function isBlobGone(error: AppError): boolean {
  return error.code === "E_NOT_FOUND" && typeof error.details.key === "string";
}

async function endFailedAttempt(
  environment: AttemptEnvironment,
  run: ClaimedRun,
  signal: AbortSignal,
  error: unknown,
  log: Logger,
): Promise<AttemptEnd> {
  const { db, clock } = environment;
  const reason: unknown = signal.aborted ? signal.reason : undefined;
  if (reason instanceof StopReason) {
    if (reason.kind === "cancelled") {
      await finishRun(db, run, { state: "cancelled", message: "cancelled" }, clock.now());
      log.info("job cancelled");
    } else {
      await requeueRun(db, run, { message: reason.message, counts: false });
      log.info("job interrupted", { reason: reason.kind });
    }
    return "done";
  }
  const record = toErrorRecord(error);
  const cannotPass = isAppError(error) && !error.isRetryable && !isBlobGone(error);
  const isFinal = cannotPass || run.attempts >= JOB_POLICIES[run.kind].attemptsMax;
  log.error(isFinal ? "job failed" : "attempt failed; it will be repeated", { error });
  if (isFinal) {
    await finishRun(db, run, { state: "failed", error: record, message: record.message }, clock.now());
    return "dead";
  }
  await awaitRetry(db, run, record);
  return "retry";
}
