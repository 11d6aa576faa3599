import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { commandLine, findFreePort, probePort } from "../postgres/processes";

/** The program that listens on a port, as far as /proc tells (Linux, and our own processes unless we are root). */
function findListener(port: number): string | undefined {
  const hex = port.toString(16).toUpperCase().padStart(4, "0");
  const inodes = new Set<string>();
  for (const table of ["/proc/net/tcp", "/proc/net/tcp6"]) {
    try {
      for (const line of readFileSync(table, "utf8").split("\n").slice(1)) {
        const [, local, , state, , , , , , inode] = line.trim().split(/\s+/);
        if (state === "0A" && local.endsWith(`:${hex}`)) inodes.add(`socket:[${inode}]`);
      }
    } catch {
      return undefined;
    }
  }
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    try {
      const fds = readdirSync(`/proc/${pid}/fd`);
      if (!fds.some((fd) => inodes.has(readlinkSync(`/proc/${pid}/fd/${fd}`)))) continue;
      return `process ${pid}: ${commandLine(Number(pid))?.slice(0, 80)}`;
    } catch {
      // Another user's process, or one that has just ended.
    }
  }
  return undefined;
}

/**
 * Returns the port to listen on: the one asked for, or any free one for 0.
 * @throws when it is taken or not allowed, saying so and what to do.
 */
export async function checkPort(port: number, host: string): Promise<number> {
  if (port === 0) return findFreePort(host);
  const probe = await probePort(port, host);
  if (probe.isFree) return port;
  if (probe.code === "EADDRINUSE") {
    const by = findListener(port);
    throw new Error(
      `Port ${port} on ${host} is taken${by ? ` by ${by}` : " by another program"}. Stop it, or choose another port: PORT=${port + 1} npm start`,
    );
  }
  if (probe.code === "EACCES") {
    throw new Error(`This account may not listen on port ${port}. Choose one above 1023: PORT=4300 npm start`);
  }
  throw new Error(`Cannot listen on ${host}:${port} (${probe.code}). Set HOST to an address of this machine.`);
}
