import type { z } from "zod";
import type { ItemFilter, ItemListRow, ItemPage, listItemsInput } from "@/contracts/items";
import type { Clock } from "../clock";
import type { Pool } from "../db";
import { withTransaction } from "../db";
import { requestJob } from "../jobs";
import type { ProjectRow } from "../projects";
import type { FilterPart } from "./filterParts";
import { filterParts } from "./filterParts";
import type { ItemQuery, ItemTotals } from "./items.db";
import { countItems, countSet, selectItemTotals, selectListRows, selectPagePlaces } from "./items.db";
import type { ItemsContext } from "./itemsContext";
import { readCursor, writeCursor } from "./pageCursor";

/** Matching items are counted up to here; a condition that fewer meet is where a list starts from. */
export const COUNT_MAX = 10_000;
/** A count that takes longer is left out: the page does not wait for it. */
const COUNT_TIMEOUT_MS = 400;
const QUERY_CANCELED = "57014";

export type ListItemsInput = Omit<z.output<typeof listItemsInput>, "projectId">;

type Plan = Pick<ItemQuery, "checks" | "driver"> & {
  /** Matches of the only condition, or undefined when it was not counted. */
  nOfOnly: number | undefined;
};

/** Chooses where to start: from the first condition that few items meet, else from all items in order. */
async function makePlan(db: Pool, parts: readonly FilterPart[], cap: number): Promise<Plan> {
  let nOfOnly: number | undefined;
  for (const part of parts) {
    const { set } = part;
    if (!set) continue;
    const n = await countSet(db, { ...part, set }, cap);
    if (n !== null && n <= cap)
      return { driver: set, checks: parts.filter((other) => other !== part), nOfOnly: undefined };
    if (parts.length === 1 && n !== null) nOfOnly = n;
  }
  return { driver: undefined, checks: parts, nOfOnly };
}

const capped = (n: number, cap: number): ItemPage["count"] => ({ value: Math.min(n, cap), atLeast: n > cap });

/** How many items match, or null when that would take too long. */
async function count(
  db: Pool,
  query: ItemQuery,
  plan: Plan,
  totals: ItemTotals,
  cap: number,
): Promise<ItemPage["count"]> {
  const isAll = query.checks.length === 0 && query.driver === undefined;
  if (isAll && query.sort === "row") return { value: totals.nItems, atLeast: false };
  if (plan.nOfOnly !== undefined && query.sort === "row") return capped(plan.nOfOnly, cap);
  try {
    const n = await withTransaction(db, (tx) => countItems(tx, query, cap), {
      readOnly: true,
      statementTimeoutMs: COUNT_TIMEOUT_MS,
      attemptsMax: 1,
    });
    return capped(n, cap);
  } catch (error) {
    if ((error as { code?: unknown }).code === QUERY_CANCELED) return null;
    throw error;
  }
}

/** Rows that came in while an index run was ending have none of their own: who searches asks for it. */
async function askForIndex(db: Pool, clock: Clock, project: ProjectRow, filter: ItemFilter, totals: ItemTotals) {
  if (filter.search === undefined || totals.searchedThrough >= totals.nextRow) return;
  await requestJob(db, clock, { kind: "items.index", payload: { projectId: project.id } });
}

/**
 * One page of the project's items. Sorted by row, by agreement (items that have one), or by last label (items that have
 * labels). Counts come with the first page only. Time is bounded by the page and the cap, not by the number of items,
 * except where several conditions are each met by many items and together by few. `cap`: see COUNT_MAX.
 */
export async function listItems(ctx: ItemsContext, input: ListItemsInput, cap = COUNT_MAX): Promise<ItemPage> {
  const { db, clock, project } = ctx;
  const { sort, direction, limit } = input;
  const after = input.cursor === undefined ? undefined : readCursor(input.cursor, sort, direction);
  const totals = await selectItemTotals(db, project.id);
  await askForIndex(db, clock, project, input.filter, totals);
  const plan = await makePlan(db, filterParts(input.filter, project), cap);
  const query: ItemQuery = { projectId: project.id, checks: plan.checks, driver: plan.driver, sort, direction };
  const places = await selectPagePlaces(db, query, after, limit + 1);
  const page = places.slice(0, limit);
  const shown = new Map(
    (
      await selectListRows(
        db,
        project.id,
        page.map((place) => place.row),
      )
    ).map((row) => [row.row, row]),
  );
  const rows = page.flatMap(({ row }): ItemListRow[] => {
    const item = shown.get(row);
    if (!item) return [];
    const { createdAt, lastLabelAt, ...rest } = item;
    return [{ ...rest, createdAt: createdAt.toISOString(), lastLabelAt: lastLabelAt?.toISOString() ?? null }];
  });
  return {
    rows,
    nextCursor: places.length > limit ? writeCursor(sort, direction, page[page.length - 1]) : null,
    count: after ? null : await count(db, query, plan, totals, cap),
    searchReady: totals.nextRow === 0 ? 1 : Math.min(1, totals.searchedThrough / totals.nextRow),
  };
}
