import type { AnnotationView, FlagView, ItemDetail } from "@/contracts/items";
import { AppError } from "../errors";
import { loadSuggestions } from "../prediction";
import { selectAnnotations, selectCopies, selectFlags, selectItem, selectServed } from "./itemDetail.db";
import type { ItemsContext } from "./itemsContext";

export function itemNotFound(row: number): AppError {
  return new AppError("E_NOT_FOUND", `There is no item ${row} in this project, or it was deleted.`, {
    details: { row },
  });
}

/**
 * One item with everything known about it: content, all annotations in order (withdrawn ones marked), when and why it
 * was served, the active model's suggestion, flags, items of equal content. @throws E_NOT_FOUND.
 */
export async function getItem(ctx: ItemsContext, input: { row: number }): Promise<ItemDetail> {
  const { db, storage, project } = ctx;
  const { row } = input;
  const item = await selectItem(db, project.id, row);
  if (!item) throw itemNotFound(row);
  const [annotations, served, flags, duplicates, suggestions] = await Promise.all([
    selectAnnotations(db, project.id, row),
    selectServed(db, project.id, row),
    selectFlags(db, project.id, row),
    selectCopies(db, project.id, row, item.duplicateOf ?? row),
    loadSuggestions(db, storage, project.id, [row]),
  ]);
  return {
    ...item,
    createdAt: item.createdAt.toISOString(),
    resolvedAt: item.resolvedAt?.toISOString() ?? null,
    duplicates,
    annotations: annotations.map((a): AnnotationView => ({ ...a, at: a.at.toISOString() })),
    served: served.map((entry) => ({ ...entry, servedAt: entry.servedAt?.toISOString() ?? null })),
    suggestion: suggestions.get(row) ?? null,
    flags: flags.map(
      (flag): FlagView => ({
        ...flag,
        createdAt: flag.createdAt.toISOString(),
        resolvedAt: flag.resolvedAt?.toISOString() ?? null,
      }),
    ),
  };
}
