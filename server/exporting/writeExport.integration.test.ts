import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Actor } from "@/server/auth";
import { getFormat } from "@/server/formats";
import { deleteItems, ingestItems } from "@/server/ingestion";
import { loadProject } from "@/server/projects";
import { makeAnnotations, makeItems, makeProject, makeQueueEntries, makeUser } from "@/test/harness/factories";
import type { TestContext } from "@/test/harness/testContext";
import { createTestContext } from "@/test/harness/testContext";
import type { ExportContext, ExportInput } from ".";
import { EXPORTS_AT_ONCE, writeExport } from ".";

let context: TestContext;
beforeAll(async () => {
  context = await createTestContext();
});
afterAll(() => context.cleanup());

async function makeContext(contentKind: "text" | "record" = "text") {
  const made = await makeProject(context.db, { labels: ["cat", "dog"], contentKind });
  const actor: Actor = { kind: "user", id: made.lead.id, name: made.lead.name, role: "member" };
  const { db, clock, storage } = context;
  return { db, clock, storage, actor, project: await loadProject(db, made.id) };
}

async function textOf(ctx: ExportContext, input: Partial<ExportInput>): Promise<string> {
  const { parts } = await writeExport(ctx, { what: "items", format: "jsonl", isRaw: false, ...input });
  let text = "";
  for await (const part of parts) text += part;
  return text;
}

/** An export read back by our own reader. */
async function recordsOf(ctx: ExportContext, input: Partial<ExportInput>): Promise<Record<string, unknown>[]> {
  const text = await textOf(ctx, input);
  async function* source() {
    yield new TextEncoder().encode(text);
  }
  const records: Record<string, unknown>[] = [];
  const options = { recordBytesMax: 1 << 26, dialect: { hasHeader: true } };
  for await (const record of getFormat(input.format ?? "jsonl").read(source(), options)) {
    expect(record.error).toBeUndefined();
    records.push({ ...record.ok });
  }
  return records;
}

async function makeLabelled(ctx: Awaited<ReturnType<typeof makeContext>>) {
  const ann = await makeUser(ctx.db, { name: "=Ann" });
  await ingestItems(ctx, {
    mode: "atomic",
    items: ["plain", "=HYPERLINK(1)", 'line\nbreak, "quotes" é', "gone"].map((text, i) => ({
      externalId: `item ${i}`,
      content: { text },
      meta: i === 0 ? { source: "web" } : undefined,
    })),
  });
  const [id] = await makeQueueEntries(ctx.db, ctx.project.id, [
    { row: 0, purpose: "audit", round: 3, score: -0.25, inclusion: 0.125, modelVersion: 2 },
  ]);
  await ctx.db.query("update queue_entry set state = 'done' where id = $1", [id]);
  const [first] = await makeAnnotations(ctx.db, ctx.project.id, [{ row: 0, label: "dog", annotatorId: ann.id }]);
  await makeAnnotations(ctx.db, ctx.project.id, [
    { row: 0, kind: "retract", supersedes: first, annotatorId: ann.id, at: new Date("2026-01-02T00:00:00Z") },
    { row: 0, label: "cat", annotatorId: ann.id, purpose: "audit", round: 3, elapsedMs: 1200, isLate: true },
    { row: 1, kind: "skip", annotatorId: ann.id },
    { row: 3, label: "cat", annotatorId: ann.id },
  ]);
  // As submitAnnotation leaves them; the log itself refuses updates.
  await ctx.db.query(
    `begin; set local winnow.allow_rewrite = 'on';
     update annotation set entry_id = ${id}, model_version_seen = 2, suggestion_shown = true where project_id = ${ctx.project.id} and seq = 3;
     update item set status = 'resolved', consensus = '{"choice":"cat"}' where project_id = ${ctx.project.id} and row = 0; commit`,
  );
  await deleteItems(ctx, { rows: [3] });
  return ann;
}

