import type { ItemContent } from "@/contracts/items";
import { LIMITS } from "@/contracts/limits";
import type { ContentKind } from "@/contracts/project";
import { refuseRow } from "./rowIssue";

const SURROGATE = /[\ud800-\udfff]/;
const LONE_SURROGATE = /\p{Surrogate}/u;
const FIELD_NAME_LENGTH_MAX = 200;
const META_DEPTH_MAX = 10;
/** An own property of this name is harmless, but code that copies fields by assignment trips over it. */
const RESERVED_NAME = "__proto__";

/** What a JSON value is, in words. */
export function kindOf(value: unknown): string {
  if (value === null) return "null";
  if (value === undefined) return "nothing";
  if (Array.isArray(value)) return "a list";
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}

export function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Refuses text that the database cannot keep: U+0000 and halves of surrogate pairs. */
export function checkCharacters(text: string, field: string): void {
  const zero = text.indexOf("\0");
  if (zero >= 0) {
    refuseRow("badCharacters", field, `Character ${zero + 1} is U+0000, which cannot be stored. Remove it.`);
  }
  if (SURROGATE.test(text) && LONE_SURROGATE.test(text)) {
    const at = text.search(LONE_SURROGATE);
    refuseRow(
      "badCharacters",
      field,
      `Character ${at + 1} is half of a surrogate pair, so this is not Unicode text. Remove it.`,
    );
  }
}

/** Bytes of a text in UTF-8; a cheap upper bound where that is enough. */
function exceeds(text: string, bytesMax: number): boolean {
  return text.length > bytesMax || (text.length * 3 > bytesMax && Buffer.byteLength(text) > bytesMax);
}

export function checkText(text: string, field: string): void {
  checkCharacters(text, field);
  if (exceeds(text, LIMITS.fieldBytes)) {
    const size = Buffer.byteLength(text);
    refuseRow("fieldTooLong", field, `The text has ${size} bytes; at most ${LIMITS.fieldBytes} are allowed. Split it.`);
  }
}

/** Refuses names of fields and meta values that are empty, long, reserved or not storable. */
export function checkName(name: string, field: string): void {
  if (name === "" || name.length > FIELD_NAME_LENGTH_MAX) {
    refuseRow("wrongType", field, `A name has ${name.length} characters; expected 1 to ${FIELD_NAME_LENGTH_MAX}.`);
  }
  if (name === RESERVED_NAME) refuseRow("reservedName", field, `"${name}" cannot be the name of a field. Rename it.`);
  checkCharacters(name, field);
}

function checkFieldValue(value: unknown, field: string): void {
  if (typeof value === "string") checkText(value, field);
  else if (typeof value === "number") {
    if (!Number.isFinite(value))
      refuseRow("badNumber", field, "The number is too large for a double. Shorten it or send it as text.");
  } else if (value !== null && typeof value !== "boolean") {
    refuseRow("wrongType", field, `Expected text, a number, true, false or null, got ${kindOf(value)}.`);
  }
}

function checkFields(fields: Record<string, unknown>, field: string): void {
  const names = Object.keys(fields);
  if (names.length === 0) refuseRow("wrongContent", field, "A record needs at least one field.");
  if (names.length > LIMITS.recordFields) {
    refuseRow(
      "tooManyFields",
      field,
      `The record has ${names.length} fields; at most ${LIMITS.recordFields} are allowed.`,
    );
  }
  for (const name of names) {
    checkName(name, field);
    checkFieldValue(fields[name], `${field}.${name}`);
  }
}

const SHAPES: Record<ContentKind, { property: string; example: string }> = {
  text: { property: "text", example: '{"text": "…"}' },
  record: { property: "fields", example: '{"fields": {"name": "…", "age": 41}}' },
};

/**
 * Checks content against the project's kind and returns it typed.
 * @throws RowRefused naming the field, what was expected and what was got.
 */
export function checkContent(kind: ContentKind, content: unknown): ItemContent {
  const { property, example } = SHAPES[kind];
  if (!isPlainObject(content)) {
    refuseRow("wrongContent", "content", `Expected ${example}, got ${kindOf(content)}.`);
  }
  const others = Object.keys(content).filter((name) => name !== property);
  if (others.length > 0) {
    const hint = `This project holds ${kind} items: ${example}.`;
    refuseRow(
      "wrongContent",
      `content.${others[0]}`,
      `"${others[0].slice(0, 50)}" is not part of the content. ${hint}`,
    );
  }
  const value = content[property];
  if (kind === "text") {
    if (typeof value !== "string") refuseRow("wrongType", "content.text", `Expected text, got ${kindOf(value)}.`);
    if (value.trim() === "")
      refuseRow("emptyText", "content.text", "The text is empty. Leave the row out, or give it a text.");
    checkText(value, "content.text");
    return { text: value };
  }
  if (!isPlainObject(value)) refuseRow("wrongType", "content.fields", `Expected named values, got ${kindOf(value)}.`);
  checkFields(value, "content.fields");
  return content as { fields: Record<string, string | number | boolean | null> };
}

/** Checks values kept beside the content: any JSON of bounded depth. */
export function checkMeta(value: unknown, field: string, depth = 0): void {
  if (typeof value === "string") checkText(value, field);
  else if (typeof value === "number") checkFieldValue(value, field);
  else if (typeof value === "object" && value !== null) {
    if (depth >= META_DEPTH_MAX) refuseRow("tooDeep", field, `Values are nested more than ${META_DEPTH_MAX} deep.`);
    for (const name of Array.isArray(value) ? [] : Object.keys(value)) checkName(name, field);
    const parts = Array.isArray(value) ? value.map((part, i) => [String(i), part] as const) : Object.entries(value);
    for (const [name, part] of parts) checkMeta(part, `${field}.${name}`, depth + 1);
  }
}
