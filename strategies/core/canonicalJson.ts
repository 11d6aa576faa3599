import type { JsonValue } from "./types";

/**
 * JSON with object keys sorted by UTF-16 code units and no white space: equal values give equal text. Numbers are
 * written as JavaScript writes them, −0 as 0; keys whose value is undefined are left out.
 * @throws TypeError on NaN, infinities and anything JSON has no form for.
 */
export function canonicalJson(value: JsonValue | undefined): string {
  if (value === null || typeof value === "boolean" || typeof value === "string") return JSON.stringify(value);
  if (typeof value === "number") {
    if (!Number.isFinite(value)) throw new TypeError(`canonicalJson: ${value} has no JSON form.`);
    return JSON.stringify(value === 0 ? 0 : value);
  }
  if (Array.isArray(value)) return `[${value.map((entry) => canonicalJson(entry)).join(",")}]`;
  if (typeof value === "object") {
    const record = value as Readonly<Record<string, JsonValue | undefined>>;
    const members = Object.keys(record)
      .filter((key) => record[key] !== undefined)
      .sort()
      .map((key) => `${JSON.stringify(key)}:${canonicalJson(record[key])}`);
    return `{${members.join(",")}}`;
  }
  throw new TypeError(`canonicalJson: a ${typeof value} has no JSON form.`);
}
