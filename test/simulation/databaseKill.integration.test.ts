import type { ChildProcess } from "node:child_process";
import { fork } from "node:child_process";
import { chmodSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { applyMigrations } from "@/scripts/migrate";
import { EmbeddedPostgres } from "@/scripts/postgres/embeddedPostgres";
import type { Pool } from "@/server/db";
import { createPool } from "@/server/db";
import { makeItems, makeMember, makeProject, makeQueueEntries, makeUser } from "../harness/factories";
import { makeTempDir } from "../harness/testContext";
import type { Acknowledged } from "./invariants";
import { findViolations } from "./invariants";
import type { HeldInterval, LabellingOrder, LabellingReport } from "./labellingClients";
import { SeededRandom } from "./seededRandom";

/**
 * The promise at the level of the protocol: PostgreSQL, with every setting that makes it durable, is killed again and
 * again while twenty people label in two processes of their own.
 */

const SEED = process.env.WINNOW_TEST_SEED ?? "database-kills-1";
const N_PROCESSES = 2;
const PEOPLE_PER_PROCESS = 10;
const N_ITEMS = 700;
const N_KILLS = 5;
const LEASE_SECONDS = 4;
const THINK_MS = 60;
const LABELS = ["a", "b"];

const folder = makeTempDir("winnow-kill-");
// PostgreSQL's account must be able to enter when the tests run as root.
chmodSync(folder.path, 0o755);
const server = new EmbeddedPostgres({ dataDir: folder.path, database: "winnow" });
const children: ChildProcess[] = [];
let db: Pool;

beforeAll(async () => {
  await server.start();
  await applyMigrations(server.url());
  db = createPool({ connectionString: server.url(), max: 5 });
}, 120_000);

afterAll(async () => {
  for (const child of children) child.kill("SIGKILL");
  await db?.end().catch(() => undefined);
  await server.stop();
  folder.remove();
});

/** Runs one process of people until it says that it is done. */
function startLabelling(order: LabellingOrder, onReport: (report: LabellingReport) => void): Promise<number> {
  const script = fileURLToPath(new URL("./labellingClients.ts", import.meta.url));
  const child = fork(script, [JSON.stringify(order)], {
    execArgv: ["--import", "tsx", "--conditions=react-server"],
    env: { ...process.env, WINNOW_LOG_LEVEL: "silent" },
  });
  children.push(child);
  return new Promise((resolve, reject) => {
    let nFailedCalls = -1;
    child.on("message", (report: LabellingReport) => {
      if (report.kind === "done") nFailedCalls = report.nFailedCalls;
      onReport(report);
    });
    child.once("error", reject);
    child.once("exit", (code) => {
      if (code === 0 && nFailedCalls >= 0) resolve(nFailedCalls);
      else reject(new Error(`the labelling process ended with ${code}`));
    });
  });
}

/** Pairs of leases of one item that two people held at the same time. */
function overlaps(held: readonly HeldInterval[]): [HeldInterval, HeldInterval][] {
  const sorted = [...held].sort((a, b) => a.row - b.row || a.fromMs - b.fromMs);
  return sorted.flatMap((a, i): [HeldInterval, HeldInterval][] => {
    const b = sorted[i + 1];
    return b && b.row === a.row && b.token !== a.token && b.fromMs < a.untilMs ? [[a, b]] : [];
  });
}

test("labels survive kill -9 of the database, each once, and no item is with two people at a time", async () => {
  const random = new SeededRandom(SEED);
  const project = await makeProject(db, { labels: LABELS, leaseSeconds: LEASE_SECONDS });
  await makeQueueEntries(db, project.id, await makeItems(db, project.id, N_ITEMS));
  const userIds: string[] = [];
  for (let i = 0; i < N_PROCESSES * PEOPLE_PER_PROCESS; i++) {
    const user = await makeUser(db);
    await makeMember(db, project.id, user.id, "annotator");
    userIds.push(user.id);
  }
  const acknowledged: Acknowledged[] = [];
  const held: HeldInterval[] = [];
  let nRetried = 0;
  const order = {
    url: server.url(),
    storageDir: folder.path,
    projectId: project.id,
    labels: LABELS,
    thinkMs: THINK_MS,
  };
  const labelling = Array.from({ length: N_PROCESSES }, (_, p) =>
    startLabelling(
      { ...order, userIds: userIds.slice(p * PEOPLE_PER_PROCESS, (p + 1) * PEOPLE_PER_PROCESS) },
      (report) => {
        if (report.kind !== "answered") return;
        acknowledged.push(report.acknowledged);
        held.push(report.held);
        if (report.nTries > 1) nRetried++;
      },
    ),
  );
  await expect.poll(() => acknowledged.length, { timeout: 60_000, interval: 20 }).toBeGreaterThan(20);
  for (let n = 0; n < N_KILLS; n++) {
    // By progress, not by the clock: however fast the machine, each kill meets people at work and leaves work to do.
    const after = ((n + random.next()) * N_ITEMS) / (N_KILLS + 2);
    await expect.poll(() => acknowledged.length, { timeout: 60_000, interval: 5 }).toBeGreaterThan(after);
    process.kill(server.pid as number, "SIGKILL");
    await server.start();
  }
  const nAtLastStart = acknowledged.length;
  const failedCalls = await Promise.all(labelling);
  // The kills met people at work, and work went on after the last of them.
  expect(failedCalls.reduce((a, b) => a + b, 0)).toBeGreaterThan(N_KILLS);
  expect(nRetried).toBeGreaterThan(0);
  expect(nAtLastStart).toBeLessThan(N_ITEMS);

  expect(await findViolations(db, { projectId: project.id, acknowledged })).toEqual([]);
  const { rows } = await db.query(
    `select (select count(*) from annotation where project_id = $1) as annotations,
            (select count(*) from item where project_id = $1 and status = 'resolved') as resolved,
            (select count(*) from queue_entry where project_id = $1 and state = 'open') as open`,
    [project.id],
  );
  expect(rows[0]).toEqual({ annotations: acknowledged.length, resolved: N_ITEMS, open: 0 });
  expect(overlaps(held)).toEqual([]);
}, 240_000);
