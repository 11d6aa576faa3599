import type { RowError } from "@/contracts/errors";
import type { ImportPreview } from "@/contracts/ingestion";
import { LIMITS } from "@/contracts/limits";
import { AppError } from "../errors";
import type { Dialect, Format, ImportFormat } from "../formats";
import { detectFormat, getFormat } from "../formats";
import type { BlobStore } from "../storage";
import { openUpload } from "./openUpload";
import type { ColumnFacts } from "./suggestMapping";

const RECORDS_SAMPLED = 200;
const ERRORS_SAMPLED = 20;
/** Decompressed bytes after which sampling stops even if there are few records yet. */
const BYTES_SAMPLED = 8 * 1024 * 1024;
const COLUMNS_SHOWN = 1_000;
const EXAMPLE_LENGTH = 100;
const RENAMED_SHOWN = 10;
/** Digits after a leading zero are a code (a postcode, a part number), not a number. */
const NUMBER = /^[+-]?(?!0\d)(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/;

export interface Sample {
  format: Format;
  isGzip: boolean;
  dialect: Dialect | undefined;
  columns: ColumnFacts[];
  records: Record<string, unknown>[];
  errors: RowError[];
  /** Columns the file has, those not sampled included. */
  nColumns: number;
  /** What was changed in reading, in words. */
  notices: string[];
}

export interface SampleOptions {
  format?: ImportFormat;
  dialect: Partial<Dialect>;
}

type ColumnKind = ImportPreview["columns"][number]["kind"];

/** What is learnt of one column from the sampled records. */
class ColumnTally {
  readonly name: string;
  #example = "";
  #kinds = new Set<ColumnKind>();
  #distinct = new Set<string>();
  #nValues = 0;
  #length = 0;
  #nNested = 0;

  constructor(name: string) {
    this.name = name;
  }

  add(value: unknown): void {
    if (value === null || value === undefined || value === "") return;
    const isNested = typeof value === "object";
    const text = isNested ? JSON.stringify(value) : String(value);
    if (isNested) this.#nNested++;
    this.#nValues++;
    this.#length += text.length;
    this.#distinct.add(text.slice(0, 1_000));
    if (this.#example === "") this.#example = text.slice(0, EXAMPLE_LENGTH);
    this.#kinds.add(kindOfCell(value, text));
  }

  facts(): ColumnFacts {
    const [only] = this.#kinds;
    return {
      name: this.name,
      example: this.#example,
      kind: this.#kinds.size === 0 ? "empty" : this.#kinds.size === 1 ? only : "mixed",
      nValues: this.#nValues,
      nDistinct: this.#distinct.size,
      meanLength: this.#nValues === 0 ? 0 : this.#length / this.#nValues,
      isNested: this.#nNested > 0,
      isAllNested: this.#nNested > 0 && this.#nNested === this.#nValues,
    };
  }
}

function kindOfCell(value: unknown, text: string): ColumnKind {
  if (typeof value === "number" || (typeof value === "string" && NUMBER.test(text.trim()))) return "number";
  if (typeof value === "boolean" || /^(true|false)$/i.test(text)) return "boolean";
  return typeof value === "object" ? "mixed" : "text";
}

function formatOf(fileName: string, head: Uint8Array, given: ImportFormat | undefined): Format {
  const id = given ?? detectFormat(fileName, head);
  if (id === undefined) {
    throw new AppError(
      "E_UNSUPPORTED_FORMAT",
      `The format of "${fileName.slice(0, 100)}" cannot be told from its content or name. Choose it: CSV, TSV, JSON or JSONL.`,
    );
  }
  return getFormat(id);
}

/**
 * Reads the first records of an upload and says what its columns hold. Reads at most BYTES_SAMPLED.
 * @throws E_UNSUPPORTED_FORMAT, E_BAD_INPUT.
 */
export async function readSample(
  storage: BlobStore,
  upload: { blobKey: string; fileName: string },
  options: SampleOptions,
): Promise<Sample> {
  const file = await openUpload(storage, upload.blobKey);
  try {
    const format = formatOf(upload.fileName, file.head, options.format);
    const dialect = format.readDialect && { ...format.readDialect(file.head), ...defined(options.dialect) };
    const sample: Sample = {
      format,
      isGzip: file.isGzip,
      dialect,
      columns: [],
      records: [],
      errors: [],
      nColumns: 0,
      notices: [],
    };
    const tallies = new Map<string, ColumnTally>();
    const recordBytesMax = LIMITS.recordBytes;
    const onHeader = (given: readonly string[], named: readonly string[]): void => {
      sample.nColumns = named.length;
      sample.notices.push(...wordRenamed(given, named));
    };
    for await (const record of format.read(limited(file.chunks), { recordBytesMax, dialect, onHeader })) {
      if (record.error) sample.errors.push({ line: record.line, ...record.error });
      else {
        sample.records.push(record.ok);
        for (const [name, value] of Object.entries(record.ok)) {
          const tally = tallies.get(name) ?? new ColumnTally(name);
          if (tallies.size < COLUMNS_SHOWN) tallies.set(name, tally);
          tally.add(value);
        }
      }
      if (sample.records.length >= RECORDS_SAMPLED || sample.errors.length >= ERRORS_SAMPLED) break;
    }
    sample.columns = [...tallies.values()].map((tally) => tally.facts());
    sample.nColumns = Math.max(sample.nColumns, tallies.size);
    return sample;
  } finally {
    await file.close();
  }
}

/** Says which repeated names of a header got a count behind them. */
function wordRenamed(given: readonly string[], named: readonly string[]): string[] {
  const renamed = given.flatMap((raw, i) => {
    const name = raw.trim();
    return name !== "" && name !== named[i] ? [`column ${i + 1}, another "${name}", is called "${named[i]}"`] : [];
  });
  if (renamed.length === 0) return [];
  const more = renamed.length > RENAMED_SHOWN ? `, and ${renamed.length - RENAMED_SHOWN} more` : "";
  return [`The header names columns alike: ${renamed.slice(0, RENAMED_SHOWN).join("; ")}${more}.`];
}

function defined<T extends object>(object: T): Partial<T> {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as Partial<T>;
}

async function* limited(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
  let size = 0;
  for await (const chunk of chunks) {
    yield chunk;
    size += chunk.length;
    if (size >= BYTES_SAMPLED) return;
  }
}
