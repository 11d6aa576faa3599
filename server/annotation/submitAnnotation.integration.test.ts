import { randomUUID } from "node:crypto";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { ClaimedItem } from "@/contracts/queue";
import type { MadeUser, ProjectOptions, QueueEntryOptions } from "@/test/harness/factories";
import { makeItems, makeMember, makeProject, makeQueueEntries, makeUser } from "@/test/harness/factories";
import type { TestContext } from "@/test/harness/testContext";
import { createTestContext } from "@/test/harness/testContext";
import { findViolations } from "@/test/simulation/invariants";
import { claim, label, labelOf, queueContextFor, skipOf } from "@/test/simulation/queueContextFor";
import type { QueueContext } from "../queue";
import { releaseAll } from "../queue";
import { submitAnnotation } from "./submitAnnotation";

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

interface SceneOptions extends ProjectOptions {
  people?: number;
  items?: number;
  purpose?: QueueEntryOptions["purpose"];
}

async function makeScene(options: SceneOptions = {}): Promise<QueueContext[]> {
  const { people = 3, items = 3, overlap = 1, purpose = "train" } = options;
  const project = await makeProject(world.db, { leaseSeconds: 60, labels: ["a", "b", "c"], ...options });
  projectId = project.id;
  const rows = await makeItems(world.db, projectId, items);
  await makeQueueEntries(
    world.db,
    projectId,
    rows.flatMap((row) => Array.from({ length: overlap }, (_, slot) => ({ row, slot, priority: row, purpose }))),
  );
  users = [];
  for (let i = 0; i < people; i++) {
    const user = await makeUser(world.db);
    await makeMember(world.db, projectId, user.id, "annotator");
    users.push(user);
  }
  return Promise.all(users.map((user) => queueContextFor(world, projectId, user)));
}

