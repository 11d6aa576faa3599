import { AppError } from "@/server/errors";
import type { WriteOptions } from "../format";

/** A cell as it stands in the file: quoted when it holds the delimiter, a quote or a line break, or must not look empty. */
export function quoteCell(text: string, delimiter: string): string {
  const needsQuotes = text.includes('"') || text.includes(delimiter) || text.includes("\n") || text.includes("\r");
  return needsQuotes ? `"${text.replaceAll('"', '""')}"` : text;
}

/** One record, with its line break. */
export function writeRecord(cells: readonly string[], delimiter: string): string {
  // A single empty cell would be a blank line, which is no record.
  if (cells.length === 1 && cells[0] === "") return '""\n';
  return `${cells.map((cell) => quoteCell(cell, delimiter)).join(delimiter)}\n`;
}

/** Text of a value in a cell: nothing for null, JSON for lists and objects. */
export function cellText(value: unknown): string {
  if (value === null || value === undefined) return "";
  if (typeof value === "string") return value;
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** Writes records under a header line; the columns are the given ones or those of the first record. */
export async function* writeDelimited(
  records: Iterable<Record<string, unknown>> | AsyncIterable<Record<string, unknown>>,
  delimiter: string,
  options: WriteOptions = {},
): AsyncGenerator<string, void, undefined> {
  let columns = options.columns;
  if (columns) yield writeRecord(columns, delimiter);
  for await (const record of records) {
    if (!columns) {
      columns = Object.keys(record);
      if (columns.length === 0)
        throw new AppError("E_BAD_INPUT", "The first record names no columns; expected at least one.");
      yield writeRecord(columns, delimiter);
    }
    yield writeRecord(
      columns.map((column) => cellText(record[column])),
      delimiter,
    );
  }
}
