import { AppError } from "@/server/errors";
import type { Dialect, FormatRecord, ReadOptions } from "../format";
import { excerptOf } from "../text/excerpt";
import { readText } from "../text/readText";
import { DIALECT_BYTES } from "./detectDialect";
import type { RawRecord } from "./recordSplitter";
import { RecordSplitter } from "./recordSplitter";

/** Names for columns: blank ones get their number, repeated ones a count, so that every column can be mapped. */
export function nameColumns(header: readonly string[]): string[] {
  const used = new Set(header.map((name) => name.trim()));
  const seen = new Set<string>();
  return header.map((raw, i) => {
    const name = raw.trim() || `column_${i + 1}`;
    let unique = name;
    for (let n = 2; seen.has(unique) || (unique !== name && used.has(unique)); n++) unique = `${name}_${n}`;
    seen.add(unique);
    return unique;
  });
}

function badHeader(problem: string, excerpt: string): AppError {
  return new AppError(
    "E_UNSUPPORTED_FORMAT",
    `The header line, which names the columns, cannot be read: ${problem} It starts with: ${excerpt}`,
  );
}

/** Old Mac files end lines with CR alone; read as they stand they would be one endless line. */
function checkLineBreaks(head: Uint8Array): void {
  if (head.includes(10) || !head.subarray(0, head.length - 1).includes(13)) return;
  throw new AppError(
    "E_UNSUPPORTED_FORMAT",
    "Lines end with CR only (old Mac files); expected LF or CRLF. Save the file with Unix or Windows line ends.",
  );
}

/** Turns raw records into named ones; the first names the columns or is counted for them. */
class RecordNamer {
  #columns: string[] | undefined;
  readonly #hasHeader: boolean;
  readonly #onHeader: ReadOptions["onHeader"];

  constructor(hasHeader: boolean, onHeader: ReadOptions["onHeader"]) {
    this.#hasHeader = hasHeader;
    this.#onHeader = onHeader;
  }

  name(raw: RawRecord): FormatRecord | undefined {
    const { line, fields } = raw;
    if (!fields) {
      const error = raw.error ?? { code: "malformed", message: "The record cannot be read." };
      if (this.#columns === undefined && this.#hasHeader) throw badHeader(error.message, raw.excerpt);
      return { line, error: { ...error, excerpt: raw.excerpt } };
    }
    if (this.#columns === undefined) {
      this.#columns = this.#hasHeader ? nameColumns(fields) : nameColumns(fields.map(() => ""));
      this.#onHeader?.(this.#hasHeader ? fields : [], this.#columns);
      if (this.#hasHeader) return undefined;
    }
    const columns = this.#columns;
    if (fields.length !== columns.length) {
      const message = `Expected ${columns.length} fields as in the header, got ${fields.length}. Quote fields that hold the delimiter or a line break.`;
      const excerpt = excerptOf(fields.join(" | "));
      return { line, error: { code: "wrongColumns", message, excerpt, record: looseRecord(columns, fields) } };
    }
    const ok: Record<string, unknown> = Object.create(null);
    for (let i = 0; i < columns.length; i++) ok[columns[i]] = fields[i];
    return { line, ok };
  }
}

/** Cells from the left under the columns there are; those beyond are called by their number. */
function looseRecord(columns: readonly string[], fields: readonly string[]): Record<string, unknown> {
  const names = nameColumns([...columns, ...fields.slice(columns.length).map(() => "")]);
  const record: Record<string, unknown> = Object.create(null);
  for (let i = 0; i < names.length; i++) record[names[i]] = fields[i] ?? "";
  return record;
}

/** Collects the beginning of a file, then passes it on together with the rest. */
async function* withHead(
  source: AsyncIterable<Uint8Array>,
  onHead: (head: Uint8Array) => void,
): AsyncGenerator<Uint8Array, void, undefined> {
  let waiting: Uint8Array[] | undefined = [];
  let size = 0;
  for await (const chunk of source) {
    if (!waiting) {
      yield chunk;
      continue;
    }
    waiting.push(chunk);
    size += chunk.length;
    if (size < DIALECT_BYTES) continue;
    onHead(Buffer.concat(waiting).subarray(0, DIALECT_BYTES));
    yield* waiting;
    waiting = undefined;
  }
  if (waiting) {
    onHead(Buffer.concat(waiting));
    yield* waiting;
  }
}

/** Reads a delimited file; what the caller does not say about its dialect is judged by its first DIALECT_BYTES. */
export async function* readDelimited(
  source: AsyncIterable<Uint8Array>,
  options: ReadOptions,
  detect: (head: Uint8Array, given: Partial<Dialect>) => Dialect,
): AsyncGenerator<FormatRecord, void, undefined> {
  let splitter: RecordSplitter | undefined;
  let namer = new RecordNamer(true, options.onHeader);
  const text = withHead(readText(source), (head) => {
    checkLineBreaks(head);
    const dialect = detect(head, options.dialect ?? {});
    splitter = new RecordSplitter({ ...dialect, recordBytesMax: options.recordBytesMax });
    namer = new RecordNamer(dialect.hasHeader, options.onHeader);
  });
  for await (const chunk of text) {
    for (const raw of splitter?.push(chunk) ?? []) {
      const record = namer.name(raw);
      if (record) yield record;
    }
  }
  for (const raw of splitter?.end() ?? []) {
    const record = namer.name(raw);
    if (record) yield record;
  }
}
