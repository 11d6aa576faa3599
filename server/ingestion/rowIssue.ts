import type { RowError } from "@/contracts/errors";
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

/** The beginning of any value, for error lists. */
export function excerptOfValue(value: unknown): string {
  if (typeof value === "string") return excerptOf(value);
  // Only the beginning is shown: a replacer that cuts long texts keeps the cost small for rows of megabytes.
  const json = JSON.stringify(value, (_key, part: unknown) => (typeof part === "string" ? part.slice(0, 300) : part));
  return excerptOf(json ?? String(value));
}
