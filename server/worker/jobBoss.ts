import { randomUUID } from "node:crypto";
import { PgBoss } from "pg-boss";
import type { JobName } from "@/contracts/jobs";
import { DAY_MS, SECOND_MS } from "@/contracts/limits";
import type { Clock } from "../clock";
import type { Pool } from "../db";
import { withTransaction } from "../db";
import type { Logger } from "../log";
import {
  BOSS_EXPIRE_S,
  BOSS_HEARTBEAT_S,
  BOSS_POLL_S,
  JOB_POLICIES,
  RETRY_DELAY_MAX_S,
  RETRY_DELAY_S,
} from "./jobPolicies";
import type { AttemptEnd } from "./runAttempt";
import { lockWaitingRuns, setBossId } from "./worker.db";

const DEAD_LETTERS = "winnow.dead-letters";
const DEAD_LETTER_POLL_S = 5;
const POOL_MAX = 4;
const START_ATTEMPTS = 10;
const DISPATCH_MAX = 100;
const KEEP_SECONDS = (7 * DAY_MS) / SECOND_MS;
/** Above our own attempts, so that the run's row decides and pg-boss's limit is a backstop. */
const SPARE_RETRIES = 5;

/** What travels through pg-boss: the run's id. Everything else stands in job_run. */
interface Delivery {
  jobRunId: string;
}

export interface JobBossOptions {
  connectionString: string;
  db: Pool;
  clock: Clock;
  log: Logger;
  kinds: readonly JobName[];
  /** Runs one delivery to its end. Must not throw. */
  run: (jobRunId: string, bossId: string) => Promise<AttemptEnd>;
  /** pg-boss has given up a job. */
  onDeadLetter: (bossId: string) => Promise<void>;
}

/** The worker's pg-boss: one queue per kind of job, and the hand-over of requested runs to it. */
export class JobBoss {
  readonly #options: JobBossOptions;
  readonly #boss: PgBoss;

  constructor(options: JobBossOptions) {
    this.#options = options;
    this.#boss = new PgBoss({
      connectionString: options.connectionString,
      application_name: "winnow jobs",
      max: POOL_MAX,
      useListenNotify: true,
      // Workers are the only ones that know pg-boss: they make and migrate its tables, and supervise.
      migrate: true,
      supervise: true,
      schedule: false,
      superviseIntervalSeconds: 30,
      registerInstance: false,
    });
    this.#boss.on("error", (error) => options.log.warn("pg-boss met an error and goes on", { error }));
    this.#boss.on("warning", (warning) => options.log.debug("pg-boss warns", { warning: warning.message }));
  }

  async start(): Promise<void> {
    await this.#boss.start({ attempts: START_ATTEMPTS });
    await this.#boss.createQueue(DEAD_LETTERS, { retryLimit: 20, retryDelay: 5, notify: true });
    for (const kind of this.#options.kinds) await this.#makeQueue(kind);
    const options = { pollingIntervalSeconds: DEAD_LETTER_POLL_S, includeMetadata: true } as const;
    await this.#boss.work<Delivery, void, typeof options>(DEAD_LETTERS, options, async ([job]) => {
      if (job.sourceId) await this.#options.onDeadLetter(job.sourceId);
    });
    for (const kind of this.#options.kinds) await this.#work(kind);
  }

  async #makeQueue(kind: JobName): Promise<void> {
    const settings = {
      retryLimit: JOB_POLICIES[kind].attemptsMax + SPARE_RETRIES,
      retryDelay: RETRY_DELAY_S,
      retryBackoff: true,
      retryDelayMax: RETRY_DELAY_MAX_S,
      expireInSeconds: BOSS_EXPIRE_S,
      heartbeatSeconds: BOSS_HEARTBEAT_S,
      deleteAfterSeconds: KEEP_SECONDS,
      deadLetter: DEAD_LETTERS,
      notify: true,
    };
    await this.#boss.createQueue(kind, settings);
    // An older worker may have made the queue with other settings.
    await this.#boss.updateQueue(kind, settings);
  }

  async #work(kind: JobName): Promise<void> {
    const options = {
      pollingIntervalSeconds: BOSS_POLL_S,
      notifyPollingIntervalSeconds: BOSS_POLL_S,
      localConcurrency: JOB_POLICIES[kind].concurrency,
      batchSize: 1,
      perJobResults: true,
    } as const;
    await this.#boss.work<Delivery, unknown, typeof options>(kind, options, async ([job]) => {
      const end = await this.#options.run(job.data.jobRunId, job.id);
      const status = ({ done: "completed", retry: "failed", dead: "deadletter" } as const)[end];
      return [{ id: job.id, status }];
    });
  }

  /** Gives pg-boss the requested runs that are due, each in the transaction that marks it as given. Returns how many. */
  async dispatch(): Promise<number> {
    const { db, clock } = this.#options;
    return withTransaction(db, async (tx) => {
      const runs = await lockWaitingRuns(tx, clock.now(), DISPATCH_MAX);
      const inTransaction = { executeSql: (text: string, values?: unknown[]) => tx.query(text, values) };
      for (const run of runs) {
        const bossId = randomUUID();
        const delivery: Delivery = { jobRunId: run.id };
        await this.#boss.send(run.kind, delivery, { id: bossId, db: inTransaction });
        await setBossId(tx, run.id, bossId);
      }
      return runs.length;
    });
  }

  /** Takes no new deliveries; waits for those in work, for at most `graceMs`. */
  async stop(graceMs: number): Promise<void> {
    await this.#boss.stop({ graceful: true, timeout: graceMs, close: true });
  }
}
