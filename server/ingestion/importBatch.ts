import type { ImportMapping } from "@/contracts/ingestion";
import { LIMITS } from "@/contracts/limits";
import type { ContentKind } from "@/contracts/project";
import type { FormatRecord } from "../formats";
import type { ItemCandidate } from "./itemCandidate";
import { defaultExternalId } from "./itemCandidate";
import { RecordMapper } from "./mapRecord";
import { OccurrenceCounter, RECORDS_COUNTED_MAX } from "./occurrenceCounter";
import type { RefusedRecord } from "./rowIssue";
import { excerptOfValue, keepRecord, RowRefused, toRefusedRecord, toRowError } from "./rowIssue";

/** Bytes of content after which a batch is closed however few rows it has; bounds memory. */
const BATCH_BYTES = 2 * 1024 * 1024;

/** What is written in one transaction. */
export interface ImportBatch {
  /** Records of the file that came before the batch. */
  start: number;
  nRecords: number;
  candidates: ItemCandidate[];
  errors: RefusedRecord[];
}

/** Turns the records of a file into batches of checked candidates, passing over those that are done with. */
export class BatchReader {
  readonly #mapper: RecordMapper;
  readonly #mapping: ImportMapping;
  readonly #records: AsyncIterable<FormatRecord>;
  readonly #nDone: number;
  /** Undefined when a column gives the ids. */
  readonly #occurrences: OccurrenceCounter | undefined;

  constructor(kind: ContentKind, mapping: ImportMapping, records: AsyncIterable<FormatRecord>, nDone: number) {
    this.#mapping = mapping;
    this.#mapper = new RecordMapper(kind, mapping);
    this.#records = records;
    this.#nDone = nDone;
    this.#occurrences = mapping.externalId === undefined ? new OccurrenceCounter() : undefined;
  }

  async *batches(): AsyncGenerator<ImportBatch, void, undefined> {
    let n = 0;
    let bytes = 0;
    let batch: ImportBatch = { start: this.#nDone, nRecords: 0, candidates: [], errors: [] };
    for await (const record of this.#records) {
      n++;
      const isDone = n <= this.#nDone;
      // Done records are only read again where the ids of later ones depend on how often a content has come.
      if (isDone && this.#occurrences === undefined) continue;
      const checked = this.#check(record, n);
      if (isDone) continue;
      batch.nRecords++;
      if ("code" in checked) batch.errors.push(checked);
      else {
        batch.candidates.push(checked);
        bytes += checked.bytes + (checked.record?.json?.length ?? 0);
      }
      if (batch.nRecords < LIMITS.importBatchRows && bytes < BATCH_BYTES) continue;
      yield batch;
      batch = { start: n, nRecords: 0, candidates: [], errors: [] };
      bytes = 0;
    }
    if (batch.nRecords > 0) yield batch;
  }

  #check(record: FormatRecord, n: number): ItemCandidate | RefusedRecord {
    if (record.error) {
      const { record: values, ...error } = record.error;
      return toRefusedRecord({ line: record.line, ...error }, values && keepRecord(values), this.#mapping);
    }
    try {
      const candidate = this.#mapper.map(record.line, record.ok);
      if (candidate.externalId === "") candidate.externalId = this.#defaultId(candidate.hash, n);
      return candidate;
    } catch (error) {
      if (!(error instanceof RowRefused)) throw error;
      const refused = toRowError(record.line, error.issue, excerptOfValue(record.ok));
      return toRefusedRecord(refused, keepRecord(record.ok), this.#mapping);
    }
  }

  /** Beyond the records that can be counted, the place in the file makes ids unique; that is stable for the same file. */
  #defaultId(hash: string, n: number): string {
    if (n > RECORDS_COUNTED_MAX || this.#occurrences === undefined) return `${hash}-r${n}`;
    return defaultExternalId(hash, this.#occurrences.add(hash));
  }
}
