import type { ImportPreview } from "@/contracts/ingestion";
import type { ImportFormat } from "../formats";
import { selectUpload } from "./imports.db";
import type { IngestContext } from "./ingestContext";
import { uploadNotFound } from "./openUpload";
import { readSample } from "./readSample";
import { suggestMapping, wordTooManyColumns } from "./suggestMapping";

const ROWS_SHOWN = 20;
const CELL_LENGTH = 300;

export interface PreviewInput {
  uploadId: string;
  format?: ImportFormat;
  delimiter?: string;
  hasHeader?: boolean;
}

/** A value as a preview shows it: long texts cut, lists and objects as the beginning of their JSON. */
function shownValue(value: unknown): unknown {
  if (typeof value !== "string" && (typeof value !== "object" || value === null)) return value;
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return text.length > CELL_LENGTH ? `${text.slice(0, CELL_LENGTH)}…` : text;
}

/** What an uploaded file holds and how it could be mapped. Reads its beginning only; changes nothing. */
export async function previewImport(ctx: IngestContext, input: PreviewInput): Promise<ImportPreview> {
  const { db, storage, project } = ctx;
  const upload = await selectUpload(db, project.id, input.uploadId);
  if (!upload) throw uploadNotFound();
  const sample = await readSample(storage, upload, {
    format: input.format,
    dialect: { delimiter: input.delimiter, hasHeader: input.hasHeader },
  });
  const { dialect, columns, records, errors } = sample;
  const tooMany = wordTooManyColumns(sample.nColumns);
  return {
    uploadId: input.uploadId,
    fileName: upload.fileName,
    sizeBytes: upload.sizeBytes,
    format: sample.format.id,
    gzip: sample.isGzip,
    dialect: dialect ? { delimiter: dialect.delimiter, hasHeader: dialect.hasHeader } : null,
    columns: columns.map(({ name, example, kind }) => ({ name, example, kind })),
    rows: records
      .slice(0, ROWS_SHOWN)
      .map((record) => Object.fromEntries(Object.entries(record).map(([name, value]) => [name, shownValue(value)]))),
    notices: tooMany === undefined ? sample.notices : [...sample.notices, tooMany],
    errors,
    suggested: suggestMapping(project.contentKind, columns, records.length),
  };
}
