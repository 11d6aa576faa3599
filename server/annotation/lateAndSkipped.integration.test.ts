import { randomUUID } from "node:crypto";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { MadeUser } from "@/test/harness/factories";
import { makeQueueEntries } from "@/test/harness/factories";
import type { TestContext } from "@/test/harness/testContext";
import { createTestContext } from "@/test/harness/testContext";
import { interleave } from "@/test/simulation/interleave";
import { findViolations } from "@/test/simulation/invariants";
import { claim, label, queueContextFor, skipOf } from "@/test/simulation/queueContextFor";
import type { QueueSceneOptions } from "@/test/simulation/queueScene";
import { makeQueueScene, takeItem as take } from "@/test/simulation/queueScene";
import { SeededRandom } from "@/test/simulation/seededRandom";
import type { QueueContext } from "../queue";
import { releaseAll } from "../queue";
import { submitAnnotation } from "./submitAnnotation";
import { undoAnnotation } from "./undoAnnotation";

let world: TestContext;
let projectId: number;
let users: MadeUser[];

beforeAll(async () => {
  world = await createTestContext();
});
afterAll(() => world.cleanup());
/** Whatever a test did, the promises hold. */
afterEach(async () => {
  expect(await findViolations(world.db, { projectId })).toEqual([]);
});

async function makeScene(options?: QueueSceneOptions): Promise<QueueContext[]> {
  const scene = await makeQueueScene(world, options);
  ({ projectId, users } = scene);
  return scene.people;
}

async function readItem(row: number) {
  const { rows } = await world.db.query(
    "select status, n_labels, n_skips, consensus, agreement, resolved_at from item where project_id = $1 and row = $2",
    [projectId, row],
  );
  return rows[0];
}

async function statesOf(row: number): Promise<string[]> {
  const { rows } = await world.db.query<{ state: string }>(
    "select state from queue_entry where project_id = $1 and row = $2 order by slot, id",
    [projectId, row],
  );
  return rows.map((r) => r.state);
}

async function readAnnotations(columns: string) {
  return (await world.db.query(`select ${columns} from annotation where project_id = $1 order by seq`, [projectId]))
    .rows;
}

