import { getTaskType } from "@/task-types/registry";
import type { Tx } from "../db";
import type { ProjectRow } from "../projects";
import type { ExportedAnnotationRow, ExportedEntryRow, ExportedItemRow } from "./export.db";
import { selectAnnotationsOfRange, selectBatchEnd, selectEntriesOfRange, selectItemRange } from "./export.db";

/** One record of an export: values by column name. */
export type ExportRecord = Record<string, unknown>;

const iso = (at: Date | null): string | null => at?.toISOString() ?? null;

function groupByRow<T extends { row: number }>(list: readonly T[]): Map<number, T[]> {
  const groups = new Map<number, T[]>();
  for (const one of list) {
    const group = groups.get(one.row);
    if (group) group.push(one);
    else groups.set(one.row, [one]);
  }
  return groups;
}

/** Text of a label as people read it; JSON where the value does not fit the project's configuration any more. */
export function labelText(project: ProjectRow, value: unknown): string | null {
  if (value === null || value === undefined) return null;
  try {
    return getTaskType(project.taskType).formatValue(project.taskConfig, value);
  } catch {
    // A value of an older configuration: its JSON says the same, and an export leaves nothing out.
    return JSON.stringify(value);
  }
}

/** The entry that explains why the item was asked about: the one its first standing label answered, else the newest. */
function decisiveEntry(
  entries: readonly ExportedEntryRow[],
  annotations: readonly ExportedAnnotationRow[],
): ExportedEntryRow | undefined {
  const first = annotations.find((a) => a.kind === "label" && a.retractedAt === null && a.entryId !== null);
  return entries.find((entry) => entry.id === first?.entryId) ?? entries[entries.length - 1];
}

function annotationSummary(project: ProjectRow, a: ExportedAnnotationRow): ExportRecord {
  return {
    seq: a.seq,
    kind: a.kind,
    annotator_id: a.annotatorId,
    source: a.source,
    value: a.value,
    label: labelText(project, a.value),
    at: iso(a.at),
    elapsed_ms: a.elapsedMs,
    purpose: a.purpose,
    round: a.round,
    is_late: a.isLate,
    is_extra: a.isExtra,
    retracted_at: iso(a.retractedAt),
    ...(a.reason === null ? {} : { reason: a.reason }),
  };
}

/** Columns of an item's record, content and metadata aside, in order. */
export const ITEM_COLUMNS_BEFORE = ["row", "external_id", "status", "label"] as const;
export const ITEM_COLUMNS_AFTER = [
  "agreement",
  "n_labels",
  "n_skips",
  "consensus",
  "annotations",
  "purpose",
  "strategy",
  "round",
  "rank",
  "score",
  "percentile",
  "inclusion_probability",
  "model_version",
  "is_fallback",
  "served_at",
  "duplicate_of",
  "label_inherited",
  "import_run",
  "created_at",
  "resolved_at",
  "meta",
] as const;

function toRecord(
  project: ProjectRow,
  item: ExportedItemRow,
  annotations: readonly ExportedAnnotationRow[],
  entries: readonly ExportedEntryRow[],
): ExportRecord {
  const entry = decisiveEntry(entries, annotations);
  return {
    row: item.row,
    external_id: item.externalId,
    status: item.status,
    label: labelText(project, item.consensus),
    ...item.content,
    agreement: item.agreement,
    n_labels: item.nLabels,
    n_skips: item.nSkips,
    consensus: item.consensus,
    annotations: annotations.map((a) => annotationSummary(project, a)),
    purpose: entry?.purpose ?? null,
    strategy: entry?.strategy ?? null,
    round: entry?.round ?? null,
    rank: entry?.rank ?? null,
    score: entry?.score ?? null,
    percentile: entry?.percentile ?? null,
    inclusion_probability: entry?.inclusion ?? null,
    model_version: entry?.modelVersion ?? null,
    is_fallback: entry?.isFallback ?? null,
    served_at: iso(entry?.servedAt ?? null),
    duplicate_of: item.duplicateOf,
    label_inherited: item.isInherited,
    import_run: item.importRun,
    created_at: iso(item.createdAt),
    resolved_at: iso(item.resolvedAt),
    meta: item.meta,
  };
}

/** One record per living item, in the order of their rows, batch by batch. */
export async function* itemRecords(tx: Tx, project: ProjectRow): AsyncGenerator<ExportRecord[], void, undefined> {
  for (let after = -1; ; ) {
    const last = await selectBatchEnd(tx, project.id, after);
    if (last === undefined) return;
    const items = await selectItemRange(tx, project.id, after, last);
    const annotations = groupByRow(await selectAnnotationsOfRange(tx, project.id, after, last));
    const entries = groupByRow(await selectEntriesOfRange(tx, project.id, after, last));
    yield items.map((item) => toRecord(project, item, annotations.get(item.row) ?? [], entries.get(item.row) ?? []));
    after = last;
  }
}
