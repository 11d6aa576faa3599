import { randomUUID } from "node:crypto";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { LIMITS } from "@/contracts/limits";
import type { MadeUser } from "@/test/harness/factories";
import { makeQueueEntries } from "@/test/harness/factories";
import type { TestContext } from "@/test/harness/testContext";
import { createTestContext } from "@/test/harness/testContext";
import { findViolations } from "@/test/simulation/invariants";
import { claim, label, skipOf, TAB } from "@/test/simulation/queueContextFor";
import type { QueueSceneOptions } from "@/test/simulation/queueScene";
import { makeQueueScene, takeItem as take } from "@/test/simulation/queueScene";
import type { QueueContext } from "../queue";
import { readHistory } from "./readHistory";
import { submitAnnotation } from "./submitAnnotation";
import { undoAnnotation } from "./undoAnnotation";

let world: TestContext;
let projectId: number;
let users: MadeUser[];

beforeAll(async () => {
  world = await createTestContext();
});
afterAll(() => world.cleanup());
afterEach(async () => {
  expect(await findViolations(world.db, { projectId })).toEqual([]);
});

async function makeScene(options?: QueueSceneOptions): Promise<QueueContext[]> {
  const scene = await makeQueueScene(world, options);
  ({ projectId, users } = scene);
  return scene.people;
}

const undo = (ctx: QueueContext, seq?: number, submissionId: string = randomUUID()) =>
  undoAnnotation(ctx, { submissionId, tab: TAB, seq });

/** Everything that an answer changes, except the annotations themselves and the entries' leases. */
async function readState() {
  const items = await world.db.query(
    "select row, status, n_labels, n_skips, consensus, agreement, resolved_at from item where project_id = $1 order by row",
    [projectId],
  );
  const counter = await world.db.query(
    "select n_labels, n_resolved, n_skips, n_audit_labels from label_counter where project_id = $1",
    [projectId],
  );
  const people = await world.db.query(
    "select user_id, n_labels, n_skips, n_labels_day from annotator_counter where project_id = $1 order by user_id",
    [projectId],
  );
  return { items: items.rows, counter: counter.rows[0], people: people.rows };
}

async function entriesOf(row: number) {
  const { rows } = await world.db.query(
    "select state, lease_user_id as holder from queue_entry where project_id = $1 and row = $2 order by slot, id",
    [projectId, row],
  );
  return rows;
}