describe("late and extra labels", () => {
  test("expired but nobody else's: accepted, late, and it closes the entry", async () => {
    const [ann] = await makeScene();
    const item = await take(ann);
    world.clock.advanceSeconds(61);
    expect(await label(ann, item, "a")).toMatchObject({ isLate: true, isExtra: false, itemStatus: "resolved" });
    expect(await statesOf(0)).toEqual(["done"]);
  });

  test("expired and taken by another: counted late; the other's lease stays and their label is extra", async () => {
    const [ann, bob] = await makeScene();
    const late = await take(ann);
    world.clock.advanceSeconds(61);
    const held = await take(bob);
    expect(held.row).toBe(late.row);
    expect(await label(ann, late, "a")).toMatchObject({ isLate: true, isExtra: false, itemStatus: "resolved" });
    expect(await statesOf(0)).toEqual(["leased"]);
    expect(await label(bob, held, "b")).toMatchObject({ isLate: false, isExtra: true, itemStatus: "resolved" });
    expect(await statesOf(0)).toEqual(["done"]);
    // Both votes are kept: the tie goes to the first, and the disagreement shows.
    expect(await readItem(0)).toMatchObject({ n_labels: 2, consensus: { choice: "a" }, agreement: 0 });
    expect(await readAnnotations("is_late, is_extra")).toEqual([
      { is_late: true, is_extra: false },
      { is_late: false, is_extra: true },
    ]);
  });

  test("a late label takes the place of an open entry, so that no opinion too many is asked for", async () => {
    const [ann, bob] = await makeScene({ overlap: 2, items: 1 });
    const late = await take(ann);
    world.clock.advanceSeconds(61);
    await take(bob); // slot 0, which was Ann's
    expect(await statesOf(0)).toEqual(["leased", "open"]);
    expect(await label(ann, late, "a")).toMatchObject({ isLate: true, isExtra: false, itemStatus: "open" });
    expect(await statesOf(0)).toEqual(["leased", "superseded"]);
  });

  test("resolution supersedes what is open and leaves others' leases, whose labels become extra", async () => {
    const people = await makeScene({ overlap: 2, items: 1, people: 4 });
    const late = await take(people[0]);
    world.clock.advanceSeconds(61);
    const taken = await take(people[1]);
    const other = await take(people[2]);
    await label(people[0], late, "a");
    expect(await label(people[1], taken, "a")).toMatchObject({ itemStatus: "resolved", isExtra: false });
    expect(await statesOf(0)).toEqual(["done", "leased"]);
    expect(await label(people[2], other, "b")).toMatchObject({ itemStatus: "resolved", isExtra: true, isLate: false });
    expect((await claim(people[3], 1)).status).toBe("empty");
  });

  test("superseded by a newer round: the label still counts and the entry shows that it was answered", async () => {
    const [ann] = await makeScene();
    const item = await take(ann);
    world.clock.advanceSeconds(61);
    await world.db.query("update queue_entry set state = 'superseded' where project_id = $1", [projectId]);
    expect(await label(ann, item, "a")).toMatchObject({ isLate: true, isExtra: false, itemStatus: "resolved" });
    expect(await statesOf(0)).toEqual(["done"]);
  });

  test("released by a lead: the label under way is kept as late", async () => {
    const [ann, bob] = await makeScene();
    const item = await take(ann);
    await releaseAll(bob, {});
    expect(await statesOf(0)).toEqual(["open"]);
    expect(await label(ann, item, "a")).toMatchObject({ isLate: true, isExtra: false, itemStatus: "resolved" });
    expect(await statesOf(0)).toEqual(["done"]);
  });

  test("a person who took the item again answers under the old token: their present lease closes", async () => {
    const [ann] = await makeScene();
    const old = await take(ann);
    world.clock.advanceSeconds(61);
    await take(ann);
    expect(await label(ann, old, "a")).toMatchObject({ isLate: true, itemStatus: "resolved" });
    expect(await statesOf(0)).toEqual(["done"]);
  });

  test("a late label that crosses with a claim of the same person on the same item is accepted in any order", async () => {
    for (let seed = 1; seed <= 12; seed++) {
      const [ann] = await makeScene({ overlap: 2, items: 1, people: 1 });
      const item = await take(ann);
      await world.db.query("update queue_entry set state = 'superseded' where project_id = $1 and slot = 0", [
        projectId,
      ]);
      const results = await interleave<unknown>(world.db, new SeededRandom(`crossing ${seed}`), [
        { run: (db) => label({ ...ann, db }, item, "a") },
        { run: (db) => claim({ ...ann, db }, 1) },
      ]);
      expect(results[0]).toMatchObject({ status: "fulfilled", value: { seq: 1, isExtra: false } });
      expect(results[1]).toMatchObject({ status: "fulfilled" });
      expect(await findViolations(world.db, { projectId })).toEqual([]);
    }
  });

  test("a label for an excluded item is kept as extra and does not bring it back", async () => {
    const [ann] = await makeScene();
    const item = await take(ann);
    await world.db.query("update item set status = 'excluded' where project_id = $1 and row = 0", [projectId]);
    expect(await label(ann, item, "a")).toMatchObject({ isExtra: true, isLate: false, itemStatus: "excluded" });
    expect(await readItem(0)).toMatchObject({ status: "excluded", n_labels: 1, consensus: null });
  });

  test("a label for a deleted item is kept as extra, counts for its author and not for the project", async () => {
    const [ann] = await makeScene();
    const item = await take(ann);
    await world.db.query("update item set deleted_at = now() where project_id = $1 and row = 0", [projectId]);
    const result = await label(ann, item, "a");
    expect(result).toMatchObject({ isExtra: true, progress: { mineTotal: 1, projectResolved: 0 } });
    const undo = undoAnnotation(ann, { submissionId: randomUUID(), tab: "tab-1" });
    await expect(undo).rejects.toMatchObject({ code: "E_PRECONDITION", message: expect.stringContaining("deleted") });
  });

  test("a label is accepted while the project is paused", async () => {
    const [ann] = await makeScene();
    const item = await take(ann);
    await world.db.query("update project set status = 'paused' where id = $1", [projectId]);
    const paused = await queueContextFor(world, projectId, users[0]);
    expect(await label(paused, item, "a")).toMatchObject({ seq: 1, isLate: false });
  });
});

