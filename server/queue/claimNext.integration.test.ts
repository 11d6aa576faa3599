import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { MadeUser } from "@/test/harness/factories";
import {
  makeAnnotations,
  makeItems,
  makeMember,
  makeProject,
  makeQueueEntries,
  makeUser,
} from "@/test/harness/factories";
import type { TestContext } from "@/test/harness/testContext";
import { createTestContext } from "@/test/harness/testContext";
import { claim, label, queueContextFor, skipOf } from "@/test/simulation/queueContextFor";
import { submitAnnotation } from "../annotation";
import { claimNext } from "./claimNext";
import type { QueueContext } from "./queueContext";

let world: TestContext;
beforeAll(async () => {
  world = await createTestContext();
});
afterAll(() => world.cleanup());

interface Scene {
  projectId: number;
  /** Contexts of the annotators, in order. */
  people: QueueContext[];
  users: MadeUser[];
  rows: number[];
  entryIds: number[];
}

/** A project with members, items and, for every item, its entries in order. */
async function makeScene(options: { people?: number; items?: number; overlap?: number; leaseSeconds?: number } = {}) {
  const { people = 2, items = 5, overlap = 1, leaseSeconds = 60 } = options;
  const project = await makeProject(world.db, { overlap, leaseSeconds, labels: ["a", "b"] });
  const rows = await makeItems(world.db, project.id, items);
  const entries = rows.flatMap((row) =>
    Array.from({ length: overlap }, (_, slot) => ({ row, slot, priority: row, score: row / 10 })),
  );
  const entryIds = await makeQueueEntries(world.db, project.id, entries);
  const users: MadeUser[] = [];
  for (let i = 0; i < people; i++) {
    const user = await makeUser(world.db);
    await makeMember(world.db, project.id, user.id, "annotator");
    users.push(user);
  }
  const contexts = await Promise.all(users.map((user) => queueContextFor(world, project.id, user)));
  return { projectId: project.id, people: contexts, users, rows, entryIds } satisfies Scene;
}

const rowsOf = (result: { entries: { row: number }[] }): number[] => result.entries.map((entry) => entry.row);

