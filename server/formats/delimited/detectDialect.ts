import { LIMITS } from "@/contracts/limits";
import type { Dialect } from "../format";
import { bomLength } from "../text/readText";
import type { RawRecord } from "./recordSplitter";
import { RecordSplitter } from "./recordSplitter";

/** Bytes at the start of a file that its dialect is judged by. */
export const DIALECT_BYTES = 64 * 1024;
const RECORDS_JUDGED = 200;
/** Share of records with as many fields as the first one, from which a delimiter is believed. */
const AGREEMENT_MIN = 0.8;
/** A name of a column is not longer than this; a text usually is. */
const NAME_LENGTH_MAX = 80;
const NUMBER = /^[+-]?(\d+([.,]\d*)?|[.,]\d+)([eE][+-]?\d+)?$/;

interface Reading {
  records: string[][];
  nErrors: number;
}

/** The first records as some delimiter and quoting read them. */
function readHead(head: Uint8Array, delimiter: string, isQuoted: boolean): Reading {
  const splitter = new RecordSplitter({ delimiter, isQuoted, recordBytesMax: LIMITS.recordBytes });
  const raw = splitter.push(head.subarray(bomLength(head)));
  raw.push(...splitter.end());
  if (head.length >= DIALECT_BYTES && raw.length > 1) dropCutRecord(raw);
  const judged = raw.slice(0, RECORDS_JUDGED);
  const records = judged.flatMap((record) => (record.fields ? [record.fields] : []));
  return { records, nErrors: judged.length - records.length };
}

/**
 * The end of the head cuts a record in two. That is the last line, or a quoted field of many lines; a quote that is open
 * from the first half on is not one of those but a quote that means nothing.
 */
function dropCutRecord(raw: RawRecord[]): void {
  raw.pop();
  const open = raw.findIndex((record) => record.error?.code === "endsEarly");
  if (open >= raw.length / 2) raw.length = open;
}

/** How well a reading fits: 0 when records disagree about their number of fields, else the more fields the better. */
function scoreOf({ records, nErrors }: Reading): number {
  if (records.length === 0) return 0;
  const width = records[0].length;
  if (width < 2) return 0;
  const share = records.filter((record) => record.length === width).length / (records.length + nErrors);
  return share < AGREEMENT_MIN ? 0 : share * 1_000 + Math.min(width, 500);
}

export interface DelimiterGuess {
  delimiter: string;
  /** 0: no delimiter cuts the lines into a steady number of fields. */
  score: number;
}

/** The best of some delimiters for this beginning of a file. */
export function guessDelimiter(head: Uint8Array, candidates: readonly string[]): DelimiterGuess {
  let best: DelimiterGuess = { delimiter: candidates[0], score: 0 };
  for (const delimiter of candidates) {
    const score = scoreOf(readHead(head, delimiter, true));
    if (score > best.score) best = { delimiter, score };
  }
  return best;
}

/**
 * Whether the first record names the columns: no cell of it is a number or comes again below it in its own column, and
 * none is long. Names may repeat: exports join tables, and a header taken for a record would become an item.
 */
function looksLikeHeader(records: string[][]): boolean {
  const [first, ...rest] = records;
  if (!first || rest.length === 0) return true;
  const names = first.map((name) => name.trim());
  if (names.every((name) => name === "")) return false;
  return names.every(
    (name, i) =>
      name.length <= NAME_LENGTH_MAX &&
      !NUMBER.test(name) &&
      (name === "" || !rest.some((record) => record[i]?.trim() === name)),
  );
}

/**
 * Judges a delimited file by its beginning. Tab-separated files come with quotes (spreadsheets) and without (IANA's
 * text/tab-separated-values): quotes count as such only when reading them so breaks no record.
 */
export function detectDialect(head: Uint8Array, candidates: readonly string[], mayBeUnquoted: boolean): Dialect {
  const { delimiter } = guessDelimiter(head, candidates);
  const quoted = readHead(head, delimiter, true);
  const unquoted = mayBeUnquoted ? readHead(head, delimiter, false) : undefined;
  const isQuoted =
    unquoted === undefined || (quoted.nErrors <= unquoted.nErrors && scoreOf(quoted) >= scoreOf(unquoted));
  return { delimiter, isQuoted, hasHeader: looksLikeHeader((isQuoted ? quoted : (unquoted ?? quoted)).records) };
}