describe("skips", () => {
  test("a skip is recorded with its reason and the entry is open for others", async () => {
    const [ann, bob] = await makeScene();
    const item = await take(ann);
    expect(await submitAnnotation(ann, skipOf(item, "unclear"))).toMatchObject({ seq: 1, itemStatus: "open" });
    expect(await readAnnotations("kind, value, reason")).toEqual([{ kind: "skip", value: null, reason: "unclear" }]);
    expect(await statesOf(0)).toEqual(["open"]);
    expect(await take(bob)).toMatchObject({ row: 0 });
    expect(await take(ann)).toMatchObject({ row: 1 });
  });

  test("three people's skips park the item", async () => {
    const people = await makeScene({ people: 4, items: 1 });
    for (const person of people.slice(0, 2)) {
      expect(await submitAnnotation(person, skipOf(await take(person)))).toMatchObject({ itemStatus: "open" });
    }
    expect(await submitAnnotation(people[2], skipOf(await take(people[2])))).toMatchObject({ itemStatus: "parked" });
    expect(await readItem(0)).toMatchObject({ status: "parked", n_skips: 3 });
    expect(await statesOf(0)).toEqual(["superseded"]);
    expect((await claim(people[3], 1)).status).toBe("empty");
  });

  test("when everyone who could answer has skipped, the item is parked at once", async () => {
    const [ann] = await makeScene({ people: 1, items: 2 });
    await world.db.query("update project_member set frozen_at = now() where project_id = $1 and role = 'lead'", [
      projectId,
    ]);
    expect(await submitAnnotation(ann, skipOf(await take(ann)))).toMatchObject({ itemStatus: "parked" });
    expect(await take(ann)).toMatchObject({ row: 1 });
  });

  test("a single annotator never meets a skipped item again", async () => {
    const [ann] = await makeScene({ people: 1, items: 2 });
    await submitAnnotation(ann, skipOf(await take(ann)));
    await submitAnnotation(ann, skipOf(await take(ann)));
    expect((await claim(ann, 1)).status).toBe("empty");
  });

  test("a label resolves an item that was parked while it was held", async () => {
    const people = await makeScene({ people: 4, items: 1, overlap: 1 });
    const held = await take(people[3]);
    await world.db.query("update item set status = 'parked' where project_id = $1", [projectId]);
    expect(await label(people[3], held, "a")).toMatchObject({ itemStatus: "resolved", isExtra: false });
  });

  test("an item that a reviewer reopened stays open under a label and is parked by the next skip", async () => {
    const people = await makeScene({ people: 5, items: 1, overlap: 2 });
    for (const person of people.slice(0, 3)) await submitAnnotation(person, skipOf(await take(person)));
    expect(await readItem(0)).toMatchObject({ status: "parked" });
    await world.db.query("update item set status = 'open' where project_id = $1", [projectId]);
    await makeQueueEntries(world.db, projectId, [
      { row: 0, slot: 7 },
      { row: 0, slot: 8 },
    ]);
    expect(await label(people[3], await take(people[3]), "a")).toMatchObject({ itemStatus: "open" });
    expect(await submitAnnotation(people[4], skipOf(await take(people[4])))).toMatchObject({ itemStatus: "parked" });
  });

  test("a skip repeats like a label", async () => {
    const [ann] = await makeScene();
    const submission = skipOf(await take(ann), "why");
    const first = await submitAnnotation(ann, submission);
    expect(await submitAnnotation(ann, submission)).toEqual({ ...first, isRepeat: true });
  });
});
