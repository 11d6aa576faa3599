import type { JobName } from "@/contracts/jobs";
import { JOBS } from "@/contracts/jobs";
import type { Clock } from "../clock";
import type { Pool } from "../db";
import { AppError, toErrorRecord } from "../errors";
import { JOB_CHANNEL, Listener } from "../jobs";
import type { Logger } from "../log";
import type { BlobStore } from "../storage";
import type { JobHandlers } from "./handlers";
import { JobBoss } from "./jobBoss";
import { STOP_GRACE_MS, SWEEP_EVERY_MS } from "./jobPolicies";
import { recoverRuns } from "./recoverRuns";
import type { AttemptEnd } from "./runAttempt";
import { runAttempt, StopReason } from "./runAttempt";
import { RunLocks } from "./runLocks";
import { claimRun, failAbandonedRun } from "./worker.db";

export interface WorkerOptions {
  /** For the sessions of its own: locks, notifications, pg-boss. */
  connectionString: string;
  db: Pool;
  clock: Clock;
  storage: BlobStore;
  log: Logger;
  handlers: JobHandlers;
}

/**
 * Runs background jobs. A requested run (a row of job_run) goes: queued → given to pg-boss (boss_id) → delivered to some
 * worker → running, under a lock that only a living session can hold → succeeded, failed or cancelled. A failed attempt
 * goes back to queued and is delivered again after a growing pause. A run whose worker died, or was told to stop, goes
 * back to queued without boss_id and is given to pg-boss anew within about a second.
 */
export class JobWorker {
  readonly #options: WorkerOptions;
  readonly #running = new Map<string, AbortController>();
  readonly #locks: RunLocks;
  readonly #boss: JobBoss;
  readonly #listener: Listener;
  #timer: NodeJS.Timeout | undefined;
  #chore: Promise<void> = Promise.resolve();
  #isChoreAsked = false;
  #isStopping = false;

  constructor(options: WorkerOptions) {
    this.#options = options;
    const { connectionString, log } = options;
    this.#locks = new RunLocks(connectionString, log, () => this.#stopRuns("lockLost"));
    this.#listener = new Listener(connectionString, log);
    this.#boss = new JobBoss({
      connectionString,
      db: options.db,
      clock: options.clock,
      log,
      kinds: Object.keys(JOBS) as JobName[],
      run: (jobRunId, bossId) => this.#run(jobRunId, bossId),
      onDeadLetter: (bossId) => this.#failAbandoned(bossId),
    });
  }

  async start(): Promise<void> {
    await this.#boss.start();
    await this.#listener.subscribe(JOB_CHANNEL, {
      onPayload: (message) => this.#onMessage(message),
      onGap: () => this.#askForChores(),
    });
    this.#timer = setInterval(() => this.#askForChores(), SWEEP_EVERY_MS);
    this.#askForChores();
  }

  /** Interrupts the runs (they go on in another worker, or in the next one), and ends. */
  async stop(): Promise<void> {
    if (this.#isStopping) return;
    this.#isStopping = true;
    clearInterval(this.#timer);
    await this.#listener.close();
    await this.#chore;
    this.#stopRuns("workerStops");
    await this.#boss.stop(STOP_GRACE_MS);
    await this.#locks.close();
  }

  /** Number of runs in work. */
  get runningCount(): number {
    return this.#running.size;
  }

  #stopRuns(kind: "workerStops" | "lockLost"): void {
    for (const controller of this.#running.values()) controller.abort(new StopReason(kind));
  }

  #onMessage(message: string): void {
    if (message.startsWith("cancel:")) {
      this.#running.get(message.slice("cancel:".length))?.abort(new StopReason("cancelled"));
    } else this.#askForChores();
  }

  /** Dispatches and recovers, one round at a time; asked for during a round, another follows. */
  #askForChores(): void {
    if (this.#isChoreAsked || this.#isStopping) return;
    this.#isChoreAsked = true;
    this.#chore = this.#chore.then(async () => {
      this.#isChoreAsked = false;
      if (this.#isStopping) return;
      try {
        await recoverRuns(this.#options.db, this.#options.clock, this.#options.log, (id) => this.#running.has(id));
        await this.#boss.dispatch();
      } catch (error) {
        // The database is away or busy: the next round is a second off.
        this.#options.log.warn("jobs could not be looked after", { error });
      }
    });
  }

  async #run(jobRunId: string, bossId: string): Promise<AttemptEnd> {
    // A delivery that came while an interrupted attempt of the same run is still ending here.
    if (this.#isStopping || this.#running.has(jobRunId)) return "retry";
    const { db, clock, log } = this.#options;
    const controller = new AbortController();
    this.#running.set(jobRunId, controller);
    try {
      if (!(await this.#locks.acquire(jobRunId))) return "retry";
      try {
        const run = await claimRun(db, jobRunId, bossId, clock.now());
        return run ? await runAttempt(this.#options, run, controller) : "done";
      } finally {
        await this.#locks.release(jobRunId);
      }
    } catch (error) {
      log.warn("a job could not be begun; it will be delivered again", { run: jobRunId, error });
      return "retry";
    } finally {
      this.#running.delete(jobRunId);
    }
  }

  async #failAbandoned(bossId: string): Promise<void> {
    const error = new AppError("E_JOB_FAILED", "The job was given up after its deliveries ended without an outcome.");
    await failAbandonedRun(this.#options.db, bossId, toErrorRecord(error), this.#options.clock.now());
  }
}