describe("undoAnnotation", () => {
  test("gives the item back under a new token with the old answer, and the new answer counts alone", async () => {
    const [ann] = await makeScene();
    const item = await take(ann);
    await label(ann, item, "a");
    const { retractedSeq, item: back } = await undo(ann);
    expect(retractedSeq).toBe(1);
    expect(back).toMatchObject({ row: 0, content: item.content, previousValue: { choice: "a" } });
    expect(back.leaseToken).not.toBe(item.leaseToken);
    const history = await readHistory(ann, 10);
    expect(history).toMatchObject([{ seq: 1, retracted: true, canUndo: false }]);
    expect(await label(ann, back, "b")).toMatchObject({ seq: 3, isLate: false, isExtra: false });
    const { rows } = await world.db.query(
      "select kind, supersedes from annotation where project_id = $1 order by seq",
      [projectId],
    );
    expect(rows).toEqual([
      { kind: "label", supersedes: null },
      { kind: "retract", supersedes: 1 },
      { kind: "label", supersedes: null },
    ]);
    expect((await readState()).items[0]).toMatchObject({ n_labels: 1, consensus: { choice: "b" } });
  });

  test("restores item, consensus and all totals exactly, for labels and skips, in any overlap", async () => {
    for (const overlap of [1, 2, 3]) {
      const people = await makeScene({ overlap, people: 4, items: 1 });
      const states = [await readState()];
      const answered: QueueContext[] = [];
      for (const [p, person] of people.entries()) {
        const { entries } = await claim(person, 1);
        if (entries.length === 0) break;
        if (p % 2 === 0) await submitAnnotation(person, skipOf(entries[0]));
        else await label(person, entries[0], "a");
        answered.push(person);
        states.push(await readState());
      }
      expect(answered.length).toBeGreaterThan(0);
      for (const person of answered.reverse()) {
        states.pop();
        await undo(person);
        const { people: totals, ...state } = await readState();
        const { people: before, ...expected } = states[states.length - 1];
        expect(state).toEqual(expected);
        const zero = { n_labels: 0, n_skips: 0, n_labels_day: 0 };
        for (const total of totals) {
          expect(total).toEqual(before.find((b) => b.user_id === total.user_id) ?? { ...zero, user_id: total.user_id });
        }
      }
    }
  });

  test("works back through the last ten answers and no further", async () => {
    const [ann] = await makeScene({ items: 12 });
    for (let i = 0; i < 12; i++) await label(ann, await take(ann), "a");
    await expect(undo(ann, 2)).rejects.toMatchObject({ code: "E_PRECONDITION", details: { seq: 2, limit: 10 } });
    const undone: number[] = [];
    for (let i = 0; i < LIMITS.undoDepth; i++) undone.push((await undo(ann)).retractedSeq);
    expect(undone).toEqual([12, 11, 10, 9, 8, 7, 6, 5, 4, 3]);
    await expect(undo(ann)).rejects.toMatchObject({ code: "E_PRECONDITION" });
    expect((await readHistory(ann, 50)).map((h) => h.canUndo)).toEqual(Array.from({ length: 12 }, () => false));
    expect((await claim(ann, 20)).entries).toHaveLength(10);
  });

  test("withdraws a chosen answer and leaves later ones", async () => {
    const [ann] = await makeScene();
    for (let i = 0; i < 3; i++) await label(ann, await take(ann), "a");
    expect((await undo(ann, 2)).item.row).toBe(1);
    expect((await readState()).items.map((item) => item.status)).toEqual(["resolved", "open", "resolved"]);
  });

  test("a repeat withdraws nothing more and returns the same item", async () => {
    const [ann] = await makeScene();
    await label(ann, await take(ann), "a");
    await label(ann, await take(ann), "b");
    const id = randomUUID();
    const first = await undo(ann, undefined, id);
    const again = await undo(ann, undefined, id);
    expect(again).toEqual(first);
    world.clock.advanceSeconds(61);
    const much = await undo(ann, undefined, id);
    expect(much).toMatchObject({ retractedSeq: first.retractedSeq, item: { row: first.item.row } });
    expect(much.item.leaseToken).not.toBe(first.item.leaseToken);
    expect((await readState()).counter.n_labels).toBe(1);
    await label(ann, much.item, "c");
    await expect(undo(ann, undefined, id)).rejects.toMatchObject({ code: "E_CONFLICT" });
  });

  test("refuses others' answers, unknown ones, withdrawals, and answers that are withdrawn already", async () => {
    const [ann, bob] = await makeScene();
    await label(ann, await take(ann), "a");
    await expect(undo(bob, 1)).rejects.toMatchObject({ code: "E_FORBIDDEN" });
    await expect(undo(bob)).rejects.toMatchObject({ code: "E_PRECONDITION" });
    await expect(undo(ann, 77)).rejects.toMatchObject({ code: "E_NOT_FOUND" });
    const id = randomUUID();
    await undo(ann, 1, id);
    await expect(undo(ann, 1)).rejects.toMatchObject({ code: "E_CONFLICT" });
    await expect(undo(ann, 2)).rejects.toMatchObject({ code: "E_CONFLICT" });
    await expect(undo(bob, undefined, id)).rejects.toMatchObject({ code: "E_FORBIDDEN" });
    const submission = { ...skipOf(await take(bob)), submissionId: id };
    await expect(submitAnnotation(bob, submission)).rejects.toMatchObject({ code: "E_CONFLICT" });
  });

  test("two tabs undoing the same answer at once withdraw it once", async () => {
    const [ann] = await makeScene();
    await label(ann, await take(ann), "a");
    const results = await Promise.allSettled([undo(ann, 1), undo(ann, 1), undo(ann, 1)]);
    expect(results.filter((r) => r.status === "fulfilled")).toHaveLength(1);
  });

  test("an item that others resolved meanwhile stays resolved; the new answer is an extra vote", async () => {
    const [ann, bob] = await makeScene();
    const late = await take(ann);
    world.clock.advanceSeconds(61);
    const held = await take(bob);
    await label(ann, late, "a");
    expect(await label(bob, held, "b")).toMatchObject({ isExtra: true });
    const { item } = await undo(ann);
    expect((await readState()).items[0]).toMatchObject({
      status: "resolved",
      n_labels: 1,
      consensus: { choice: "b" },
      agreement: null,
    });
    expect(await label(ann, item, "c")).toMatchObject({ isExtra: true, itemStatus: "resolved" });
  });

  test("an undone skip takes the item back, from the queue or beside the person who has it now", async () => {
    const [ann, bob] = await makeScene({ items: 1 });
    await submitAnnotation(ann, skipOf(await take(ann)));
    await undo(ann);
    expect(await entriesOf(0)).toEqual([{ state: "leased", holder: users[0].id }]);
    const [again] = (await claim(ann, 1)).entries;
    await submitAnnotation(ann, skipOf(again));
    const held = await take(bob);
    const { item } = await undo(ann);
    expect(await entriesOf(0)).toEqual([
      { state: "leased", holder: users[1].id },
      { state: "leased", holder: users[0].id },
    ]);
    expect(await label(ann, item, "a")).toMatchObject({ itemStatus: "resolved", isExtra: false, isLate: false });
    expect(await label(bob, held, "b")).toMatchObject({ itemStatus: "resolved", isExtra: true });
  });

  test("an undone skip unparks the item", async () => {
    const people = await makeScene({ items: 1 });
    for (const person of people) await submitAnnotation(person, skipOf(await take(person)));
    expect((await readState()).items[0].status).toBe("parked");
    const { item } = await undo(people[2]);
    expect((await readState()).items[0]).toMatchObject({ status: "open", n_skips: 2 });
    expect(await label(people[2], item, "a")).toMatchObject({ itemStatus: "resolved" });
  });

  test("an entry that a newer round superseded, and whose slot it reused, comes back in a slot of its own", async () => {
    const [ann] = await makeScene({ items: 1 });
    await submitAnnotation(ann, skipOf(await take(ann)));
    await world.db.query("update queue_entry set state = 'superseded' where project_id = $1", [projectId]);
    await makeQueueEntries(world.db, projectId, [{ row: 0, slot: 0, purpose: "audit", round: 2 }]);
    const { item } = await undo(ann);
    expect(item.served).toMatchObject({ round: 1, purpose: "train" });
    expect(await entriesOf(0)).toEqual([
      { state: "open", holder: null },
      { state: "leased", holder: users[0].id },
    ]);
  });

  test("finds the entry that a late answer closed, when it is another than the one the answer was for", async () => {
    const [ann, bob] = await makeScene({ items: 1, overlap: 2 });
    const first = await take(ann);
    world.clock.advanceSeconds(61);
    await take(bob); // takes over the first opinion
    await take(ann); // has the second now
    expect(await label(ann, first, "a")).toMatchObject({ isLate: true });
    const { item } = await undo(ann);
    expect(await entriesOf(0)).toEqual([
      { state: "leased", holder: users[1].id },
      { state: "leased", holder: users[0].id },
    ]);
    expect(await label(ann, item, "b")).toMatchObject({ isLate: false, isExtra: false });
  });

  test("a label of an earlier day does not lower today's count", async () => {
    const [ann] = await makeScene();
    await label(ann, await take(ann), "a");
    world.clock.advanceSeconds(86_400);
    await label(ann, await take(ann), "a");
    await undo(ann, 1);
    expect((await readState()).people).toMatchObject([{ n_labels: 1, n_labels_day: 1 }]);
    expect((await claim(ann, 1)).progress).toMatchObject({ mineToday: 1, mineTotal: 1 });
  });
});
