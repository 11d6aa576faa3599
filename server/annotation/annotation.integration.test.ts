import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { LIMITS } from "@/contracts/limits";
import type { MadeUser } from "@/test/harness/factories";
import { makeItems, makeMember, makeProject, makeQueueEntries, makeUser } from "@/test/harness/factories";
import type { TestContext } from "@/test/harness/testContext";
import { createTestContext } from "@/test/harness/testContext";
import { findViolations } from "@/test/simulation/invariants";
import { claim, label, queueContextFor, skipOf } from "@/test/simulation/queueContextFor";
import { withTransaction } from "../db";
import { deleteItems } from "../ingestion";
import type { QueueContext } from "../queue";
import { flagItem, listFlags, resolveFlag } from "./flags";
import { readHistory } from "./readHistory";
import { recordImportedLabels } from "./recordImportedLabels";
import { saveDraft } from "./saveDraft";
import { submitAnnotation } from "./submitAnnotation";

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
  const project = await makeProject(world.db, { leaseSeconds: 60, labels: ["a", "b"], overlap: 2 });
  projectId = project.id;
  const rows = await makeItems(world.db, projectId, [
    {},
    {},
    { content: { fields: { subject: "Hello", size: 3, body: "x".repeat(500) } } },
  ]);
  await makeQueueEntries(
    world.db,
    projectId,
    rows.flatMap((row) => [0, 1].map((slot) => ({ row, slot, priority: row }))),
  );
  users = [await makeUser(world.db, { name: "Ann" }), await makeUser(world.db, { name: "Bob" })];
  for (const user of users) await makeMember(world.db, projectId, user.id, "annotator");
  [ann, bob] = await Promise.all(users.map((user) => queueContextFor(world, projectId, user)));
});

const nOpenFlags = async (): Promise<number> =>
  (await world.db.query("select n_open_flags as n from label_counter where project_id = $1", [projectId])).rows[0].n;

describe("readHistory", () => {
  test("lists the caller's own answers, newest first, with an excerpt of the item", async () => {
    const [first, second, third] = (await claim(ann, 3)).entries;
    await label(ann, first, "a");
    await submitAnnotation(ann, skipOf(second));
    await label(ann, third, "b");
    await label(bob, (await claim(bob, 1)).entries[0], "b");
    const history = await readHistory(ann, 2);
    expect(history).toMatchObject([
      { seq: 3, row: 2, kind: "label", value: { choice: "b" }, retracted: false, canUndo: true },
      { seq: 2, row: 1, kind: "skip", value: null, retracted: false, canUndo: true },
    ]);
    expect(history[0].excerpt).toMatch(/subject: Hello/);
    expect(history[0].excerpt).toMatch(/size: 3/);
    expect(history[0].excerpt.length).toBeLessThanOrEqual(200);
    expect(history[1].excerpt).toContain("Text number 1");
  });
});

describe("saveDraft", () => {
  test("keeps the newest draft per person and gives it back with the item", async () => {
    await claim(ann, 1, "other tab");
    await saveDraft(ann, { row: 0, value: { choice: "a" } });
    await saveDraft(ann, { row: 0, value: { choice: "b" } });
    expect((await claim(ann, 1, "other tab")).entries[0].draft).toEqual({ choice: "b" });
    expect((await claim(bob, 1)).entries[0].draft).toBeNull();
  });

  test("refuses items that are not there, not served or deleted, and values that do not fit", async () => {
    await expect(saveDraft(ann, { row: 0, value: { choice: "a" } })).rejects.toMatchObject({ code: "E_NOT_FOUND" });
    await claim(ann, 1);
    await expect(saveDraft(bob, { row: 0, value: { choice: "a" } })).rejects.toMatchObject({ code: "E_NOT_FOUND" });
    for (const value of [{ choice: "zebra" }, { choice: "a", more: 1 }, 7]) {
      await expect(saveDraft(ann, { row: 0, value })).rejects.toMatchObject({ code: "E_BAD_INPUT" });
    }
    await saveDraft(ann, { row: 0, value: null });
    await deleteItems(ann, { rows: [0] });
    await expect(saveDraft(ann, { row: 0, value: { choice: "a" } })).rejects.toMatchObject({ code: "E_NOT_FOUND" });
    expect((await world.db.query("select 1 from draft where project_id = $1", [projectId])).rowCount).toBe(0);
    await expect(saveDraft(ann, { row: 99, value: 1 })).rejects.toMatchObject({ code: "E_NOT_FOUND" });
    const value = "x".repeat(LIMITS.fieldBytes);
    await expect(saveDraft(ann, { row: 0, value })).rejects.toMatchObject({ code: "E_TOO_LARGE" });
  });
});

