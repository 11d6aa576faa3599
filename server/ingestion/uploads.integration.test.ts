import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ImportMapping } from "@/contracts/ingestion";
import type { Actor } from "@/server/auth";
import { isAppError } from "@/server/errors";
import { loadProject } from "@/server/projects";
import type { ProjectOptions } from "@/test/harness/factories";
import { makeProject } from "@/test/harness/factories";
import type { TestContext } from "@/test/harness/testContext";
import { createTestContext } from "@/test/harness/testContext";
import type { IngestContext } from ".";
import { listImports, previewImport, receiveUpload, startImport } from ".";

let context: TestContext;
beforeAll(async () => {
  context = await createTestContext();
});
afterAll(() => context.cleanup());

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

describe("an upload", () => {
  test("is stored once by its content, noted for its project, and never named by a path", async () => {
    const ctx = await makeContext();
    const a = await receiveUpload(ctx, {
      fileName: "../../etc/pass\u0000wd.csv",
      body: inPieces(Buffer.from("a,b\n")),
    });
    const b = await receiveUpload(ctx, { fileName: "C:\\x\\y.csv", body: inPieces(Buffer.from("a,b\n")) });
    expect([a.fileName, b.fileName]).toEqual(["passwd.csv", "y.csv"]);
    const { rows } = await ctx.db.query("select blob_key from upload where project_id = $1", [ctx.project.id]);
    expect(rows[0].blob_key).toBe(rows[1].blob_key);
  });

  test("that breaks off, is empty or too large leaves nothing behind", async () => {
    const ctx = await makeContext();
    const blobs = async () => {
      const keys: string[] = [];
      for await (const blob of ctx.storage.list("")) keys.push(blob.key);
      return keys;
    };
    const before = await blobs();
    async function* broken() {
      yield Buffer.from("half of a fi");
      throw new Error("connection lost");
    }
    await expect(receiveUpload(ctx, { fileName: "x.csv", body: broken() })).rejects.toThrow("connection lost");
    expect((await refusal(upload(ctx, "x.csv", ""))).code).toBe("E_BAD_INPUT");
    const controller = new AbortController();
    async function* aborted() {
      yield Buffer.from("some");
      controller.abort();
      yield Buffer.from("more");
    }
    await expect(receiveUpload(ctx, { fileName: "x", body: aborted(), signal: controller.signal })).rejects.toThrow();
    expect(await blobs()).toEqual(before);
    expect((await ctx.db.query("select 1 from upload where project_id = $1", [ctx.project.id])).rowCount).toBe(0);
  });

  test("of another project is not found", async () => {
    const [mine, theirs] = [await makeContext(), await makeContext()];
    const uploadId = await upload(theirs, "x.jsonl", jsonl(2));
    expect((await refusal(previewImport(mine, { uploadId }))).code).toBe("E_NOT_FOUND");
    expect((await refusal(startImport(mine, { uploadId }))).code).toBe("E_NOT_FOUND");
  });
});

