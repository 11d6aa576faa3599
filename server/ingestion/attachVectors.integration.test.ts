import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Actor } from "@/server/auth";
import { isAppError } from "@/server/errors";
import { loadProject } from "@/server/projects";
import { makeProject } from "@/test/harness/factories";
import type { TestContext } from "@/test/harness/testContext";
import { createTestContext } from "@/test/harness/testContext";
import type { IngestContext } from ".";
import { attachEmbeddings, attachPredictions, deleteItems, ingestItems } from ".";

let context: TestContext;
let ctx: IngestContext;
beforeAll(async () => {
  context = await createTestContext();
});
afterAll(() => context.cleanup());
beforeEach(async () => {
  const made = await makeProject(context.db, { labels: ["a", "b", "c"] });
  const actor: Actor = { kind: "user", id: made.lead.id, name: made.lead.name, role: "member" };
  const { db, clock, storage } = context;
  ctx = { db, clock, storage, actor, project: await loadProject(db, made.id) };
  const items = ["x", "y", "z"].map((externalId) => ({ externalId, content: { text: `text ${externalId}` } }));
  await ingestItems(ctx, { mode: "atomic", items });
  await ctx.db.query("delete from job_run");
});

const floats = (...numbers: number[]) => new Uint8Array(Float32Array.from(numbers).buffer);
const base64 = (...numbers: number[]) => Buffer.from(floats(...numbers)).toString("base64");

async function refusal(work: Promise<unknown>) {
  const error = await work.then(
    () => undefined,
    (e: unknown) => e,
  );
  if (!isAppError(error)) throw new Error(`expected a refusal, got ${String(error)}`);
  return error;
}

async function chunks(kind: "embedding" | "prediction") {
  const { rows } = await ctx.db.query<{ blob_key: string; n_rows: number }>(
    `select * from ${kind}_chunk where project_id = $1 order by id`,
    [ctx.project.id],
  );
  return Promise.all(
    rows.map(async ({ blob_key, n_rows, ...row }) => {
      const { buffer } = await ctx.storage.get(blob_key);
      return {
        ...row,
        rows: [...new Int32Array(buffer, 0, n_rows)],
        values: [...new Float32Array(buffer, n_rows * 4)],
      };
    }),
  );
}

async function blobCount() {
  let n = 0;
  for await (const _ of ctx.storage.list(`projects/${ctx.project.id}`)) n++;
  return n;
}

