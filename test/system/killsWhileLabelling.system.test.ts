import { randomUUID } from "node:crypto";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import type { ClaimedItem } from "@/contracts/queue";
import type { Pool } from "@/server/db";
import { withTransaction } from "@/server/db";
import { makeItems, makeMember, makeProject, makeUser } from "../harness/factories";
import type { ApiClient } from "../harness/instanceAccess";
import { createApiClient, openInstancePool, openSession } from "../harness/instanceAccess";
import type { LaunchedWinnow } from "../harness/launchWinnow";
import { launchWinnow, postgresPid } from "../harness/launchWinnow";
import { partPid } from "../harness/processTree";
import type { Acknowledged } from "../simulation/invariants";
import { findViolations } from "../simulation/invariants";
import { SeededRandom } from "../simulation/seededRandom";

/**
 * The promise of the whole product, on the production build: while twenty people label, web, worker and database are
 * killed at random moments. Every label that was acknowledged is there once, nobody gets an item that another holds,
 * what the killed left leased comes back, and every job ends.
 */

const SEED = process.env.WINNOW_TEST_SEED ?? "kills-1";
const N_PEOPLE = 20;
// More than the fastest machine labels between the kills.
const N_ITEMS = 6_000;
const LABELS = ["red", "green", "blue"];
const KILLS = ["web", "postgres", "worker", "postgres", "web", "worker"] as const;
const BETWEEN_KILLS_MS = [1_500, 4_000] as const;
/** Labels that must be accepted after the last kill. */
const N_AFTER_KILLS = 300;
const RETRY_PAUSE_MS = 100;
const JOBS_END_WITHIN_MS = 120_000;

let winnow: LaunchedWinnow;
let db: Pool;
let projectId: number;
const acknowledged: Acknowledged[] = [];
const random = new SeededRandom(SEED);

const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

interface Person {
  id: string;
  client: ApiClient;
  random: SeededRandom;
}

beforeAll(async () => {
  winnow = await launchWinnow();
  db = openInstancePool(winnow);
  const project = await makeProject(db, {
    labels: LABELS,
    overlap: 2,
    leaseSeconds: 30,
    seed: SEED,
    retrainPolicy: { everyLabels: 50, everySeconds: 5, minLabels: 20 },
  });
  projectId = project.id;
  const words = ["north wind", "south sea", "old house", "new road", "green field", "quiet night", "loud market"];
  const items = Array.from({ length: N_ITEMS }, (_, i) => ({
    content: { text: `${words[i % words.length]} and ${words[(i * 5 + 2) % words.length]} number ${i}` },
  }));
  // At once, as an import does it: the worker is running, and learns features as soon as it sees items.
  const rows = await withTransaction(db, (tx) => makeItems(tx, projectId, items));
  await db.query(
    `insert into queue_entry (project_id, row, slot, round, generation, purpose, strategy, rank, priority, reason, state, created_at)
     select $1, r, s, 1, 1, 'train', 'random', r, r, '{}', 'open', now() from unnest($2::int[]) r, generate_series(0, 1) s`,
    [projectId, rows],
  );
});

afterEach((context) => {
  if (context.task.result?.state === "fail") console.error(winnow.output().slice(-8_000));
});

afterAll(async () => {
  await db?.end().catch(() => undefined);
  await winnow?.cleanup();
});

async function makePerson(n: number): Promise<Person> {
  const user = await makeUser(db);
  await makeMember(db, projectId, user.id, "annotator");
  const cookie = await openSession(db, winnow, user.id);
  return { id: user.id, client: createApiClient(winnow, cookie), random: new SeededRandom(`${SEED}/${n}`) };
}

/** What the page's outbox does: the same submission again and again, until the server has answered it. */
async function submitUntilAnswered(person: Person, item: ClaimedItem): Promise<void> {
  const submissionId = randomUUID();
  const value = { choice: person.random.pick(LABELS) };
  for (;;) {
    try {
      const kind = "label" as const;
      const answer = await person.client.annotation.submit.mutate({
        projectId,
        submissionId,
        leaseToken: item.leaseToken,
        row: item.row,
        kind,
        value,
      });
      acknowledged.push({ submissionId, seq: answer.seq, row: answer.row, annotatorId: person.id, kind, value });
      return;
    } catch {
      await sleep(RETRY_PAUSE_MS);
    }
  }
}

