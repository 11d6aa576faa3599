import type { ItemContent } from "@/contracts/items";

const EXCERPT_CHARS = 140;

/** The beginning of an item in one line, for lists. */
export function excerptOf(content: ItemContent): string {
  const text =
    "text" in content
      ? content.text
      : Object.entries(content.fields)
          .map(([name, value]) => `${name}: ${value ?? "–"}`)
          .join(" · ");
  const line = text
    .slice(0, EXCERPT_CHARS * 2)
    .replace(/\s+/g, " ")
    .trim();
  return line.length > EXCERPT_CHARS ? `${line.slice(0, EXCERPT_CHARS - 1)}…` : line;
}
