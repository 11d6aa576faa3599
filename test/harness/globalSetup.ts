import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { applyMigrations } from "../../scripts/migrate";
import { EmbeddedPostgres, THROWAWAY_SETTINGS } from "../../scripts/postgres/embeddedPostgres";

declare module "vitest" {
  export interface ProvidedContext {
    /** Connection string of the test server's maintenance database. */
    adminUrl: string;
    /** Migrated database that each test file's own is cloned from. */
    templateDatabase: string;
  }
}

const TEMPLATE = "winnow_template";

/** One PostgreSQL for the whole run, in a folder of its own, with one migrated database to clone. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const dataDir = mkdtempSync(join(tmpdir(), "winnow-test-"));
  // PostgreSQL's account must be able to enter when the tests run as root.
  chmodSync(dataDir, 0o755);
  const server = new EmbeddedPostgres({ dataDir, database: TEMPLATE, settings: THROWAWAY_SETTINGS });
  const removeAll = async (): Promise<void> => {
    await server.stop();
    rmSync(dataDir, { recursive: true, force: true });
  };
  try {
    await server.start();
    await applyMigrations(server.url());
  } catch (error) {
    await removeAll();
    throw error;
  }
  project.provide("adminUrl", server.url("postgres"));
  project.provide("templateDatabase", TEMPLATE);
  return removeAll;
}
