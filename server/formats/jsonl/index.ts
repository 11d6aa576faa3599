import type { Format } from "../format";
import { startsLikeJson } from "../text/startsLikeJson";
import { readJsonl } from "./readJsonl";

function isObject(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}

/** One JSON object per line. */
export const jsonl: Format = {
  id: "jsonl",
  title: "JSON Lines",
  description: 'One JSON object per line, such as {"text": "…", "label": "…"}.',
  extensions: [".jsonl", ".ndjson"],
  mediaType: "application/x-ndjson",
  detect(head) {
    if (!startsLikeJson(head)) return false;
    const text = Buffer.from(head.buffer, head.byteOffset, head.byteLength)
      .toString("utf8")
      .replace(/^\ufeff/, "");
    const lines = text.split("\n");
    const first = lines.find((line) => line.trim() !== "") ?? "";
    if (isObject(first)) return true;
    // A first line longer than the head cannot be parsed; a list would have started with a bracket.
    return first.trimStart().startsWith("{") && lines.filter((line) => line.trim() !== "").length === 1;
  },
  read: readJsonl,
  async *write(records) {
    for await (const record of records) yield `${JSON.stringify(record)}\n`;
  },
};
