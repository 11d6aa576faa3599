import { MINUTE_MS, SECOND_MS } from "@/contracts/limits";
import { allowSlowRequests } from "@/server/allowSlowRequests";
import { closeIdleConnections } from "@/server/closeIdleConnections";
import { getEnv } from "@/server/env";
import { getLogger } from "@/server/log";
import { beginShutdown, shutdownSignal } from "@/server/shutdown";

const PARENT_CHECK_MS = 500;
/** After this long the process ends, whatever is still open: a request that hangs must not hold up a restart. */
const STOP_GRACE_MS = 8_000;
/** An upload of which nothing arrives for this long is given up. */
const UPLOAD_IDLE_MS = 5 * MINUTE_MS;

function stop(): void {
  // Ends the subscriptions; Next's own handler then closes the server, which it cannot while they are open.
  beginShutdown();
  setTimeout(() => process.exit(0), STOP_GRACE_MS).unref();
}

/** Makes the web process end in time, not outlive its supervisor, and take files over slow lines. */
export function registerNode(): void {
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, stop);
  closeIdleConnections(shutdownSignal());
  allowSlowRequests({ totalMs: getEnv().requestTimeoutSeconds * SECOND_MS, idleMs: UPLOAD_IDLE_MS });
  if (!getEnv().isSupervised) return;
  const parent = process.ppid;
  setInterval(() => {
    if (process.ppid === parent) return;
    getLogger({ part: "web" }).warn("the supervisor is gone; stopping");
    beginShutdown();
    process.kill(process.pid, "SIGTERM");
  }, PARENT_CHECK_MS).unref();
}
