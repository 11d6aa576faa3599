import { afterAll, beforeAll, expect, test } from "vitest";
import { makeProject } from "@/test/harness/factories";
import type { TestContext } from "@/test/harness/testContext";
import { createTestContext } from "@/test/harness/testContext";
import type { Actor } from "../auth";
import { loadProject } from "../projects";
import type { IngestContext } from "./ingestContext";
import { RecordMapper } from "./mapRecord";
import { previewImport } from "./previewImport";
import { readSample } from "./readSample";
import { receiveUpload } from "./receiveUpload";
import { RowRefused } from "./rowIssue";
import { startImport } from "./startImport";

let world: TestContext;
let ctx: IngestContext;
beforeAll(async () => {
  world = await createTestContext();
  const made = await makeProject(world.db);
  const actor: Actor = { kind: "user", id: made.lead.id, name: made.lead.name, role: "member" };
  const { db, clock, storage } = world;
  ctx = { db, clock, storage, actor, project: await loadProject(db, made.id) };
});
afterAll(() => world.cleanup());

async function upload(fileName: string, content: string): Promise<string> {
  async function* body() {
    yield Buffer.from(content);
  }
  return (await receiveUpload(ctx, { fileName, body: body() })).uploadId;
}

test("a header that repeats a name stays a header, and the preview says what the columns are called", async () => {
  const preview = await previewImport(ctx, {
    uploadId: await upload("a.csv", "text,text,label\none,uno,yes\ntwo,dos,no\n"),
  });
  expect(preview.dialect?.hasHeader).toBe(true);
  expect(preview.columns.map((column) => column.name)).toEqual(["text", "text_2", "label"]);
  expect(preview.rows[0]).toEqual({ text: "one", text_2: "uno", label: "yes" });
  expect(preview.notices).toEqual(['The header names columns alike: column 2, another "text", is called "text_2".']);
  expect(preview.suggested).toMatchObject({ text: "text", label: "label", meta: ["text_2"] });
});

test("a file with more columns than an item keeps says so, and is not cut silently", async () => {
  const names = ["text", ...Array.from({ length: 600 }, (_, i) => `c${i}`)];
  const uploadId = await upload("wide.csv", `${names.join(",")}\n${names.map((_, i) => `v${i}`).join(",")}\n`);
  const words = "At most 500 columns are kept beside an item; this file has 601.";
  const preview = await previewImport(ctx, { uploadId });
  expect(preview.notices[0]).toContain(words);
  expect(preview.suggested.meta).toHaveLength(500);
  await expect(startImport(ctx, { uploadId })).rejects.toMatchObject({
    code: "E_BAD_INPUT",
    message: expect.stringContaining(words),
  });
  expect((await startImport(ctx, { uploadId, mapping: preview.suggested })).state).toBe("queued");
});

test("a column named text is mapped whatever types it holds, and one of objects alone says why it is not", async () => {
  const mixed = ["a b", 5, true, { deep: 1 }].map((text) => JSON.stringify({ text, other: "long enough to win" }));
  const uploadId = await upload("m.jsonl", mixed.join("\n"));
  expect((await previewImport(ctx, { uploadId })).suggested.text).toBe("text");
  expect((await startImport(ctx, { uploadId })).mapping.text).toBe("text");
  const nested = await upload("n.jsonl", '{"text":{"deep":1}}\n{"text":[2]}');
  await expect(startImport(ctx, { uploadId: nested })).rejects.toMatchObject({
    message: expect.stringContaining('"text" holds lists or objects, which are no text'),
  });
});

test("an id beyond 2^53 is refused as it is written", async () => {
  const line = '{"say": "\\"id\\": 1111111111111111111", "id": 9007199254740993, "text": "x"}';
  const blobKey = (
    await world.db.query("select blob_key from upload where id = $1", [await upload("big.jsonl", `${line}\n`)])
  ).rows[0].blob_key;
  const { records } = await readSample(world.storage, { blobKey, fileName: "big.jsonl" }, { dialect: {} });
  const mapper = new RecordMapper("text", { text: "text", externalId: "id", unknownLabel: "refuseRow" });
  const refused = () => {
    try {
      mapper.map(1, records[0]);
    } catch (error) {
      if (error instanceof RowRefused) return error.issue;
      throw error;
    }
  };
  expect(refused()).toMatchObject({ code: "badId", message: expect.stringContaining("9007199254740993 is a number") });
});
