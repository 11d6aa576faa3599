import { readdirSync } from "node:fs";
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
