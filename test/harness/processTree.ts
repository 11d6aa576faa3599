import { readdirSync, readFileSync } from "node:fs";
import { commandLine, parentOf } from "../../scripts/postgres/processes";
import type { LaunchedWinnow } from "./launchWinnow";

export interface ChildInfo {
  pid: number;
  command: string;
}

/** Direct children of a process (Linux: read from /proc, because a slim image has no `ps`). */
export function childrenOf(pid: number): ChildInfo[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((child) => parentOf(child) === pid)
    .map((child) => ({ pid: child, command: commandLine(child) ?? "" }));
}

/** Process id of a launched instance's web or worker process; undefined while it is being started again. */
export function partPid(winnow: LaunchedWinnow, part: "web" | "worker"): number | undefined {
  const pattern = part === "web" ? /next-server|next\/dist\/bin\/next/ : /worker\.js/;
  return childrenOf(winnow.pid).find(({ command }) => pattern.test(command))?.pid;
}

/** All processes below a process. */
export function descendantsOf(pid: number): ChildInfo[] {
  return childrenOf(pid).flatMap((child) => [child, ...descendantsOf(child.pid)]);
}

/** Resident memory of a process in MiB (Linux); 0 when it is gone. */
export function residentMiB(pid: number): number {
  try {
    const line = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"));
    return Number(line?.[1] ?? 0) / 1024;
  } catch {
    return 0;
  }
}
