import type { ItemFilter } from "@/contracts/items";
import { ITEM_SORTS, ITEM_STATUSES, PURPOSES } from "@/contracts/items";

/** What the item list shows, as it stands in the address: a link to a list is a link to exactly that list. */
export interface ItemListState {
  filter: ItemFilter;
  sort: (typeof ITEM_SORTS)[number];
  direction: "asc" | "desc";
}

const FLAGS = ["flagged", "duplicates", "disagreement", "labelled", "late"] as const;

function oneOf<T extends string>(values: string[], allowed: readonly T[]): T[] {
  return values.filter((v): v is T => (allowed as readonly string[]).includes(v));
}

/** Reads the list's state from search parameters; anything unknown is left out. */
export function readListState(params: URLSearchParams): ItemListState {
  const filter: ItemFilter = {};
  const search = params.get("search")?.trim();
  if (search) filter.search = search;
  const status = oneOf(params.getAll("status"), ITEM_STATUSES);
  if (status.length) filter.status = status;
  const purpose = oneOf(params.getAll("purpose"), PURPOSES);
  if (purpose.length) filter.purpose = purpose;
  const label = params.getAll("label");
  if (label.length) filter.label = label;
  const annotatorId = params.get("annotatorId");
  if (annotatorId) filter.annotatorId = annotatorId;
  for (const key of ["round", "importRun"] as const) {
    const value = params.get(key);
    if (value !== null && /^\d+$/.test(value)) filter[key] = Number(value);
  }
  for (const key of FLAGS) {
    const value = params.get(key);
    if (value === "true" || value === "false") filter[key] = value === "true";
  }
  return {
    filter,
    sort: oneOf([params.get("sort") ?? ""], ITEM_SORTS)[0] ?? "row",
    direction: params.get("direction") === "desc" ? "desc" : "asc",
  };
}

/** The inverse: only what differs from an unfiltered list in row order. */
export function writeListState({ filter, sort, direction }: ItemListState): string {
  const params = new URLSearchParams();
  for (const [key, value] of Object.entries(filter)) {
    if (Array.isArray(value)) for (const one of value) params.append(key, one);
    else if (value !== undefined) params.set(key, String(value));
  }
  if (sort !== "row") params.set("sort", sort);
  if (direction !== "asc") params.set("direction", direction);
  return params.toString();
}
