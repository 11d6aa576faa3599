import { execFileSync } from "node:child_process";
import { commandLine } from "../../scripts/postgres/processes";
import type { LaunchedWinnow } from "./launchWinnow";

export interface ChildInfo {
  pid: number;
  command: string;
}

/** Direct children of a process. */
export function childrenOf(pid: number): ChildInfo[] {
  const output = execFileSync("ps", ["-o", "pid=", "--ppid", String(pid)], { encoding: "utf8" });
  const pids = output
    .split("\n")
    .map((line) => Number(line.trim()))
    .filter((child) => child > 0);
  return pids.map((child) => ({ pid: child, command: commandLine(child) ?? "" }));
}

/** Process id of a launched instance's web or worker process; undefined while it is being started again. */
export function partPid(winnow: LaunchedWinnow, part: "web" | "worker"): number | undefined {
  const pattern = part === "web" ? /next-server|next\/dist\/bin\/next/ : /worker\.js/;
  return childrenOf(winnow.pid).find(({ command }) => pattern.test(command))?.pid;
}
