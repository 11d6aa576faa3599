import type { FormatRecord } from "../format";
import { excerptOf } from "./excerpt";
import { noteLongIntegers } from "./longIntegers";

/** What a JSON value is, in words. */
function nameOf(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "a list";
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}

/** Removes V8's quotation of the input from a parse error, which may be long and is shown as the excerpt anyway. */
function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.replace(/, (?:\.\.\.)?"[\s\S]*$/, "").replace(/"[\s\S]{40,}"/, "the text");
}

/** The record in a piece of JSON text: an object with named values, or why it is none. */
export function parseObject(line: number, text: string): FormatRecord {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    const message = `This is not valid JSON: ${reasonOf(error)}.`;
    return { line, error: { code: "malformed", message, excerpt: excerptOf(text) } };
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    const message = `Expected an object with named values such as {"text": "…"}, got ${nameOf(value)}.`;
    return { line, error: { code: "notAnObject", message, excerpt: excerptOf(text) } };
  }
  // JSON.parse makes "__proto__" an own property; without a prototype no later copy can trip over it either.
  const ok = Object.setPrototypeOf(value, null) as Record<string, unknown>;
  noteLongIntegers(ok, text);
  return { line, ok };
}
