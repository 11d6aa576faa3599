import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ItemFilter } from "@/contracts/items";
import { LIMITS } from "@/contracts/limits";
import type { Actor } from "@/server/auth";
import { isAppError } from "@/server/errors";
import { ingestItems } from "@/server/ingestion";
import { loadProject } from "@/server/projects";
import { makeAnnotations, makeItems, makeProject, makeQueueEntries } from "@/test/harness/factories";
import type { TestContext } from "@/test/harness/testContext";
import { createTestContext } from "@/test/harness/testContext";
import type { ItemsContext, ListItemsInput } from ".";
import { listItems } from ".";
import { indexItems } from "./indexItems";

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

const index = (ctx: ItemsContext) =>
  indexItems({ ...ctx, signal: new AbortController().signal, progress: async () => undefined }, ctx.project.id);

type Query = Partial<ListItemsInput>;

/** All rows of a list, page by page. */
async function listAll(ctx: ItemsContext, query: Query, cap?: number): Promise<number[]> {
  const rows: number[] = [];
  let cursor: string | undefined;
  for (let pages = 0; pages < 200; pages++) {
    const page = await listItems(ctx, { filter: {}, sort: "row", direction: "asc", limit: 7, ...query, cursor }, cap);
    rows.push(...page.rows.map((item) => item.row));
    if (page.nextCursor === null) return rows;
    cursor = page.nextCursor;
  }
  throw new Error("a list that never ends");
}

const list = (ctx: ItemsContext, query: Query) =>
  listItems(ctx, { filter: {}, sort: "row", direction: "asc", limit: 50, ...query });

async function refusal(work: Promise<unknown>) {
  const error = await work.then(
    () => undefined,
    (e: unknown) => e,
  );
  if (!isAppError(error)) throw new Error(`expected a refusal, got ${String(error)}`);
  return error;
}

describe("searching", () => {
  test("finds all words, the last one by its beginning, and ids exactly", async () => {
    const ctx = await makeContext();
    const texts = [
      "The quick brown fox",
      "A quick-tempered badger",
      "Quickly, said the FOX",
      "foo-bar at x@example.org",
      "Ünïcode süß 日本語",
    ];
    await ingestItems(ctx, {
      mode: "atomic",
      items: texts.map((text, i) => ({ externalId: `doc ${i}`, content: { text } })),
    });
    await index(ctx);
    const search = (text: string) => listAll(ctx, { filter: { search: text } });
    expect(await search("quick")).toEqual([0, 1, 2]);
    expect(await search("quick bro")).toEqual([0]);
    expect(await search("quick br")).toEqual([]);
    expect(await search("FOX qui")).toEqual([0, 2]);
    expect(await search("the fox")).toEqual([0, 2]);
    expect(await search("foo-b")).toEqual([3]);
    expect(await search("x@example.org")).toEqual([3]);
    expect(await search("süß")).toEqual([4]);
    expect(await search("doc 4")).toEqual([4]);
    expect(await search("nothing")).toEqual([]);
  });

  test("refuses U+0000, which no text can hold", async () => {
    const ctx = await makeContext();
    await expect(listAll(ctx, { filter: { search: "a\0b" } })).rejects.toMatchObject({ code: "E_BAD_INPUT" });
  });

  test("takes operators, quotes and punctuation for what they are", async () => {
    const ctx = await makeContext();
    await makeItems(ctx.db, ctx.project.id, [{ content: { text: "it's a test: a & b | c" } }]);
    await index(ctx);
    for (const text of ["'", "''", "\\", "& | ! ( ) <->", "a:*b", "'; drop table item; --", "!!", "a & !b", "%_"]) {
      await expect(listAll(ctx, { filter: { search: text } })).resolves.toBeInstanceOf(Array);
    }
    expect(await listAll(ctx, { filter: { search: "it's tes" } })).toEqual([0]);
  });

  test("says how much is searchable yet and asks for what is missing", async () => {
    const ctx = await makeContext();
    await makeItems(ctx.db, ctx.project.id, 4);
    expect((await list(ctx, { filter: { search: "text" } })).searchReady).toBe(0);
    const { rows } = await ctx.db.query("select kind from job_run where project_id = $1", [ctx.project.id]);
    expect(rows).toEqual([{ kind: "items.index" }]);
    expect(await index(ctx)).toEqual({ indexed: 4 });
    expect(await index(ctx)).toEqual({ indexed: 0 });
    const page = await list(ctx, { filter: { search: "text" } });
    expect(page).toMatchObject({ searchReady: 1, count: { value: 4, atLeast: false } });
  });

  test("finds values of records, and copes with texts beyond what an index entry can hold", async () => {
    const made = await makeProject(context.db, { contentKind: "record" });
    const ctx = { ...(await makeContext()), project: await loadProject(context.db, made.id) };
    await ingestItems(ctx, { mode: "atomic", items: [{ content: { fields: { name: "Ada Lovelace", born: 1815 } } }] });
    const words = Array.from({ length: 120_000 }, (_, i) => i.toString(36).padStart(7, "x")).join(" ");
    await ingestItems(ctx, { mode: "atomic", items: [{ content: { fields: { name: words.slice(0, 1_000_000) } } }] });
    await index(ctx);
    expect(await listAll(ctx, { filter: { search: "lovelace" } })).toEqual([0]);
    expect(await listAll(ctx, { filter: { search: "1815" } })).toEqual([0]);
    expect(await listAll(ctx, { filter: { search: "xxxxxx9" } })).toEqual([1]);
    const [first] = (await list(ctx, {})).rows;
    expect(first.excerpt).toBe("born: 1815 · name: Ada Lovelace");
    expect((await list(ctx, {})).rows[1].excerpt.length).toBeLessThanOrEqual(300);
  });
});