describe("claimNext", () => {
  test("serves entries in serving order, whole, with what is needed to show them", async () => {
    const { people, projectId } = await makeScene();
    await world.db.query("update queue_entry set priority = -priority where project_id = $1", [projectId]);
    const result = await claim(people[0], 3);
    expect(result.status).toBe("ok");
    expect(rowsOf(result)).toEqual([4, 3, 2]);
    expect(result.entries[0]).toMatchObject({
      externalId: "item-4",
      content: { text: expect.stringContaining("Text number 4") },
      served: { round: 1, strategy: "random", purpose: "train", rank: 4, score: 0.4, isFallback: false },
      suggestion: null,
      draft: null,
      nearCopies: 0,
    });
    expect(result.entries[0].previousValue).toBeUndefined();
    expect(result.progress).toEqual({ mineToday: 0, mineTotal: 0, projectResolved: 0, projectItems: 5 });
    const lease = new Date(result.entries[0].leaseExpiresAt).getTime() - world.clock.now().getTime();
    expect(lease).toBe(60_000);
  });

  test("gives every person other items, and two tabs of one person too", async () => {
    const { people } = await makeScene({ items: 6 });
    const first = await claim(people[0], 2, "one");
    const second = await claim(people[0], 2, "two");
    const third = await claim(people[1], 2, "one");
    expect([...rowsOf(first), ...rowsOf(second), ...rowsOf(third)]).toEqual([0, 1, 2, 3, 4, 5]);
  });

  test("gives a reloaded tab what it holds first, then new items up to n", async () => {
    const { people } = await makeScene();
    const before = await claim(people[0], 2);
    const after = await claim(people[0], 4);
    expect(rowsOf(after)).toEqual([0, 1, 2, 3]);
    expect(after.entries.slice(0, 2).map((e) => e.leaseToken)).toEqual(before.entries.map((e) => e.leaseToken));
    expect(rowsOf(await claim(people[0], 2))).toEqual([0, 1]);
  });

  test("does not send again what the page says it has at hand", async () => {
    const { people } = await makeScene();
    const { entries } = await claim(people[0], 2);
    const holding = entries.map((entry) => entry.leaseToken);
    const more = await claimNext(people[0], { tab: "tab-1", n: 3, holding });
    expect(rowsOf(more)).toEqual([2]);
    const none = await claimNext(people[0], { tab: "tab-1", n: 2, holding });
    expect(none).toMatchObject({ status: "ok", entries: [], waiting: null });
  });

  test("gives an expired lease to the next caller, under a new token", async () => {
    const { people } = await makeScene({ items: 1 });
    const [held] = (await claim(people[0], 1)).entries;
    world.clock.advanceSeconds(59);
    expect((await claim(people[1], 1)).status).toBe("empty");
    world.clock.advanceSeconds(1);
    const [taken] = (await claim(people[1], 1)).entries;
    expect(taken.row).toBe(held.row);
    expect(taken.leaseToken).not.toBe(held.leaseToken);
  });

  test("renews what a tab holds once half of its lease is over", async () => {
    const { people } = await makeScene({ items: 1 });
    const [held] = (await claim(people[0], 1)).entries;
    world.clock.advanceSeconds(20);
    expect((await claim(people[0], 1)).entries[0].leaseExpiresAt).toBe(held.leaseExpiresAt);
    world.clock.advanceSeconds(20);
    const [renewed] = (await claim(people[0], 1)).entries;
    expect(new Date(renewed.leaseExpiresAt).getTime()).toBe(new Date(held.leaseExpiresAt).getTime() + 40_000);
  });

  test("never gives two opinions of one item to one person, in one call or in several", async () => {
    const { people, rows } = await makeScene({ items: 3, overlap: 3, people: 3 });
    for (const person of people) {
      expect(rowsOf(await claim(person, 9, "one"))).toEqual(rows);
      expect(rowsOf(await claim(person, 9, "two"))).toEqual([]);
    }
  });

  test("never gives an item that the person has labelled or skipped, also when the label was late", async () => {
    const { people, projectId } = await makeScene({ items: 3, overlap: 2 });
    const [first, second, third] = (await claim(people[0], 3)).entries;
    await label(people[0], first, "a");
    await submitAnnotation(people[0], skipOf(second));
    world.clock.advanceSeconds(61);
    // The third item's entry is with someone else when the late label comes.
    expect(rowsOf(await claim(people[1], 3))).toEqual([0, 1, 2]);
    await label(people[0], third, "b");
    await world.db.query(
      `update queue_entry set state = 'open', lease_user_id = null, lease_token = null where project_id = $1 and state = 'leased'`,
      [projectId],
    );
    expect((await claim(people[0], 3)).status).toBe("empty");
  });

  test("does not give a held item back whose answer crossed with the claim", async () => {
    const { people, projectId, users } = await makeScene({ items: 2 });
    expect(rowsOf(await claim(people[0], 1))).toEqual([0]);
    await makeAnnotations(world.db, projectId, [{ row: 0, kind: "skip", annotatorId: users[0].id }]);
    expect(rowsOf(await claim(people[0], 1))).toEqual([1]);
  });

  test("gives an item again after its answer was undone elsewhere and the lease given back", async () => {
    const { people, projectId, users } = await makeScene({ items: 1 });
    const [seq] = await makeAnnotations(world.db, projectId, [{ row: 0, label: "a", annotatorId: users[0].id }]);
    expect((await claim(people[0], 1)).status).toBe("empty");
    await makeAnnotations(world.db, projectId, [
      { row: 0, kind: "retract", supersedes: seq, annotatorId: users[0].id },
    ]);
    const result = await claim(people[0], 1);
    expect(rowsOf(result)).toEqual([0]);
    expect(result.entries[0].previousValue).toEqual({ choice: "a" });
  });

  test("lets a person take back their own expired lease although a lower slot is open", async () => {
    const { people, projectId } = await makeScene({ items: 1, overlap: 2, people: 1 });
    await world.db.query("update queue_entry set slot = 5 where project_id = $1 and slot = 0", [projectId]);
    const [held] = (await claim(people[0], 1)).entries;
    await world.db.query("update queue_entry set slot = 0 where project_id = $1 and state = 'open'", [projectId]);
    await world.db.query("update queue_entry set slot = 1 where project_id = $1 and state = 'leased'", [projectId]);
    world.clock.advanceSeconds(61);
    const [again] = (await claim(people[0], 1)).entries;
    expect(again.row).toBe(held.row);
  });

  test.each([
    ["excluded", "update item set status = 'excluded' where project_id = $1 and row = 0"],
    ["parked", "update item set status = 'parked' where project_id = $1 and row = 0"],
    ["resolved", "update item set status = 'resolved' where project_id = $1 and row = 0"],
    ["deleted", "update item set deleted_at = now() where project_id = $1 and row = 0"],
  ])("passes over an item that is %s, and does not give a held one back", async (_name, statement) => {
    const { people, projectId } = await makeScene({ items: 2 });
    expect(rowsOf(await claim(people[0], 1))).toEqual([0]);
    await world.db.query(statement, [projectId]);
    expect(rowsOf(await claim(people[0], 2))).toEqual([1]);
    world.clock.advanceSeconds(61);
    expect(rowsOf(await claim(people[1], 2))).toEqual([1]);
  });

  test("says how things stand when there is nothing for this person", async () => {
    const { people } = await makeScene({ items: 3, overlap: 1 });
    const held = await claim(people[0], 2);
    await submitAnnotation(people[1], skipOf((await claim(people[1], 1)).entries[0]));
    const result = await claim(people[1], 1);
    expect(result.status).toBe("empty");
    expect(result.waiting).toEqual({
      heldByOthers: 2,
      nextExpiryAt: held.entries[0].leaseExpiresAt,
      openForOthers: 1,
      refillRunning: false,
      itemsLeft: 3,
    });
  });

  test("gives nothing while the project is paused or the member frozen, and says which", async () => {
    const { people, projectId, users } = await makeScene();
    await claim(people[0], 2);
    const frozen = { ...people[0], frozenAt: world.clock.now() };
    expect(await claim(frozen, 2)).toMatchObject({ status: "frozen", entries: [], waiting: null });
    await world.db.query("update project set status = 'paused' where id = $1", [projectId]);
    const paused = await queueContextFor(world, projectId, users[0]);
    expect(await claim(paused, 2)).toMatchObject({ status: "paused", entries: [], waiting: null });
  });

  test("counts exact copies and brings the caller's own draft", async () => {
    const { people, projectId, users } = await makeScene({ items: 1 });
    await makeItems(world.db, projectId, [{ content: { text: "twin" } }, { content: { text: "twin" } }]);
    await makeQueueEntries(world.db, projectId, [{ row: 1, priority: -1 }]);
    await world.db.query("insert into draft values ($1, 1, $2, $3, now()), ($1, 1, $4, $5, now())", [
      projectId,
      users[0].id,
      JSON.stringify({ choice: "b" }),
      users[1].id,
      JSON.stringify({ choice: "a" }),
    ]);
    const [item] = (await claim(people[0], 1)).entries;
    expect(item).toMatchObject({ row: 1, nearCopies: 1, draft: { choice: "b" } });
  });

  test("refuses API keys and never mixes projects", async () => {
    const { people } = await makeScene();
    const other = await makeScene();
    const key = { kind: "key" as const, id: "k", name: "k", projectId: other.projectId, scopes: [] };
    await expect(claim({ ...people[0], actor: key }, 1)).rejects.toMatchObject({ code: "E_FORBIDDEN" });
    await claim(people[0], 5);
    const { rows } = await world.db.query(
      "select count(*) as n from queue_entry where project_id = $1 and state = 'leased'",
      [other.projectId],
    );
    expect(rows[0].n).toBe(0);
  });
});

