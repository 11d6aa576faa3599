import type { IMPORT_FORMATS } from "@/contracts/ingestion";

export type ImportFormat = (typeof IMPORT_FORMATS)[number];

/** Why one record of a file could not be read. The rest of the file is read all the same. */
export const RECORD_ERROR_CODES = [
  /** Bytes that are not UTF-8. */
  "badEncoding",
  /** The record does not follow the format's grammar. */
  "malformed",
  /** More fields or fewer than the header names. */
  "wrongColumns",
  /** The record is larger than the limit. */
  "tooLong",
  /** A list entry or line that is not an object with named fields. */
  "notAnObject",
  /** The file ends in the middle of the record. */
  "endsEarly",
] as const;
export type RecordErrorCode = (typeof RECORD_ERROR_CODES)[number];

export interface RecordError {
  code: RecordErrorCode;
  /** What is wrong, what was expected. */
  message: string;
  /** Start of the record as it stands in the file, at most EXCERPT_LENGTH characters. */
  excerpt: string;
  /** The values by column as far as they could be told apart. */
  record?: Record<string, unknown>;
}

/**
 * One record of a file: its values by column name, or why it could not be read. `line` is the line on which the record
 * starts, the first line of the file being 1. Objects of records have no prototype, so any column name is harmless.
 */
export type FormatRecord =
  | { line: number; ok: Record<string, unknown>; error?: undefined }
  | { line: number; error: RecordError; ok?: undefined };

/** How a delimited file is written. */
export interface Dialect {
  /** One character. */
  delimiter: string;
  /** Whether the first record names the columns; without one they are column_1, column_2, … */
  hasHeader: boolean;
  /** Whether a field that starts with a double quote ends at the next single one. */
  isQuoted: boolean;
}

export interface ReadOptions {
  /** Bytes of one record beyond which it is refused; bounds the memory of reading. */
  recordBytesMax: number;
  /** Delimited formats: what to take instead of what the beginning of the file suggests. */
  dialect?: Partial<Dialect>;
  /** Delimited formats: told the header as it stands (empty: none) and the names that the columns got. */
  onHeader?: (given: readonly string[], named: readonly string[]) => void;
}

export interface WriteOptions {
  /** Columns in order; default: the keys of the first record. Formats with named fields per record ignore it. */
  columns?: string[];
}

/** One file format. Registered in registry.ts with one line. */
export interface Format {
  id: ImportFormat;
  title: string;
  description: string;
  /** With the dot, lower case. */
  extensions: readonly string[];
  mediaType: string;
  /** Whether a file that starts with these bytes (UTF-8, decompressed) is of this format rather than of another one. */
  detect(head: Uint8Array): boolean;
  /** How the file is written, judged by its beginning; only for delimited formats. */
  readDialect?(head: Uint8Array): Dialect;
  /**
   * Reads records one at a time in bounded memory. Ends early only when the whole file is of no use.
   * @throws E_UNSUPPORTED_FORMAT when the bytes are another kind of file or encoding.
   */
  read(source: AsyncIterable<Uint8Array>, options: ReadOptions): AsyncIterable<FormatRecord>;
  /** Writes records so that read gives them back. */
  write(
    records: Iterable<Record<string, unknown>> | AsyncIterable<Record<string, unknown>>,
    options?: WriteOptions,
  ): AsyncIterable<string>;
}
