import { readFileSync, realpathSync } from "node:fs";
import { join } from "node:path";

/**
 * Connection string of the embedded server that runs on a data folder.
 * @throws when none has been started there.
 */
export function runningDatabaseUrl(dataDir: string): string {
  const cluster = realpathSync(join(dataDir, "postgres"));
  const port = readFileSync(join(cluster, "postmaster.pid"), "utf8").split("\n")[3];
  const password = readFileSync(join(dataDir, "postgres.password"), "utf8").trim();
  return `postgresql://postgres:${password}@127.0.0.1:${Number(port)}/winnow`;
}
