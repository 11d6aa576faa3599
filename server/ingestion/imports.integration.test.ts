import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ImportMapping } from "@/contracts/ingestion";
import { LIMITS } from "@/contracts/limits";
import type { Actor } from "@/server/auth";
import { isAppError } from "@/server/errors";
import { loadProject } from "@/server/projects";
import type { ProjectOptions } from "@/test/harness/factories";
import { makeProject } from "@/test/harness/factories";
import type { TestContext } from "@/test/harness/testContext";
import { createTestContext } from "@/test/harness/testContext";
import type { IngestContext } from ".";
import { cancelImport, getImport, listImportErrors, receiveUpload, startImport, writeImportErrors } from ".";
import { runImport } from "./runImport";

let context: TestContext;
beforeAll(async () => {
  context = await createTestContext();
});
afterAll(() => context.cleanup());

const BATCH = LIMITS.importBatchRows;

async function makeContext(options: ProjectOptions = {}): Promise<IngestContext> {
  const made = await makeProject(context.db, options);
  const { db, clock, storage } = context;
  const actor: Actor = { kind: "user", id: made.lead.id, name: made.lead.name, role: "member" };
  return { db, clock, storage, actor, project: await loadProject(db, made.id) };
}

async function* inPieces(bytes: Uint8Array): AsyncGenerator<Uint8Array, void, undefined> {
  for (let at = 0; at < bytes.length; at += 10_000) yield bytes.subarray(at, at + 10_000);
}

async function upload(ctx: IngestContext, fileName: string, content: string | Uint8Array): Promise<string> {
  const bytes = typeof content === "string" ? Buffer.from(content) : content;
  return (await receiveUpload(ctx, { fileName, body: inPieces(bytes) })).uploadId;
}

async function start(ctx: IngestContext, fileName: string, content: string | Uint8Array, mapping?: ImportMapping) {
  return startImport(ctx, { uploadId: await upload(ctx, fileName, content), mapping });
}

/** Carries the run out as the worker would; `stopAfter` interrupts it after so many batches. */
async function carryOut(ctx: IngestContext, number: number, stopAfter = Number.POSITIVE_INFINITY, isCancel = false) {
  const controller = new AbortController();
  const { jobRunId } = await getImport(ctx, { number });
  let nBatches = 0;
  return runImport(
    {
      db: ctx.db,
      clock: ctx.clock,
      storage: ctx.storage,
      signal: controller.signal,
      jobRunId: jobRunId ?? "",
      progress: async () => {
        if (++nBatches !== stopAfter) return;
        if (isCancel) await cancelImport(ctx, { number });
        controller.abort(new Error("interrupted"));
      },
    },
    ctx.project.id,
    number,
  );
}

/** Imports a file from its first byte to its end. */
async function importFile(ctx: IngestContext, fileName: string, content: string | Uint8Array, mapping?: ImportMapping) {
  const { number, jobRunId } = await start(ctx, fileName, content, mapping);
  if (jobRunId) {
    // The job is carried out here and not by a worker.
    await ctx.db.query("update job_run set state = 'running' where id = $1", [jobRunId]);
  }
  await carryOut(ctx, number);
  if (jobRunId) await ctx.db.query("update job_run set state = 'succeeded' where id = $1", [jobRunId]);
  return getImport(ctx, { number });
}

async function itemsOf(ctx: IngestContext) {
  const { rows } = await ctx.db.query<{
    row: number;
    external_id: string;
    content: { text: string };
    meta: unknown;
    duplicate_of: number | null;
    consensus: unknown;
    import_run: number | null;
  }>(
    `select i.row, i.external_id, c.content, c.meta, i.duplicate_of, i.consensus, i.import_run
       from item i join item_content c using (project_id, row) where i.project_id = $1 order by i.row`,
    [ctx.project.id],
  );
  return rows;
}

async function refusal(work: Promise<unknown>) {
  const error = await work.then(
    () => undefined,
    (e: unknown) => e,
  );
  if (!isAppError(error)) throw new Error(`expected a refusal, got ${String(error)}`);
  return error;
}

const jsonl = (n: number, from = 0) =>
  Array.from({ length: n }, (_, i) => JSON.stringify({ id: `r${from + i}`, text: `text of record ${from + i}` })).join(
    "\n",
  );