describe("flags", () => {
  beforeEach(() => Promise.all([claim(ann, 3), claim(bob, 3)]));

  test("are refused on deleted items and items not served, and leave the count with a deleted item", async () => {
    const [unserved] = await makeItems(world.db, projectId, 1);
    await expect(flagItem(ann, { row: unserved, comment: "x" })).rejects.toMatchObject({ code: "E_NOT_FOUND" });
    await flagItem({ ...ann, role: "reviewer" }, { row: unserved, comment: "x" });
    await flagItem(ann, { row: 0, comment: "x" });
    expect(await nOpenFlags()).toBe(2);
    await Promise.allSettled([deleteItems(ann, { rows: [0] }), flagItem(bob, { row: 0, comment: "y" })]);
    await expect(flagItem(bob, { row: 0, comment: "z" })).rejects.toMatchObject({ code: "E_NOT_FOUND" });
    expect(await nOpenFlags()).toBe(1);
    const open = (await listFlags(ann, { limit: 10 })).rows.filter((flag) => flag.resolvedAt === null);
    expect(open.map((flag) => flag.row)).toEqual([unserved]);
  });

  test("are raised once for the same words, listed open first, and resolved once", async () => {
    const [first, same] = await Promise.all([
      flagItem(ann, { row: 0, comment: "odd" }),
      flagItem(ann, { row: 0, comment: "odd" }),
    ]);
    expect(same).toEqual(first);
    expect(first).toMatchObject({ row: 0, userName: "Ann", comment: "odd", resolvedAt: null });
    world.clock.advanceSeconds(1);
    const second = await flagItem(bob, { row: 0, comment: "odd" });
    expect(await nOpenFlags()).toBe(2);
    expect((await listFlags(bob, { limit: 10 })).rows.map((f) => f.id)).toEqual([second.id, first.id]);
    const resolved = await resolveFlag(bob, second.id);
    expect(resolved.resolvedAt).toBe(world.clock.now().toISOString());
    expect(await resolveFlag(ann, second.id)).toEqual(resolved);
    expect(await nOpenFlags()).toBe(1);
    expect((await listFlags(bob, { limit: 10 })).rows.map((f) => f.id)).toEqual([first.id, second.id]);
    const log = await world.db.query("select action, target, actor_id from audit_log where project_id = $1", [
      projectId,
    ]);
    expect(log.rows).toEqual([{ action: "annotation.resolveFlag", target: second.id, actor_id: users[1].id }]);
  });

  test("are paged without losing or repeating any", async () => {
    const made: string[] = [];
    for (let i = 0; i < 7; i++) {
      if (i % 3 === 0) world.clock.advanceSeconds(1);
      made.push((await flagItem(ann, { row: i % 3, comment: `c${i}` })).id);
    }
    for (const id of made.slice(0, 3)) await resolveFlag(ann, id);
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await listFlags(ann, { limit: 2, cursor });
      seen.push(...page.rows.map((f) => `${f.resolvedAt === null}:${f.id}`));
      cursor = page.nextCursor ?? undefined;
    } while (cursor);
    expect(new Set(seen).size).toBe(7);
    expect(seen.map((s) => s.startsWith("true"))).toEqual([true, true, true, true, false, false, false]);
  });

  test("say clearly what is wrong", async () => {
    await expect(flagItem(ann, { row: 99, comment: "x" })).rejects.toMatchObject({ code: "E_NOT_FOUND" });
    await expect(resolveFlag(ann, randomUUID())).rejects.toMatchObject({ code: "E_NOT_FOUND" });
    await expect(listFlags(ann, { limit: 2, cursor: "bad" })).rejects.toMatchObject({ code: "E_BAD_INPUT" });
    expect(await nOpenFlags()).toBe(0);
  });
});

describe("recordImportedLabels", () => {
  const record = (labels: { row: number; value: unknown }[], origin = "import:1") =>
    withTransaction(world.db, (tx) =>
      recordImportedLabels(tx, { project: ann.project, source: "import", origin, labels, now: world.clock.now() }),
    );

  test("appends labels of nobody, settles items and empties the queue of what is resolved", async () => {
    await label(ann, (await claim(ann, 1)).entries[0], "a");
    expect(
      await record([
        { row: 0, value: { choice: "b" } },
        { row: 1, value: { choice: "a" } },
        { row: 2, value: { choice: "a" } },
        { row: 2, value: { choice: "b" } },
        { row: 77, value: { choice: "b" } },
      ]),
    ).toEqual({ recorded: 4, existing: 1 });
    const { rows } = await world.db.query(
      "select row, status, n_labels, consensus, agreement from item where project_id = $1 order by row",
      [projectId],
    );
    expect(rows).toEqual([
      { row: 0, status: "resolved", n_labels: 2, consensus: { choice: "a" }, agreement: 0 },
      { row: 1, status: "open", n_labels: 1, consensus: null, agreement: null },
      { row: 2, status: "resolved", n_labels: 2, consensus: { choice: "a" }, agreement: 0 },
    ]);
    expect(await findViolations(world.db, { projectId })).toEqual([]);
    expect((await claim(bob, 5)).entries.map((e) => e.row)).toEqual([1]);
  });

  test("records the same labels of the same origin once, and labels of a resolved item as extra", async () => {
    const labels = [0, 1, 2].map((row) => ({ row, value: { choice: "a" } }));
    expect(await record(labels)).toEqual({ recorded: 3, existing: 0 });
    expect(await record(labels)).toEqual({ recorded: 0, existing: 3 });
    expect(await record(labels, "import:2")).toEqual({ recorded: 3, existing: 0 });
    expect(await record([labels[0]], "import:3")).toEqual({ recorded: 1, existing: 0 });
    const { rows } = await world.db.query(
      "select seq, is_extra, source, annotator_id from annotation where project_id = $1 order by seq desc limit 1",
      [projectId],
    );
    expect(rows).toEqual([{ seq: 7, is_extra: true, source: "import", annotator_id: null }]);
    expect(await findViolations(world.db, { projectId })).toEqual([]);
  });

  test("refuses a label that does not fit and writes nothing", async () => {
    await expect(record([{ row: 0, value: { choice: "zebra" } }])).rejects.toMatchObject({ code: "E_BAD_INPUT" });
    expect((await readHistory(ann, 5)).length).toBe(0);
    const { rows } = await world.db.query("select count(*) as n from annotation where project_id = $1", [projectId]);
    expect(rows[0].n).toBe(0);
  });
});
