import type { Format } from "../format";
import { firstCharacter } from "../text/startsLikeJson";
import { readJson } from "./readJson";

/** One JSON list of objects. */
export const json: Format = {
  id: "json",
  title: "JSON",
  description: 'One JSON list of objects, such as [{"text": "…", "label": "…"}, …].',
  extensions: [".json"],
  mediaType: "application/json",
  detect: (head) => firstCharacter(head) === "[",
  read: readJson,
  async *write(records) {
    let n = 0;
    for await (const record of records) yield `${n++ === 0 ? "[\n" : ",\n"}${JSON.stringify(record)}`;
    yield n === 0 ? "[]\n" : "\n]\n";
  },
};
