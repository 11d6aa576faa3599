import { detectDialect, guessDelimiter } from "../delimited/detectDialect";
import { readDelimited } from "../delimited/readDelimited";
import { writeDelimited } from "../delimited/writeDelimited";
import type { Dialect, Format } from "../format";
import { startsLikeJson } from "../text/startsLikeJson";

const TAB = "\t";

function readDialect(head: Uint8Array, given: Partial<Dialect> = {}): Dialect {
  return { ...detectDialect(head, [given.delimiter ?? TAB], true), ...given };
}

/** Tab-separated values, with quotes as spreadsheets write them or without as IANA's text/tab-separated-values says. */
export const tsv: Format = {
  id: "tsv",
  title: "TSV",
  description: "Tab-separated values with a header line; quotes count only when the whole file uses them properly.",
  extensions: [".tsv", ".tab"],
  mediaType: "text/tab-separated-values; charset=utf-8",
  detect(head) {
    if (startsLikeJson(head)) return false;
    const { score } = guessDelimiter(head, [TAB]);
    return score > 0 && score > guessDelimiter(head, [",", ";", "|"]).score;
  },
  readDialect,
  read: (source, options) => readDelimited(source, options, readDialect),
  write: (records, options) => writeDelimited(records, TAB, options),
};
