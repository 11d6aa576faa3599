import type { RowError } from "@/contracts/errors";
import type { ImportMapping } from "@/contracts/ingestion";
import { LIMITS } from "@/contracts/limits";
import type { RecordErrorCode } from "../formats";
import { excerptOf } from "../formats";

/** Why one item was refused, beyond what its file format can say. */
export type ItemErrorCode =
  /** Not an object with content. */
  | "notAnItem"
  /** A property that items do not have. */
  | "unknownProperty"
  /** The content is not of the project's kind. */
  | "wrongContent"
  | "emptyText"
  | "wrongType"
  /** Text that must be a number and is none, or a number that is not finite. */
  | "badNumber"
  /** U+0000 or half a surrogate pair. */
  | "badCharacters"
  | "fieldTooLong"
  | "itemTooLong"
  | "tooManyFields"
  | "tooDeep"
  /** A name that JavaScript gives a meaning. */
  | "reservedName"
  | "badId"
  /** An id that stands twice in one call or file, with different content. */
  | "repeatedId"
  | "unknownLabel";
export type RowErrorCode = RecordErrorCode | ItemErrorCode;

export interface RowIssue {
  code: RowErrorCode;
  /** Path inside the item, such as "content.text", or a column. */
  field?: string;
  /** What is wrong, what was expected, what to do. */
  message: string;
}

/** Found while an item is checked; caught where the row is known. */
export class RowRefused extends Error {
  readonly issue: RowIssue;

  constructor(issue: RowIssue) {
    super(issue.message);
    this.issue = issue;
  }
}

export function refuseRow(code: RowErrorCode, field: string | undefined, message: string): never {
  throw new RowRefused({ code, field, message });
}

/** The issue together with where it is. */
export function toRowError(line: number, issue: RowIssue, excerpt: string): RowError {
  return {
    line,
    code: issue.code,
    ...(issue.field === undefined ? {} : { field: issue.field }),
    message: issue.message,
    excerpt,
  };
}

/** A refusal together with the record, as kept for the file to mend. */
export interface RefusedRecord extends RowError {
  /** JSON of the values by column, at most LIMITS.importErrorRecord characters; null when they could not be told apart. */
  record: string | null;
}

/** JSON of a record's values by column. `isCut`: values were cut; null when even that did not make it short enough. */
export interface KeptRecord {
  json: string | null;
  isCut: boolean;
}

/** A record as it is kept: whole up to LIMITS.importErrorRecord characters, longer values cut beyond that. */
export function keepRecord(record: Record<string, unknown>): KeptRecord {
  const max = LIMITS.importErrorRecord;
  const json = JSON.stringify(record);
  if (json.length <= max) return { json, isCut: false };
  // Escapes and names take room too: a tenth of the even share is sure to fit, but for records of endless names.
  const room = Math.floor(max / (10 * Math.max(1, Object.keys(record).length)));
  const cut = Object.entries(record).map(([name, value]) => {
    const text = typeof value === "string" ? value : JSON.stringify(value);
    return [name, text.length > room ? `${text.slice(0, room).replace(/[\ud800-\udbff]$/, "")}…` : value];
  });
  const short = JSON.stringify(Object.fromEntries(cut));
  return { json: short.length <= max ? short : null, isCut: true };
}

/** A refusal as it is kept: the field under the name that the file's columns have; the message says when values are cut. */
export function toRefusedRecord(
  error: RowError,
  record: KeptRecord | undefined,
  mapping: ImportMapping,
): RefusedRecord {
  const cut = record?.isCut ? " The record is too long to be kept whole: take it from the file itself." : "";
  const field = error.field === undefined ? {} : { field: columnOf(error.field, mapping) };
  return { ...error, ...field, message: `${error.message}${cut}`, record: record?.json ?? null };
}

/** The file's own name for a part of an item. */
function columnOf(field: string, mapping: ImportMapping): string {
  if (field === "label") return mapping.label ?? field;
  if (field === "externalId") return mapping.externalId ?? field;
  if (field === "content.text") return mapping.text ?? field;
  return field.replace(/^(content\.fields|meta)\./, "");
}

/** The beginning of any value, for error lists. */
export function excerptOfValue(value: unknown): string {
  if (typeof value === "string") return excerptOf(value);
  // Only the beginning is shown: a replacer that cuts long texts keeps the cost small for rows of megabytes.
  const json = JSON.stringify(value, (_key, part: unknown) => (typeof part === "string" ? part.slice(0, 300) : part));
  return excerptOf(json ?? String(value));
}