describe("filters", () => {
  const LABELS = ["cat", "dog", "emu"];
  const STATUSES = ["open", "resolved", "parked", "excluded"] as const;

  interface Model {
    row: number;
    status: (typeof STATUSES)[number];
    agreement: number | null;
    consensus: string | null;
    duplicateOf: number | null;
    importRun: number | null;
    deleted: boolean;
    flagged: boolean;
    /** Labels that stand, with who gave them, when, and whether late. */
    labels: { seq: number; label: string; by: string; late: boolean }[];
    entries: { round: number; purpose: string; state: string }[];
    text: string;
  }

  /** A project of random items together with a plain description of them. */
  async function makeWorld(ctx: ItemsContext, n: number, seed: number): Promise<Model[]> {
    const pick = fc.sample(
      fc.record({
        status: fc.constantFrom(...STATUSES),
        agreement: fc.option(fc.constantFrom(0, 1 / 3, 0.5, 1)),
        consensus: fc.option(fc.constantFrom(...LABELS)),
        duplicateOf: fc.option(fc.constant(0), { freq: 2 }),
        importRun: fc.option(fc.integer({ min: 1, max: 3 })),
        deleted: fc.integer({ min: 0, max: 9 }).map((x) => x === 0),
        flag: fc.constantFrom("none", "none", "open", "resolved"),
        labels: fc.array(
          fc.record({
            label: fc.constantFrom(...LABELS),
            by: fc.constantFrom("ann", "bob"),
            late: fc.integer({ min: 0, max: 4 }).map((x) => x === 0),
            withdrawn: fc.integer({ min: 0, max: 3 }).map((x) => x === 0),
          }),
          { maxLength: 3 },
        ),
        entry: fc.option(
          fc.record({
            round: fc.integer({ min: 1, max: 3 }),
            purpose: fc.constantFrom("train", "audit"),
            state: fc.constantFrom("open", "done", "superseded"),
          }),
        ),
        words: fc.uniqueArray(fc.constantFrom("red", "green", "blue", "white"), { minLength: 1, maxLength: 3 }),
      }),
      { numRuns: n, seed },
    );
    const { db, project } = ctx;
    const rows = await makeItems(
      db,
      project.id,
      pick.map(({ words }) => ({ content: { text: words.join(" ") } })),
    );
    const models: Model[] = [];
    for (const [i, p] of pick.entries()) {
      const row = rows[i];
      const labels: Model["labels"] = [];
      for (const { label, by, late, withdrawn } of p.labels) {
        const [seq] = await makeAnnotations(db, project.id, [{ row, label, annotatorId: by, isLate: late }]);
        if (withdrawn) await makeAnnotations(db, project.id, [{ row, kind: "retract", supersedes: seq }]);
        else labels.push({ seq, label, by, late });
      }
      if (p.entry) {
        const [id] = await makeQueueEntries(db, project.id, [
          { row, round: p.entry.round, purpose: p.entry.purpose as "train" },
        ]);
        await db.query("update queue_entry set state = $3 where project_id = $1 and id = $2", [
          project.id,
          id,
          p.entry.state,
        ]);
      }
      if (p.flag !== "none") {
        await db.query(
          "insert into flag (project_id, id, row, user_id, comment, created_at, resolved_at) values ($1, gen_random_uuid(), $2, 'u', 'c', now(), $3)",
          [project.id, row, p.flag === "resolved" ? new Date() : null],
        );
      }
      const duplicateOf = row === 0 ? null : p.duplicateOf;
      await db.query(
        `update item set status = $3, agreement = $4, consensus = $5, duplicate_of = $6, import_run = $7, deleted_at = $8
          where project_id = $1 and row = $2`,
        [
          project.id,
          row,
          p.status,
          p.agreement,
          p.consensus === null ? null : JSON.stringify({ choice: p.consensus }),
          duplicateOf,
          p.importRun,
          p.deleted ? new Date() : null,
        ],
      );
      models.push({
        ...p,
        row,
        duplicateOf,
        flagged: p.flag === "open",
        labels,
        entries: p.entry ? [p.entry] : [],
        text: p.words.join(" "),
      });
    }
    await index(ctx);
    return models;
  }

  function matches(item: Model, filter: ItemFilter): boolean {
    const is = (wanted: boolean | undefined, fact: boolean) => wanted === undefined || wanted === fact;
    const { search, status, label, purpose } = filter;
    return (
      !item.deleted &&
      (!search || search.split(" ").every((word) => item.text.split(" ").includes(word))) &&
      (!status?.length || status.includes(item.status)) &&
      (!label?.length || item.labels.some((l) => label.includes(l.label)) || label.includes(item.consensus ?? "")) &&
      (filter.annotatorId === undefined || item.labels.some((l) => l.by === filter.annotatorId)) &&
      (!purpose?.length ||
        item.entries.some((e) => purpose.includes(e.purpose as "train") && e.state !== "superseded")) &&
      (filter.round === undefined || item.entries.some((e) => e.round === filter.round)) &&
      (filter.importRun === undefined || item.importRun === filter.importRun) &&
      is(filter.flagged, item.flagged) &&
      is(filter.duplicates, item.duplicateOf !== null) &&
      is(filter.disagreement, (item.agreement ?? 1) < 1) &&
      is(filter.labelled, item.labels.length > 0) &&
      is(
        filter.late,
        item.labels.some((l) => l.late),
      )
    );
  }

  function expected(world: Model[], query: Query): number[] {
    const found = world.filter((item) => matches(item, query.filter ?? {}));
    const last = (item: Model) => Math.max(...item.labels.map((l) => l.seq));
    const sorted =
      query.sort === "agreement"
        ? found
            .filter((i) => i.agreement !== null)
            .sort((a, b) => (a.agreement ?? 0) - (b.agreement ?? 0) || a.row - b.row)
        : query.sort === "recentlyLabelled"
          ? found.filter((i) => i.labels.length > 0).sort((a, b) => last(a) - last(b))
          : found;
    const rows = sorted.map((item) => item.row);
    return query.direction === "desc" ? rows.reverse() : rows;
  }

  const query: fc.Arbitrary<Query> = fc.record({
    filter: fc.record(
      {
        search: fc.constantFrom("red", "green blue", "white", "nothing", "  "),
        status: fc.uniqueArray(fc.constantFrom(...STATUSES), { maxLength: 3 }),
        label: fc.uniqueArray(fc.constantFrom(...LABELS), { maxLength: 2 }),
        annotatorId: fc.constantFrom("ann", "bob", "nobody"),
        purpose: fc.uniqueArray(fc.constantFrom("train" as const, "audit" as const, "gold" as const), { maxLength: 2 }),
        round: fc.integer({ min: 1, max: 4 }),
        importRun: fc.integer({ min: 1, max: 4 }),
        flagged: fc.boolean(),
        duplicates: fc.boolean(),
        disagreement: fc.boolean(),
        labelled: fc.boolean(),
        late: fc.boolean(),
      },
      { requiredKeys: [] },
    ),
    sort: fc.constantFrom("row", "recentlyLabelled", "agreement"),
    direction: fc.constantFrom("asc", "desc"),
  });

  test("give the items that meet all of them, once, in order, whichever way the list is made", async () => {
    const ctx = await makeContext(LABELS);
    const other = await makeContext(LABELS);
    const world = await makeWorld(ctx, 70, 7);
    await makeWorld(other, 20, 8);
    const trimmed = (q: Query): Query => ({
      ...q,
      filter: { ...q.filter, search: q.filter?.search?.trim() || undefined },
    });
    await fc.assert(
      fc.asyncProperty(query, fc.constantFrom(0, 10, 10_000), async (given, cap) => {
        const q = trimmed(given);
        const rows = expected(world, q);
        expect(await listAll(ctx, q, cap)).toEqual(rows);
        const page = await listItems(ctx, { filter: {}, sort: "row", direction: "asc", limit: 50, ...q });
        expect(page.count).toEqual(isAll(q) ? expect.anything() : { value: rows.length, atLeast: false });
      }),
      { numRuns: 120, seed: 20_260_105 },
    );
  });

  const isAll = (q: Query) =>
    Object.values(q.filter ?? {}).every((v) => v === undefined || (Array.isArray(v) && v.length === 0));

  test("count up to the cap", async () => {
    const ctx = await makeContext();
    await makeItems(ctx.db, ctx.project.id, 30);
    const input: ListItemsInput = { filter: { status: ["open"] }, sort: "row", direction: "asc", limit: 5 };
    expect((await listItems(ctx, input, 10)).count).toEqual({ value: 10, atLeast: true });
    expect((await listItems(ctx, input, 30)).count).toEqual({ value: 30, atLeast: false });
    expect((await listItems(ctx, { ...input, filter: {} }, 10)).count).toEqual({ value: 30, atLeast: false });
    const next = (await listItems(ctx, input)).nextCursor ?? undefined;
    expect((await listItems(ctx, { ...input, cursor: next })).count).toBeNull();
  });

  test("refuse cursors that were changed or belong to another list", async () => {
    const ctx = await makeContext();
    await makeItems(ctx.db, ctx.project.id, 3);
    const { nextCursor } = await list(ctx, { limit: 1 });
    const wrong = ["", "x", "e30", Buffer.from('["row","asc",{"$gt":0},1]').toString("base64url")];
    for (const cursor of wrong) expect((await refusal(list(ctx, { cursor }))).code).toBe("E_BAD_INPUT");
    expect((await refusal(list(ctx, { cursor: nextCursor ?? "", direction: "desc" }))).code).toBe("E_BAD_INPUT");
  });

  test("show what a list needs of each item", async () => {
    const ctx = await makeContext();
    const [a] = await makeItems(ctx.db, ctx.project.id, [{ externalId: "a", content: { text: "x".repeat(1_000) } }]);
    await makeAnnotations(ctx.db, ctx.project.id, [{ row: a, label: "cat", at: new Date("2026-02-03T04:05:06Z") }]);
    const { rows } = await list(ctx, { limit: LIMITS.pageRows });
    expect(rows).toEqual([
      {
        row: 0,
        externalId: "a",
        excerpt: "x".repeat(300),
        status: "open",
        nLabels: 1,
        consensus: null,
        agreement: null,
        duplicateOf: null,
        nOpenFlags: 0,
        createdAt: expect.stringMatching(/Z$/),
        lastLabelAt: "2026-02-03T04:05:06.000Z",
      },
    ]);
  });
});
