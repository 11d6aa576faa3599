import type { ImportMapping, ImportPreview } from "@/contracts/ingestion";
import { isRefusalColumn } from "@/contracts/ingestion";
import { LIMITS } from "@/contracts/limits";
import type { ContentKind } from "@/contracts/project";

export type ColumnFacts = ImportPreview["columns"][number] & {
  /** Values seen, empty ones left out. */
  nValues: number;
  nDistinct: number;
  meanLength: number;
  /** Some value is a list or an object. */
  isNested: boolean;
  /** Every value is. */
  isAllNested?: boolean;
};

const TEXT_NAMES = [
  "text",
  "content",
  "sentence",
  "message",
  "body",
  "utterance",
  "review",
  "comment",
  "question",
  "document",
  "tweet",
  "title",
  "query",
];
const LABEL_NAMES = ["label", "labels", "category", "class", "intent", "target", "sentiment", "tag", "answer", "gold"];
const ID_NAMES = ["id", "externalid", "uid", "uuid", "guid", "key", "itemid", "rowid", "documentid", "recordid"];
/** A column with more different values than this is hardly one of labels. */
const LABELS_MAX = 200;

const plain = (name: string): string => name.toLowerCase().replace(/[^a-z0-9]/g, "");

function byName(columns: readonly ColumnFacts[], names: readonly string[]): ColumnFacts | undefined {
  for (const name of names) {
    const found = columns.find((column) => plain(column.name) === name);
    if (found) return found;
  }
  return undefined;
}

/** "review_id", "review-id", "review id" and "reviewId", but not "paid". */
const isIdName = (name: string): boolean => /[_\-\s.]id$/i.test(name) || /[a-z0-9]I[dD]$/.test(name);

/** A column whose values tell rows apart: all there, all different. */
function canIdentify(column: ColumnFacts, nRecords: number): boolean {
  return !column.isNested && column.nValues === nRecords && column.nDistinct === nRecords;
}

const kept = (columns: readonly ColumnFacts[]): string[] =>
  columns.slice(0, LIMITS.recordFields).map((column) => column.name);

/** That a file has more columns than an item can keep; undefined: it has not. */
export function wordTooManyColumns(nColumns: number): string | undefined {
  if (nColumns <= LIMITS.recordFields) return undefined;
  return `At most ${LIMITS.recordFields} columns are kept beside an item; this file has ${nColumns}. Choose those to keep, or leave columns out of the file.`;
}

/** The mapping a person would most likely choose, judged by names and by the first records. */
export function suggestMapping(kind: ContentKind, given: readonly ColumnFacts[], nRecords: number): ImportMapping {
  // A mended file of refused records says why they were refused; that is nothing about the items.
  const columns = given.filter((column) => !isRefusalColumn(column.name));
  const distinct = columns.filter((column) => canIdentify(column, nRecords));
  const id = byName(distinct, ID_NAMES) ?? distinct.find((column) => isIdName(column.name));
  const rest = columns.filter((column) => column !== id && column.kind !== "empty");
  const label = byName(
    rest.filter((column) => column.nDistinct <= LABELS_MAX),
    LABEL_NAMES,
  );
  const others = rest.filter((column) => column !== label);
  const flat = others.filter((column) => !column.isNested);
  const mapping: ImportMapping = {
    unknownLabel: "refuseRow",
    ...(id && { externalId: id.name }),
    ...(label && { label: label.name }),
  };
  if (kind === "text") {
    const texts = flat.filter((column) => column.kind === "text" || column.kind === "mixed");
    const longest = [...texts].sort((a, b) => b.meanLength - a.meanLength)[0];
    // A column called so is the text whatever else stands in some of its rows: those are refused one by one, by name.
    const named = byName(others, TEXT_NAMES.slice(0, 1));
    const text = (named && !named.isAllNested ? named : undefined) ?? byName(texts, TEXT_NAMES) ?? longest ?? flat[0];
    const meta = others.filter((column) => column !== text);
    const numeric = meta.slice(0, LIMITS.recordFields).filter((column) => column.kind === "number");
    return {
      ...mapping,
      ...(text && { text: text.name }),
      ...(meta.length > 0 && { meta: kept(meta) }),
      ...(numeric.length > 0 && { numeric: kept(numeric) }),
    };
  }
  const meta = others.filter((column) => column.isNested).map((column) => column.name);
  return {
    ...mapping,
    fields: kept(flat),
    numeric: kept(flat.slice(0, LIMITS.recordFields).filter((column) => column.kind === "number")),
    ...(meta.length > 0 && { meta: meta.slice(0, LIMITS.recordFields) }),
  };
}
