import type { RowError } from "@/contracts/errors";
import { LIMITS } from "@/contracts/limits";
import { neutraliseFormula, writeRecord } from "../formats";
import { importNotFound } from "./getImport";
import { selectImportErrors, selectImportRun } from "./imports.db";
import type { IngestContext } from "./ingestContext";

type ReadContext = Pick<IngestContext, "db" | "project">;

const PAGE_OF_DOWNLOAD = 1_000;

/** Refused rows of an import, in the order of the file; at most LIMITS.importErrorsKept are kept. */
export async function listImportErrors(
  { db, project }: ReadContext,
  input: { number: number; cursor?: string; limit?: number },
): Promise<{ rows: RowError[]; nextCursor: string | null }> {
  if (!(await selectImportRun(db, project.id, input.number))) throw importNotFound(input.number);
  const limit = Math.min(input.limit ?? 50, LIMITS.pageRows);
  const found = await selectImportErrors(db, project.id, input.number, Number(input.cursor ?? 0), limit + 1);
  const page = found.slice(0, limit);
  return {
    rows: page.map(({ number: _, ...error }) => error),
    nextCursor: found.length > limit ? String(page[page.length - 1].number) : null,
  };
}

/** The same as a CSV file, streamed. @throws E_NOT_FOUND before the first part. */
export async function writeImportErrors(
  { db, project }: ReadContext,
  input: { number: number },
): Promise<AsyncGenerator<string, void, undefined>> {
  if (!(await selectImportRun(db, project.id, input.number))) throw importNotFound(input.number);
  async function* parts(): AsyncGenerator<string, void, undefined> {
    yield writeRecord(["line", "code", "field", "message", "excerpt"], ",");
    for (let after = 0; ; ) {
      const errors = await selectImportErrors(db, project.id, input.number, after, PAGE_OF_DOWNLOAD);
      if (errors.length === 0) return;
      yield errors
        .map((e) => [String(e.line), e.code, ...[e.field ?? "", e.message, e.excerpt].map(neutraliseFormula)])
        .map((cells) => writeRecord(cells, ","))
        .join("");
      after = errors[errors.length - 1].number;
    }
  }
  return parts();
}
