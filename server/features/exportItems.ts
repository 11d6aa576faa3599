import type { ContentKind, FeatureSpec } from "@/contracts/project";
import type { Db } from "../db";
import type { ContentRow } from "./features.db";
import { selectContents } from "./features.db";
import { ItemFileWriter } from "./itemFile";
import { TEXT_CHARACTERS_MAX } from "./text/textHasher";

const PAGE_ROWS_FIRST = 1_000;
const PAGE_ROWS_MAX = 8_192;
/** Aim for the contents of one page. */
const PAGE_CHARACTERS = 8_000_000;

/** The text of an item for text features: the text itself, or the named text fields (all of them by default), one a line. */
export function textOfContent(content: ContentRow, fields: readonly string[] | undefined): string {
  if (content.fields === null) return content.text ?? "";
  const names = fields ?? Object.keys(content.fields).sort();
  const values = names.map((name) => (Object.hasOwn(content.fields ?? {}, name) ? content.fields?.[name] : null));
  const isWanted = (value: unknown) => (fields ? value !== null : typeof value === "string");
  return values.filter(isWanted).join("\n").slice(0, TEXT_CHARACTERS_MAX);
}

function bodyOf(content: ContentRow, contentKind: ContentKind, spec: FeatureSpec): string {
  if (spec.kind === "record") return JSON.stringify(contentKind === "record" ? (content.fields ?? {}) : {});
  return textOfContent(content, spec.kind === "text" ? spec.fields : undefined);
}

/**
 * Writes the living items among `rows` (ascending), or of a range, into a scratch file for a compute child. Memory: one
 * page of contents, whose size follows from the length of the items before.
 */
export async function exportItems(
  db: Db,
  project: { id: number; contentKind: ContentKind },
  spec: FeatureSpec,
  which: { rows: Uint32Array } | { start: number; end: number },
  path: string,
  signal: AbortSignal,
): Promise<number> {
  const writer = await ItemFileWriter.create(path);
  try {
    const total = "rows" in which ? which.rows.length : which.end - which.start;
    let pageRows = PAGE_ROWS_FIRST;
    for (let at = 0; at < total; ) {
      signal.throwIfAborted();
      const end = Math.min(total, at + pageRows);
      const page =
        "rows" in which
          ? { rows: Array.from(which.rows.subarray(at, end)) }
          : { start: which.start + at, end: which.start + end };
      let characters = 0;
      for (const content of await selectContents(db, project.id, page, TEXT_CHARACTERS_MAX)) {
        const body = bodyOf(content, project.contentKind, spec);
        characters += body.length;
        await writer.write(content.row, body);
      }
      const perRow = Math.max(1, characters / (end - at));
      pageRows = Math.max(1, Math.min(PAGE_ROWS_MAX, Math.floor(PAGE_CHARACTERS / perRow)));
      at = end;
    }
    return writer.nItems;
  } finally {
    await writer.close();
  }
}
