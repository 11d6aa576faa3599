import { AppError } from "@/server/errors";
import { csv } from "./csv";
import type { Format, ImportFormat } from "./format";
import { json } from "./json";
import { jsonl } from "./jsonl";
import { tsv } from "./tsv";

/** One line per format. */
const FORMATS: readonly Format[] = [csv, tsv, json, jsonl];

const byId = new Map<string, Format>(FORMATS.map((format) => [format.id, format]));

export function listFormats(): readonly Format[] {
  return FORMATS;
}

/** The format behind an id. @throws E_UNSUPPORTED_FORMAT for an unknown one. */
export function getFormat(id: string): Format {
  const format = byId.get(id);
  if (format) return format;
  throw new AppError(
    "E_UNSUPPORTED_FORMAT",
    `Format "${id.slice(0, 50)}" is not known; known: ${[...byId.keys()].join(", ")}.`,
  );
}

/** The extension that a name ends with, ".gz" set aside; lower case, with the dot. */
function extensionOf(fileName: string): string {
  const name = fileName.toLowerCase().replace(/\.gz$/, "");
  const dot = name.lastIndexOf(".");
  return dot < 0 ? "" : name.slice(dot);
}

/**
 * The format of a file: what its beginning shows wins, the name decides where the beginning fits several formats or none
 * (a list of texts without any delimiter is CSV if it is called .csv). Undefined: neither says.
 */
export function detectFormat(fileName: string, head: Uint8Array): ImportFormat | undefined {
  const named = FORMATS.find((format) => format.extensions.includes(extensionOf(fileName)));
  const shown = FORMATS.filter((format) => format.detect(head));
  if (named && (shown.length === 0 || shown.includes(named))) return named.id;
  return shown[0]?.id;
}