async function labelUntil(isOver: () => boolean, person: Person): Promise<void> {
  while (!isOver()) {
    const claimed = await person.client.queue.claim.mutate({ projectId, tab: "tab", n: 3 }).catch(() => undefined);
    if (!claimed || claimed.entries.length === 0) {
      await sleep(RETRY_PAUSE_MS);
      continue;
    }
    for (const item of claimed.entries) await submitUntilAnswered(person, item);
  }
}

function kill(part: (typeof KILLS)[number]): boolean {
  const pid = part === "postgres" ? postgresPid(winnow.dataDir) : partPid(winnow, part);
  if (pid === undefined) return false;
  process.kill(pid, "SIGKILL");
  return true;
}

async function query<T extends Record<string, unknown>>(sql: string, values: unknown[] = []): Promise<T[]> {
  return (await db.query<T>(sql, values)).rows;
}

test("labels, leases and jobs survive kill -9 of web, worker and database", async () => {
  const people = await Promise.all(Array.from({ length: N_PEOPLE }, (_, n) => makePerson(n)));
  let isOver = false;
  const labelling = Promise.all(people.map((person) => labelUntil(() => isOver, person)));
  const nKilled = { web: 0, worker: 0, postgres: 0 };
  for (const part of KILLS) {
    const [least, most] = BETWEEN_KILLS_MS;
    await sleep(least + random.next() * (most - least));
    if (kill(part)) nKilled[part]++;
  }
  // Everything works again: labels go on arriving.
  const before = acknowledged.length;
  await expect
    .poll(() => acknowledged.length, { timeout: 120_000, interval: 200 })
    .toBeGreaterThan(before + N_AFTER_KILLS);
  isOver = true;
  await labelling;
  for (const [part, n] of Object.entries(nKilled)) expect(n, `kills of ${part}`).toBeGreaterThanOrEqual(1);
  expect(nKilled.web + nKilled.worker + nKilled.postgres).toBeGreaterThanOrEqual(4);
  console.info(`seed ${SEED}: ${acknowledged.length} acknowledged through kills ${JSON.stringify(nKilled)}`);

  // Once, as acknowledged, gap-free; items, totals, entries and leases agree with them.
  await expect.poll(() => findViolations(db, { projectId, acknowledged }), { timeout: 30_000 }).toEqual([]);
  const [{ n }] = await query<{ n: number }>("select count(*)::int as n from annotation where project_id = $1", [
    projectId,
  ]);
  expect(n).toBe(acknowledged.length);

  // Nobody gave an item back here, so an entry went to someone else only after the lease before had run out.
  const overlapping = await query(
    `select a.entry_id from lease_grant a join lease_grant b
       on b.project_id = a.project_id and b.entry_id = a.entry_id and b.user_id <> a.user_id and b.granted_at > a.granted_at
     where a.project_id = $1 and b.granted_at < a.granted_at + interval '30 seconds'`,
    [projectId],
  );
  expect(overlapping).toEqual([]);

  // What is leased comes back when its time is over: someone claims and goes away, and a newcomer gets the items.
  const leaver = await makePerson(N_PEOPLE);
  let left: ClaimedItem[] = [];
  const claimSome = async () => {
    left = (await leaver.client.queue.claim.mutate({ projectId, tab: "tab", n: 3 })).entries;
    return left.length;
  };
  await expect.poll(claimSome, { timeout: 30_000 }).toBeGreaterThan(0);
  const leased = await query<{ row: number }>(
    "select row from queue_entry where project_id = $1 and state = 'leased' order by priority, id",
    [projectId],
  );
  expect(leased.map(({ row }) => row)).toEqual(expect.arrayContaining(left.map(({ row }) => row)));
  await query(
    "update queue_entry set lease_expires_at = now() - interval '1 second' where project_id = $1 and state = 'leased'",
    [projectId],
  );
  const newcomer = await makePerson(N_PEOPLE + 1);
  const claimed = await newcomer.client.queue.claim.mutate({ projectId, tab: "tab", n: 20 });
  expect(claimed.entries.map((entry) => entry.row)).toContain(leased[0].row);
  expect(await findViolations(db, { projectId, acknowledged })).toEqual([]);

  // Jobs end, and none by exhausting its tries.
  const live = () => query("select kind, state, message from job_run where state in ('queued', 'running')");
  await expect.poll(live, { timeout: JOBS_END_WITHIN_MS, interval: 500 }).toEqual([]);
  expect(await query("select kind, error from job_run where state = 'failed'")).toEqual([]);
  const models = await query("select version from model_version where project_id = $1 and state = 'ready'", [
    projectId,
  ]);
  expect(models.length).toBeGreaterThan(0);
}, 400_000);
