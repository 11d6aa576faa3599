import { chmodSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { LaunchedWinnow } from "@/test/harness/launchWinnow";
import { launchWinnow } from "@/test/harness/launchWinnow";
import { descendantsOf, residentMiB } from "@/test/harness/processTree";

export interface StartFigures {
  what: string;
  /** From the command to its line with the address. */
  readyMs: number;
  /** From the command to the first page that answered with 200. */
  firstPageMs: number;
  /** Resident memory of all processes when the first page had been served, by part. */
  memoryMiB: Record<string, number>;
}

/** Starts three times on one data folder: with the build still to be made, then built, then with data from before. */
export async function measureStarts(): Promise<{ starts: StartFigures[]; winnow: LaunchedWinnow }> {
  const starts: StartFigures[] = [];
  const freshFolder = () => {
    const path = mkdtempSync(join(tmpdir(), "winnow-bench-"));
    chmodSync(path, 0o755);
    return path;
  };
  const first = await start("first start after installation: build, new data folder", freshFolder(), starts);
  await first.cleanup();
  const dataDir = freshFolder();
  const second = await start("new data folder, already built", dataDir, starts);
  await second.stop();
  const winnow = await start("data folder from before, already built", dataDir, starts);
  return { starts, winnow };
}

async function start(what: string, dataDir: string, into: StartFigures[]): Promise<LaunchedWinnow> {
  const from = performance.now();
  const winnow = await launchWinnow({ dataDir });
  const readyMs = performance.now() - from;
  const page = await fetch(`${winnow.url}/sign-in`);
  await page.text();
  if (page.status !== 200) throw new Error(`${what}: the first page answered with ${page.status}.`);
  into.push({
    what,
    readyMs: Math.round(readyMs),
    firstPageMs: Math.round(performance.now() - from),
    memoryMiB: memoryOf(winnow),
  });
  return winnow;
}

/** Shared pages are counted once per process that has them: PostgreSQL's sum is an upper bound. */
function memoryOf(winnow: LaunchedWinnow): Record<string, number> {
  const sums: Record<string, number> = { supervisor: Math.round(residentMiB(winnow.pid)) };
  for (const { pid, command } of descendantsOf(winnow.pid)) {
    const part = /postgres/.test(command) ? "postgresql" : /next-server|next\/dist/.test(command) ? "web" : "worker";
    sums[part] = (sums[part] ?? 0) + Math.round(residentMiB(pid));
  }
  return sums;
}