describe("claimNext, hot", () => {
  test("50 clients at once never hold one entry twice and leave nothing behind", async () => {
    const nItems = 400;
    const { people, projectId } = await makeScene({ items: nItems, people: 50 });
    const got: number[] = [];
    await Promise.all(
      people.map(async (person) => {
        for (let round = 0; ; round++) {
          const result = await claimNext(person, { tab: `tab-${round}`, n: 3 });
          got.push(...rowsOf(result));
          if (result.status === "empty") return;
        }
      }),
    );
    expect(got).toHaveLength(nItems);
    expect(new Set(got).size).toBe(nItems);
    const { rows } = await world.db.query(
      `select count(*) as n, count(distinct lease_token) as tokens from queue_entry where project_id = $1 and state = 'leased'`,
      [projectId],
    );
    expect(rows[0]).toEqual({ n: nItems, tokens: nItems });
  });

  test("with three opinions per item, tabs of the same people racing never meet the same item twice", async () => {
    const nItems = 40;
    const { people, projectId } = await makeScene({ items: nItems, overlap: 3, people: 6 });
    const seen = new Map<string, number[]>();
    await Promise.all(
      people.flatMap((person, p) =>
        [0, 1, 2].map(async (t) => {
          for (let round = 0; round < 200; round++) {
            const result = await claimNext(person, { tab: `tab-${t}-${round}`, n: 2 });
            seen.set(`${p}`, [...(seen.get(`${p}`) ?? []), ...rowsOf(result)]);
            if (result.status === "empty") return;
          }
        }),
      ),
    );
    for (const rows of seen.values()) expect(new Set(rows).size).toBe(rows.length);
    const { rows } = await world.db.query(
      `select count(*) filter (where state = 'leased') as leased, count(*) filter (where state = 'open') as open
         from queue_entry where project_id = $1`,
      [projectId],
    );
    expect(rows[0]).toEqual({ leased: nItems * 3, open: 0 });
  });
});
