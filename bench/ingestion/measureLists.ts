import { recordImportedLabels } from "@/server/annotation";
import { withTransaction } from "@/server/db";
import type { IngestContext } from "@/server/ingestion";
import type { ListItemsInput } from "@/server/items";
import { getItem, listItems } from "@/server/items";
import { indexItems } from "@/server/items/indexItems";

const LABELS_PER_TRANSACTION = 2_000;
/** Steps through the rows without a pattern that caches would like. */
const STRIDE = 617_363;

/** Labels spread evenly over the items, recorded as an import records them; returns seconds. */
export async function labelSome(ctx: IngestContext, nItems: number, nLabels: number): Promise<number> {
  const startedMs = performance.now();
  const rows = Array.from({ length: nLabels }, (_, i) => (i * STRIDE) % nItems);
  for (let at = 0; at < rows.length; at += LABELS_PER_TRANSACTION) {
    const labels = rows
      .slice(at, at + LABELS_PER_TRANSACTION)
      .map((row) => ({ row, value: { choice: row % 50 === 0 ? "no" : "yes" } }));
    await withTransaction(ctx.db, (tx) =>
      recordImportedLabels(tx, {
        project: ctx.project,
        source: "import",
        origin: "bench",
        labels,
        now: ctx.clock.now(),
      }),
    );
  }
  await ctx.db.query("analyze annotation, item");
  return (performance.now() - startedMs) / 1000;
}

/** Brings all items into the search index; returns seconds. */
export async function indexAll(ctx: IngestContext): Promise<number> {
  const startedMs = performance.now();
  const signal = new AbortController().signal;
  await indexItems({ ...ctx, signal, progress: async () => undefined }, ctx.project.id);
  return (performance.now() - startedMs) / 1000;
}

export interface Latency {
  name: string;
  p50Ms: number;
  p95Ms: number;
  maxMs: number;
  rows: number;
  count: string;
}

async function time(
  name: string,
  runs: number,
  call: () => Promise<{ rows: number; count: string }>,
): Promise<Latency> {
  const took: number[] = [];
  let last = { rows: 0, count: "" };
  for (let i = 0; i < runs; i++) {
    const startedMs = performance.now();
    last = await call();
    took.push(performance.now() - startedMs);
  }
  // The first run warms caches; it is part of the maximum.
  const sorted = [...took].sort((a, b) => a - b);
  const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
  return { name, p50Ms: at(0.5), p95Ms: at(0.95), maxMs: sorted[sorted.length - 1], ...last };
}

type Case = [name: string, input: Partial<ListItemsInput>];

/** Pages of the data browser, each asked for `runs` times. */
export async function measureLists(ctx: IngestContext, nItems: number, runs: number): Promise<Latency[]> {
  const deep = Buffer.from(JSON.stringify(["row", "asc", 0, Math.floor(nItems * 0.9)])).toString("base64url");
  const { rows: words } = await ctx.db.query<{ word: string; ndoc: number }>(
    `select word, ndoc from ts_stat('select document from item_search where row % 97 = 0') order by ndoc desc, word`,
  );
  const rare = words.find(({ ndoc }) => ndoc <= 2)?.word ?? "";
  const middle = words.find(({ ndoc }) => ndoc <= nItems / 97 / 50)?.word ?? "";
  const cases: Case[] = [
    ["first page", {}],
    ["page behind 90 % of the items", { cursor: deep }],
    ["last page first", { direction: "desc" }],
    ["status resolved", { filter: { status: ["resolved"] } }],
    ["status open", { filter: { status: ["open"] } }],
    ["labelled", { filter: { labelled: true } }],
    ["label of many", { filter: { label: ["yes"] } }],
    ["label of few", { filter: { label: ["no"] } }],
    ["duplicates", { filter: { duplicates: true } }],
    ["import of all", { filter: { importRun: 1 } }],
    ["flagged (none)", { filter: { flagged: true } }],
    ["most recently labelled", { sort: "recentlyLabelled", direction: "desc" }],
    ["search: a word of most items", { filter: { search: words[0]?.word } }],
    ["search: a word of one item in fifty", { filter: { search: middle } }],
    ["search: a rare word", { filter: { search: rare } }],
    ["search: two words, one by its beginning", { filter: { search: `${rare} ${words[0]?.word.slice(0, 2)}` } }],
    ["search: nothing", { filter: { search: "zzzzzzzz" } }],
    ["search and label", { filter: { search: words[0]?.word, label: ["no"] } }],
    ["search and status, both of many", { filter: { search: words[1]?.word, status: ["open"] } }],
  ];
  const figures: Latency[] = [];
  for (const [name, input] of cases) {
    figures.push(
      await time(name, runs, async () => {
        const page = await listItems(ctx, { filter: {}, sort: "row", direction: "asc", limit: 50, ...input });
        const count = page.count === null ? "-" : `${page.count.atLeast ? "≥" : ""}${page.count.value}`;
        return { rows: page.rows.length, count };
      }),
    );
  }
  let n = 0;
  figures.push(
    await time("one item", runs, async () => {
      n++;
      await getItem(ctx, { row: (n * STRIDE) % nItems });
      return { rows: 1, count: "-" };
    }),
  );
  return figures;
}
