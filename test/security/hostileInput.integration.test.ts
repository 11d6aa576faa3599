import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createCaller } from "@/server/api/caller";
import { describeApi } from "@/server/api/reference/describeApi";
import type { JsonSchema } from "@/server/api/reference/renderType";
import type { MadeProject } from "../harness/factories";
import { makeItems, makeProject, makeQueueEntries, makeUser } from "../harness/factories";
import type { TestContext } from "../harness/testContext";
import { createTestContext } from "../harness/testContext";

/**
 * Every procedure is called by someone who may call it, with inputs that fit its schema in shape and are hostile in
 * substance: NUL characters, lone surrogates, SQL, `__proto__`, numbers at every edge. Whatever comes of it, it is an answer
 * or a refusal with a reason, never a fault of ours; and a refused call changes no row of any table.
 */
const RUNS = 40;
const SEED = 20_261_124;

const HOSTILE_TEXT = [
  "",
  " ",
  "\u0000",
  "a\u0000b",
  "\ud800",
  "'; drop table project; --",
  "%_\\",
  "__proto__",
  "constructor",
  "../../etc/passwd",
  "=1+1",
  "<script>alert(1)</script>",
  "𝒳\u202e\u200b",
  "9".repeat(400),
  "null",
  "-1",
];
const HOSTILE_NUMBERS = [
  0,
  -0,
  1,
  -1,
  2 ** 31 - 1,
  2 ** 31,
  -(2 ** 31) - 1,
  2 ** 53 - 1,
  -(2 ** 53) + 1,
  1e300,
  0.5,
  NaN,
];
const anything = fc.oneof(fc.constantFrom(...HOSTILE_TEXT), fc.constantFrom(...HOSTILE_NUMBERS), fc.jsonValue());

function within(schema: JsonSchema): fc.Arbitrary<unknown> {
  const low = Math.max(schema.minimum ?? 0, -1e6);
  const high = Math.min(schema.maximum ?? 1e6, 2 ** 53 - 1);
  const edges = [low, high, 2 ** 31 - 1, 2 ** 31, 2 ** 53 - 1].filter((n) => n >= low && n <= high);
  const inside =
    schema.type === "integer"
      ? fc.integer({ min: Math.ceil(low), max: Math.floor(Math.min(high, 1e9)) })
      : fc.double({ min: low, max: high, noNaN: true });
  return fc.oneof(inside, fc.constantFrom(...edges));
}

function textLike(schema: JsonSchema): fc.Arbitrary<unknown> {
  const texts = HOSTILE_TEXT.filter(
    (t) => t.length >= (schema.minLength ?? 0) && t.length <= (schema.maxLength ?? 1e6),
  );
  if (schema.format === "uuid") return fc.uuid();
  if (schema.format === "date-time")
    return fc
      .date({ noInvalidDate: true, min: new Date(0), max: new Date("9999-12-31T23:59:59Z") })
      .map((d) => d.toISOString());
  return fc.oneof(
    fc.string({ maxLength: Math.min(schema.maxLength ?? 40, 40), unit: "binary" }),
    fc.constantFrom(...(texts.length > 0 ? texts : ["x"])),
  );
}

/** What a field of this name would sensibly hold: without these most calls would end at the first check. */
const SENSIBLE: Record<string, fc.Arbitrary<unknown>> = {
  taskType: fc.constant("choice"),
  taskConfig: fc
    .uniqueArray(fc.constantFrom("yes", "no", ...HOSTILE_TEXT), { minLength: 2, maxLength: 6 })
    .map((ids) => ({
      labels: ids.map((id) => ({ id, title: id || "x" })),
    })),
  value: fc.constantFrom({ choice: "yes" }, { choice: "__proto__" }, { choice: "yes", more: 1 }),
  label: fc.constantFrom("yes", "no", { choice: "yes" }),
  main: fc.constantFrom({ id: "margin" }, { id: "typiclust", options: {} }),
  coldStart: fc.constant({ id: "random" }),
  row: fc.nat({ max: 30 }),
  rows: fc.array(fc.nat({ max: 30 }), { minLength: 1, maxLength: 5 }),
  externalIds: fc.uniqueArray(
    fc.nat({ max: 30 }).map((n) => `item-${n}`),
    { minLength: 1, maxLength: 3 },
  ),
  classes: fc.constant(["yes", "no"]),
  dim: fc.constant(2),
  data: fc
    .array(fc.float(), { minLength: 2, maxLength: 6 })
    .map((values) => Buffer.from(new Float32Array(values).buffer).toString("base64")),
  content: fc.constantFrom(...HOSTILE_TEXT).map((text) => ({ text })),
  items: fc.array(
    fc.record(
      {
        externalId: fc.constantFrom(...HOSTILE_TEXT),
        content: fc.constantFrom(...HOSTILE_TEXT).map((text) => ({ text })),
        meta: fc.dictionary(fc.constantFrom(...HOSTILE_TEXT), anything, { maxKeys: 3 }),
      },
      { requiredKeys: ["content"] },
    ),
    { minLength: 1, maxLength: 5 },
  ),
  kind: fc.constantFrom("label", "skip"),
  slug: fc.nat().map((n) => `slug-${n}`),
  cursor: fc.constantFrom("0", "10", "9".repeat(9), "9".repeat(15), "a_b", "2026-01-01T00:00:00.000Z_x"),
  featureSpec: fc.constantFrom({ kind: "text" }, { kind: "embedding", name: "\u0000" }),
  filter: fc.constantFrom(
    {},
    { search: "%_\\'\u0000" },
    { search: "a & | ! ( <-> :*" },
    { label: ["\u0000"] },
    { status: [] },
    { annotatorId: "x" },
  ),
  dataset: fc.constant("none"),
};

