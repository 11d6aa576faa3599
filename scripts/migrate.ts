/** Brings the database at DATABASE_URL to this version's schema: `npm run migrate`. Start-up does the same by itself. */
import { createHash, randomUUID } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import pg from "pg";

export const MIGRATIONS_DIR = fileURLToPath(new URL("../prisma/migrations", import.meta.url));

/** The number of the advisory lock that Prisma's own migrate commands take, so that they and we exclude each other. */
const PRISMA_LOCK = 72_707_369;
const LOCK_TIMEOUT_MS = 120_000;

const CREATE_TABLE = `
  create table if not exists _prisma_migrations (
    id varchar(36) primary key not null, checksum varchar(64) not null, finished_at timestamptz,
    migration_name varchar(255) not null, logs text, rolled_back_at timestamptz,
    started_at timestamptz not null default now(), applied_steps_count integer not null default 0)`;

interface Migration {
  name: string;
  sql: string;
  checksum: string;
}

interface AppliedRow {
  migration_name: string;
  checksum: string;
  finished_at: Date | null;
}

export interface MigrationResult {
  applied: string[];
  /** Migrations whose file differs from what was applied. */
  edited: string[];
}

async function readMigrations(dir: string): Promise<Migration[]> {
  const entries = await readdir(dir, { withFileTypes: true });
  const names = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  return Promise.all(
    names.sort().map(async (name) => {
      const sql = await readFile(join(dir, name, "migration.sql"), "utf8");
      return { name, sql, checksum: createHash("sha256").update(sql).digest("hex") };
    }),
  );
}

/** Runs one migration as one implicit transaction: it is applied whole or not at all, so a failed one may be tried again. */
async function applyMigration(client: pg.Client, migration: Migration): Promise<void> {
  const id = randomUUID();
  await client.query("insert into _prisma_migrations (id, checksum, migration_name) values ($1, $2, $3)", [
    id,
    migration.checksum,
    migration.name,
  ]);
  try {
    await client.query(migration.sql);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    await client.query("update _prisma_migrations set logs = $2, rolled_back_at = now() where id = $1", [id, message]);
    throw new Error(`Migration ${migration.name} failed and was rolled back: ${message}`, { cause: error });
  }
  await client.query("update _prisma_migrations set finished_at = now(), applied_steps_count = 1 where id = $1", [id]);
}

/**
 * Applies what is missing, in order, and records it the way `prisma migrate deploy` does, so that Prisma's commands agree
 * about the state. Any number of processes may call it at once: one applies, the others wait and find nothing to do.
 * @throws when a migration fails (nothing of it stays), when an earlier one was left unfinished, and when the database
 * knows migrations that this version does not.
 */
export async function applyMigrations(
  connectionString: string,
  dir: string = MIGRATIONS_DIR,
): Promise<MigrationResult> {
  const migrations = await readMigrations(dir);
  const client = new pg.Client({ connectionString, application_name: "winnow migrate" });
  await client.connect();
  try {
    await client.query(`set lock_timeout = ${LOCK_TIMEOUT_MS}`);
    await client.query("select pg_advisory_lock($1)", [PRISMA_LOCK]);
    await client.query(CREATE_TABLE);
    const { rows } = await client.query<AppliedRow>(
      "select migration_name, checksum, finished_at from _prisma_migrations where rolled_back_at is null",
    );
    const known = new Set(migrations.map((migration) => migration.name));
    const unfinished = rows.find((row) => !row.finished_at);
    if (unfinished) {
      throw new Error(
        `Migration ${unfinished.migration_name} was cut off earlier. Check what of it is in the database, then mark it with \`npx prisma migrate resolve\`.`,
      );
    }
    const foreign = rows.find((row) => !known.has(row.migration_name));
    if (foreign) {
      throw new Error(
        `The database has migration ${foreign.migration_name}, which this version of Winnow does not know. Start the newer version that made it.`,
      );
    }
    const done = new Map(rows.map((row) => [row.migration_name, row.checksum]));
    const missing = migrations.filter((migration) => !done.has(migration.name));
    const edited = migrations.filter((m) => done.has(m.name) && done.get(m.name) !== m.checksum).map((m) => m.name);
    for (const migration of missing) await applyMigration(client, migration);
    return { applied: missing.map((migration) => migration.name), edited };
  } finally {
    // Ends the session and with it the lock.
    await client.end();
  }
}

async function main(): Promise<void> {
  const url = process.env.DATABASE_URL;
  if (!url) throw new Error("Set DATABASE_URL to the database to migrate.");
  const { applied, edited } = await applyMigrations(url);
  for (const name of edited) console.warn(`warning: migration ${name} was edited after it was applied`);
  console.log(applied.length === 0 ? "the schema is up to date" : `applied ${applied.join(", ")}`);
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  await main().catch((error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  });
}
