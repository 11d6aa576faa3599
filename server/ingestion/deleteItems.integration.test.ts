import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Actor } from "@/server/auth";
import { loadProject } from "@/server/projects";
import { makeAnnotations, makeProject, makeQueueEntries } from "@/test/harness/factories";
import type { TestContext } from "@/test/harness/testContext";
import { createTestContext } from "@/test/harness/testContext";
import type { IngestContext } from ".";
import { deleteItems, ingestItems } from ".";

let context: TestContext;
let ctx: IngestContext;
beforeAll(async () => {
  context = await createTestContext();
});
afterAll(() => context.cleanup());

async function makeContext(): Promise<IngestContext> {
  const made = await makeProject(context.db);
  const actor: Actor = { kind: "user", id: made.lead.id, name: made.lead.name, role: "member" };
  const { db, clock, storage } = context;
  return { db, clock, storage, actor, project: await loadProject(db, made.id) };
}

const read = async (sql: string) => (await context.db.query(sql, [ctx.project.id])).rows;
const ingest = (...items: [id: string, text: string][]) =>
  ingestItems(ctx, { mode: "atomic", items: items.map(([externalId, text]) => ({ externalId, content: { text } })) });

describe("deleteItems", () => {
  test("removes bodies and places in the queue, keeps rows and annotations, and counts what is left", async () => {
    ctx = await makeContext();
    await ingest(["a", "one"], ["b", "two"], ["c", "three"]);
    const entries = await makeQueueEntries(ctx.db, ctx.project.id, [0, 1, 2]);
    await ctx.db.query(
      `update queue_entry set state = 'leased', lease_token = gen_random_uuid(), lease_user_id = $2, lease_expires_at = now()
        where project_id = $1 and id = $3`,
      [ctx.project.id, ctx.actor.id, entries[1]],
    );
    await makeAnnotations(ctx.db, ctx.project.id, [
      { row: 1, label: "yes", purpose: "audit" },
      { row: 1, kind: "skip" },
      { row: 2, label: "no" },
    ]);
    await ctx.db.query(
      "insert into flag (project_id, id, row, user_id, comment, created_at) values ($1, gen_random_uuid(), 1, 'u', 'odd', now())",
      [ctx.project.id],
    );
    await ctx.db.query("update label_counter set n_open_flags = 1 where project_id = $1", [ctx.project.id]);
    const result = await deleteItems(ctx, { rows: [1, 77], externalIds: ["nope"] });
    expect(result).toEqual({ deleted: 1, notFound: [77, "nope"] });
    expect(await read("select row from item_content where project_id = $1 order by row")).toEqual([
      { row: 0 },
      { row: 2 },
    ]);
    expect(await read("select row, state from queue_entry where project_id = $1 order by row")).toEqual([
      { row: 0, state: "open" },
      { row: 1, state: "superseded" },
      { row: 2, state: "open" },
    ]);
    expect(await read("select next_row, n_items from row_counter where project_id = $1")).toEqual([
      { next_row: 3, n_items: 2 },
    ]);
    expect(
      await read(
        "select n_labels, n_skips, n_audit_labels, n_open_flags, label_seq from label_counter where project_id = $1",
      ),
    ).toEqual([{ n_labels: 1, n_skips: 0, n_audit_labels: 0, n_open_flags: 0, label_seq: 3 }]);
    expect(await read("select seq from annotation where project_id = $1")).toHaveLength(3);
    // Again, nothing changes.
    expect(await deleteItems(ctx, { rows: [1] })).toEqual({ deleted: 0, notFound: [1] });
  });

  test("frees the id for corrected data, under a new row", async () => {
    ctx = await makeContext();
    await ingest(["a", "wrong"], ["b", "fine"]);
    expect(await deleteItems(ctx, { externalIds: ["a"] })).toEqual({ deleted: 1, notFound: [] });
    expect(await ingest(["a", "right"])).toMatchObject({ inserted: 1, rows: [2] });
    expect(await deleteItems(ctx, { externalIds: ["a"] })).toEqual({ deleted: 1, notFound: [] });
    expect(await ingest(["a", "right again"])).toMatchObject({ inserted: 1, rows: [3] });
  });

  test("links copies of a deleted item to the next one of equal content", async () => {
    ctx = await makeContext();
    await ingest(["a", "same"], ["b", "same"], ["c", "same"], ["d", "same"]);
    const links = () =>
      read("select row, duplicate_of from item where project_id = $1 and deleted_at is null order by row");
    const counts = () => read("select n_items, n_duplicates from row_counter where project_id = $1");
    expect(await counts()).toEqual([{ n_items: 4, n_duplicates: 3 }]);
    await deleteItems(ctx, { rows: [0] });
    expect(await links()).toEqual([
      { row: 1, duplicate_of: null },
      { row: 2, duplicate_of: 1 },
      { row: 3, duplicate_of: 1 },
    ]);
    expect(await counts()).toEqual([{ n_items: 3, n_duplicates: 2 }]);
    await deleteItems(ctx, { rows: [1, 2] });
    expect(await links()).toEqual([{ row: 3, duplicate_of: null }]);
    expect(await counts()).toEqual([{ n_items: 1, n_duplicates: 0 }]);
    expect(await ingest(["e", "same"])).toMatchObject({ duplicates: 1 });
    expect((await links()).pop()).toEqual({ row: 4, duplicate_of: 3 });
  });

  test("reaches items of its own project only", async () => {
    ctx = await makeContext();
    await ingest(["a", "mine"]);
    const mine = ctx;
    ctx = await makeContext();
    expect(await deleteItems(ctx, { rows: [0], externalIds: ["a"] })).toEqual({ deleted: 0, notFound: [0, "a"] });
    ctx = mine;
    expect(await read("select row from item_content where project_id = $1")).toHaveLength(1);
    await expect(deleteItems(ctx, {})).rejects.toMatchObject({ code: "E_BAD_INPUT" });
  });
});
