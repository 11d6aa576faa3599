import { createHash } from "node:crypto";
import type { ItemContent } from "@/contracts/items";
import { LIMITS } from "@/contracts/limits";
import { checkCharacters } from "./checkContent";
import type { KeptRecord } from "./rowIssue";
import { refuseRow } from "./rowIssue";

/** A checked item that may be written. */
export interface ItemCandidate {
  /** Position in the call, or line in the file. */
  line: number;
  externalId: string;
  /** Canonical JSON of the content. */
  content: string;
  /** First 16 bytes of its SHA-256, as 32 hex digits. */
  hash: string;
  /** JSON, or null. */
  meta: string | null;
  /** As it came; undefined: none. */
  label: unknown;
  /** Bytes of content and meta together. */
  bytes: number;
  /** The record of the file it was made from, for the case that it is refused later; none where it cannot be. */
  record?: KeptRecord;
}

const HASH_HEX_LENGTH = 32;
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
const CONTROL = /[\u0000-\u001f\u007f]/;

/** The content as JSON with the fields of a record in the order of their names, so that equal content is equal text. */
export function canonicalContent(content: ItemContent): string {
  if ("text" in content) return JSON.stringify({ text: content.text });
  const names = Object.keys(content.fields).sort();
  const fields = names.map((name) => `${JSON.stringify(name)}:${JSON.stringify(content.fields[name])}`);
  return `{"fields":{${fields.join(",")}}}`;
}

/** What tells equal contents: the first 16 bytes of the SHA-256 of the canonical text, as hex. */
export function hashContent(canonical: string): string {
  return createHash("sha256").update(canonical).digest("hex").slice(0, HASH_HEX_LENGTH);
}

/** Checks an id that the caller chose; `literal` is a number as the file writes it, where that is known. */
export function checkExternalId(id: unknown, field: string, literal?: string): string {
  // Numbers are common as ids in files; anything else is a mistake in the mapping.
  if (typeof id === "number" && Number.isInteger(id) && !Number.isSafeInteger(id)) {
    refuseRow(
      "badId",
      field,
      `The id ${literal ?? id} is a number beyond 2^53, where numbers of JSON are rounded and ids fall together. Write it in quotes.`,
    );
  }
  const text = typeof id === "number" && Number.isSafeInteger(id) ? String(id) : id;
  if (typeof text !== "string") {
    refuseRow("badId", field, `Expected text or a whole number as id, got ${id === null ? "null" : typeof id}.`);
  }
  if (text.trim() === "") refuseRow("badId", field, "The id is empty. Give every row an id, or none.");
  if (text.length > LIMITS.externalIdLength) {
    refuseRow("badId", field, `The id has ${text.length} characters; at most ${LIMITS.externalIdLength} are allowed.`);
  }
  if (CONTROL.test(text))
    refuseRow("badId", field, "The id holds a control character (line break, tab, U+0000). Remove it.");
  checkCharacters(text, field);
  return text;
}

/**
 * The id of an item that came without one: its content's hash, and from the second item of equal content on in the same
 * call or file its place among them. Sending the same again gives the same ids, and no copy is lost.
 */
export function defaultExternalId(hash: string, occurrence: number): string {
  return occurrence <= 1 ? hash : `${hash}-${occurrence}`;
}

/** Refuses an item whose parts are each small enough but whose whole is not. */
export function checkItemBytes(content: string, meta: string | null): number {
  const bytes = Buffer.byteLength(content) + (meta === null ? 0 : Buffer.byteLength(meta));
  if (bytes > LIMITS.itemBytes) {
    refuseRow(
      "itemTooLong",
      "content",
      `The item has ${bytes} bytes; at most ${LIMITS.itemBytes} are allowed. Split it.`,
    );
  }
  return bytes;
}

/** A label that says nothing: absent, empty, or an empty list (as some tools write "no label"). */
export function isNoLabel(label: unknown): boolean {
  if (label === undefined || label === null) return true;
  if (typeof label === "string") return label.trim() === "";
  return Array.isArray(label) && label.length === 0;
}
