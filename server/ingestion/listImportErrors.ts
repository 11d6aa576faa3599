import type { RowError } from "@/contracts/errors";
import { isRefusalColumn, REFUSAL_COLUMNS } from "@/contracts/ingestion";
import { LIMITS } from "@/contracts/limits";
import { cellText, neutraliseFormula, writeRecord } from "../formats";
import { importNotFound } from "./getImport";
import { selectImportErrors, selectImportRun, selectRefusedRecords } from "./imports.db";
import type { IngestContext } from "./ingestContext";

type ReadContext = Pick<IngestContext, "db" | "project">;

const PAGE_OF_DOWNLOAD = 200;

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

export const REFUSAL_FILE_FORMATS = ["csv", "jsonl"] as const;

/**
 * The refused records as a file to mend and import again, streamed: their own columns with their own values, then
 * REFUSAL_COLUMNS. A record that could not be told into columns has only these. The file's own cells stay as they are;
 * what we write about them is kept from running as a formula. As JSON Lines nested values stay what they are.
 * @throws E_NOT_FOUND before the first part.
 */
export async function writeImportErrors(
  { db, project }: ReadContext,
  input: { number: number; format: (typeof REFUSAL_FILE_FORMATS)[number] },
): Promise<AsyncGenerator<string, void, undefined>> {
  const run = await selectImportRun(db, project.id, input.number);
  if (!run) throw importNotFound(input.number);
  async function* pages(): AsyncGenerator<Refusal[], void, undefined> {
    for (let after = 0; ; ) {
      const page = await selectRefusedRecords(db, project.id, input.number, after, PAGE_OF_DOWNLOAD);
      if (page.length === 0) return;
      yield page;
      after = page[page.length - 1].number;
    }
  }
  async function* parts(): AsyncGenerator<string, void, undefined> {
    // JSON records need not have the same names: all are gathered before the header can be written.
    const columns = new Set<string>();
    if (input.format === "csv") {
      for await (const page of pages()) for (const { record } of page) addColumns(record, columns);
      yield writeRecord([...columns, ...REFUSAL_COLUMNS], ",");
    }
    for await (const page of pages()) {
      yield page.map((refusal) => writeRefusal(refusal, input.format, [...columns])).join("");
    }
  }
  return parts();
}

type Refusal = Awaited<ReturnType<typeof selectRefusedRecords>>[number];

function valuesOf(record: string | null): Record<string, unknown> {
  return record === null ? {} : JSON.parse(record);
}

function addColumns(record: string | null, columns: Set<string>): void {
  for (const name of Object.keys(valuesOf(record))) if (!isRefusalColumn(name)) columns.add(name);
}

function writeRefusal(e: Refusal, format: (typeof REFUSAL_FILE_FORMATS)[number], columns: readonly string[]): string {
  const record = valuesOf(e.record);
  const about = [e.line, e.code, e.field ?? "", e.message, e.excerpt];
  if (format === "csv") {
    const own = columns.map((name) => cellText(Object.hasOwn(record, name) ? record[name] : undefined));
    return writeRecord([...own, ...about.map((value) => neutraliseFormula(String(value)))], ",");
  }
  const values = REFUSAL_COLUMNS.map((name, i): [string, unknown] => [name, about[i]]);
  return `${JSON.stringify(Object.fromEntries([...Object.entries(record), ...values]))}\n`;
}
