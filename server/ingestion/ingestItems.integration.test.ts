import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Actor } from "@/server/auth";
import { isAppError } from "@/server/errors";
import { loadProject } from "@/server/projects";
import type { ProjectOptions } from "@/test/harness/factories";
import { makeProject } from "@/test/harness/factories";
import type { TestContext } from "@/test/harness/testContext";
import { createTestContext } from "@/test/harness/testContext";
import type { IngestContext, IngestItemsInput } from ".";
import { ingestItems } from ".";

let context: TestContext;
beforeAll(async () => {
  context = await createTestContext();
});
afterAll(() => context.cleanup());

async function makeContext(options: ProjectOptions = {}, actor?: Actor): Promise<IngestContext> {
  const made = await makeProject(context.db, options);
  const { db, clock, storage } = context;
  const lead: Actor = { kind: "user", id: made.lead.id, name: made.lead.name, role: "member" };
  return { db, clock, storage, actor: actor ?? lead, project: await loadProject(db, made.id) };
}

const texts = (...list: string[]) => list.map((text) => ({ content: { text } }));
const ingest = (ctx: IngestContext, items: unknown[], mode: IngestItemsInput["mode"] = "atomic") =>
  ingestItems(ctx, { mode, items });

async function refusal(work: Promise<unknown>) {
  const error = await work.then(
    () => undefined,
    (e: unknown) => e,
  );
  if (!isAppError(error)) throw new Error(`expected a refusal, got ${String(error)}`);
  return error;
}

/** Everything ingestion may change in a project. */
async function stateOf(ctx: IngestContext) {
  const read = async (sql: string) => (await ctx.db.query(sql, [ctx.project.id])).rows;
  return {
    items: await read(
      `select row, external_id, duplicate_of, status, n_labels, consensus, agreement, encode(content_hash, 'hex') as hash
         from item where project_id = $1 order by row`,
    ),
    contents: await read("select row, content, meta from item_content where project_id = $1 order by row"),
    rowCounter: await read("select next_row, n_items, n_duplicates from row_counter where project_id = $1"),
    labelCounter: await read("select label_seq, n_labels, n_resolved from label_counter where project_id = $1"),
    annotations: await read(
      "select seq, kind, row, source, value, annotator_id, purpose from annotation where project_id = $1 order by seq",
    ),
  };
}

