import { afterAll, beforeAll, expect, test } from "vitest";
import type { Actor } from "@/server/auth";
import { loadProject } from "@/server/projects";
import { makeProject } from "@/test/harness/factories";
import type { TestContext } from "@/test/harness/testContext";
import { createTestContext } from "@/test/harness/testContext";
import type { IngestContext } from ".";
import { ingestItems } from ".";

let context: TestContext;
beforeAll(async () => {
  context = await createTestContext();
});
afterAll(() => context.cleanup());

const BATCH = 2000;

async function makeContext(): Promise<IngestContext> {
  const made = await makeProject(context.db, {});
  const { db, clock, storage } = context;
  const actor: Actor = { kind: "user", id: made.lead.id, name: made.lead.name, role: "member" };
  return { db, clock, storage, actor, project: await loadProject(db, made.id) };
}

async function ingestBatch(ctx: IngestContext, batch: number): Promise<void> {
  const items = Array.from({ length: BATCH }, (_, i) => ({
    externalId: `x${batch * BATCH + i}`,
    content: { text: `text ${batch * BATCH + i} of project ${ctx.project.id}` },
  }));
  await ingestItems(ctx, { mode: "atomic", items });
}

/** Rows and index entries of the item tables that this connection's statements have read so far. */
async function entriesRead(): Promise<number> {
  await context.db.query("select pg_stat_force_next_flush()");
  const { rows } = await context.db.query<{ n: string }>(
    `select coalesce(sum(i.idx_tup_read), 0) + (select coalesce(sum(seq_tup_read), 0) from pg_stat_user_tables
                                                  where relname in ('item', 'item_content')) as n
       from pg_stat_user_indexes i where i.relname in ('item', 'item_content')`,
  );
  return Number(rows[0].n);
}

test("a project newer than the statistics of its tables is ingested with as few reads as an old one", async () => {
  const first = await makeContext();
  for (let batch = 0; batch < 3; batch++) await ingestBatch(first, batch);
  await context.db.query("analyze");
  const second = await makeContext();
  for (let batch = 0; batch < 2; batch++) await ingestBatch(second, batch);
  const before = await entriesRead();
  await ingestBatch(second, 2);
  const read = (await entriesRead()) - before;
  // A lookup that walks the project for each item reads millions.
  expect(read).toBeLessThan(40 * BATCH);
});

test("no table keeps statistics on project_id", async () => {
  const { rows } = await context.db.query(
    `select c.relname from pg_attribute a join pg_class c on c.oid = a.attrelid
       join pg_namespace n on n.oid = c.relnamespace
      where n.nspname = current_schema() and c.relkind in ('r', 'p') and a.attname = 'project_id'
        and not a.attisdropped and a.attstattarget is distinct from 0`,
  );
  expect(rows).toEqual([]);
});