async function take(ctx: QueueContext): Promise<ClaimedItem> {
  return (await claim(ctx, 1)).entries[0];
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

describe("submitAnnotation", () => {
  test("records the label with all that was known, resolves the item and counts", async () => {
    const [ann] = await makeScene({ purpose: "audit" });
    const item = await take(ann);
    const result = await submitAnnotation(ann, {
      ...labelOf(item, "b"),
      reason: "sure",
      shownAt: "2026-01-01T00:00:00.000Z",
      elapsedMs: 1234,
      suggestionShown: true,
      suggestedValue: { choice: "a" },
      modelVersionSeen: 7,
      guidelinesVersion: 2,
    });
    expect(result).toMatchObject({
      seq: 1,
      row: 0,
      isLate: false,
      isExtra: false,
      isRepeat: false,
      itemStatus: "resolved",
      progress: { mineToday: 1, mineTotal: 1, projectResolved: 1, projectItems: 3 },
    });
    const [kept] = await readAnnotations("*");
    expect(kept).toMatchObject({
      kind: "label",
      source: "human",
      value: { choice: "b" },
      reason: "sure",
      purpose: "audit",
      round: 1,
      elapsed_ms: 1234,
      suggestion_shown: true,
      suggested_value: { choice: "a" },
      model_version_seen: 7,
      guidelines_version: 2,
      at: world.clock.now(),
    });
    expect(await readItem(0)).toEqual({
      status: "resolved",
      n_labels: 1,
      n_skips: 0,
      consensus: { choice: "b" },
      agreement: null,
      resolved_at: world.clock.now(),
    });
    expect(await statesOf(0)).toEqual(["done"]);
    const { rows } = await world.db.query("select * from label_counter where project_id = $1", [projectId]);
    expect(rows[0]).toMatchObject({ label_seq: 1, n_labels: 1, n_resolved: 1, n_audit_labels: 1 });
  });

  test("a repeat returns the first answer, also long after the lease is gone", async () => {
    const [ann] = await makeScene();
    const item = await take(ann);
    const submission = labelOf(item, "a");
    const first = await submitAnnotation(ann, submission);
    world.clock.advanceSeconds(86_400 * 30);
    const again = await submitAnnotation(ann, submission);
    expect(again).toEqual({ ...first, isRepeat: true, progress: { ...first.progress, mineToday: 0 } });
    expect(await readAnnotations("seq")).toHaveLength(1);
  });

  test("ten repeats at the same moment leave one annotation and all get it", async () => {
    const [ann] = await makeScene();
    const submission = labelOf(await take(ann), "a");
    const results = await Promise.all(Array.from({ length: 10 }, () => submitAnnotation(ann, submission)));
    expect(results.filter((result) => !result.isRepeat)).toHaveLength(1);
    expect(new Set(results.map((result) => result.seq))).toEqual(new Set([1]));
  });

  test("the same submission id with another content is a conflict and changes nothing", async () => {
    const [ann, bob] = await makeScene();
    const [first, second] = (await claim(ann, 2)).entries;
    const submission = labelOf(first, "a");
    await submitAnnotation(ann, submission);
    const others = [
      { ...submission, value: { choice: "b" } },
      { ...submission, kind: "skip" as const, value: undefined },
      { ...submission, reason: "but" },
      { ...labelOf(second, "a"), submissionId: submission.submissionId },
    ];
    for (const other of others)
      await expect(submitAnnotation(ann, other)).rejects.toMatchObject({ code: "E_CONFLICT" });
    await expect(submitAnnotation(bob, submission)).rejects.toMatchObject({ code: "E_CONFLICT" });
    expect(await readAnnotations("seq")).toHaveLength(1);
  });

  test("one submission id racing for two rows is recorded for one of them", async () => {
    const [ann] = await makeScene();
    const items = (await claim(ann, 2)).entries;
    const submissionId = randomUUID();
    const results = await Promise.allSettled(
      items.map((item) => submitAnnotation(ann, { ...labelOf(item, "a"), submissionId })),
    );
    expect(results.map((result) => result.status).sort()).toEqual(["fulfilled", "rejected"]);
    const refused = results.find((result) => result.status === "rejected");
    expect(refused?.reason).toMatchObject({ code: "E_CONFLICT" });
  });

  test.each([
    [
      "a label of no kind",
      { value: { choice: "zebra" } },
      /value\.choice.*"zebra" is not one of the project's 3 labels/,
    ],
    ["a missing value", { value: undefined }, /value/],
    ["an extra key", { value: { choice: "a", more: 1 } }, /more/],
    ["a polluting key", { value: JSON.parse('{"__proto__": {"choice": "a"}}') }, /choice/],
    ["a skip with a value", { kind: "skip" as const, value: { choice: "a" } }, /a skip has no value/],
  ])("refuses %s, says why, and keeps the lease", async (_name, change, message) => {
    const [ann] = await makeScene();
    const item = await take(ann);
    const refusal = submitAnnotation(ann, { ...labelOf(item, "a"), ...change });
    await expect(refusal).rejects.toMatchObject({ code: "E_BAD_INPUT", message: expect.stringMatching(message) });
    expect(await label(ann, item, "a")).toMatchObject({ seq: 1, isLate: false });
  });

  test("refuses tokens that were never the caller's for that item", async () => {
    const [ann, bob] = await makeScene();
    const [first, second] = (await claim(ann, 2)).entries;
    const attempts: [QueueContext, ReturnType<typeof labelOf>][] = [
      [ann, labelOf({ row: 0, leaseToken: randomUUID() }, "a")],
      [bob, labelOf(first, "a")],
      [ann, labelOf({ row: first.row, leaseToken: second.leaseToken }, "a")],
    ];
    for (const [ctx, submission] of attempts) {
      await expect(submitAnnotation(ctx, submission)).rejects.toMatchObject({ code: "E_LEASE" });
    }
    await expect(label(ann, { row: 99, leaseToken: first.leaseToken }, "a")).rejects.toMatchObject({
      code: "E_NOT_FOUND",
    });
    expect(await readAnnotations("seq")).toEqual([]);
  });

  test("a token of another project opens nothing", async () => {
    const [ann] = await makeScene();
    const foreign = await take(ann);
    const [stranger] = await makeScene();
    await expect(label(stranger, foreign, "a")).rejects.toMatchObject({ code: "E_LEASE" });
  });

  test("drops the draft of the item that was answered", async () => {
    const [ann] = await makeScene();
    const item = await take(ann);
    await world.db.query("insert into draft values ($1, 0, $2, '{}', now()), ($1, 1, $2, '{}', now())", [
      projectId,
      users[0].id,
    ]);
    await label(ann, item, "a");
    expect((await world.db.query("select row from draft where project_id = $1", [projectId])).rows).toEqual([
      { row: 1 },
    ]);
  });

  test("marks what simulated annotators say", async () => {
    const [ann] = await makeScene();
    await world.db.query(`update "user" set is_simulated = true where id = $1`, [users[0].id]);
    await label(ann, await take(ann), "a");
    expect(await readAnnotations("source")).toEqual([{ source: "simulated" }]);
  });

  test("numbers stay free of gaps when 16 people submit and some are refused", async () => {
    const people = await makeScene({ people: 16, items: 64 });
    await Promise.all(
      people.map(async (person) => {
        for (;;) {
          const { entries } = await claim(person, 2);
          if (entries.length === 0) return;
          for (const item of entries) {
            await label(person, { ...item, leaseToken: randomUUID() }, "a").catch(() => undefined);
            await label(person, item, "a");
          }
        }
      }),
    );
    const seqs = await readAnnotations("seq");
    expect(seqs.map((a) => a.seq)).toEqual(Array.from({ length: 64 }, (_, i) => i + 1));
  });
});

describe("overlap", () => {
  test("three people's opinions resolve an item by majority, with their agreement", async () => {
    const people = await makeScene({ overlap: 3, items: 1 });
    const items = await Promise.all(people.map(take));
    expect(await label(people[0], items[0], "b")).toMatchObject({ itemStatus: "open" });
    expect(await label(people[1], items[1], "a")).toMatchObject({ itemStatus: "open" });
    expect(await readItem(0)).toMatchObject({ status: "open", n_labels: 2, consensus: null, agreement: null });
    expect(await label(people[2], items[2], "a")).toMatchObject({ itemStatus: "resolved", isExtra: false });
    expect(await readItem(0)).toMatchObject({ n_labels: 3, consensus: { choice: "a" }, agreement: 1 / 3 });
    expect(await statesOf(0)).toEqual(["done", "done", "done"]);
  });

  test("two opinions that arrive at the same moment both enter the consensus", async () => {
    for (let i = 0; i < 10; i++) {
      const people = await makeScene({ overlap: 2, items: 1, people: 2 });
      const items = await Promise.all(people.map(take));
      const results = await Promise.all(people.map((person, p) => label(person, items[p], "a")));
      expect(results.map((r) => r.itemStatus).sort()).toEqual(["open", "resolved"]);
      expect(await readItem(0)).toMatchObject({ n_labels: 2, agreement: 1, consensus: { choice: "a" } });
    }
  });

  test("a person cannot count twice on one item, by whatever token", async () => {
    const [ann] = await makeScene({ overlap: 2, items: 1 });
    const old = await take(ann);
    world.clock.advanceSeconds(61);
    const renewed = await take(ann);
    expect(await label(ann, renewed, "a")).toMatchObject({ isLate: false });
    await expect(label(ann, old, "b")).rejects.toMatchObject({ code: "E_CONFLICT", details: { row: 0, seq: 1 } });
    expect(await readItem(0)).toMatchObject({ n_labels: 1 });
  });
});

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

  test("a label for an excluded item is kept as extra and does not bring it back", async () => {
    const [ann] = await makeScene();
    const item = await take(ann);
    await world.db.query("update item set status = 'excluded' where project_id = $1 and row = 0", [projectId]);
    expect(await label(ann, item, "a")).toMatchObject({ isExtra: true, isLate: false, itemStatus: "excluded" });
    expect(await readItem(0)).toMatchObject({ status: "excluded", n_labels: 1, consensus: null });
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

  test("a skip repeats like a label", async () => {
    const [ann] = await makeScene();
    const submission = skipOf(await take(ann), "why");
    const first = await submitAnnotation(ann, submission);
    expect(await submitAnnotation(ann, submission)).toEqual({ ...first, isRepeat: true });
  });
});

describe("retraining", () => {
  const runs = async () =>
    (
      await world.db.query("select payload from job_run where project_id = $1 and kind = 'training.retrain'", [
        projectId,
      ])
    ).rows;

  test("is asked for once, in the transaction of the label that makes it due", async () => {
    const [ann] = await makeScene({ items: 6, retrainPolicy: { everyLabels: 2, minLabels: 3 } });
    for (let i = 0; i < 2; i++) await label(ann, await take(ann), "a");
    expect(await runs()).toEqual([]);
    for (let i = 0; i < 3; i++) await label(ann, await take(ann), "a");
    expect(await runs()).toEqual([
      { payload: { projectId, trigger: "labels", triggeredAt: world.clock.now().toISOString() } },
    ]);
  });

  test("waits for as many new labels as the policy says since the newest model", async () => {
    const [ann] = await makeScene({ items: 6, retrainPolicy: { everyLabels: 3, minLabels: 2 } });
    await world.db.query(
      `insert into model_version (project_id, version, trainer, state, trained_through_seq, n_train, seed, params, classes,
         data_hash, code_version, backend) values ($1, 1, 't', 'ready', 2, 2, 's', '{}', '[]', 'h', 'c', 'b')`,
      [projectId],
    );
    for (let i = 0; i < 4; i++) await label(ann, await take(ann), "a");
    expect(await runs()).toEqual([]);
    await label(ann, await take(ann), "a");
    expect(await runs()).toHaveLength(1);
  });

  test("is not asked for when the lead has switched it off", async () => {
    const [ann] = await makeScene({ items: 4, retrainPolicy: { everyLabels: 1, minLabels: 2, automatic: false } });
    for (let i = 0; i < 4; i++) await label(ann, await take(ann), "a");
    expect(await runs()).toEqual([]);
  });
});
