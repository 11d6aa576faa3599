import type { ItemListRow } from "@/contracts/items";
import type { Db, Pool } from "../db";
import { withTransaction } from "../db";
import type { FilterPart } from "./filterParts";
import type { Direction, ItemSort, PagePlace } from "./pageCursor";
import { Params } from "./params";

/** SQL of lists of items. */

export interface ItemTotals {
  nItems: number;
  nextRow: number;
  searchedThrough: number;
}

export async function selectItemTotals(db: Db, projectId: number): Promise<ItemTotals> {
  const { rows } = await db.query<ItemTotals>(
    `select n_items as "nItems", next_row as "nextRow", searched_through as "searchedThrough"
       from row_counter where project_id = $1`,
    [projectId],
  );
  return rows[0] ?? { nItems: 0, nextRow: 0, searchedThrough: 0 };
}

/**
 * Rows that meet a condition, counted up to one more than the cap; null for words so common that counting them through
 * the inverted index, which reads all their rows first, would take long: a walk through the items meets those at once.
 */
export async function countSet(db: Pool, part: FilterPart & Required<Pick<FilterPart, "set">>, cap: number) {
  const p = new Params();
  const sql = `select count(*) as n from (select 1 from (${part.set(p)}) s limit ${p.add(cap + 1)}) t`;
  if (!part.isInverted) return (await db.query<{ n: number }>(sql, p.values)).rows[0].n;
  if ((await estimateSet(db, part)) > cap * COMMON_FACTOR) return null;
  return withTransaction(db, async (tx) => {
    // Else the planner may test the documents of all items one by one, hoping to meet enough of them soon.
    for (const way of ["seqscan", "indexscan", "indexonlyscan"]) await tx.query(`set local enable_${way} = off`);
    return (await tx.query<{ n: number }>(sql, p.values)).rows[0].n;
  });
}

/** A word estimated to be in this many times the cap of items is common. */
const COMMON_FACTOR = 10;

/** The planner's estimate of the rows that meet a condition; for words it rests on the statistics of the documents. */
async function estimateSet(db: Pool, part: FilterPart & Required<Pick<FilterPart, "set">>): Promise<number> {
  const p = new Params();
  const { rows } = await db.query<{ "QUERY PLAN": { Plan: { "Plan Rows": number } }[] }>(
    `explain (format json) ${part.set(p)}`,
    p.values,
  );
  return rows[0]["QUERY PLAN"][0].Plan["Plan Rows"];
}

export interface ItemQuery {
  projectId: number;
  /** Conditions that are tested item by item. */
  checks: readonly FilterPart[];
  /** A condition that few items meet: the list starts from them. */
  driver: FilterPart["set"];
  sort: ItemSort;
  direction: Direction;
}

/** Where each sort reads its order from, and the keys of an item in it. `i` is the item. */
function orderOf(query: ItemQuery, p: Params): { from: string; key: string; also: string } {
  const items = query.driver
    ? `hits h join item i on i.project_id = ${p.add(query.projectId)} and i.row = h.row`
    : "item i";
  if (query.sort === "row") return { from: items, key: "i.row", also: "true" };
  if (query.sort === "agreement") return { from: items, key: "i.agreement", also: "i.agreement is not null" };
  if (query.driver) {
    const last = `(select max(a.seq) as seq from annotation a where a.project_id = i.project_id and a.row = i.row
      and a.kind = 'label' and i.n_labels > 0
      and not exists (select 1 from annotation r where r.project_id = a.project_id and r.supersedes = a.seq))`;
    return { from: `${items} cross join lateral ${last} l`, key: "l.seq", also: "l.seq is not null" };
  }
  // The log walked backwards; a label counts where no later one on its item stands.
  const stands = (a: string, r: string) =>
    `not exists (select 1 from annotation ${r} where ${r}.project_id = ${a}.project_id and ${r}.supersedes = ${a}.seq)`;
  return {
    from: "annotation a join item i on i.project_id = a.project_id and i.row = a.row",
    key: "a.seq",
    also: `a.project_id = ${p.add(query.projectId)} and a.kind = 'label' and ${stands("a", "r")}
      and not exists (select 1 from annotation b where b.project_id = a.project_id and b.row = a.row and b.seq > a.seq
        and b.kind = 'label' and ${stands("b", "q")})`,
  };
}

