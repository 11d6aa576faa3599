import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Actor } from "@/server/auth";
import { isAppError } from "@/server/errors";
import { ingestItems } from "@/server/ingestion";
import { loadProject } from "@/server/projects";
import { makeAnnotations, makeProject, makeQueueEntries, makeUser } from "@/test/harness/factories";
import type { TestContext } from "@/test/harness/testContext";
import { createTestContext } from "@/test/harness/testContext";
import type { ItemsContext } from ".";
import { getItem, setStatus } from ".";

let context: TestContext;
beforeAll(async () => {
  context = await createTestContext();
});
afterAll(() => context.cleanup());

async function makeContext(labels = ["cat", "dog", "emu"]): Promise<ItemsContext> {
  const made = await makeProject(context.db, { labels });
  const { db, clock, storage } = context;
  const actor: Actor = { kind: "user", id: made.lead.id, name: made.lead.name, role: "member" };
  return { db, clock, storage, actor, project: await loadProject(db, made.id) };
}

async function refusal(work: Promise<unknown>) {
  const error = await work.then(
    () => undefined,
    (e: unknown) => e,
  );
  if (!isAppError(error)) throw new Error(`expected a refusal, got ${String(error)}`);
  return error;
}

describe("getItem", () => {
  test("tells everything about one item, withdrawn answers included", async () => {
    const ctx = await makeContext();
    const ann = await makeUser(ctx.db, { name: "Ann" });
    await ingestItems(ctx, {
      mode: "atomic",
      items: ["same", "same", "other"].map((text, i) => ({ externalId: `i${i}`, content: { text }, meta: { i } })),
    });
    await ctx.db.query(`update item_content set truth = '{"choice":"cat"}' where project_id = $1`, [ctx.project.id]);
    await makeQueueEntries(ctx.db, ctx.project.id, [
      { row: 1, purpose: "audit", round: 2, score: 0.5, inclusion: 0.1 },
    ]);
    const [seq] = await makeAnnotations(ctx.db, ctx.project.id, [
      { row: 1, label: "cat", annotatorId: ann.id, round: 2 },
    ]);
    await makeAnnotations(ctx.db, ctx.project.id, [
      { row: 1, kind: "retract", supersedes: seq, annotatorId: ann.id },
      { row: 1, label: "dog", annotatorId: ann.id, elapsedMs: 900 },
    ]);
    const item = await getItem(ctx, { row: 1 });
    expect(item).toMatchObject({
      row: 1,
      externalId: "i1",
      content: { text: "same" },
      meta: { i: 1 },
      duplicateOf: 0,
      duplicates: [0],
      suggestion: null,
      flags: [],
    });
    expect(JSON.stringify(item)).not.toContain("truth");
    expect(item.annotations.map((a) => [a.seq, a.kind, a.annotatorName, a.retracted, a.supersedes])).toEqual([
      [1, "label", "Ann", true, null],
      [2, "retract", "Ann", false, 1],
      [3, "label", "Ann", false, null],
    ]);
    expect(item.served).toMatchObject([
      { round: 2, purpose: "audit", strategy: "random", score: 0.5, inclusion: 0.1, state: "open", leasedBy: null },
    ]);
    expect((await getItem(ctx, { row: 0 })).duplicates).toEqual([1]);
    const other = await makeContext();
    expect((await refusal(getItem(other, { row: 1 }))).code).toBe("E_NOT_FOUND");
  });
});

describe("setStatus", () => {
  test("excludes items and takes them back as their answers make them", async () => {
    const ctx = await makeContext();
    await ingestItems(ctx, {
      mode: "atomic",
      items: [{ content: { text: "a" }, label: "cat" }, { content: { text: "b" } }, { content: { text: "c" } }],
    });
    await makeQueueEntries(ctx.db, ctx.project.id, [1, 2]);
    const state = async () => {
      const items = await ctx.db.query("select status, consensus from item where project_id = $1 order by row", [
        ctx.project.id,
      ]);
      const counter = await ctx.db.query("select n_labels, n_resolved from label_counter where project_id = $1", [
        ctx.project.id,
      ]);
      const entries = await ctx.db.query("select row, state from queue_entry where project_id = $1 order by row", [
        ctx.project.id,
      ]);
      return { items: items.rows.map((r) => [r.status, r.consensus]), counter: counter.rows[0], entries: entries.rows };
    };
    expect(await setStatus(ctx, { rows: [0, 1, 1, 99], status: "excluded" })).toEqual({ changed: 2, notFound: [99] });
    expect(await state()).toEqual({
      items: [
        ["excluded", null],
        ["excluded", null],
        ["open", null],
      ],
      counter: { n_labels: 1, n_resolved: 0 },
      entries: [
        { row: 1, state: "superseded" },
        { row: 2, state: "open" },
      ],
    });
    expect(await setStatus(ctx, { rows: [0, 1], status: "excluded" })).toEqual({ changed: 0, notFound: [] });
    expect(await setStatus(ctx, { rows: [0, 1, 2], status: "open" })).toEqual({ changed: 2, notFound: [] });
    expect((await state()).items).toEqual([
      ["resolved", { choice: "cat" }],
      ["open", null],
      ["open", null],
    ]);
    expect((await state()).counter).toEqual({ n_labels: 1, n_resolved: 1 });
  });
});