describe("an export of items", () => {
  test("has one record per living item with its label, all annotations and why it was asked about", async () => {
    const ctx = await makeContext();
    const ann = await makeLabelled(ctx);
    const [a, b, c, ...rest] = await recordsOf(ctx, {});
    expect(rest).toEqual([]);
    expect(a).toMatchObject({
      row: 0,
      external_id: "item 0",
      text: "plain",
      status: "resolved",
      label: "cat",
      consensus: { choice: "cat" },
      n_labels: 1,
      purpose: "audit",
      strategy: "random",
      round: 3,
      score: -0.25,
      inclusion_probability: 0.125,
      model_version: 2,
      meta: { source: "web" },
    });
    expect(a.annotations).toMatchObject([
      { seq: 1, kind: "label", label: "dog", annotator_id: ann.id, retracted_at: "2026-01-02T00:00:00.000Z" },
      {
        seq: 3,
        kind: "label",
        label: "cat",
        value: { choice: "cat" },
        retracted_at: null,
        is_late: true,
        elapsed_ms: 1200,
      },
    ]);
    expect(b).toMatchObject({ text: "=HYPERLINK(1)", label: null, strategy: null, annotations: [{ kind: "skip" }] });
    expect(c).toMatchObject({ text: 'line\nbreak, "quotes" é', annotations: [] });
  });

  test("as CSV reads back the same, formulas made harmless unless asked for raw", async () => {
    const ctx = await makeContext();
    await makeLabelled(ctx);
    const safe = await recordsOf(ctx, { format: "csv" });
    const raw = await recordsOf(ctx, { format: "csv", isRaw: true });
    expect(safe.map((r) => r.text)).toEqual(["plain", "'=HYPERLINK(1)", 'line\nbreak, "quotes" é']);
    expect(raw.map((r) => r.text)).toEqual(["plain", "=HYPERLINK(1)", 'line\nbreak, "quotes" é']);
    expect(safe[0]).toMatchObject({
      row: "0",
      score: "-0.25",
      label: "cat",
      is_fallback: "false",
      meta: '{"source":"web"}',
    });
    expect(JSON.parse(String(safe[0].annotations))).toHaveLength(2);
    expect(safe[1].score).toBe("");
  });

  test("of records gives each field a column of its own", async () => {
    const ctx = await makeContext("record");
    await ingestItems(ctx, {
      mode: "atomic",
      items: [
        { content: { fields: { age: 3, status: "mine" } } },
        { content: { fields: { job: "-1+1", ok: false, none: null } }, label: "dog" },
      ],
    });
    const [a, b] = await recordsOf(ctx, { format: "csv" });
    expect(Object.keys(a).filter((name) => name.startsWith("field."))).toEqual([
      "field.age",
      "field.job",
      "field.none",
      "field.ok",
      "field.status",
    ]);
    expect(a).toMatchObject({ "field.age": "3", "field.status": "mine", "field.job": "", status: "open" });
    expect(b).toMatchObject({ "field.job": "'-1+1", "field.ok": "false", "field.none": "", label: "dog" });
    expect((await recordsOf(ctx, {}))[0]).toMatchObject({ fields: { age: 3, status: "mine" } });
  });

  test("of nothing is a header, or empty", async () => {
    const ctx = await makeContext();
    expect((await textOf(ctx, { format: "csv" })).split("\n")).toHaveLength(2);
    expect(await textOf(ctx, {})).toBe("");
  });

  test("shows one moment however long it is read, and gives its connection back when the reader leaves", async () => {
    const ctx = await makeContext();
    await makeItems(ctx.db, ctx.project.id, 5_000);
    const { parts } = await writeExport(ctx, { what: "items", format: "jsonl", isRaw: false });
    const first = await parts.next();
    await makeItems(ctx.db, ctx.project.id, 10);
    await ctx.db.query("delete from item_content where project_id = $1 and row >= 4000", [ctx.project.id]);
    let n = String(first.value).trimEnd().split("\n").length;
    for await (const part of parts) n += part.trimEnd().split("\n").length;
    expect(n).toBe(5_000);
    const idle = async () =>
      (
        await ctx.db.query(
          "select 1 from pg_stat_activity where datname = current_database() and state like 'idle in tr%'",
        )
      ).rowCount;
    const second = await writeExport(ctx, { what: "items", format: "jsonl", isRaw: false });
    await second.parts.next();
    expect(await idle()).toBe(1);
    await second.parts.return();
    await expect.poll(idle).toBe(0);
  });

  test("of large items holds few of them at a time", async () => {
    const ctx = await makeContext();
    let x = 1;
    const noise = () => {
      // Text that does not compress, so that its stored size is its size.
      let text = "";
      while (text.length < 400_000) {
        x = (Math.imul(x, 1_103_515_245) + 12_345) >>> 0;
        text += x.toString(36);
      }
      return text;
    };
    await makeItems(
      ctx.db,
      ctx.project.id,
      Array.from({ length: 40 }, () => ({ content: { text: noise() } })),
    );
    const { parts } = await writeExport(ctx, { what: "items", format: "jsonl", isRaw: false });
    let n = 0;
    for await (const part of parts) {
      expect(part.length).toBeLessThan(6_000_000);
      n += part.trimEnd().split("\n").length;
    }
    expect(n).toBe(40);
  });

  test("is refused while too many others run, and noted in the audit log", async () => {
    const ctx = await makeContext();
    await makeItems(ctx.db, ctx.project.id, 3);
    const input: ExportInput = { what: "items", format: "csv", isRaw: false };
    const running = await Promise.all(Array.from({ length: EXPORTS_AT_ONCE }, () => writeExport(ctx, input)));
    for (const { parts } of running) await parts.next();
    await expect(writeExport(ctx, input)).rejects.toMatchObject({ code: "E_RATE_LIMITED" });
    for (const { parts } of running) await parts.return();
    await expect(writeExport(ctx, input)).resolves.toMatchObject({
      fileName: `${ctx.project.slug}-items-2026-01-01.csv`,
    });
    const log = await ctx.db.query("select action, target from audit_log where project_id = $1", [ctx.project.id]);
    expect(log.rows[0]).toEqual({ action: "export.start", target: "items" });
  });
});

