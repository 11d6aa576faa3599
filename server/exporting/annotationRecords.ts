import type { Tx } from "../db";
import type { ProjectRow } from "../projects";
import type { AnnotationWithItem } from "./export.db";
import { selectAnnotationPage } from "./export.db";
import type { ExportRecord } from "./itemRecords";
import { labelText } from "./itemRecords";

/** Columns of the long table, in order. */
export const ANNOTATION_COLUMNS = [
  "item_id",
  "external_id",
  "annotator_id",
  "annotator_name",
  "source",
  "question",
  "status",
  "label",
  "value_json",
  "lead_time_ms",
  "created_at",
  "revision",
  "model_version_seen",
  "suggestion_shown",
  "suggested_value_json",
  "arm",
  "selection_probability",
  "purpose",
  "round",
  "rank",
  "score",
  "model_version",
  "is_fallback",
  "is_gold",
  "is_late",
  "is_extra",
  "is_retracted",
  "retracted_at",
  "shown_at",
  "reason",
  "guidelines_version",
  "item_deleted",
] as const;

/** The id before U+007F and the row were put before it when the item was deleted. */
function originalId(externalId: string | null): string | null {
  return externalId?.replace(/^\u007f\d+:/, "") ?? null;
}

function toRecord(project: ProjectRow, a: AnnotationWithItem): ExportRecord {
  const { entry } = a;
  const json = (value: unknown): string | null =>
    value === null || value === undefined ? null : JSON.stringify(value);
  return {
    item_id: a.row,
    external_id: originalId(a.externalId),
    annotator_id: a.annotatorId,
    annotator_name: a.annotatorName,
    source: a.source,
    question: "label",
    status: a.kind === "skip" ? "skipped" : "submitted",
    label: labelText(project, a.value),
    value_json: json(a.value),
    lead_time_ms: a.elapsedMs,
    created_at: a.at.toISOString(),
    revision: a.seq,
    model_version_seen: a.modelVersionSeen,
    suggestion_shown: a.suggestionShown,
    suggested_value_json: json(a.suggestedValue),
    arm: entry?.strategy ?? null,
    selection_probability: entry?.inclusion ?? null,
    purpose: a.purpose,
    round: a.round ?? entry?.round ?? null,
    rank: entry?.rank ?? null,
    score: entry?.score ?? null,
    model_version: entry?.modelVersion ?? null,
    is_fallback: entry?.isFallback ?? null,
    is_gold: a.purpose === "gold",
    is_late: a.isLate,
    is_extra: a.isExtra,
    is_retracted: a.retractedAt !== null,
    retracted_at: a.retractedAt?.toISOString() ?? null,
    shown_at: a.shownAt?.toISOString() ?? null,
    reason: a.reason,
    guidelines_version: a.guidelinesVersion,
    item_deleted: a.itemDeletedAt !== null,
  };
}

/** One record per label or skip in the order of their numbers, withdrawn ones included and marked. */
export async function* annotationRecords(tx: Tx, project: ProjectRow): AsyncGenerator<ExportRecord[], void, undefined> {
  for (let after = 0; ; ) {
    const page = await selectAnnotationPage(tx, project.id, after);
    if (page.length === 0) return;
    yield page.map((a) => toRecord(project, a));
    after = page[page.length - 1].seq;
  }
}
