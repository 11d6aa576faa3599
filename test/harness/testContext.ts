import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Pool } from "@/server/db";
import type { Logger } from "@/server/log";
import { createLogger } from "@/server/log";
import type { BlobStore } from "@/server/storage";
import { blobFolder, openFsBlobStore } from "@/server/storage";
import { FakeClock } from "./fakeClock";
import type { TestDatabase } from "./testDatabase";
import { createTestDatabase } from "./testDatabase";

/** Everything a service takes, on a database and a folder of the test file's own. */
export interface TestContext {
  db: Pool;
  /** The same pool, under the name some callers use. */
  pool: Pool;
  clock: FakeClock;
  storage: BlobStore;
  dataDir: string;
  /** Connection string of the database. */
  url: string;
  log: Logger;
  /** Closes and removes everything; call it in afterAll. */
  cleanup: () => Promise<void>;
}

/** A logger that says nothing. */
export const silentLog: Logger = createLogger({
  level: "silent",
  format: "json",
  write: () => undefined,
  now: () => new Date(0),
});

/** A folder of the caller's own under the system's folder for temporary files. */
export function makeTempDir(name = "winnow-test-"): { path: string; remove: () => void } {
  const path = mkdtempSync(join(tmpdir(), name));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

/**
 * Usage, in a file named *.integration.test.ts:
 *
 *   let context: TestContext;
 *   beforeAll(async () => { context = await createTestContext(); });
 *   afterAll(() => context.cleanup());
 */
export async function createTestContext(options: { now?: Date | string } = {}): Promise<TestContext> {
  const database: TestDatabase = await createTestDatabase();
  const folder = makeTempDir();
  return {
    db: database.pool,
    pool: database.pool,
    clock: new FakeClock(options.now),
    storage: openFsBlobStore(blobFolder(folder.path)),
    dataDir: folder.path,
    url: database.url,
    log: silentLog,
    cleanup: async () => {
      await database.drop();
      folder.remove();
    },
  };
}
