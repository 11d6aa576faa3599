import { cpSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import pg from "pg";
import { afterAll, beforeEach, describe, expect, inject, test } from "vitest";
import { makeTempDir } from "@/test/harness/testContext";
import { applyMigrations, MIGRATIONS_DIR } from "./migrate";

const folder = makeTempDir();
let url: string;
let dir: string;
let n = 0;

async function query<T extends pg.QueryResultRow>(connectionString: string, sql: string): Promise<T[]> {
  const client = new pg.Client({ connectionString });
  await client.connect();
  try {
    return (await client.query<T>(sql)).rows;
  } finally {
    await client.end();
  }
}

function addMigration(name: string, sql: string): void {
  mkdirSync(join(dir, name), { recursive: true });
  writeFileSync(join(dir, name, "migration.sql"), sql);
}

beforeEach(async () => {
  n++;
  const admin = inject("adminUrl");
  const name = `migrate_${process.pid}_${n}`;
  await query(admin, `create database ${name}`);
  const address = new URL(admin);
  address.pathname = `/${name}`;
  url = address.toString();
  dir = join(folder.path, String(n));
  mkdirSync(dir);
});
afterAll(folder.remove);

describe("applyMigrations", () => {
  test("applies what is missing, in the order of the names, once", async () => {
    addMigration("2_second", "alter table t add column b int;");
    addMigration("1_first", "create table t (a int);");
    expect(await applyMigrations(url, dir)).toEqual({ applied: ["1_first", "2_second"], edited: [] });
    addMigration("3_third", "alter table t add column c int;");
    expect(await applyMigrations(url, dir)).toEqual({ applied: ["3_third"], edited: [] });
    expect(await applyMigrations(url, dir)).toEqual({ applied: [], edited: [] });
  });

  test("run by five processes at once applies each migration once", async () => {
    addMigration("1_first", "create table t (a int); insert into t values (1);");
    const results = await Promise.all(Array.from({ length: 5 }, () => applyMigrations(url, dir)));
    expect(results.flatMap((result) => result.applied)).toEqual(["1_first"]);
    expect(await query(url, "select a from t")).toEqual([{ a: 1 }]);
  });

  test("leaves nothing of a migration that fails, names it, and applies it once it is mended", async () => {
    addMigration("1_first", "create table t (a int); insert into nowhere values (1);");
    await expect(applyMigrations(url, dir)).rejects.toThrow(/1_first failed and was rolled back.*nowhere/s);
    expect(await query(url, "select to_regclass('t') as t")).toEqual([{ t: null }]);
    addMigration("1_first", "create table t (a int);");
    expect((await applyMigrations(url, dir)).applied).toEqual(["1_first"]);
  });

  test("refuses a database that a newer version has migrated", async () => {
    addMigration("1_first", "create table t (a int);");
    addMigration("9_future", "create table f (a int);");
    await applyMigrations(url, dir);
    const older = join(folder.path, `${n}-older`);
    mkdirSync(older);
    cpSync(join(dir, "1_first"), join(older, "1_first"), { recursive: true });
    await expect(applyMigrations(url, older)).rejects.toThrow(/9_future.*newer version/s);
  });

  test("tells of a migration that was edited after it was applied", async () => {
    addMigration("1_first", "create table t (a int);");
    await applyMigrations(url, dir);
    addMigration("1_first", "create table t (a bigint);");
    expect(await applyMigrations(url, dir)).toEqual({ applied: [], edited: ["1_first"] });
  });

  test("brings an empty database to the schema that the Prisma model describes", async () => {
    await applyMigrations(url, MIGRATIONS_DIR);
    const tables = await query<{ t: string }>(
      url,
      "select table_name as t from information_schema.tables where table_schema = 'public'",
    );
    const names = tables.map((row) => row.t);
    for (const name of ["project", "item", "annotation", "queue_entry", "job_run", "model_version"])
      expect(names).toContain(name);
  });

  test("passes $$-quoted bodies through whole", async () => {
    addMigration(
      "1_body",
      "create function two() returns int language plpgsql as $$ begin return 1; return 2; end $$;",
    );
    await applyMigrations(url, dir);
    expect(await query(url, "select two() as n")).toEqual([{ n: 1 }]);
  });
});
