import pg from "pg";
import type { Logger } from "../log";
import { tryLockRun, unlockRun } from "./worker.db";

const RECONNECT_PAUSE_MS = 250;
const PROBE_EVERY_MS = 5_000;
const QUERY_TIMEOUT_MS = 5_000;

/**
 * One database session that holds a lock for each run this process works on. The lock is the proof that a living worker
 * is on the run: PostgreSQL frees it the moment the process or its connection dies, so that others may take the run over
 * within a second of a crash, and never before.
 *
 * When the session is lost, so are all locks: `onLost` is called (the runs must stop), and a new session is opened.
 */
export class RunLocks {
  readonly #connectionString: string;
  readonly #log: Logger;
  readonly #onLost: () => void;
  #session: pg.Client | undefined;
  #connecting: Promise<pg.Client> | undefined;
  #probe: NodeJS.Timeout | undefined;
  /** Ends when the statement before has: a connection carries one at a time. */
  #turn: Promise<unknown> = Promise.resolve();
  #isClosed = false;

  constructor(connectionString: string, log: Logger, onLost: () => void) {
    this.#connectionString = connectionString;
    this.#log = log;
    this.#onLost = onLost;
  }

  /** False when a living worker has the run. Throws when the database cannot be reached. */
  async acquire(jobRunId: string): Promise<boolean> {
    const session = this.#session ?? (await this.#connect());
    return this.#inTurn(() => tryLockRun(session, jobRunId));
  }

  async release(jobRunId: string): Promise<void> {
    // Without a session there is no lock to free.
    const session = this.#session;
    if (session) await this.#inTurn(() => unlockRun(session, jobRunId)).catch(() => undefined);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearInterval(this.#probe);
    const session = this.#session;
    this.#session = undefined;
    await session?.end().catch(() => undefined);
  }

  #inTurn<T>(send: () => Promise<T>): Promise<T> {
    const answered = this.#turn.then(send);
    this.#turn = answered.catch(() => undefined);
    return answered;
  }

  #connect(): Promise<pg.Client> {
    this.#connecting ??= this.#open().finally(() => {
      this.#connecting = undefined;
    });
    return this.#connecting;
  }

  async #open(): Promise<pg.Client> {
    const client = new pg.Client({
      connectionString: this.#connectionString,
      application_name: "winnow run locks",
      keepAlive: true,
      query_timeout: QUERY_TIMEOUT_MS,
      connectionTimeoutMillis: QUERY_TIMEOUT_MS,
    });
    const lose = (error?: Error): void => {
      if (this.#session !== client) return;
      this.#session = undefined;
      clearInterval(this.#probe);
      if (this.#isClosed) return;
      this.#log.warn("the session that holds the run locks is lost; stopping its runs", { error });
      this.#onLost();
      client.end().catch(() => undefined);
    };
    client.on("error", lose);
    client.on("end", () => lose());
    try {
      await client.connect();
    } catch (error) {
      await new Promise((resolve) => setTimeout(resolve, RECONNECT_PAUSE_MS));
      throw error;
    }
    this.#session = client;
    this.#probe = setInterval(() => {
      this.#inTurn(() => client.query("select 1")).catch((error: Error) => lose(error));
    }, PROBE_EVERY_MS);
    return client;
  }
}