describe("an import", () => {
  test.each([
    ["x.jsonl", '{"id":1,"text":"a","n":1}\n{"id":"2","text":"b"}\n'],
    ["x.json", '[{"id":1,"text":"a","n":1},\n{"id":"2","text":"b"}]'],
    ["x.csv", "id,text,n\n1,a,1\n2,b,\n"],
    ["x.tsv", "id\ttext\tn\n1\ta\t1\n2\tb\t\n"],
  ])("reads %s into items in the order of the file", async (name, content) => {
    const ctx = await makeContext();
    const view = await importFile(ctx, name, content);
    expect(view).toMatchObject({ state: "done", nRead: 2, nInserted: 2, nErrors: 0, progress: 1 });
    const items = await itemsOf(ctx);
    expect(items.map((i) => [i.row, i.external_id, i.content.text, i.import_run])).toEqual([
      [0, "1", "a", 1],
      [1, "2", "b", 1],
    ]);
  });

  test("asks for indexing and features when it ends", async () => {
    const ctx = await makeContext();
    await importFile(ctx, "x.jsonl", jsonl(3));
    const { rows } = await ctx.db.query("select kind from job_run where project_id = $1 order by kind", [
      ctx.project.id,
    ]);
    expect(rows.map((r) => r.kind)).toEqual(["features.build", "ingestion.run", "items.index"]);
  });

  test("keeps bad records as errors with line, code, field, reason and excerpt, for download too", async () => {
    const ctx = await makeContext();
    const lines = [
      '{"text":"good"}',
      "not json =1",
      '{"text":""}',
      '{"text":"good too","label":"yes"}',
      '{"text":"x","label":"=cmd()"}',
      ...Array.from({ length: 4 }, (_, i) => `{"text":"more ${i}"}`),
    ];
    const mapping: ImportMapping = { text: "text", label: "label", unknownLabel: "refuseRow" };
    const view = await importFile(ctx, "x.jsonl", lines.join("\n"), mapping);
    expect(view).toMatchObject({ state: "doneWithErrors", nRead: 9, nInserted: 6, nErrors: 3, nLabels: 1 });
    expect(view.message).toBe("6 items added, 1 labels taken, 3 records refused.");
    const { rows } = await listImportErrors(ctx, { number: view.number });
    expect(rows.map((e) => [e.line, e.code, e.field])).toEqual([
      [2, "malformed", undefined],
      [3, "emptyText", "text"],
      [5, "unknownLabel", "label"],
    ]);
    const page = await listImportErrors(ctx, { number: view.number, limit: 2 });
    expect((await listImportErrors(ctx, { number: view.number, cursor: page.nextCursor ?? "" })).rows).toEqual([
      rows[2],
    ]);
    let csv = "";
    for await (const part of await writeImportErrors(ctx, { number: view.number, format: "csv" })) csv += part;
    expect(csv.split("\n")).toHaveLength(5);
    expect(csv).toContain("text,label,winnow_line,winnow_code,winnow_field,winnow_message,winnow_excerpt");
    const other = await makeContext();
    expect((await refusal(writeImportErrors(other, { number: view.number, format: "csv" }))).code).toBe("E_NOT_FOUND");
  });

  test("cuts a refused record that is too long to be kept, and says so", async () => {
    const ctx = await makeContext();
    const long = "x".repeat(300_000);
    const lines = ["id,text,label", ...[1, 2, 3].map((n) => `${n},Fine ${n},`), `4,${long},=nonsense`];
    const mapping: ImportMapping = { externalId: "id", text: "text", label: "label", unknownLabel: "refuseRow" };
    const view = await importFile(ctx, "long.csv", lines.join("\n"), mapping);
    let csv = "";
    for await (const part of await writeImportErrors(ctx, { number: view.number, format: "csv" })) csv += part;
    expect(csv.length).toBeLessThan(20_000);
    expect(csv).toMatch(/^4,x{1000,}…,=nonsense,5,unknownLabel,label,.*too long to be kept whole/m);
  });

  test("is refused whole when most of the first records are bad, and says why", async () => {
    const ctx = await makeContext();
    const rows = Array.from({ length: 40 }, (_, i) => `${i},${i % 3 === 0 ? "fine" : ""}`);
    const view = await importFile(ctx, "x.csv", `id,text\n${rows.join("\n")}\n`);
    expect(view).toMatchObject({ state: "refused", nInserted: 0, nRead: 40, nErrors: 26 });
    expect(view.message).toContain("26 of the first 40 records are bad");
    expect(await itemsOf(ctx)).toEqual([]);
    expect((await listImportErrors(ctx, { number: view.number })).rows).toHaveLength(26);
  });

  test("of the same file again changes nothing, with and without ids", async () => {
    const ctx = await makeContext();
    const withIds = jsonl(5);
    const without = '{"text":"a"}\n{"text":"b"}\n{"text":"a"}\n';
    await importFile(ctx, "x.jsonl", withIds);
    await importFile(ctx, "y.jsonl", without);
    const before = await itemsOf(ctx);
    expect(before).toHaveLength(8);
    expect(before.map((i) => i.duplicate_of)).toEqual([null, null, null, null, null, null, null, 5]);
    expect(await importFile(ctx, "x2.jsonl", withIds)).toMatchObject({ nInserted: 0, nExisting: 5, state: "done" });
    expect(await importFile(ctx, "y2.jsonl", without)).toMatchObject({ nInserted: 0, nExisting: 3 });
    // A file that has grown brings its new records only.
    expect(await importFile(ctx, "y3.jsonl", `${without}{"text":"a"}\n{"text":"c"}`)).toMatchObject({ nInserted: 2 });
    expect((await itemsOf(ctx)).slice(0, 8)).toEqual(before);
  });

  test("refuses records whose id stands for other content: the wrong column was mapped", async () => {
    const ctx = await makeContext();
    const rows = Array.from({ length: 30 }, (_, i) => `${i % 5},text ${i}`).join("\n");
    const mapping: ImportMapping = { externalId: "group", text: "text", unknownLabel: "refuseRow" };
    const view = await importFile(ctx, "x.csv", `group,text\n${rows}\n`, mapping);
    expect(view.state).toBe("refused");
    expect(view.message).toContain("Ids must be unique");
  });

  test("treats unknown labels as the mapping says", async () => {
    const content = ["yes", "maybe", "Perhaps", "yes", "no", "maybe"]
      .map((label, i) => JSON.stringify({ text: `t${i}`, label }))
      .join("\n");
    const run = async (unknownLabel: ImportMapping["unknownLabel"]) => {
      const ctx = await makeContext({ labels: ["yes", "no"] });
      const view = await importFile(ctx, "x.jsonl", content, { text: "text", label: "label", unknownLabel });
      const labels = (await loadProject(ctx.db, ctx.project.id)).taskConfig as { labels: { id: string }[] };
      return { view, labels: labels.labels.map((l) => l.id), items: await itemsOf(ctx) };
    };
    const refused = await run("refuseRow");
    expect(refused.view).toMatchObject({ nInserted: 3, nErrors: 3, nLabels: 3 });
    const dropped = await run("dropLabel");
    expect(dropped.view).toMatchObject({ nInserted: 6, nErrors: 0, nLabels: 3 });
    const added = await run("addLabel");
    expect(added.view).toMatchObject({ nInserted: 6, nErrors: 0, nLabels: 6 });
    expect(added.labels).toEqual(["yes", "no", "maybe", "Perhaps"]);
    expect(added.items.map((i) => i.consensus)).toEqual(
      ["yes", "maybe", "Perhaps", "yes", "no", "maybe"].map((choice) => ({ choice })),
    );
  });

  test("maps record columns to fields, numbers and metadata", async () => {
    const ctx = await makeContext({ contentKind: "record" });
    const content = "id,age,job,note\n1, 41 ,baker,x\n2,,smith,y\n3,old,cook,z\n";
    const mapping: ImportMapping = {
      externalId: "id",
      fields: ["age", "job"],
      numeric: ["age"],
      meta: ["note"],
      unknownLabel: "refuseRow",
    };
    const view = await importFile(ctx, "x.csv", content, mapping);
    expect(view).toMatchObject({ nInserted: 2, nErrors: 1 });
    expect((await itemsOf(ctx)).map((i) => [i.content, i.meta])).toEqual([
      [{ fields: { age: 41, job: "baker" } }, { note: "x" }],
      [{ fields: { age: null, job: "smith" } }, { note: "y" }],
    ]);
    expect((await listImportErrors(ctx, { number: view.number })).rows).toEqual([
      expect.objectContaining({ line: 4, code: "badNumber", field: "age" }),
    ]);
  });

  test("of a decompression bomb, of damaged gzip and of a list that is cut off changes nothing or says what is lost", async () => {
    const ctx = await makeContext();
    const line = `${JSON.stringify({ text: "a" })}\n`;
    const bomb = gzipSync(`${line.repeat(50)}{"text":"${"x".repeat(2_000_000)}"}\n${"\n".repeat(70 * 1024 * 1024)}`, {
      level: 9,
    });
    const bombed = await importFile(ctx, "x.jsonl.gz", bomb);
    expect(bombed.state).toBe("refused");
    expect(bombed.message).toContain("decompression bomb");
    const whole = gzipSync(jsonl(20_000));
    const cut = await importFile(ctx, "y.jsonl.gz", whole.subarray(0, whole.length - 5_000));
    expect(cut.state).toBe("refused");
    expect(cut.message).toContain("ends too early");
    expect(await itemsOf(ctx)).toEqual([]);
    const list = await importFile(ctx, "z.json", '[{"text":"a"},{"text":"b"},{"te');
    expect(list).toMatchObject({ state: "doneWithErrors", nInserted: 2, nErrors: 1 });
  });

  test("that is interrupted anywhere goes on behind the last batch, without gaps or repeats", async () => {
    const ctx = await makeContext();
    const n = BATCH * 3 + 100;
    const { number } = await start(ctx, "x.jsonl", jsonl(n));
    await expect(carryOut(ctx, number, 1)).rejects.toThrow("interrupted");
    expect((await getImport(ctx, { number })).state).toBe("running");
    await expect(carryOut(ctx, number, 1)).rejects.toThrow("interrupted");
    const outcome = await carryOut(ctx, number);
    expect(outcome).toMatchObject({ state: "done", nRead: n, nInserted: n });
    const items = await itemsOf(ctx);
    expect(items.map((i) => i.external_id)).toEqual(Array.from({ length: n }, (_, i) => `r${i}`));
    expect(items.map((i) => i.row)).toEqual(Array.from({ length: n }, (_, i) => i));
    // Called again, it does nothing.
    expect(await carryOut(ctx, number)).toMatchObject({ state: "done", nInserted: n });
    expect(await itemsOf(ctx)).toHaveLength(n);
  });

  test("without ids gives the same items whether it was interrupted or not", async () => {
    const n = BATCH * 2 + 50;
    const content = Array.from({ length: n }, (_, i) => JSON.stringify({ text: `copy ${i % 700}` })).join("\n");
    const [whole, parts] = [await makeContext(), await makeContext()];
    await importFile(whole, "x.jsonl", content);
    const { number } = await start(parts, "x.jsonl", content);
    await expect(carryOut(parts, number, 1)).rejects.toThrow();
    await carryOut(parts, number);
    expect(await itemsOf(parts)).toEqual(await itemsOf(whole));
    expect(new Set((await itemsOf(whole)).map((i) => i.external_id)).size).toBe(n);
  });

  test("carried out by two workers at once takes every record once", async () => {
    const ctx = await makeContext();
    const n = BATCH * 2 + 10;
    const { number } = await start(ctx, "x.jsonl", jsonl(n));
    const ends = await Promise.allSettled([carryOut(ctx, number), carryOut(ctx, number), carryOut(ctx, number)]);
    expect(ends.filter((end) => end.status === "fulfilled").length).toBeGreaterThanOrEqual(1);
    for (const end of ends) if (end.status === "rejected") expect(end.reason).toMatchObject({ code: "E_UNAVAILABLE" });
    const view = await getImport(ctx, { number });
    expect(view).toMatchObject({ state: "done", nRead: n, nInserted: n });
    expect((await itemsOf(ctx)).map((i) => i.external_id)).toEqual(Array.from({ length: n }, (_, i) => `r${i}`));
  });

  test("can be cancelled before it begins and while it runs; what was taken stays", async () => {
    const ctx = await makeContext();
    const queued = await start(ctx, "x.jsonl", jsonl(3));
    expect(await cancelImport(ctx, { number: queued.number })).toMatchObject({ state: "cancelled" });
    expect(await carryOut(ctx, queued.number)).toMatchObject({ state: "cancelled" });
    expect(await itemsOf(ctx)).toEqual([]);
    const running = await start(ctx, "y.jsonl", jsonl(BATCH * 3));
    await ctx.db.query("update job_run set state = 'running' where id = $1", [running.jobRunId]);
    await expect(carryOut(ctx, running.number, 1, true)).rejects.toThrow("interrupted");
    const view = await getImport(ctx, { number: running.number });
    expect(view.state).toBe("cancelled");
    expect(view.nInserted).toBeGreaterThanOrEqual(BATCH);
    expect(view.message).toContain("Cancelled after");
    expect(await itemsOf(ctx)).toHaveLength(view.nInserted);
    expect((await cancelImport(ctx, { number: running.number })).state).toBe("cancelled");
    expect((await refusal(cancelImport(ctx, { number: 99 }))).code).toBe("E_NOT_FOUND");
  });

  test("whose job was given up is shown as failed with the job's reason", async () => {
    const ctx = await makeContext();
    const { number, jobRunId } = await start(ctx, "x.jsonl", jsonl(1));
    await ctx.db.query("update job_run set state = 'failed', error = $2, finished_at = now() where id = $1", [
      jobRunId,
      JSON.stringify({ code: "E_JOB_FAILED", message: "The worker died.", details: {} }),
    ]);
    expect(await getImport(ctx, { number })).toMatchObject({ state: "failed", message: "The worker died." });
  });

  test("keeps a bounded number of errors and counts the rest", async () => {
    const ctx = await makeContext();
    const good = jsonl(BATCH);
    const bad = '{"text":""}\n'.repeat(LIMITS.importErrorsKept + 500);
    const view = await importFile(ctx, "x.jsonl", `${good}\n${bad}`);
    expect(view).toMatchObject({ nInserted: BATCH, nErrors: LIMITS.importErrorsKept + 500, state: "doneWithErrors" });
    const { rows } = await ctx.db.query("select count(*)::int as n from import_error where project_id = $1", [
      ctx.project.id,
    ]);
    expect(rows).toEqual([{ n: LIMITS.importErrorsKept }]);
  });
});