/** Values that a schema takes, as nasty as it lets them be; one in thirty does not fit. */
function valuesOf(schema: JsonSchema): fc.Arbitrary<unknown> {
  const fitting = fits(schema);
  return fc.oneof({ weight: 29, arbitrary: fitting }, { weight: 1, arbitrary: anything });
}

function fits(schema: JsonSchema): fc.Arbitrary<unknown> {
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (schema.enum) return fc.constantFrom(...schema.enum);
  const union = schema.anyOf ?? schema.oneOf;
  if (union) return fc.oneof(...union.map(fits));
  if (schema.type === "object") return objectOf(schema);
  if (schema.type === "array") {
    if (schema.prefixItems) return fc.tuple(...schema.prefixItems.map(valuesOf));
    const item = typeof schema.items === "object" ? valuesOf(schema.items) : anything;
    return fc.array(item, { minLength: Math.min(schema.minItems ?? 0, 5), maxLength: 5 });
  }
  if (schema.type === "string") return textLike(schema);
  if (schema.type === "integer" || schema.type === "number") return within(schema);
  if (schema.type === "boolean") return fc.boolean();
  if (schema.type === "null") return fc.constant(null);
  return anything;
}

function objectOf(schema: JsonSchema): fc.Arbitrary<unknown> {
  const fields = Object.fromEntries(
    Object.entries(schema.properties ?? {}).map(([name, s]) => {
      const sensible = Object.hasOwn(SENSIBLE, name) ? SENSIBLE[name] : undefined;
      return [name, sensible ? fc.oneof({ weight: 3, arbitrary: sensible }, valuesOf(s)) : valuesOf(s)];
    }),
  );
  const fixed = fc.record(fields, { requiredKeys: schema.required ?? [] });
  if (schema.properties && Object.keys(schema.properties).length > 0) return fixed;
  return fc.dictionary(fc.constantFrom("a", "__proto__", "constructor", "\u0000", "x y"), anything, { maxKeys: 3 });
}

/** Tables that a refused call may write to, and why: how often someone calls is counted whatever becomes of the call. */
const WRITTEN_BY_REFUSALS: readonly string[] = ["rate_limit"];

/** Count and hash of the rows of every other table. */
async function tablePrints(): Promise<Record<string, string>> {
  const prints = tables.map(
    (table) =>
      `select '${table}' as name, count(*) || ' ' || md5(coalesce(string_agg(t::text, '|' order by t::text), '')) as print
         from "${table}" t`,
  );
  const { rows } = await context.db.query<{ name: string; print: string }>(prints.join(" union all "));
  return Object.fromEntries(rows.map(({ name, print }) => [name, print]));
}

let context: TestContext;
let tables: string[];
let project: MadeProject;
type Api = Record<string, Record<string, (input: unknown) => Promise<unknown>>>;
let api: Api;

beforeAll(async () => {
  context = await createTestContext();
  const lead = await makeUser(context.db, { role: "administrator" });
  await makeUser(context.db, { role: "administrator" });
  project = await makeProject(context.db, { lead });
  const rows = await makeItems(context.db, project.id, 20);
  await makeQueueEntries(context.db, project.id, rows);
  const named = await context.db.query<{ table_name: string }>(
    "select table_name from information_schema.tables where table_schema = 'public' and table_type = 'BASE TABLE'",
  );
  tables = named.rows.map((row) => row.table_name).filter((name) => !WRITTEN_BY_REFUSALS.includes(name));
  api = createCaller({ ...context, actor: { kind: "user", ...lead, role: "administrator" } }) as unknown as Api;
});
afterAll(() => context.cleanup());

const procedures = describeApi(fileURLToPath(new URL("../..", import.meta.url))).filter(
  (p) => p.kind !== "subscription",
);

describe("hostile input", () => {
  test.each(procedures.map((p) => [p.path, p] as const))(
    "%s answers it or refuses it with a reason",
    async (path, p) => {
      const [routerName, name] = path.split(".");
      const input = p.input.length === 0 ? fc.constant({}) : fc.oneof(...p.input.map(fits));
      await fc.assert(
        fc.asyncProperty(input, async (value) => {
          const given = typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : value;
          // The project is mine, where it is named at all, so that the call reaches what lies behind the ladder.
          if (typeof given === "object" && given !== null && "projectId" in given) given.projectId = project.id;
          const before = await tablePrints();
          try {
            await api[routerName][name](given);
          } catch (error) {
            expect(await tablePrints(), "a refused call wrote").toEqual(before);
            const { cause } = error as { cause?: { code?: string; message?: string; cause?: unknown } };
            expect(cause?.code, `${cause?.message} ${String(cause?.cause)}`).not.toBe("E_INTERNAL");
            expect(cause?.code).toMatch(/^E_/);
          }
        }),
        { numRuns: RUNS, seed: SEED },
      );
    },
  );

  test("the prints notice a change of any table", async () => {
    expect(tables).toEqual(expect.arrayContaining(["project", "item", "annotation", "audit_log", "job_run"]));
    const before = await tablePrints();
    await context.db.query("update project set name = name || '!' where id = $1", [project.id]);
    const after = await tablePrints();
    expect(Object.keys(after).filter((name) => after[name] !== before[name])).toEqual(["project"]);
  });

  test("and nothing was polluted or lost by it", async () => {
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
    const { rows } = await context.db.query(
      "select count(*)::int as n from project where id = $1 and deleted_at is null",
      [project.id],
    );
    expect(rows).toEqual([{ n: 1 }]);
  });
});
