import type { ImportMapping } from "@/contracts/ingestion";
import { isRefusalColumn } from "@/contracts/ingestion";
import type { ContentKind } from "@/contracts/project";
import { longIntegerOf } from "../formats";
import { checkContent, checkMeta, kindOf } from "./checkContent";
import type { ItemCandidate } from "./itemCandidate";
import { canonicalContent, checkExternalId, checkItemBytes, hashContent, isNoLabel } from "./itemCandidate";
import { keepRecord, refuseRow } from "./rowIssue";

type RecordValues = Record<string, unknown>;

/**
 * Turns the records of one file into candidates, by a mapping that was checked before. The id is left empty when no
 * column gives one.
 */
export class RecordMapper {
  readonly #kind: ContentKind;
  readonly #mapping: ImportMapping;
  readonly #numeric: ReadonlySet<string>;
  /** Columns that are something else than a field. */
  readonly #taken: ReadonlySet<string>;

  constructor(kind: ContentKind, mapping: ImportMapping) {
    this.#kind = kind;
    this.#mapping = mapping;
    this.#numeric = new Set(mapping.numeric);
    const { externalId, label, meta } = mapping;
    this.#taken = new Set([externalId, label, ...(meta ?? [])].filter((name) => name !== undefined));
  }

  /** @throws RowRefused naming the column. */
  map(line: number, record: RecordValues): ItemCandidate {
    const { externalId, label } = this.#mapping;
    const content = canonicalContent(checkContent(this.#kind, this.#content(record)));
    const meta = this.#meta(record);
    const given = label === undefined ? undefined : record[label];
    return {
      line,
      externalId: externalId === undefined ? "" : this.#externalId(record, externalId),
      content,
      hash: hashContent(content),
      meta,
      label: isNoLabel(given) ? undefined : given,
      bytes: checkItemBytes(content, meta),
      // A label or an id can still be refused when it is written. As text, for slices of it would hold the whole block.
      record: label === undefined && externalId === undefined ? undefined : keepRecord(record),
    };
  }

  #externalId(record: RecordValues, column: string): string {
    if (record[column] === undefined) refuseRow("badId", column, `The record has no "${column}", which holds the ids.`);
    return checkExternalId(record[column], column, longIntegerOf(record, column));
  }

  #content(record: RecordValues): unknown {
    return this.#kind === "text" ? { text: this.#text(record) } : { fields: this.#fields(record) };
  }

  #text(record: RecordValues): string {
    const column = this.#mapping.text ?? "";
    const value = record[column];
    if (typeof value === "string") return value;
    if (value === undefined || value === null) refuseRow("emptyText", column, `The record has no text in "${column}".`);
    if (typeof value === "object") {
      refuseRow(
        "wrongType",
        column,
        `Expected text in "${column}", got ${kindOf(value)}. Map another column, or flatten it.`,
      );
    }
    return String(value);
  }

  #fields(record: RecordValues): RecordValues {
    const names = this.#mapping.fields ?? Object.keys(record).filter((name) => !this.#isTaken(name));
    const fields: RecordValues = Object.create(null);
    for (const name of names) {
      const value = record[name];
      // Records of one file may lack fields that others have.
      if (value === undefined) continue;
      fields[name] = this.#numeric.has(name) ? readNumber(value, name) : value;
    }
    return fields;
  }

  #isTaken(name: string): boolean {
    return this.#taken.has(name) || isRefusalColumn(name);
  }

  #meta(record: RecordValues): string | null {
    const columns = (this.#mapping.meta ?? []).filter((name) => record[name] !== undefined);
    if (columns.length === 0) return null;
    const meta: RecordValues = Object.create(null);
    for (const name of columns) meta[name] = this.#numeric.has(name) ? plainNumber(record[name]) : record[name];
    checkMeta(meta, "meta");
    return JSON.stringify(meta);
  }
}

/** A number where the text is exactly how that number is written; nothing is lost, and metadata refuses no record. */
function plainNumber(value: unknown): unknown {
  if (typeof value !== "string") return value;
  const number = Number(value);
  return Number.isFinite(number) && String(number) === value ? number : value;
}

function readNumber(value: unknown, column: string): number | null {
  if (value === null || typeof value === "number") return value;
  if (typeof value === "string") {
    const text = value.trim();
    if (text === "") return null;
    const number = Number(text);
    if (Number.isFinite(number) && !/^[+-]?0[xbo]/i.test(text)) return number;
  }
  const shown = typeof value === "string" ? `"${value.slice(0, 40)}"` : kindOf(value);
  refuseRow(
    "badNumber",
    column,
    `Expected a number such as 3.5 in "${column}", got ${shown}. Mend it, or import the column as text.`,
  );
}