describe("attachEmbeddings", () => {
  test("stores vectors by row, from base64 and from bytes at any offset", async () => {
    const input = { name: "enc", dim: 2, externalIds: ["z", "x"] };
    expect(await attachEmbeddings(ctx, { ...input, data: base64(1, 2, 3, 4) })).toEqual({ attached: 2, totalRows: 2 });
    const shifted = new Uint8Array(17);
    shifted.set(floats(5, 6, 7, 8), 1);
    expect(await attachEmbeddings(ctx, { ...input, data: shifted.subarray(1) })).toEqual({ attached: 2, totalRows: 2 });
    expect(await chunks("embedding")).toMatchObject([
      { name: "enc", dim: 2, rows: [2, 0], values: [1, 2, 3, 4] },
      { name: "enc", dim: 2, rows: [2, 0], values: [5, 6, 7, 8] },
    ]);
    const again = { ...input, externalIds: ["y"], data: base64(9, 9) };
    expect(await attachEmbeddings(ctx, again)).toEqual({ attached: 1, totalRows: 3 });
    expect(await attachEmbeddings(ctx, again)).toEqual({ attached: 1, totalRows: 3 });
  });

  test("asks for features only when the project's features are made of this set", async () => {
    const input = { name: "enc", dim: 1, externalIds: ["x"], data: base64(1) };
    await attachEmbeddings(ctx, input);
    expect((await ctx.db.query("select 1 from job_run")).rowCount).toBe(0);
    const project = { ...ctx.project, featureSpec: { kind: "embedding" as const, name: "enc" } };
    await attachEmbeddings({ ...ctx, project }, input);
    expect((await ctx.db.query("select kind from job_run")).rows).toEqual([{ kind: "features.build" }]);
  });

  test.each([
    [
      "NaN",
      { data: base64(1, 2, Number.NaN, 4) },
      "E_BAD_ROWS",
      /item 1 \("y"\), number 0: NaN is not a finite number/,
    ],
    ["infinity", { data: base64(1, Number.POSITIVE_INFINITY, 3, 4) }, "E_BAD_ROWS", /item 0 \("x"\), number 1/],
    [
      "a vector too long for distances",
      { data: base64(1, 2, -1e20, 4) },
      "E_BAD_ROWS",
      /item 1 \("y"\), number 0: -1\d* makes the vector 1\.00e\+20 long/,
    ],
    ["too few bytes", { data: base64(1, 2, 3) }, "E_BAD_INPUT", /2 items × 2 numbers × 4 bytes = 16 bytes.*got 12/],
    ["broken base64", { data: "AAA*" }, "E_BAD_INPUT", /not base64/],
    ["an unknown id", { externalIds: ["x", "nobody"] }, "E_BAD_ROWS", /1 of 2 ids name no item.*"nobody"/],
    ["an id that comes twice", { externalIds: ["x", "x"] }, "E_BAD_ROWS", /comes twice/],
  ])("refuses %s and keeps nothing", async (_, change, code, message) => {
    const input = { name: "enc", dim: 2, externalIds: ["x", "y"], data: base64(1, 2, 3, 4), ...change };
    const error = await refusal(attachEmbeddings(ctx, input));
    expect([error.code, error.message]).toEqual([code, expect.stringMatching(message)]);
    expect(await chunks("embedding")).toEqual([]);
    expect(await blobCount()).toBe(0);
  });

  test("keeps one dimension per set, also when two sets begin at once", async () => {
    const attach = (dim: number) =>
      attachEmbeddings(ctx, { name: "enc", dim, externalIds: ["x"], data: base64(...Array(dim).fill(1)) });
    const ends = await Promise.allSettled([attach(3), attach(4), attach(3), attach(4)]);
    const dims = new Set((await chunks("embedding")).map((chunk) => (chunk as unknown as { dim: number }).dim));
    expect(dims.size).toBe(1);
    const refused = ends.filter((end) => end.status === "rejected");
    expect(refused).toHaveLength(2);
    for (const end of refused) expect(end.reason).toMatchObject({ code: "E_CONFLICT" });
    expect(await blobCount()).toBe(2);
  });

  test("does not know the ids of deleted items and of other projects", async () => {
    await deleteItems(ctx, { externalIds: ["x"] });
    const error = await refusal(attachEmbeddings(ctx, { name: "e", dim: 1, externalIds: ["x"], data: base64(1) }));
    expect(error.code).toBe("E_BAD_ROWS");
  });
});

describe("attachPredictions", () => {
  test("brings columns into the order of the project's labels and asks for a model version", async () => {
    const data = base64(0.25, 0.75, 1, 0);
    await attachPredictions(ctx, { name: "gpt", externalIds: ["y", "x"], classes: ["c", "a"], data });
    expect(await chunks("prediction")).toMatchObject([
      { name: "gpt", width: 3, rows: [1, 0], values: [0.75, 0, 0.25, 0, 0, 1] },
    ]);
    const { rows } = await ctx.db.query("select kind, payload from job_run");
    expect(rows).toEqual([{ kind: "prediction.assemble", payload: { projectId: ctx.project.id, name: "gpt" } }]);
  });

  test.each([
    ["a class that is no label", { classes: ["a", "d"] }, "E_BAD_INPUT", /"d" is not a label/],
    ["a class given twice", { classes: ["a", "a"] }, "E_BAD_INPUT", /given twice/],
    [
      "a negative probability",
      { data: base64(-0.5, 1.5) },
      "E_BAD_ROWS",
      /item 0 \("x"\), number 0: -0.5 is not a prob/,
    ],
    ["a row that does not sum to one", { data: base64(0.5, 0.6) }, "E_BAD_ROWS", /sum up to 1.1000, expected 1/],
  ])("refuses %s", async (_, change, code, message) => {
    const input = { name: "m", externalIds: ["x"], classes: ["a", "b"], data: base64(0.5, 0.5), ...change };
    const error = await refusal(attachPredictions(ctx, input));
    expect([error.code, error.message]).toEqual([code, expect.stringMatching(message)]);
    expect(await chunks("prediction")).toEqual([]);
  });
});
