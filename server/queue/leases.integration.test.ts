import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { MadeUser } from "@/test/harness/factories";
import { makeItems, makeMember, makeProject, makeQueueEntries, makeUser } from "@/test/harness/factories";
import type { TestContext } from "@/test/harness/testContext";
import { createTestContext } from "@/test/harness/testContext";
import { claim, label, queueContextFor } from "@/test/simulation/queueContextFor";
import { LEASE_HELD_SECONDS_MAX } from "./claimNext";
import type { QueueContext } from "./queueContext";
import { readQueueStatus } from "./readQueueStatus";
import { releaseAll, releaseLeases } from "./releaseLeases";
import { renewLeases } from "./renewLeases";
import { requestRefill } from "./requestRefill";

let world: TestContext;
let projectId: number;
let users: MadeUser[];
let ann: QueueContext;
let bob: QueueContext;
beforeAll(async () => {
  world = await createTestContext();
});
afterAll(() => world.cleanup());
beforeEach(async () => {
  const project = await makeProject(world.db, { leaseSeconds: 60, labels: ["a", "b"] });
  projectId = project.id;
  await makeQueueEntries(world.db, projectId, await makeItems(world.db, projectId, 4));
  users = [await makeUser(world.db, { name: "Ann" }), await makeUser(world.db, { name: "Bob" })];
  for (const user of users) await makeMember(world.db, projectId, user.id, "annotator");
  [ann, bob] = await Promise.all(users.map((user) => queueContextFor(world, projectId, user)));
});

const tokensOf = (result: { entries: { leaseToken: string }[] }): string[] => result.entries.map((e) => e.leaseToken);
const at = (secondsFromNow: number): string =>
  new Date(world.clock.now().getTime() + secondsFromNow * 1000).toISOString();

describe("renewLeases", () => {
  test("moves the end to now plus the lease time and says null for what is not the caller's", async () => {
    const mine = tokensOf(await claim(ann, 1));
    const others = tokensOf(await claim(bob, 1));
    world.clock.advanceSeconds(30);
    const unknown = randomUUID();
    expect(await renewLeases(ann, [...mine, ...others, unknown])).toEqual({
      leases: [
        { token: mine[0], expiresAt: at(60) },
        { token: others[0], expiresAt: null },
        { token: unknown, expiresAt: null },
      ],
    });
  });

  test("keeps an expired lease alive while nobody else has taken it, and not after", async () => {
    const tokens = tokensOf(await claim(ann, 2));
    world.clock.advanceSeconds(100);
    const [taken] = (await claim(bob, 1)).entries;
    expect(taken.row).toBe(0);
    const { leases } = await renewLeases(ann, tokens);
    expect(leases.map((lease) => lease.expiresAt)).toEqual([null, at(60)]);
    const [mine] = (await claim(ann, 1)).entries;
    expect(mine).toMatchObject({ row: 1, leaseToken: tokens[1] });
  });

  test("ends renewing after the longest time one item may be held", async () => {
    const tokens = tokensOf(await claim(ann, 1));
    world.clock.advanceSeconds(LEASE_HELD_SECONDS_MAX - 10);
    expect((await renewLeases(ann, tokens)).leases[0].expiresAt).toBe(at(10));
    world.clock.advanceSeconds(10);
    expect((await renewLeases(ann, tokens)).leases[0].expiresAt).toBeNull();
    expect((await claim(bob, 1)).entries[0].row).toBe(0);
  });

  test("never moves the end back when the clock is set back", async () => {
    const tokens = tokensOf(await claim(ann, 1));
    const end = at(60);
    world.clock.advanceSeconds(-3600);
    expect((await renewLeases(ann, tokens)).leases[0].expiresAt).toBe(end);
    world.clock.advanceSeconds(3600);
  });
});

describe("releaseLeases", () => {
  test("gives the caller's items back at once, and nobody else's", async () => {
    const mine = tokensOf(await claim(ann, 2));
    const others = tokensOf(await claim(bob, 1));
    expect(await releaseLeases(ann, [...mine, ...others])).toEqual({ released: 2 });
    expect(await releaseLeases(ann, mine)).toEqual({ released: 0 });
    expect((await claim(bob, 3)).entries.map((e) => e.row).sort()).toEqual([0, 1, 2]);
  });

  test("does not reopen an entry whose item was resolved meanwhile", async () => {
    const [held] = (await claim(ann, 1)).entries;
    await world.db.query("update item set status = 'resolved' where project_id = $1 and row = $2", [
      projectId,
      held.row,
    ]);
    await releaseLeases(ann, [held.leaseToken]);
    const { rows } = await world.db.query("select state from queue_entry where project_id = $1 and row = $2", [
      projectId,
      held.row,
    ]);
    expect(rows).toEqual([{ state: "superseded" }]);
  });
});

describe("for leads", () => {
  test("the status says how full the queue is and who holds how much until when", async () => {
    await claim(ann, 2, "one");
    world.clock.advanceSeconds(10);
    await claim(bob, 1, "two");
    const status = await readQueueStatus(ann);
    expect(status).toMatchObject({ open: 1, leased: 3, generation: 0, round: null });
    expect(status.leases).toEqual([
      { userId: users[0].id, userName: "Ann", tab: "one", count: 2, oldestAt: at(-10), nextExpiryAt: at(50) },
      { userId: users[1].id, userName: "Bob", tab: "two", count: 1, oldestAt: at(0), nextExpiryAt: at(60) },
    ]);
    world.clock.advanceSeconds(50);
    expect(await readQueueStatus(ann)).toMatchObject({ open: 3, leased: 1, leases: [{ userName: "Bob" }] });
  });

  test("releasing all leases frees the items, is written down, and loses no label that is under way", async () => {
    const [held] = (await claim(ann, 1)).entries;
    await claim(bob, 1);
    expect(await releaseAll(bob, { userId: users[0].id })).toEqual({ released: 1 });
    expect((await readQueueStatus(bob)).leased).toBe(1);
    expect(await releaseAll(bob, {})).toEqual({ released: 1 });
    const log = await world.db.query(
      "select action, target, actor_id, details from audit_log where project_id = $1 order by id",
      [projectId],
    );
    expect(log.rows).toEqual([
      { action: "queue.releaseAll", target: users[0].id, actor_id: users[1].id, details: { released: 1 } },
      { action: "queue.releaseAll", target: null, actor_id: users[1].id, details: { released: 1 } },
    ]);
    expect(await label(ann, held, "a")).toMatchObject({ isLate: true, isExtra: false, itemStatus: "resolved" });
  });

  test("a refill is one job however often it is asked for", async () => {
    const first = await requestRefill(bob);
    expect(await requestRefill(bob)).toEqual(first);
    const { rows } = await world.db.query("select kind, payload from job_run where project_id = $1", [projectId]);
    expect(rows).toEqual([
      { kind: "queue.refill", payload: { projectId, trigger: "manual", triggeredAt: world.clock.now().toISOString() } },
    ]);
  });
});
