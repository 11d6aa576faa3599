import { appendAuditLog } from "../audit";
import type { Tx } from "../db";
import { AppError } from "../errors";
import { cellText, neutraliseFormula, writeRecord } from "../formats";
import type { ProjectRow } from "../projects";
import { ANNOTATION_COLUMNS, annotationRecords } from "./annotationRecords";
import { selectFieldNames } from "./export.db";
import type { ExportContext } from "./exportContext";
import type { ExportRecord } from "./itemRecords";
import { ITEM_COLUMNS_AFTER, ITEM_COLUMNS_BEFORE, itemRecords } from "./itemRecords";
import { readSnapshot } from "./readSnapshot";

/** Exports at once in one process: each holds a connection and a snapshot for as long as its reader takes. */
export const EXPORTS_AT_ONCE = 4;
const RETRY_AFTER_SECONDS = 10;
/** Fields of records that get a column of their own in CSV; more go into the column fields_json. */
const FIELD_COLUMNS_MAX = 1_000;
/** Columns of fields start so, and cannot be taken for others. */
const FIELD_PREFIX = "field.";

export interface ExportInput {
  what: "items" | "annotations";
  format: "csv" | "jsonl";
  /** Leave cells that look like formulas as they are. For programs; spreadsheets would run them. */
  isRaw: boolean;
}

export interface ExportStream {
  fileName: string;
  mediaType: string;
  parts: AsyncGenerator<string, void, undefined>;
}

let nRunning = 0;

type CellOf = Map<string, (record: ExportRecord) => unknown>;

/** How a record becomes cells: the columns, and where those that are not the record's own take their value from. */
async function columnsOf(tx: Tx, project: ProjectRow, what: ExportInput["what"]) {
  if (what === "annotations") return { names: [...ANNOTATION_COLUMNS], cells: new Map() as CellOf };
  if (project.contentKind === "text") {
    return { names: [...ITEM_COLUMNS_BEFORE, "text", ...ITEM_COLUMNS_AFTER], cells: new Map() as CellOf };
  }
  const fields = await selectFieldNames(tx, project.id, FIELD_COLUMNS_MAX + 1);
  const fieldsOf = (record: ExportRecord) => (record.fields ?? {}) as Record<string, unknown>;
  const cells: CellOf = new Map([["fields_json", fieldsOf]]);
  for (const field of fields) cells.set(FIELD_PREFIX + field, (record) => fieldsOf(record)[field]);
  const own = fields.length > FIELD_COLUMNS_MAX ? ["fields_json"] : fields.map((field) => FIELD_PREFIX + field);
  return { names: [...ITEM_COLUMNS_BEFORE, ...own, ...ITEM_COLUMNS_AFTER], cells };
}

async function* csvParts(tx: Tx, project: ProjectRow, input: ExportInput, batches: AsyncIterable<ExportRecord[]>) {
  const { names, cells } = await columnsOf(tx, project, input.what);
  const safe = (value: unknown): string => {
    const text = cellText(value);
    // Numbers are ours and may start with a minus.
    return input.isRaw || typeof value === "number" ? text : neutraliseFormula(text);
  };
  yield writeRecord(names.map(safe), ",");
  for await (const batch of batches) {
    const lines = batch.map((record) => {
      const row = names.map((name) => safe((cells.get(name) ?? ((own) => own[name]))(record)));
      return writeRecord(row, ",");
    });
    if (lines.length > 0) yield lines.join("");
  }
}

async function* jsonlParts(batches: AsyncIterable<ExportRecord[]>) {
  for await (const batch of batches) {
    if (batch.length > 0) yield `${batch.map((record) => JSON.stringify(record)).join("\n")}\n`;
  }
}

function fileNameOf(ctx: ExportContext, input: ExportInput): string {
  return `${ctx.project.slug}-${input.what}-${ctx.clock.now().toISOString().slice(0, 10)}.${input.format}`;
}

/**
 * Streams the project's items or annotations as one consistent snapshot, in memory for one batch, no faster than the
 * reader reads. Notes the export in the audit log when it begins.
 * @throws E_RATE_LIMITED while EXPORTS_AT_ONCE others run in this process.
 */
export async function writeExport(ctx: ExportContext, input: ExportInput): Promise<ExportStream> {
  const { db, project, actor, clock } = ctx;
  if (nRunning >= EXPORTS_AT_ONCE) {
    throw new AppError("E_RATE_LIMITED", `${nRunning} exports are running; try again when one has ended.`, {
      details: { retryAfterSeconds: RETRY_AFTER_SECONDS },
    });
  }
  await appendAuditLog(db, {
    actor,
    projectId: project.id,
    action: "export.start",
    target: input.what,
    details: { format: input.format, raw: input.isRaw },
    at: clock.now(),
  });
  const snapshot = readSnapshot(db, async function* (tx) {
    const batches = input.what === "items" ? itemRecords(tx, project) : annotationRecords(tx, project);
    yield* input.format === "csv" ? csvParts(tx, project, input, batches) : jsonlParts(batches);
  });
  async function* parts(): AsyncGenerator<string, void, undefined> {
    nRunning++;
    try {
      yield* snapshot;
    } finally {
      nRunning--;
    }
  }
  return {
    fileName: fileNameOf(ctx, input),
    mediaType: input.format === "csv" ? "text/csv; charset=utf-8" : "application/x-ndjson",
    parts: parts(),
  };
}
