import { detectDialect, guessDelimiter } from "../delimited/detectDialect";
import { readDelimited } from "../delimited/readDelimited";
import { writeDelimited } from "../delimited/writeDelimited";
import type { Dialect, Format } from "../format";
import { startsLikeJson } from "../text/startsLikeJson";

const DELIMITERS = [",", ";", "|"];

function readDialect(head: Uint8Array, given: Partial<Dialect> = {}): Dialect {
  const candidates = given.delimiter === undefined ? DELIMITERS : [given.delimiter];
  return { ...detectDialect(head, candidates, false), ...given };
}

/** Comma-separated values after RFC 4180, also with semicolons or bars. */
export const csv: Format = {
  id: "csv",
  title: "CSV",
  description: "Comma-, semicolon- or bar-separated values with a header line; quotes around fields as needed.",
  extensions: [".csv"],
  mediaType: "text/csv; charset=utf-8",
  detect(head) {
    if (startsLikeJson(head)) return false;
    const { score } = guessDelimiter(head, DELIMITERS);
    return score > 0 && score >= guessDelimiter(head, ["\t"]).score;
  },
  readDialect,
  read: (source, options) => readDelimited(source, options, readDialect),
  write: (records, options) => writeDelimited(records, ",", options),
};
