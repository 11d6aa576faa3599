import { PrismaPg } from "@prisma/adapter-pg";
import pg from "pg";
import { getDatabaseUrl, getEnv } from "./env";
import { AppError } from "./errors";
import { PrismaClient } from "./generated/prisma/client";
import { getLogger } from "./log";

/**
 * The process's door to PostgreSQL. No `import "server-only"` here: the worker and the scripts load this module outside
 * React, where that package throws. The rule that pages never import the server keeps it out of the browser.
 */

/** What a service needs to run SQL: the pool for one statement, a client inside a transaction. */
export type Db = pg.Pool | pg.PoolClient;
export type Pool = pg.Pool;
export type Tx = pg.PoolClient;

/** Longest a statement of a web request may run before PostgreSQL ends it. */
export const STATEMENT_TIMEOUT_MS = 30_000;
/** Longest a transaction may sit idle holding its locks. */
const IDLE_IN_TRANSACTION_TIMEOUT_MS = 60_000;
const CONNECT_TIMEOUT_MS = 10_000;
const TRANSACTION_ATTEMPTS_MAX = 5;

export interface PoolOptions {
  connectionString: string;
  max: number;
  statementTimeoutMs?: number;
  applicationName?: string;
}

/** bigint columns (counts, ids) come as numbers: every one of ours stays far below 2^53. */
const types = {
  getTypeParser(oid: number, format?: "text" | "binary") {
    if (oid === pg.types.builtins.INT8 && format !== "binary") return Number;
    return pg.types.getTypeParser(oid, format as "text");
  },
} as pg.CustomTypesConfig;

export function createPool(options: PoolOptions): pg.Pool {
  const pool = new pg.Pool({
    connectionString: options.connectionString,
    max: options.max,
    types,
    application_name: options.applicationName ?? "winnow",
    statement_timeout: options.statementTimeoutMs ?? STATEMENT_TIMEOUT_MS,
    idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_TIMEOUT_MS,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    keepAlive: true,
  });
  // An idle connection that breaks (the server restarted) is replaced by the pool; without a listener Node would exit.
  pool.on("error", (error) => getLogger({ part: "db" }).warn("idle database connection lost", { error }));
  // The same for a connection that is lent out and breaks between two statements: the pool listens to idle ones only.
  // Whoever holds it learns of the loss by their next statement.
  pool.on("connect", (client) => client.on("error", () => undefined));
  return pool;
}

// On globalThis: the web build loads this module once per bundle, and `next dev` again at each edit.
const shared = globalThis as typeof globalThis & { __winnowPool?: pg.Pool; __winnowPrisma?: PrismaClient };

/** The process's one pool. */
export function getPool(): pg.Pool {
  shared.__winnowPool ??= createPool({ connectionString: getDatabaseUrl(), max: getEnv().dbPoolMax });
  return shared.__winnowPool;
}

/** Prisma on the same pool, for the plain reads and writes it is good at. */
export function getPrisma(): PrismaClient {
  shared.__winnowPrisma ??= createPrisma(getPool());
  return shared.__winnowPrisma;
}

export function createPrisma(pool: pg.Pool): PrismaClient {
  return new PrismaClient({ adapter: new PrismaPg(pool) });
}

/** Closes the process's pool, if there is one. */
export async function closePool(): Promise<void> {
  const { __winnowPool: pool, __winnowPrisma: prisma } = shared;
  shared.__winnowPool = undefined;
  shared.__winnowPrisma = undefined;
  await prisma?.$disconnect();
  await pool?.end();
}

const SERIALIZATION_FAILURE = "40001";
const DEADLOCK_DETECTED = "40P01";

export interface TransactionOptions {
  isolation?: "read committed" | "repeatable read" | "serializable";
  readOnly?: boolean;
  /** For this transaction only. 0 = none: for imports and exports, never in a request. */
  statementTimeoutMs?: number;
  /** Tries in all when PostgreSQL ends the transaction because of another one. */
  attemptsMax?: number;
}

function beginStatement(options: TransactionOptions): string {
  const isolation = options.isolation ? ` isolation level ${options.isolation}` : "";
  return `begin${isolation}${options.readOnly ? " read only" : ""}`;
}

async function runOnce<T>(client: Tx, fn: (tx: Tx) => Promise<T>, options: TransactionOptions): Promise<T> {
  await client.query(beginStatement(options));
  if (options.statementTimeoutMs !== undefined) {
    await client.query(`set local statement_timeout = ${Math.trunc(options.statementTimeoutMs)}`);
  }
  const result = await fn(client);
  await client.query("commit");
  return result;
}

function isConflict(error: unknown): boolean {
  const code = (error as { code?: unknown } | null)?.code;
  return code === SERIALIZATION_FAILURE || code === DEADLOCK_DETECTED;
}

/**
 * Runs `fn` in one transaction and commits; any error rolls everything back. When PostgreSQL ends the transaction because
 * of another one (serialization failure, deadlock), the whole of `fn` runs again, up to `attemptsMax` times, so `fn`
 * must have no effects but SQL through `tx`.
 */
export async function withTransaction<T>(
  pool: pg.Pool,
  fn: (tx: Tx) => Promise<T>,
  options: TransactionOptions = {},
): Promise<T> {
  const attemptsMax = options.attemptsMax ?? TRANSACTION_ATTEMPTS_MAX;
  for (let n = 1; ; n++) {
    const client = await pool.connect();
    let isUsable = true;
    try {
      return await runOnce(client, fn, options);
    } catch (error) {
      // A connection that cannot even roll back is dead: the caller's error says more, and nobody else gets it.
      isUsable = await client.query("rollback").then(
        () => true,
        () => false,
      );
      if (!isConflict(error)) throw error;
      if (n >= attemptsMax) {
        throw new AppError(
          "E_UNAVAILABLE",
          `The database ended the transaction ${n} times because of others at the same rows. Try again shortly.`,
          { cause: error },
        );
      }
    } finally {
      client.release(!isUsable);
    }
  }
}

/** Waits until the database answers, for at most `timeoutMs`. */
export async function waitForDatabase(pool: pg.Pool, timeoutMs: number, monotonicMs: () => number): Promise<void> {
  const until = monotonicMs() + timeoutMs;
  for (;;) {
    try {
      await pool.query("select 1");
      return;
    } catch (error) {
      if (monotonicMs() >= until) throw error;
      await new Promise((done) => setTimeout(done, 100));
    }
  }
}
