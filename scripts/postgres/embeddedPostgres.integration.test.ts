import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import { chmodSync, chownSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import pg from "pg";
import { afterEach, describe, expect, test } from "vitest";
import { makeTempDir } from "@/test/harness/testContext";
import { EmbeddedPostgres, THROWAWAY_SETTINGS } from "./embeddedPostgres";
import { isAlive } from "./processes";

const folders: { remove: () => void }[] = [];
const servers: EmbeddedPostgres[] = [];
const others: ChildProcess[] = [];

afterEach(async () => {
  for (const server of servers.splice(0)) await server.stop();
  for (const folder of folders.splice(0)) folder.remove();
  for (const other of others.splice(0)) other.kill();
});

function makeDataDir(): string {
  const folder = makeTempDir();
  chmodSync(folder.path, 0o755);
  folders.push(folder);
  return folder.path;
}

function makeServer(dataDir: string): EmbeddedPostgres {
  const server = new EmbeddedPostgres({ dataDir, database: "winnow", settings: THROWAWAY_SETTINGS });
  servers.push(server);
  return server;
}

async function ask(url: string, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

describe("an embedded PostgreSQL", () => {
  test("lets nobody in without the password of its data folder", async () => {
    const server = makeServer(makeDataDir());
    await server.start();
    const address = new URL(server.url());
    for (const password of ["", "postgres"]) {
      address.password = password;
      await expect(ask(address.toString(), "select 1")).rejects.toThrow();
    }
    expect(await ask(server.url(), "select 1 as one")).toEqual([{ one: 1 }]);
  });

  test("keeps its port when it is started again", async () => {
    const server = makeServer(makeDataDir());
    await server.start();
    const before = server.url();
    await server.stop();
    expect(server.isRunning).toBe(false);
    await server.start();
    expect(server.url()).toBe(before);
    expect(await ask(before, "select 1 as one")).toEqual([{ one: 1 }]);
  });

  test("is adopted by a second owner, who can stop it", async () => {
    const dataDir = makeDataDir();
    await makeServer(dataDir).start();
    const second = makeServer(dataDir);
    expect(await second.start()).toEqual({ adopted: true });
    await second.stop();
    await expect(ask(second.url(), "select 1")).rejects.toThrow();
  });

  test("begins again where an interrupted making of the database stopped", async () => {
    const dataDir = makeDataDir();
    mkdirSync(join(dataDir, "postgres", "cluster.draft", "base"), { recursive: true });
    writeFileSync(join(dataDir, "postgres", "postgresql.conf"), "half a file");
    const server = makeServer(dataDir);
    await server.start();
    expect(await ask(server.url(), "select 1 as one")).toEqual([{ one: 1 }]);
  });

  test.runIf(process.platform === "linux")(
    "is not kept from starting by a stranger who has the number of the last one, and leaves the stranger alone",
    async () => {
      const dataDir = makeDataDir();
      const first = makeServer(dataDir);
      await first.start();
      const pidFile = join(dataDir, "postgres", "postmaster.pid");
      const lines = readFileSync(pidFile, "utf8").split("\n");
      await first.stop();
      const stranger = spawn("sleep", ["60"]);
      others.push(stranger);
      writeFileSync(pidFile, [String(stranger.pid), ...lines.slice(1)].join("\n"), { mode: 0o600 });
      const owner = statSync(join(dataDir, "postgres"));
      chownSync(pidFile, owner.uid, owner.gid);
      const second = makeServer(dataDir);
      expect(await second.start()).toEqual({ adopted: false });
      await second.stop();
      expect(isAlive(stranger.pid as number)).toBe(true);
    },
  );

  test("says which PostgreSQL made the database when it is another major version", async () => {
    const dataDir = makeDataDir();
    const server = makeServer(dataDir);
    await server.start();
    await server.stop();
    writeFileSync(join(dataDir, "postgres", "PG_VERSION"), "17\n");
    await expect(makeServer(dataDir).start()).rejects.toThrow(/PostgreSQL 17.*PostgreSQL 18/s);
  });

  test("does not make up a new password for a database that has one", async () => {
    const dataDir = makeDataDir();
    const server = makeServer(dataDir);
    await server.start();
    await server.stop();
    rmSync(join(dataDir, "postgres.password"));
    await expect(makeServer(dataDir).start()).rejects.toThrow(/postgres\.password is missing/);
  });
});
