import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, statSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import pg from "pg";
import { afterEach, describe, expect, test } from "vitest";
import { makeProject } from "@/test/harness/factories";
import { instanceDatabaseUrl, openInstancePool, openSession } from "@/test/harness/instanceAccess";
import type { LaunchedWinnow } from "@/test/harness/launchWinnow";
import { launchExpectingFailure, launchWinnow, postgresPid } from "@/test/harness/launchWinnow";
import { childrenOf, partPid } from "@/test/harness/processTree";
import { makeTempDir } from "@/test/harness/testContext";
import { isAlive, processesIn } from "../postgres/processes";

const ROOT = process.cwd();
/** A part that was killed answers again within this time. */
const BACK_WITHIN_MS = 20_000;

const running: LaunchedWinnow[] = [];
const folders: { remove: () => void }[] = [];

async function launch(options: Parameters<typeof launchWinnow>[0] = {}): Promise<LaunchedWinnow> {
  const winnow = await launchWinnow(options);
  running.push(winnow);
  return winnow;
}

function makeDataDir(): string {
  const folder = makeTempDir("winnow-system-");
  chmodSync(folder.path, 0o755);
  folders.push(folder);
  return join(folder.path, "data");
}

afterEach(async () => {
  for (const winnow of running.splice(0)) await winnow.cleanup();
  for (const folder of folders.splice(0)) folder.remove();
});

async function health(winnow: LaunchedWinnow): Promise<number> {
  try {
    return (await fetch(`${winnow.url}/api/health`, { signal: AbortSignal.timeout(3_000) })).status;
  } catch {
    return 0;
  }
}

function partOf(winnow: LaunchedWinnow, part: "web" | "worker"): number {
  const pid = partPid(winnow, part);
  if (pid === undefined) throw new Error(`No ${part} process under ${winnow.pid}:\n${winnow.output()}`);
  return pid;
}

function allProcesses(winnow: LaunchedWinnow): number[] {
  return [...childrenOf(winnow.pid).map((child) => child.pid), postgresPid(winnow.dataDir) as number];
}

async function connect(winnow: LaunchedWinnow): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: instanceDatabaseUrl(winnow) });
  await client.connect();
  return client;
}

async function untilGone(pids: readonly number[]): Promise<void> {
  await expect.poll(() => pids.filter(isAlive), { timeout: 20_000, interval: 50 }).toEqual([]);
}

describe("npm start", () => {
  test("brings everything up in an empty folder, and SIGTERM takes all of it down", async () => {
    const winnow = await launch({ dataDir: makeDataDir() });
    expect(await health(winnow)).toBe(200);
    expect(winnow.setupUrl).toMatch(new RegExp(`^${winnow.url}/setup\\?token=[\\w-]{20,}$`));
    const pids = allProcesses(winnow);
    expect(pids.length).toBeGreaterThanOrEqual(3);
    expect(pids.every(isAlive)).toBe(true);
    expect(await winnow.stop()).toBe(0);
    await untilGone(pids);
    expect(processesIn(join(winnow.dataDir, "postgres"))).toEqual([]);
    expect(existsSync(join(winnow.dataDir, "start.lock"))).toBe(false);
  });

  test("stops in time with live pages open, and their streams end", async () => {
    const winnow = await launch({ dataDir: makeDataDir() });
    const pool = openInstancePool(winnow);
    const project = await makeProject(pool);
    const cookie = await openSession(pool, winnow, project.lead.id);
    await pool.end();
    const input = encodeURIComponent(JSON.stringify({ projectId: project.id }));
    const stream = await fetch(`${winnow.url}/api/trpc/events.project?input=${input}`, {
      headers: { cookie, origin: winnow.url, accept: "text/event-stream" },
    });
    expect(stream.status).toBe(200);
    const ended = stream.text().then(
      () => "ended",
      () => "ended",
    );
    const askedMs = performance.now();
    expect(await winnow.stop()).toBe(0);
    // A kept-alive connection, or the web process's grace of 8 s, would hold it up longer.
    expect(performance.now() - askedMs).toBeLessThan(5_000);
    expect(winnow.output()).toMatch(/winnow: stopped\n$/);
    expect(await ended).toBe("ended");
  });

  test("keeps what is in the data folder from one start to the next, and its secrets to the owner", async () => {
    const dataDir = makeDataDir();
    const first = await launch({ dataDir });
    const client = await connect(first);
    await client.query("create table kept (a int)");
    await client.query("insert into kept values (42)");
    await client.end();
    await first.stop();
    expect(statSync(join(dataDir, "postgres.password")).mode & 0o077).toBe(0);
    const second = await launch({ dataDir });
    const again = await connect(second);
    expect((await again.query("select a from kept")).rows).toEqual([{ a: 42 }]);
    await again.end();
  });

  test("is refused on a data folder in use, naming process and port, and the first goes on", async () => {
    const first = await launch({ dataDir: makeDataDir() });
    const second = await launchExpectingFailure({ dataDir: first.dataDir });
    expect(second.code).toBe(1);
    expect(second.output).toContain(`already runs on ${first.dataDir} (process ${first.pid}, port ${first.port})`);
    expect(await health(first)).toBe(200);
  });

  test("names a port that is taken and how to choose another, before it touches anything", async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as { port: number };
    const dataDir = makeDataDir();
    const refused = await launchExpectingFailure({ dataDir, port });
    server.close();
    expect(refused.code).toBe(1);
    expect(refused.output).toContain(`Port ${port} on 127.0.0.1 is taken`);
    expect(refused.output).toContain(`PORT=${port + 1}`);
    expect(existsSync(dataDir)).toBe(false);
  });

  test("says which setting is wrong", async () => {
    const refused = await launchExpectingFailure({ dataDir: makeDataDir(), env: { WINNOW_LOG_LEVEL: "loud" } });
    expect(refused.code).toBe(1);
    expect(refused.output).toMatch(/WINNOW_LOG_LEVEL/);
  });
});

