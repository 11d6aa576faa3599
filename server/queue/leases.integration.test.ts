import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { MadeUser } from "@/test/harness/factories";
import { makeItems, makeMember, makeProject, makeQueueEntries, makeUser } from "@/test/harness/factories";
import type { TestContext } from "@/test/harness/testContext";
import { createTestContext } from "@/test/harness/testContext";
import { interleave } from "@/test/simulation/interleave";
import { findViolations } from "@/test/simulation/invariants";
import { claim, label, queueContextFor } from "@/test/simulation/queueContextFor";
import { SeededRandom } from "@/test/simulation/seededRandom";
import { LEASE_HELD_SECONDS_MAX } from "./claimNext";
import type { QueueContext } from "./queueContext";
import { readQueueStatus } from "./readQueueStatus";
import { LEAVING_GRACE_MS, leaveLeases, releaseAll, releaseLeases } from "./releaseLeases";
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

describe("leaveLeases", () => {
  test("lets others have the items in a few seconds, unless the page comes back", async () => {
    const mine = await claim(ann, 2);
    const others = tokensOf(await claim(bob, 1));
    expect(await leaveLeases(ann, [...tokensOf(mine), ...others, randomUUID()])).toEqual({ shortened: 2 });
    // Reloaded: the same tab finds its items, and its renewal makes the leases whole again.
    const again = await claim(ann, 2);
    expect(again.entries.map((e) => e.row)).toEqual(mine.entries.map((e) => e.row));
    const [kept, closed] = tokensOf(again);
    expect(await renewLeases(ann, [kept])).toEqual({ leases: [{ token: kept, expiresAt: at(60) }] });
    expect(await leaveLeases(ann, [closed])).toEqual({ shortened: 1 });
    world.clock.advanceMs(LEAVING_GRACE_MS + 1);
    const taken = await claim(bob, 4);
    expect(taken.entries.map((e) => e.row)).toContain(mine.entries[1].row);
    expect(taken.entries.map((e) => e.row)).not.toContain(mine.entries[0].row);
    expect(await renewLeases(ann, [closed])).toEqual({ leases: [{ token: closed, expiresAt: null }] });
    // What had been answered under the lease that was left is not lost.
    expect(await label(ann, mine.entries[1], "a")).toMatchObject({ isLate: true });
  });

  test("never makes a lease longer", async () => {
    const [token] = tokensOf(await claim(ann, 1));
    world.clock.advanceMs(55_000);
    expect(await leaveLeases(ann, [token])).toEqual({ shortened: 0 });
  });
});

describe("giving items back while one of them is being resolved", () => {
  test.each(Array.from({ length: 16 }, (_, i) => i))(
    "leaves no open entry on a resolved item, order %i",
    async (seed) => {
      const [item] = (await claim(bob, 1)).entries;
      world.clock.advanceMs(61_000);
      const mine = tokensOf(await claim(ann, 1));
      // Bob's late answer resolves the item that Ann holds by now, while she, or the lead, gives it back.
      const outcomes = await interleave<unknown>(world.db, new SeededRandom(`give back ${seed}`), [
        { run: (db) => label({ ...bob, db }, item, "a") },
        { run: (db) => (seed % 2 === 0 ? releaseLeases({ ...ann, db }, mine) : releaseAll({ ...ann, db }, {})) },
      ]);
      expect(outcomes.map((o) => o.status)).toEqual(["fulfilled", "fulfilled"]);
      const { rows } = await world.db.query<{ state: string }>(
        "select e.state from queue_entry e join item i using (project_id, row) where project_id = $1 and i.status = 'resolved' and e.state = 'open'",
        [projectId],
      );
      expect(rows).toEqual([]);
      expect(await findViolations(world.db, { projectId })).toEqual([]);
    },
  );
});
