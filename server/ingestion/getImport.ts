import type { ImportRunView } from "@/contracts/ingestion";
import { importMapping } from "@/contracts/ingestion";
import { LIMITS } from "@/contracts/limits";
import { AppError } from "../errors";
import type { ImportViewRow } from "./imports.db";
import { selectImportView, selectImportViews } from "./imports.db";
import type { IngestContext } from "./ingestContext";

type ReadContext = Pick<IngestContext, "db" | "project">;

export function importNotFound(number: number): AppError {
  return new AppError("E_NOT_FOUND", `There is no import number ${number} in this project.`, { details: { number } });
}

/**
 * The run's own state, unless its job ended without being able to say so: cancelled before it began, or given up after
 * its worker died again and again.
 */
function stateOf(row: ImportViewRow): { state: ImportRunView["state"]; message: string } {
  const message = row.checkpoint.message ?? "";
  const isLive = row.state === "queued" || row.state === "running";
  if (isLive && row.jobState === "cancelled") return { state: "cancelled", message: message || "Cancelled." };
  if (isLive && row.jobState === "failed") {
    return { state: "failed", message: row.jobError?.message ?? "The import failed." };
  }
  return { state: row.state, message };
}

function progressOf(row: ImportViewRow, state: ImportRunView["state"]): number | null {
  if (state === "done" || state === "doneWithErrors") return 1;
  if (row.jobDone === null || !row.jobTotal) return state === "queued" ? 0 : null;
  return Math.min(1, row.jobDone / row.jobTotal);
}

function toView(row: ImportViewRow): ImportRunView {
  const { state, message } = stateOf(row);
  return {
    number: row.number,
    fileName: row.fileName,
    format: row.format,
    sizeBytes: row.sizeBytes,
    mapping: importMapping.parse(row.mapping),
    state,
    progress: progressOf(row, state),
    nRead: row.nRead,
    nInserted: row.nInserted,
    nExisting: row.nExisting,
    nDuplicates: row.nDuplicates,
    nLabels: row.nLabels,
    nErrors: row.nErrors,
    jobRunId: row.jobRunId,
    message,
    createdAt: row.createdAt.toISOString(),
    finishedAt: (row.finishedAt ?? (state === row.state ? null : row.jobFinishedAt))?.toISOString() ?? null,
  };
}

/** One import. @throws E_NOT_FOUND. */
export async function getImport({ db, project }: ReadContext, input: { number: number }): Promise<ImportRunView> {
  const row = await selectImportView(db, project.id, input.number);
  if (!row) throw importNotFound(input.number);
  return toView(row);
}

/** The project's imports, newest first. */
export async function listImports(
  { db, project }: ReadContext,
  input: { cursor?: string; limit?: number },
): Promise<{ rows: ImportRunView[]; nextCursor: string | null }> {
  const limit = Math.min(input.limit ?? 50, LIMITS.pageRows);
  const rows = await selectImportViews(
    db,
    project.id,
    input.cursor === undefined ? null : Number(input.cursor),
    limit + 1,
  );
  const page = rows.slice(0, limit).map(toView);
  return { rows: page, nextCursor: rows.length > limit ? String(page[page.length - 1].number) : null };
}
