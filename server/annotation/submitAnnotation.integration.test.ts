import { randomUUID } from "node:crypto";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { MadeUser } from "@/test/harness/factories";
import type { TestContext } from "@/test/harness/testContext";
import { createTestContext } from "@/test/harness/testContext";
import { findViolations } from "@/test/simulation/invariants";
import { claim, label, labelOf, queueContextFor } from "@/test/simulation/queueContextFor";
import type { QueueSceneOptions } from "@/test/simulation/queueScene";
import { makeQueueScene, takeItem as take } from "@/test/simulation/queueScene";
import type { QueueContext } from "../queue";
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

describe("retraining", () => {
  const runs = async () =>
    (
      await world.db.query("select payload from job_run where project_id = $1 and kind = 'training.retrain'", [
        projectId,
      ])
    ).rows;

  /** A scene whose project has features to learn from. */
  async function makeTrainableScene(retrainPolicy: QueueSceneOptions["retrainPolicy"]): Promise<QueueContext> {
    await makeScene({ items: 6, retrainPolicy });
    await world.db.query("update project set active_feature_version = 1 where id = $1", [projectId]);
    return queueContextFor(world, projectId, users[0]);
  }

  test("is asked for once, in the transaction of the label that makes it due", async () => {
    const ann = await makeTrainableScene({ everyLabels: 2, minLabels: 3 });
    for (let i = 0; i < 2; i++) await label(ann, await take(ann), "a");
    expect(await runs()).toEqual([]);
    const dueAt = world.clock.now().toISOString();
    for (let i = 0; i < 3; i++) {
      await label(ann, await take(ann), "a");
      world.clock.advanceSeconds(1);
    }
    expect(await runs()).toEqual([{ payload: { projectId, trigger: "labels", triggeredAt: dueAt } }]);
  });

  test("waits for as many new labels as the policy says since the newest model", async () => {
    const ann = await makeTrainableScene({ everyLabels: 3, minLabels: 2 });
    await world.db.query(
      `insert into model_version (project_id, version, trainer, state, trained_through_seq, n_train, seed, params, classes,
         data_hash, code_version, backend, created_at)
       values ($1, 1, 't', 'ready', 2, 2, 's', '{}', '[]', 'h', 'c', 'b', $2)`,
      [projectId, world.clock.now()],
    );
    for (let i = 0; i < 4; i++) await label(ann, await take(ann), "a");
    expect(await runs()).toEqual([]);
    await label(ann, await take(ann), "a");
    expect(await runs()).toHaveLength(1);
  });

  test("is not asked for when the lead has switched it off, and a repeat asks nothing", async () => {
    const off = await makeTrainableScene({ everyLabels: 1, minLabels: 2, automatic: false });
    for (let i = 0; i < 4; i++) await label(off, await take(off), "a");
    expect(await runs()).toEqual([]);
    const ann = await makeTrainableScene({ everyLabels: 1, minLabels: 2 });
    const submission = labelOf(await take(ann), "a");
    for (let i = 0; i < 3; i++) await submitAnnotation(ann, submission);
    expect(await runs()).toEqual([]);
  });
});
