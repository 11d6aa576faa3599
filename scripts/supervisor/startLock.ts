import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ProcessMark } from "../postgres/processes";
import { commandLine, isMarkedAlive, markOf } from "../postgres/processes";

interface Owner extends ProcessMark {
  port: number;
}

function readOwner(path: string): Owner | undefined {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as Owner;
  } catch {
    return undefined;
  }
}

function isRunning(owner: Owner): boolean {
  if (owner.pid === process.pid || !isMarkedAlive(owner)) return false;
  return owner.started !== null || (commandLine(owner.pid)?.includes("start") ?? true);
}

function linkQuietly(from: string, to: string): void {
  try {
    linkSync(from, to);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
}

/**
 * Marks a data folder as in use by this process.
 * @returns a function that gives it free.
 * @throws when another living process has it, naming process and port.
 */
export function takeStartLock(dataDir: string, port: number): () => void {
  mkdirSync(dataDir, { recursive: true, mode: process.getuid?.() === 0 ? 0o755 : 0o700 });
  const path = join(dataDir, "start.lock");
  const owner: Owner = { ...markOf(process.pid), port };
  for (;;) {
    try {
      writeFileSync(path, JSON.stringify(owner), { flag: "wx", mode: 0o644 });
      return () => {
        if (readOwner(path)?.pid === process.pid) rmSync(path, { force: true });
      };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
    const other = readOwner(path);
    if (other && isRunning(other)) {
      throw new Error(
        `Winnow already runs on ${dataDir} (process ${other.pid}, port ${other.port}). Stop it first, or choose another folder with WINNOW_DATA_DIR.`,
      );
    }
    // Left by a process that was killed. Of two that find it, one moves it away and both try again.
    try {
      const aside = `${path}.${process.pid}`;
      renameSync(path, aside);
      const moved = readOwner(aside);
      // Between our look and our move another start may have put its own there: give it back.
      if (moved && isRunning(moved)) linkQuietly(aside, path);
      rmSync(aside, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    }
  }
}