describe("ingestItems", () => {
  test("numbers items without gaps in the order given and stores their content", async () => {
    const ctx = await makeContext();
    const result = await ingest(ctx, [
      { externalId: "a", content: { text: "first" }, meta: { source: "web", tags: ["x", 1, null] } },
      { externalId: "b", content: { text: "second" } },
    ]);
    expect(result).toEqual({ inserted: 2, existing: 0, duplicates: 0, labels: 0, rows: [0, 1], errors: [] });
    const state = await stateOf(ctx);
    expect(state.items.map((i) => [i.row, i.external_id, i.status])).toEqual([
      [0, "a", "open"],
      [1, "b", "open"],
    ]);
    expect(state.contents).toEqual([
      { row: 0, content: { text: "first" }, meta: { source: "web", tags: ["x", 1, null] } },
      { row: 1, content: { text: "second" }, meta: null },
    ]);
    expect(state.rowCounter).toEqual([{ next_row: 2, n_items: 2, n_duplicates: 0 }]);
  });

  test("asks for indexing and features once there is something new, and says so in the audit log", async () => {
    const ctx = await makeContext();
    await ingest(ctx, texts("one"));
    const jobs = await ctx.db.query("select kind from job_run where project_id = $1 order by kind", [ctx.project.id]);
    expect(jobs.rows.map((r) => r.kind)).toEqual(["features.build", "items.index"]);
    await ingest(ctx, texts("one"));
    const log = await ctx.db.query("select action, details from audit_log where project_id = $1", [ctx.project.id]);
    expect(log.rows).toEqual([
      { action: "ingest.items", details: { inserted: 1, existing: 0, duplicates: 0, labels: 0 } },
    ]);
  });

  test("takes an id that is there already as done: the content it has stays", async () => {
    const ctx = await makeContext();
    await ingest(ctx, [{ externalId: "a", content: { text: "first" } }]);
    const before = await stateOf(ctx);
    const result = await ingest(ctx, [{ externalId: "a", content: { text: "changed" }, label: "yes" }]);
    expect(result).toMatchObject({ inserted: 0, existing: 1, labels: 0, rows: [0] });
    expect(await stateOf(ctx)).toEqual(before);
  });

  test("links exact duplicates to the first item of the same content and keeps them", async () => {
    const ctx = await makeContext();
    await ingest(ctx, texts("same", "other", "same"));
    const result = await ingest(ctx, [{ externalId: "x", content: { text: "same" } }]);
    expect(result).toMatchObject({ inserted: 1, duplicates: 1, rows: [3] });
    const { items, rowCounter } = await stateOf(ctx);
    expect(items.map((i) => i.duplicate_of)).toEqual([null, null, 0, 0]);
    expect(rowCounter).toEqual([{ next_row: 4, n_items: 4, n_duplicates: 2 }]);
  });

  test("gives equal records equal hashes whatever the order of their fields", async () => {
    const ctx = await makeContext({ contentKind: "record" });
    await ingest(ctx, [
      { externalId: "1", content: { fields: { a: 1, b: "x", c: null } } },
      { externalId: "2", content: { fields: { c: null, b: "x", a: 1 } } },
      { externalId: "3", content: { fields: { a: "1", b: "x", c: null } } },
    ]);
    const { items } = await stateOf(ctx);
    expect(items.map((i) => i.duplicate_of)).toEqual([null, 0, null]);
  });

  test("turns labels that come along into annotations with gap-free numbers and resolves their items", async () => {
    const ctx = await makeContext({ labels: ["cat", "dog"] });
    const result = await ingest(ctx, [
      { content: { text: "meow" }, label: "cat" },
      { content: { text: "quiet" } },
      { content: { text: "woof" }, label: ["dog"] },
      { content: { text: "none" }, label: "" },
    ]);
    expect(result.labels).toBe(2);
    const state = await stateOf(ctx);
    expect(state.annotations).toEqual([
      {
        seq: 1,
        kind: "label",
        row: 0,
        source: "import",
        value: { choice: "cat" },
        annotator_id: null,
        purpose: "train",
      },
      {
        seq: 2,
        kind: "label",
        row: 2,
        source: "import",
        value: { choice: "dog" },
        annotator_id: null,
        purpose: "train",
      },
    ]);
    expect(state.items.map((i) => [i.status, i.n_labels, i.consensus])).toEqual([
      ["resolved", 1, { choice: "cat" }],
      ["open", 0, null],
      ["resolved", 1, { choice: "dog" }],
      ["open", 0, null],
    ]);
    expect(state.labelCounter).toEqual([{ label_seq: 2, n_labels: 2, n_resolved: 2 }]);
  });

  test("leaves labelled items open where the project wants more opinions, and notes a key as the source", async () => {
    const key: Actor = { kind: "key", id: "k", name: "key", projectId: 0, scopes: ["ingest"] };
    const ctx = await makeContext({ overlap: 2 }, key);
    await ingest(ctx, [{ content: { text: "a" }, label: "yes" }]);
    const state = await stateOf(ctx);
    expect(state.items[0]).toMatchObject({ status: "open", n_labels: 1, consensus: null });
    expect(state.annotations[0]).toMatchObject({ source: "key" });
  });

  const bad: [name: string, item: unknown, code: string, field: string | undefined][] = [
    ["no object", 12, "notAnItem", undefined],
    ["an unknown property", { content: { text: "a" }, txt: 1 }, "unknownProperty", "txt"],
    ["no content", {}, "wrongContent", "content"],
    ["content of another kind", { content: { fields: { a: 1 } } }, "wrongContent", "content.fields"],
    ["a text that is a number", { content: { text: 5 } }, "wrongType", "content.text"],
    ["an empty text", { content: { text: " \n" } }, "emptyText", "content.text"],
    ["U+0000", { content: { text: "a\0b" } }, "badCharacters", "content.text"],
    ["a lone surrogate", { content: { text: "a\ud800b" } }, "badCharacters", "content.text"],
    ["a field beyond the limit", { content: { text: "é".repeat(600_000) } }, "fieldTooLong", "content.text"],
    ["an empty id", { externalId: "", content: { text: "a" } }, "badId", "externalId"],
    ["a long id", { externalId: "x".repeat(257), content: { text: "a" } }, "badId", "externalId"],
    ["an id with a line break", { externalId: "a\nb", content: { text: "a" } }, "badId", "externalId"],
    ["an unknown label", { content: { text: "a" }, label: "maybe" }, "unknownLabel", "label"],
    ["a label of a wrong type", { content: { text: "a" }, label: { choice: 5 } }, "unknownLabel", "label"],
    ["meta that is a list", { content: { text: "a" }, meta: [1] }, "wrongType", "meta"],
    ["__proto__ in meta", { content: { text: "a" }, meta: JSON.parse('{"__proto__": 1}') }, "reservedName", "meta"],
    ["a number beyond doubles", { content: { text: "a" }, meta: { x: JSON.parse("1e999") } }, "badNumber", "meta.x"],
    [
      "meta nested too deep",
      { content: { text: "a" }, meta: JSON.parse(`${'{"a":'.repeat(20)}1${"}".repeat(20)}`) },
      "tooDeep",
      `meta${".a".repeat(10)}`,
    ],
  ];

  test.each(bad)(
    "refuses %s by row, field and reason, and changes nothing in atomic mode",
    async (_, item, code, field) => {
      const ctx = await makeContext();
      const before = await stateOf(ctx);
      const error = await refusal(ingest(ctx, [...texts("fine"), item, ...texts("fine too")]));
      expect(error.code).toBe("E_BAD_ROWS");
      expect(error.message).toContain("row 1 of 3");
      expect(error.details.errors).toEqual([expect.objectContaining({ line: 1, code })]);
      expect((error.details.errors as { field?: string }[])[0].field).toBe(field);
      expect(await stateOf(ctx)).toEqual(before);
    },
  );

  test("takes the good rows in rowByRow mode and reports the bad ones", async () => {
    const ctx = await makeContext();
    const items = [...texts("a"), ...bad.map(([, item]) => item), ...texts("b")];
    const result = await ingest(ctx, items, "rowByRow");
    expect(result.inserted).toBe(2);
    expect(result.rows).toEqual([0, ...bad.map(() => null), 1]);
    expect(result.errors.map((e) => [e.line, e.code])).toEqual(bad.map(([, , code], i) => [i + 1, code]));
    for (const error of result.errors) {
      expect(error.message.length).toBeGreaterThan(20);
      expect(error.excerpt.length).toBeLessThanOrEqual(200);
    }
    expect((await stateOf(ctx)).rowCounter).toEqual([{ next_row: 2, n_items: 2, n_duplicates: 0 }]);
  });

  test("refuses one id for two contents in one call, and takes repeated rows once", async () => {
    const ctx = await makeContext();
    const items = [
      { externalId: "a", content: { text: "one" } },
      { externalId: "a", content: { text: "one" } },
      { externalId: "a", content: { text: "two" } },
    ];
    const result = await ingest(ctx, items, "rowByRow");
    expect(result).toMatchObject({ inserted: 1, existing: 1, rows: [0, 0, null] });
    expect(result.errors).toEqual([expect.objectContaining({ line: 2, code: "repeatedId", field: "externalId" })]);
  });

  test("treats names that JavaScript gives a meaning as data in records, but for __proto__", async () => {
    const ctx = await makeContext({ contentKind: "record" });
    await ingest(ctx, [{ content: { fields: { constructor: "x", toString: 1, hasOwnProperty: null } } }]);
    expect((await stateOf(ctx)).contents[0].content).toEqual({
      fields: { constructor: "x", toString: 1, hasOwnProperty: null },
    });
    const error = await refusal(ingest(ctx, [{ content: { fields: JSON.parse('{"__proto__": "x"}') } }]));
    expect(error.message).toContain("__proto__");
  });

  test("refuses calls of more bytes than allowed", async () => {
    const ctx = await makeContext();
    const text = "x".repeat(1_000_000);
    const error = await refusal(
      ingest(
        ctx,
        Array.from({ length: 34 }, (_, i) => ({ content: { text: `${i}${text}` } })),
      ),
    );
    expect(error.code).toBe("E_TOO_LARGE");
    expect((await stateOf(ctx)).items).toEqual([]);
  });

  test("numbers rows without gaps when many calls come at once", async () => {
    const ctx = await makeContext({ labels: ["a", "b"] });
    const calls = Array.from({ length: 12 }, (_, c) =>
      ingest(
        ctx,
        Array.from({ length: 20 }, (_, i) => ({
          externalId: `${(c * 7 + i) % 100}`,
          content: { text: `text ${(c * 7 + i) % 100}` },
          label: i % 3 === 0 ? "a" : undefined,
        })),
      ),
    );
    const results = await Promise.all(calls);
    const { items, rowCounter, annotations, labelCounter } = await stateOf(ctx);
    expect(items.map((i) => i.row)).toEqual(items.map((_, i) => i));
    expect(rowCounter[0]).toMatchObject({ next_row: items.length, n_items: items.length });
    expect(results.reduce((sum, r) => sum + r.inserted, 0)).toBe(items.length);
    expect(annotations.map((a) => a.seq)).toEqual(annotations.map((_, i) => i + 1));
    expect(labelCounter[0].label_seq).toBe(annotations.length);
    for (const [c, result] of results.entries()) {
      expect(result.rows.map((row) => items[row as number].external_id)).toEqual(
        Array.from({ length: 20 }, (_, i) => `${(c * 7 + i) % 100}`),
      );
    }
  });

  test("twice is once, for any batch", async () => {
    const item = fc.record(
      {
        externalId: fc.constantFrom("a", "b", "c", "d"),
        content: fc.record({ text: fc.constantFrom("x", "y", "z", "") }),
        label: fc.constantFrom("yes", "no", "maybe", null),
        meta: fc.dictionary(fc.string({ minLength: 1, maxLength: 3 }), fc.jsonValue({ maxDepth: 2 }), { maxKeys: 2 }),
      },
      { requiredKeys: ["content"] },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(item, { minLength: 1, maxLength: 12 }), async (items) => {
        const ctx = await makeContext();
        const first = await ingest(ctx, items, "rowByRow");
        const state = await stateOf(ctx);
        const second = await ingest(ctx, items, "rowByRow");
        expect(await stateOf(ctx)).toEqual(state);
        expect(second.inserted).toBe(0);
        expect(second.labels).toBe(0);
        expect(first.inserted + first.existing + first.errors.length).toBe(items.length);
        expect(state.items.map((i) => i.row)).toEqual(state.items.map((_, i) => i));
        expect(state.items).toHaveLength(first.inserted);
      }),
      { numRuns: 40, seed: 20_260_103 },
    );
  });

  test("anything at all as items gives errors, never a crash", async () => {
    const ctx = await makeContext({ contentKind: "record" });
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.anything({ withNullPrototype: true, maxDepth: 3 }), { minLength: 1, maxLength: 5 }),
        async (items) => {
          const result = await ingest(ctx, JSON.parse(JSON.stringify(items) ?? "[]"), "rowByRow");
          expect(result.errors.length + result.inserted + result.existing).toBe(items.length);
        },
      ),
      { numRuns: 60, seed: 20_260_104 },
    );
  });
});
