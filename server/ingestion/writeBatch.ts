import { LIMITS } from "@/contracts/limits";
import { withTransaction } from "../db";
import { AppError } from "../errors";
import { excerptOf } from "../formats";
import { notifyProject } from "../jobs";
import type { ProjectRow } from "../projects";
import type { ImportBatch } from "./importBatch";
import type { ImportRunRow } from "./imports.db";
import { advanceImportRun, insertImportErrors, lockImportRun } from "./imports.db";
import type { RefusedRecord, RowIssue } from "./rowIssue";
import { toRefusedRecord, toRowError } from "./rowIssue";
import type { ImportEnvironment } from "./runImport";
import { writeItems } from "./writeItems";

/** Share of bad records in the first batch beyond which the file is refused: the mapping or the format is wrong. */
export const FIRST_BATCH_ERRORS_MAX = 0.5;

/** Most of the first batch is bad; nothing of it was kept. */
export class ImportRefused extends Error {
  readonly errors: RefusedRecord[];
  readonly nRecords: number;

  constructor(errors: RefusedRecord[], nRecords: number) {
    const [first] = errors;
    const field = first.field === undefined ? "" : ` (${first.field})`;
    super(
      `Nothing was added: ${errors.length} of the first ${nRecords} records are bad, more than half. The first one, line ${first.line}${field}: ${first.message} Check the format and the mapping.`,
    );
    this.errors = errors;
    this.nRecords = nRecords;
  }
}

/**
 * Writes one batch with its errors and the place reached, in one transaction. Locks the run: a batch that another worker
 * has written in the meantime, and a run that has ended, are found here and nothing is written.
 */
export async function writeBatch(
  env: ImportEnvironment,
  batch: ImportBatch,
  project: ProjectRow,
  number: number,
  run: ImportRunRow,
): Promise<void> {
  const { db, clock } = env;
  await withTransaction(
    db,
    async (tx) => {
      const locked = await lockImportRun(tx, project.id, number);
      if (locked?.state !== "running" || (locked.checkpoint.records ?? 0) !== batch.start) {
        throw new AppError("E_UNAVAILABLE", `Import ${number} is being carried on by another worker, or has ended.`);
      }
      const errorsWith = (issues: readonly (RowIssue | undefined)[]): RefusedRecord[] => [
        ...batch.errors,
        ...issues.flatMap((issue, i) => {
          const { line, content, record } = batch.candidates[i];
          return issue ? [toRefusedRecord(toRowError(line, issue, excerptOf(content)), record, run.mapping)] : [];
        }),
      ];
      const written = await writeItems(tx, batch.candidates, {
        projectId: project.id,
        source: "import",
        importRun: number,
        unknownLabel: run.mapping.unknownLabel,
        now: clock.now(),
        actor: { kind: "system", id: run.createdBy },
        onIssues: (issues) => {
          const nBad = batch.errors.length + issues.filter(Boolean).length;
          if (batch.start > 0 || nBad <= batch.nRecords * FIRST_BATCH_ERRORS_MAX) return;
          throw new ImportRefused(sortByLine(errorsWith(issues)), batch.nRecords);
        },
      });
      const errors = sortByLine(errorsWith(written.issues));
      const room = Math.max(0, LIMITS.importErrorsKept - locked.nErrors);
      await insertImportErrors(tx, project.id, number, locked.nErrors + 1, errors.slice(0, room));
      await advanceImportRun(
        tx,
        project.id,
        number,
        {
          nRead: batch.nRecords,
          nInserted: written.inserted,
          nExisting: written.existing,
          nDuplicates: written.duplicates,
          nLabels: written.labels,
          nErrors: errors.length,
        },
        { records: batch.start + batch.nRecords },
      );
      await notifyProject(tx, project.id, "imports");
    },
    { statementTimeoutMs: 0 },
  );
}

function sortByLine(errors: RefusedRecord[]): RefusedRecord[] {
  return errors.sort((a, b) => a.line - b.line);
}
