import type { Pool, Tx } from "@/server/db";
import type { SeededRandom } from "./seededRandom";

/** Where a task loses its connection: around its n-th statement, from 0. */
export interface Crash {
  statement: number;
  /** before: the statement never reaches the server. after: it is done, but its answer is lost. */
  when: "before" | "after";
}

export interface Task<T> {
  /** The database as this task sees it. */
  run: (db: Pool) => Promise<T>;
  crash?: Crash;
}

type State = "running" | "ready" | "done";

/** What a lost connection looks like to the code under test. */
export function connectionLost(): Error {
  return Object.assign(new Error("connection lost (simulated)"), { code: "ECONNRESET" });
}

export function isConnectionLost(error: unknown): boolean {
  return (error as { code?: unknown } | null)?.code === "ECONNRESET";
}

/** How long a statement may run before it is asked whether it waits for a lock. */
const LOCK_CHECK_MS = 4;

class Turns {
  state: State = "running";
  pid: number | null = null;
  statements = 0;
  #go: (() => void) | undefined;
  readonly #changed: () => void;

  constructor(changed: () => void) {
    this.#changed = changed;
  }

  /** Waits until the scheduler lets this task send its next statement. */
  async wait(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#go = resolve;
      this.state = "ready";
      this.#changed();
    });
  }

  go(): void {
    this.state = "running";
    this.#go?.();
  }

  end(): void {
    this.state = "done";
    this.#changed();
  }
}

type QueryArguments = [unknown, unknown[]?];
interface Querier {
  query: (...args: QueryArguments) => Promise<unknown>;
}

/** A connection whose statements wait for their turn, and which is lost at the task's crash. */
class GatedClient {
  readonly #client: Tx;
  readonly #turns: Turns;
  readonly #crash: Crash | undefined;
  #isLost = false;

  constructor(client: Tx, turns: Turns, crash: Crash | undefined) {
    this.#client = client;
    this.#turns = turns;
    this.#crash = crash;
  }

  async query(...args: QueryArguments): Promise<unknown> {
    if (this.#isLost) throw connectionLost();
    await this.#turns.wait();
    const n = this.#turns.statements++;
    const crash = this.#crash?.statement === n ? this.#crash.when : undefined;
    if (crash === "before") return this.#lose();
    this.#turns.pid = (this.#client as unknown as { processID: number }).processID;
    try {
      const result = await (this.#client as unknown as Querier).query(...args);
      if (crash === "after") return this.#lose();
      return result;
    } finally {
      this.#turns.pid = null;
    }
  }

  /** What the server does when a client is gone, at once instead of when it notices. */
  async #lose(): Promise<never> {
    this.#isLost = true;
    await this.#client.query("rollback");
    throw connectionLost();
  }

  release(): void {
    this.#client.release();
  }
}

function gatedPool(pool: Pool, turns: Turns, crash: Crash | undefined): Pool {
  const connect = async (): Promise<GatedClient> => new GatedClient(await pool.connect(), turns, crash);
  const query = async (...args: QueryArguments): Promise<unknown> => {
    // Announcements are sent on the side and nobody waits for them.
    if (typeof args[0] === "string" && args[0].includes("pg_notify")) return pool.query(...(args as [string]));
    const client = await connect();
    try {
      return await client.query(...args);
    } finally {
      client.release();
    }
  };
  return { connect, query } as unknown as Pool;
}

/**
 * Runs tasks against a real PostgreSQL with their statements interleaved one at a time, in an order that the random
 * source fixes: of all tasks that are about to send a statement, one is picked and runs until its statement has answered
 * or waits for a lock of another. A failing order therefore happens again under the same seed.
 */
export async function interleave<T>(
  pool: Pool,
  random: SeededRandom,
  tasks: readonly Task<T>[],
): Promise<PromiseSettledResult<T>[]> {
  let wake = (): void => undefined;
  const turns = tasks.map(() => new Turns(() => wake()));
  const changed = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  const outcomes = tasks.map(async (task, i) => {
    try {
      return await task.run(gatedPool(pool, turns[i], task.crash));
    } finally {
      turns[i].end();
    }
  });
  const settled = Promise.allSettled(outcomes);
  const isRunning = (t: Turns): boolean => t.state === "running";
  for (;;) {
    let blocked = new Set<Turns>();
    while (turns.some((t) => isRunning(t) && !blocked.has(t))) {
      await changed(LOCK_CHECK_MS);
      if (turns.some(isRunning)) blocked = await findBlocked(pool, turns.filter(isRunning));
    }
    const ready = turns.filter((t) => t.state === "ready");
    if (ready.length > 0) random.pick(ready).go();
    else if (blocked.size > 0) await changed(LOCK_CHECK_MS);
    else break;
  }
  return settled;
}

async function findBlocked(pool: Pool, turns: readonly Turns[]): Promise<Set<Turns>> {
  const pids = turns.map((t) => t.pid).filter((pid) => pid !== null);
  if (pids.length === 0) return new Set();
  const { rows } = await pool.query<{ pid: number }>(
    "select pid from pg_stat_activity where pid = any($1) and state = 'active' and wait_event_type = 'Lock'",
    [pids],
  );
  const waiting = new Set(rows.map((row) => row.pid));
  return new Set(turns.filter((t) => t.pid !== null && waiting.has(t.pid)));
}
