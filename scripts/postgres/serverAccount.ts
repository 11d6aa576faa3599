import { readFileSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";

/** The account that PostgreSQL runs under; undefined: our own. */
export interface ServerAccount {
  uid: number;
  gid: number;
  name: string;
}

/** PostgreSQL refuses to run as root, so root lends it `postgres` or, where there is none, `nobody`. */
export function findServerAccount(): ServerAccount | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const accounts = readFileSync("/etc/passwd", "utf8")
    .split("\n")
    .map((line) => line.split(":"));
  const found = accounts.find(([name]) => name === "postgres") ?? accounts.find(([name]) => name === "nobody");
  if (!found) {
    throw new Error(
      "PostgreSQL refuses to run as root, and this machine has neither a `postgres` nor a `nobody` account to run it under. Start Winnow as an ordinary user, or set DATABASE_URL.",
    );
  }
  return { name: found[0], uid: Number(found[2]), gid: Number(found[3]) };
}

/** The first folder on the way to `path` (itself included) that the account may not enter; undefined when it may reach it. */
export function findClosedFolder(path: string, account: ServerAccount): string | undefined {
  const folders: string[] = [];
  for (let at = resolve(path); ; at = dirname(at)) {
    folders.unshift(at);
    if (at === dirname(at)) break;
  }
  return folders.find((folder) => {
    const info = statSync(folder, { throwIfNoEntry: false });
    if (!info) return false;
    const bit = info.uid === account.uid ? 0o100 : info.gid === account.gid ? 0o010 : 0o001;
    return info.isDirectory() && (info.mode & bit) === 0;
  });
}
