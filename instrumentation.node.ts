import { getEnv } from "@/server/env";
import { getLogger } from "@/server/log";
import { beginShutdown } from "@/server/shutdown";

const PARENT_CHECK_MS = 500;
/** After this long the process ends, whatever is still open: a request that hangs must not hold up a restart. */
const STOP_GRACE_MS = 8_000;

function stop(): void {
  // Ends the subscriptions; Next's own handler then closes the server, which it cannot while they are open.
  beginShutdown();
  setTimeout(() => process.exit(0), STOP_GRACE_MS).unref();
}

/** Makes the web process end in time, and not outlive its supervisor. */
export function registerNode(): void {
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, stop);
  if (!getEnv().isSupervised) return;
  const parent = process.ppid;
  setInterval(() => {
    if (process.ppid === parent) return;
    getLogger({ part: "web" }).warn("the supervisor is gone; stopping");
    beginShutdown();
    process.kill(process.pid, "SIGTERM");
  }, PARENT_CHECK_MS).unref();
}