function conditions(query: ItemQuery, p: Params): string {
  const always = [`i.project_id = ${p.add(query.projectId)}`, "i.deleted_at is null"];
  return [...always, ...query.checks.map((part) => part.check(p))].join(" and ");
}

function withHits(query: ItemQuery, p: Params): string {
  return query.driver ? `with hits as materialized (select distinct row from (${query.driver(p)}) s)` : "";
}

/** The rows of one page in order, with their sort keys. */
export async function selectPagePlaces(
  db: Db,
  query: ItemQuery,
  after: PagePlace | undefined,
  limit: number,
): Promise<PagePlace[]> {
  const p = new Params();
  const hits = withHits(query, p);
  const { from, key, also } = orderOf(query, p);
  const [sign, word] = query.direction === "asc" ? [">", "asc"] : ["<", "desc"];
  // Sorted by row alone the key is the row, and one comparison walks the primary key.
  const isByRow = query.sort === "row";
  const place = !after
    ? "true"
    : isByRow
      ? `i.row ${sign} ${p.add(after.row)}`
      : query.sort === "agreement"
        ? `(i.agreement, i.row) ${sign} (${p.add(after.key)}::float8, ${p.add(after.row)}::int)`
        : `${key} ${sign} ${p.add(after.key)}::int`;
  const order = query.sort === "agreement" ? `i.agreement ${word}, i.row ${word}` : `${key} ${word}`;
  const { rows } = await db.query<PagePlace>(
    `${hits} select ${key} as key, i.row from ${from} where ${conditions(query, p)} and ${also} and ${place}
      order by ${order} limit ${p.add(limit)}`,
    p.values,
  );
  return rows;
}

/** Items of a list counted up to one more than the cap. */
export async function countItems(db: Db, query: ItemQuery, cap: number): Promise<number> {
  const p = new Params();
  const hits = withHits(query, p);
  const from = query.driver
    ? `hits h join item i on i.project_id = ${p.add(query.projectId)} and i.row = h.row`
    : "item i";
  const sorted = { row: "true", agreement: "i.agreement is not null", recentlyLabelled: "i.n_labels > 0" }[query.sort];
  const { rows } = await db.query<{ n: number }>(
    `${hits} select count(*) as n from (
       select 1 from ${from} where ${conditions(query, p)} and ${sorted} limit ${p.add(cap + 1)}) t`,
    p.values,
  );
  return rows[0].n;
}

/** Longest excerpt in a list, characters. */
const EXCERPT_LENGTH = 300;
const FIELDS_SHOWN = 8;

interface ListRow extends Omit<ItemListRow, "createdAt" | "lastLabelAt"> {
  createdAt: Date;
  lastLabelAt: Date | null;
}

/** What a list shows of these items, in no particular order. Bodies are cut in the database. */
export async function selectListRows(db: Db, projectId: number, rows: readonly number[]): Promise<ListRow[]> {
  const result = await db.query<ListRow>(
    `select i.row, i.external_id as "externalId", i.status as "status", i.n_labels as "nLabels", i.consensus,
            i.agreement, i.duplicate_of as "duplicateOf", i.created_at as "createdAt",
            left(coalesce(c.content->>'text', (
              select string_agg(left(f.key, 60) || ': ' || left(coalesce(f.value, ''), 80), ' · ')
                from (select key, value from jsonb_each_text(
                        case when jsonb_typeof(c.content->'fields') = 'object' then c.content->'fields' else '{}' end)
                       limit ${FIELDS_SHOWN}) f), ''), ${EXCERPT_LENGTH}) as excerpt,
            (select count(*) from flag f
              where f.project_id = i.project_id and f.row = i.row and f.resolved_at is null) as "nOpenFlags",
            case when i.n_labels > 0 then (
              select max(a.at) from annotation a
               where a.project_id = i.project_id and a.row = i.row and a.kind = 'label'
                 and not exists (select 1 from annotation r where r.project_id = a.project_id and r.supersedes = a.seq))
            end as "lastLabelAt"
       from unnest($2::int[]) as w(row)
       join item i on i.project_id = $1 and i.row = w.row
       left join item_content c on c.project_id = $1 and c.row = w.row`,
    [projectId, rows],
  );
  return result.rows;
}