describe("an export of annotations", () => {
  test("has one record per label and skip, with arm and probability, withdrawn and deleted ones marked", async () => {
    const ctx = await makeContext();
    const ann = await makeLabelled(ctx);
    const records = await recordsOf(ctx, { what: "annotations" });
    expect(
      records.map((r) => [r.revision, r.item_id, r.external_id, r.status, r.label, r.is_retracted, r.item_deleted]),
    ).toEqual([
      [1, 0, "item 0", "submitted", "dog", true, false],
      [3, 0, "item 0", "submitted", "cat", false, false],
      [4, 1, "item 1", "skipped", null, false, false],
      [5, 3, "item 3", "submitted", "cat", false, true],
    ]);
    expect(records[1]).toMatchObject({
      annotator_id: ann.id,
      annotator_name: "=Ann",
      question: "label",
      value_json: '{"choice":"cat"}',
      lead_time_ms: 1200,
      arm: "random",
      selection_probability: 0.125,
      purpose: "audit",
      round: 3,
      score: -0.25,
      model_version_seen: 2,
      suggestion_shown: true,
      is_late: true,
      is_gold: false,
    });
    const csv = await recordsOf(ctx, { what: "annotations", format: "csv" });
    expect(csv.map((r) => r.annotator_name)).toEqual(Array(4).fill("'=Ann"));
  });

  test("reaches its own project only", async () => {
    const [mine, theirs] = [await makeContext(), await makeContext()];
    await makeLabelled(theirs);
    expect(await recordsOf(mine, { what: "annotations" })).toEqual([]);
    expect(await recordsOf(mine, {})).toEqual([]);
  });
});