describe("the preview", () => {
  test("says format, columns with kinds and examples, the first rows, and a mapping", async () => {
    const ctx = await makeContext();
    const csv = "\ufeffid;Text;Label;votes;ok;empty\r\n1;Good, really;yes;3;true;\r\n2;Bad;no;4.5;false;\r\n";
    const preview = await previewImport(ctx, { uploadId: await upload(ctx, "data.txt", gzipSync(csv)) });
    expect(preview).toMatchObject({
      format: "csv",
      gzip: true,
      dialect: { delimiter: ";", hasHeader: true },
      errors: [],
    });
    expect(preview.columns).toEqual([
      { name: "id", example: "1", kind: "number" },
      { name: "Text", example: "Good, really", kind: "text" },
      { name: "Label", example: "yes", kind: "text" },
      { name: "votes", example: "3", kind: "number" },
      { name: "ok", example: "true", kind: "boolean" },
      { name: "empty", example: "", kind: "empty" },
    ]);
    expect(preview.rows[0]).toEqual({ id: "1", Text: "Good, really", Label: "yes", votes: "3", ok: "true", empty: "" });
    expect(preview.suggested).toEqual({
      externalId: "id",
      text: "Text",
      label: "Label",
      meta: ["votes", "ok"],
      numeric: ["votes"],
      unknownLabel: "refuseRow",
    });
  });

  test("suggests fields, numbers and metadata for records", async () => {
    const ctx = await makeContext({ contentKind: "record" });
    const lines = [
      { key: "a", age: 3, job: "baker", target: "yes", tags: ["x"] },
      { key: "b", age: 4, job: "smith", target: "no", tags: [] },
    ];
    const content = lines.map((line) => JSON.stringify(line)).join("\n");
    const { suggested } = await previewImport(ctx, { uploadId: await upload(ctx, "x.jsonl", content) });
    expect(suggested).toEqual({
      externalId: "key",
      label: "target",
      fields: ["age", "job"],
      numeric: ["age"],
      meta: ["tags"],
      unknownLabel: "refuseRow",
    });
  });

  test("can be told another format, delimiter or header", async () => {
    const ctx = await makeContext();
    const uploadId = await upload(ctx, "x.csv", "ham,one;two\nspam,three;four\nham,five;six\n");
    const found = await previewImport(ctx, { uploadId });
    expect(found).toMatchObject({ dialect: { delimiter: ",", hasHeader: false } });
    expect(found.columns.map((c) => c.name)).toEqual(["column_1", "column_2"]);
    const told = await previewImport(ctx, { uploadId, delimiter: ";", hasHeader: true });
    expect(told.columns.map((c) => c.name)).toEqual(["ham,one", "two"]);
    expect((await refusal(previewImport(ctx, { uploadId, format: "json" }))).message).toContain("JSON list");
  });

  test("refuses what is no UTF-8 text as what it is", async () => {
    const ctx = await makeContext();
    const utf16 = Buffer.from("\ufeffid,text\n1,a\n", "utf16le");
    const error = await refusal(previewImport(ctx, { uploadId: await upload(ctx, "x.csv", utf16) }));
    expect([error.code, error.message]).toEqual(["E_UNSUPPORTED_FORMAT", expect.stringContaining("UTF-16")]);
    const latin1 = Buffer.from("id,text\n1,caf\xe9\n2,fine\n", "latin1");
    const preview = await previewImport(ctx, { uploadId: await upload(ctx, "x.csv", latin1) });
    expect(preview.errors).toEqual([expect.objectContaining({ line: 2, code: "badEncoding" })]);
    const twice = gzipSync(gzipSync("id,text\n1,a\n"));
    expect((await refusal(previewImport(ctx, { uploadId: await upload(ctx, "x.gz", twice) }))).message).toContain(
      "gzip inside gzip",
    );
  });
});

describe("starting an import", () => {
  test("refuses a mapping that cannot give items, naming the file's columns", async () => {
    const ctx = await makeContext();
    const uploadId = await upload(ctx, "x.csv", "id,text\n1,a\n");
    const wrong = await refusal(startImport(ctx, { uploadId, mapping: { text: "body", unknownLabel: "refuseRow" } }));
    expect(wrong.message).toBe('The file has no column "body". The file\'s columns: "id", "text".');
    expect(wrong.details.field).toBe("mapping.text");
    const none = await refusal(startImport(ctx, { uploadId, mapping: { unknownLabel: "refuseRow" } }));
    expect(none.message).toContain("Say which column holds the text.");
    const empty = await upload(ctx, "x.csv", "id,text\n");
    expect((await refusal(startImport(ctx, { uploadId: empty }))).message).toContain("No record can be read");
    expect(await listImports(ctx, {})).toEqual({ rows: [], nextCursor: null });
  });

  test("queues a job with the run, under the project's next number", async () => {
    const ctx = await makeContext();
    const first = await start(ctx, "a.jsonl", jsonl(1));
    const second = await start(ctx, "b.jsonl", jsonl(1));
    expect([first.number, second.number]).toEqual([1, 2]);
    expect(first).toMatchObject({ state: "queued", progress: 0, format: "jsonl", fileName: "a.jsonl", message: "" });
    const { rows } = await ctx.db.query("select payload from job_run where id = $1", [first.jobRunId]);
    expect(rows).toEqual([{ payload: { projectId: ctx.project.id, importRun: 1 } }]);
    const page = await listImports(ctx, { limit: 1 });
    expect([page.rows[0].number, page.nextCursor]).toEqual([2, "2"]);
    expect((await listImports(ctx, { cursor: "2" })).rows.map((r) => r.number)).toEqual([1]);
  });
});
