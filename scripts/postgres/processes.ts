import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { createServer } from "node:net";

export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** One letter for the state of a process on Linux ("Z": it has ended and waits to be noticed); undefined elsewhere. */
function processState(pid: number): string | undefined {
  try {
    // The name in parentheses may hold anything, so the state is looked for after the last one.
    return readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)?.[0];
  } catch {
    return undefined;
  }
}

/** Whether a process with this number runs. A zombie does not. */
export function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EPERM") return false;
  }
  return processState(pid) !== "Z";
}

/** A process as written to a lock file: numbers are given out again, so its start is kept with it. */
export interface ProcessMark {
  pid: number;
  /** Clock ticks from boot to its start (Linux); null where the system does not tell. */
  started: string | null;
}

export function markOf(pid: number): ProcessMark {
  try {
    // Field 22 of /proc/<pid>/stat; the name before it may hold blanks, so count from the last parenthesis.
    return { pid, started: readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)?.split(" ")[19] ?? null };
  } catch {
    return { pid, started: null };
  }
}

/** Whether the very process that was marked still runs. */
export function isMarkedAlive(mark: ProcessMark): boolean {
  return isAlive(mark.pid) && (mark.started === null || mark.started === markOf(mark.pid).started);
}

/** Waits until the process has ended; false when it still runs after `timeoutMs`. */
export async function waitForEnd(pid: number, timeoutMs: number): Promise<boolean> {
  const until = performance.now() + timeoutMs;
  while (isAlive(pid)) {
    if (performance.now() > until) return false;
    await sleep(20);
  }
  return true;
}

/** Sends a signal; a process that has already ended is fine. */
export function signalQuietly(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

/**
 * Whether the process with this number runs and works in `folder`: numbers are given out again, so a number read from a
 * file may be another program's by now. Where the system does not tell (not Linux), running is taken for enough.
 */
export function worksIn(pid: number, folder: string): boolean {
  if (!isAlive(pid)) return false;
  if (process.platform !== "linux") return true;
  try {
    return readlinkSync(`/proc/${pid}/cwd`) === folder;
  } catch {
    return false;
  }
}

/** Running processes whose working folder is `folder` (Linux; elsewhere none are found). */
export function processesIn(folder: string): number[] {
  let entries: string[];
  try {
    entries = readdirSync("/proc");
  } catch {
    return [];
  }
  return entries
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => worksIn(pid, folder));
}

/** The parent of a process (Linux); undefined elsewhere, and for one that has ended. */
export function parentOf(pid: number): number | undefined {
  try {
    return Number(readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)?.split(" ")[1]);
  } catch {
    return undefined;
  }
}

/** The command line of a process; undefined where that cannot be read. */
export function commandLine(pid: number): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ").trim();
  } catch {
    return undefined;
  }
}

/** A port of the local machine that nobody listens on at this moment. */
export function findFreePort(host = "127.0.0.1"): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, host, () => {
      const address = server.address();
      server.close(() =>
        typeof address === "object" && address ? resolve(address.port) : reject(new Error("no port")),
      );
    });
  });
}

/** Whether a server of ours could listen there; the error's code when not. */
export function probePort(port: number, host: string): Promise<{ isFree: true } | { isFree: false; code: string }> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", (error: NodeJS.ErrnoException) => resolve({ isFree: false, code: error.code ?? "unknown" }));
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve({ isFree: true })));
  });
}
