import { systemClock } from "../clock";
import { closePool, getPool, waitForDatabase } from "../db";
import { getDatabaseUrl, getEnv } from "../env";
import { getLogger } from "../log";
import { getStorage } from "../storage";
import { cleanUp, repeat, runTick } from "./chores";
import { HANDLERS } from "./handlers";
import { CLEAN_UP_EVERY_MS, TICK_EVERY_MS } from "./jobPolicies";
import { JobWorker } from "./worker";

const DATABASE_WAIT_MS = 60_000;
const PARENT_CHECK_MS = 500;

/** The worker process: `npm run start:worker`, or under the supervisor of `npm start`. */
async function main(): Promise<void> {
  const log = getLogger({ part: "worker" });
  const pool = getPool();
  await waitForDatabase(pool, DATABASE_WAIT_MS, systemClock.monotonicMs);
  const environment = { db: pool, clock: systemClock, storage: getStorage(), log, handlers: HANDLERS };
  const worker = new JobWorker({ ...environment, connectionString: getDatabaseUrl() });
  const stopping = new AbortController();
  let chores: Promise<void>[] = [];
  const stop = async (why: string): Promise<void> => {
    if (stopping.signal.aborted) return;
    log.debug("worker stops", { why });
    stopping.abort();
    await worker.stop();
    await Promise.all(chores);
    await closePool();
    process.exit(0);
  };
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) process.on(signal, () => void stop(signal));
  if (getEnv().isSupervised) {
    const parent = process.ppid;
    // A supervisor that was killed cannot tell us: its children are handed to another parent.
    setInterval(() => process.ppid !== parent && void stop("supervisor is gone"), PARENT_CHECK_MS);
  }
  await worker.start();
  chores = [
    repeat(TICK_EVERY_MS, stopping.signal, log, () => runTick(environment, stopping.signal)),
    repeat(CLEAN_UP_EVERY_MS, stopping.signal, log, () => cleanUp(environment, getEnv())),
  ];
  log.debug("worker ready");
}

process.on("unhandledRejection", (error) => {
  getLogger({ part: "worker" }).error("unhandled rejection", { error });
  process.exit(1);
});
main().catch((error: unknown) => {
  getLogger({ part: "worker" }).error("worker could not start", { error });
  process.exit(1);
});
