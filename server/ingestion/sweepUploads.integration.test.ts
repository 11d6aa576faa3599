import { afterAll, beforeAll, expect, test } from "vitest";
import { DAY_MS } from "@/contracts/limits";
import type { Actor } from "@/server/auth";
import { addMs } from "@/server/clock";
import { loadProject } from "@/server/projects";
import { makeProject } from "@/test/harness/factories";
import type { TestContext } from "@/test/harness/testContext";
import { createTestContext } from "@/test/harness/testContext";
import { interleave } from "@/test/simulation/interleave";
import { SeededRandom } from "@/test/simulation/seededRandom";
import type { IngestContext } from ".";
import { receiveUpload, startImport, sweepUploads } from ".";

let context: TestContext;
let ctx: IngestContext;
beforeAll(async () => {
  context = await createTestContext();
  const made = await makeProject(context.db, {});
  const { db, clock, storage } = context;
  const actor: Actor = { kind: "user", id: made.lead.id, name: made.lead.name, role: "member" };
  ctx = { db, clock, storage, actor, project: await loadProject(db, made.id) };
});
afterAll(() => context.cleanup());

let nFiles = 0;
const newContent = () => `id,text\n1,file ${++nFiles}\n`;

async function send(content: string, from: IngestContext = ctx): Promise<{ id: string; key: string }> {
  async function* body() {
    yield Buffer.from(content);
  }
  const { uploadId: id } = await receiveUpload(from, { fileName: "a.csv", body: body() });
  const { rows } = await context.db.query<{ key: string }>("select blob_key as key from upload where id = $1", [id]);
  return { id, key: rows[0].key };
}

const isKept = async (key: string) => (await context.storage.stat(key)) !== undefined;
const isNoted = async (id: string) =>
  (await context.db.query("select 1 from upload where id = $1", [id])).rowCount === 1;
const sweep = (days: number) => sweepUploads(context, addMs(context.clock.now(), -days * DAY_MS));
const wait = (days: number) => context.clock.advanceMs(days * DAY_MS);

test("files that were never imported go after the limit, and nothing else does", async () => {
  const forgotten = await send(newContent());
  const imported = await send(newContent());
  await startImport(ctx, { uploadId: imported.id });
  const sentTwice = newContent();
  const first = await send(sentTwice);
  const named = await send(newContent());
  await context.db.query(
    "insert into embedding_chunk (project_id, name, dim, n_rows, blob_key) values ($1, 'e', 1, 1, $2)",
    [ctx.project.id, named.key],
  );
  wait(6);
  const again = await send(sentTwice);
  const recent = await send(newContent());
  expect(await sweep(7)).toBe(0);
  wait(2);
  expect(await sweep(7)).toBe(1);
  expect([await isKept(forgotten.key), await isNoted(forgotten.id)]).toEqual([false, false]);
  for (const kept of [imported, first, again, recent, named]) {
    expect([await isKept(kept.key), await isNoted(kept.id)]).toEqual([true, true]);
  }
  // The copy that was sent later grows old too; what is imported or named never goes.
  wait(30);
  expect(await sweep(7)).toBe(2);
  expect([await isKept(first.key), await isNoted(first.id), await isNoted(again.id)]).toEqual([false, false, false]);
  for (const kept of [imported, named]) expect(await isKept(kept.key)).toBe(true);
  await expect(startImport(ctx, { uploadId: forgotten.id })).rejects.toMatchObject({ code: "E_NOT_FOUND" });
});

test("a clean-up that was cut off between file and note is ended by the next", async () => {
  const upload = await send(newContent());
  wait(10);
  await context.storage.delete(upload.key);
  expect(await sweep(7)).toBe(1);
  expect(await isNoted(upload.id)).toBe(false);
});

test.each(Array.from({ length: 12 }, (_, i) => i))(
  "an import, a second upload and a clean-up at the same moment never leave a note or a run without its file, order %i",
  async (seed) => {
    const content = newContent();
    const upload = await send(content);
    wait(10);
    const outcomes = await interleave<unknown>(context.db, new SeededRandom(`sweep ${seed}`), [
      { run: (db) => startImport({ ...ctx, db }, { uploadId: upload.id }) },
      { run: (db) => sweepUploads({ db, storage: context.storage }, addMs(context.clock.now(), -7 * DAY_MS)) },
      { run: (db) => sendOn(db, content) },
    ]);
    for (const outcome of outcomes) {
      if (outcome.status === "rejected")
        expect(outcome.reason).toMatchObject({ code: expect.stringMatching(/^E_(NOT_FOUND|UNAVAILABLE)$/) });
    }
    const { rows } = await context.db.query<{ key: string }>(
      "select blob_key as key from upload where blob_key = $1 union select blob_key from import_run where blob_key = $1",
      [upload.key],
    );
    expect(await isKept(upload.key)).toBe(rows.length > 0);
  },
);

async function sendOn(db: TestContext["db"], content: string): Promise<void> {
  async function* body() {
    yield Buffer.from(content);
  }
  await receiveUpload({ ...ctx, db }, { fileName: "b.csv", body: body() });
}