describe("when something dies", () => {
  test("a killed web process answers again within seconds", async () => {
    const winnow = await launch({ dataDir: makeDataDir() });
    const pid = partOf(winnow, "web");
    process.kill(pid, "SIGKILL");
    await untilGone([pid]);
    await expect.poll(() => health(winnow), { timeout: BACK_WITHIN_MS }).toBe(200);
    expect(partOf(winnow, "web")).not.toBe(pid);
  });

  test("a killed worker is started again and takes up jobs", async () => {
    const winnow = await launch({ dataDir: makeDataDir() });
    const pid = partOf(winnow, "worker");
    process.kill(pid, "SIGKILL");
    await untilGone([pid]);
    const client = await connect(winnow);
    const id = "00000000-0000-4000-8000-000000000001";
    await client.query(
      `insert into job_run (id, kind, dedupe_key, state, payload, created_at) values ($1, 'training.tick', '', 'queued', '{}', now())`,
      [id],
    );
    const state = async () => (await client.query("select state from job_run where id = $1", [id])).rows[0].state;
    await expect.poll(state, { timeout: BACK_WITHIN_MS }).toBe("succeeded");
    await client.end();
  });

  test("a killed PostgreSQL is started again on its port, and nothing acknowledged is lost", async () => {
    const winnow = await launch({ dataDir: makeDataDir() });
    const client = await connect(winnow);
    client.on("error", () => undefined);
    await client.query("create table acknowledged (a int)");
    for (let i = 0; i < 50; i++) await client.query("insert into acknowledged values ($1)", [i]);
    const pid = postgresPid(winnow.dataDir) as number;
    process.kill(pid, "SIGKILL");
    await untilGone([pid]);
    await expect.poll(() => health(winnow), { timeout: BACK_WITHIN_MS }).toBe(200);
    const again = await connect(winnow);
    expect((await again.query("select count(*)::int as n from acknowledged")).rows).toEqual([{ n: 50 }]);
    await again.end();
  });

  test("a killed supervisor takes web and worker with it, and the next start takes over its PostgreSQL", async () => {
    const dataDir = makeDataDir();
    const first = await launch({ dataDir });
    const parts = [partOf(first, "web"), partOf(first, "worker")];
    const postgres = postgresPid(dataDir) as number;
    process.kill(first.pid, "SIGKILL");
    await untilGone([first.pid, ...parts]);
    expect(isAlive(postgres)).toBe(true);
    const second = await launch({ dataDir });
    expect(second.output()).toContain("took over the PostgreSQL");
    expect(postgresPid(dataDir)).toBe(postgres);
    expect(await health(second)).toBe(200);
    await second.stop();
    await untilGone([postgres]);
  });
});

describe("with DATABASE_URL", () => {
  test("two web and two worker processes run on one database, and a single part needs one", async () => {
    const host = await launch({ dataDir: makeDataDir() });
    const env = { DATABASE_URL: instanceDatabaseUrl(host) };
    const web = await launch({ dataDir: host.dataDir, env, args: ["--only=web"] });
    const worker = await launch({ dataDir: host.dataDir, env, args: ["--only=worker"] });
    expect([await health(host), await health(web)]).toEqual([200, 200]);
    expect(childrenOf(worker.pid).filter(({ command }) => command.includes("worker.js"))).toHaveLength(1);
    await worker.stop();
    await web.stop();
    expect(await health(host)).toBe(200);
    const alone = await launchExpectingFailure({ args: ["--only=worker"] });
    expect(alone.output).toContain("needs DATABASE_URL");
  });
});

const isRoot = process.getuid?.() === 0;

describe.runIf(isRoot)("as root", () => {
  test("PostgreSQL runs under another account", async () => {
    const winnow = await launch({ dataDir: makeDataDir() });
    const pid = postgresPid(winnow.dataDir) as number;
    expect(statSync(`/proc/${pid}`).uid).not.toBe(0);
  });

  test("works in a folder that only root may enter, and says where the database's files went", async () => {
    const closed = makeTempDir("winnow-closed-");
    folders.push(closed);
    chmodSync(closed.path, 0o700);
    const dataDir = join(closed.path, "data");
    mkdirSync(dataDir);
    const winnow = await launch({ dataDir });
    expect(winnow.output()).toMatch(/only root may enter .*linked from/);
    expect(await health(winnow)).toBe(200);
    await winnow.stop();
    const again = await launch({ dataDir });
    expect(await health(again)).toBe(200);
    await again.stop();
    execFileSync("sh", ["-c", `rm -rf "$(readlink -f '${dataDir}/postgres')"`], { cwd: ROOT });
  });
});
