import { z } from "zod";
import type { RowError } from "./errors";
import { itemContent } from "./items";
import { LIMITS } from "./limits";

const externalId = z.string().min(1).max(LIMITS.externalIdLength);

export const ingestItem = z.object({
  /** The caller's own id; a second ingest of it changes nothing. Absent: made from the content hash. */
  externalId: externalId.optional(),
  content: itemContent,
  meta: z.record(z.string(), z.unknown()).optional(),
  /** A label that came along: becomes an annotation with source "import". Checked by the task type. */
  label: z.unknown().optional(),
});
/** Rows are checked one by one by the service so that each refusal names its row and field. */
export const ingestItemsInput = z.object({
  projectId: z.int(),
  /** atomic: one bad row refuses all; rowByRow: good rows are taken and bad ones reported. */
  mode: z.enum(["atomic", "rowByRow"]).default("atomic"),
  items: z.array(z.unknown()).min(1).max(LIMITS.ingestRows),
});
export type IngestItem = z.input<typeof ingestItem>;

export interface IngestResult {
  inserted: number;
  /** Rows whose externalId was there already. */
  existing: number;
  /** Rows whose content equals an earlier item's; linked to it, not dropped. */
  duplicates: number;
  labels: number;
  /** Row number per input item, in order; null for refused ones. */
  rows: (number | null)[];
  errors: RowError[];
}

/** Vectors or predictions for many items: ids in order and base64 of little-endian float32, row-major. */
export const ingestEmbeddingsInput = z.object({
  projectId: z.int(),
  name: z.string().min(1).max(200),
  dim: z.int().min(1).max(LIMITS.embeddingDim),
  externalIds: z.array(externalId).min(1).max(LIMITS.ingestRows),
  data: z.string(),
});
export const ingestPredictionsInput = z.object({
  projectId: z.int(),
  /** Name of the outside model. */
  name: z.string().min(1).max(200),
  externalIds: z.array(externalId).min(1).max(LIMITS.ingestRows),
  /** Label ids in column order; must be the project's labels. */
  classes: z.array(z.string()).min(2).max(LIMITS.labels),
  data: z.string(),
});
export interface AttachResult {
  attached: number;
  /** Items of which the set has a vector now. */
  totalRows: number;
}

/**
 * What a file of refused records says about each, behind the record's own columns. An import proposes none of them, and
 * takes none of them for a field by itself: the mended file goes in as it is.
 */
export const REFUSAL_COLUMNS = [
  "winnow_line",
  "winnow_code",
  "winnow_field",
  "winnow_message",
  "winnow_excerpt",
] as const;
export const isRefusalColumn = (name: string): boolean => (REFUSAL_COLUMNS as readonly string[]).includes(name);

export const IMPORT_FORMATS = ["csv", "tsv", "json", "jsonl"] as const;

const columnName = z.string().min(1).max(1_000);
const columnNames = z.array(columnName).max(LIMITS.recordFields);

/** How columns of a file become parts of an item. */
export const importMapping = z.object({
  /** Column with the caller's id. */
  externalId: columnName.optional(),
  /** Text projects: the column with the text. */
  text: columnName.optional(),
  /** Record projects: the columns that become fields; absent means all not used otherwise. */
  fields: columnNames.optional(),
  /** Column with an existing label. */
  label: columnName.optional(),
  /** Columns kept beside the item. */
  meta: columnNames.optional(),
  /** Unknown labels: refuse the row, take the item without its label, or add the label to the project. */
  unknownLabel: z.enum(["refuseRow", "dropLabel", "addLabel"]).default("refuseRow"),
  /** Fields read as numbers; in metadata, where the text is exactly how the number is written. */
  numeric: columnNames.optional(),
  /** CSV and TSV: what separates fields, whether the first line names the columns, whether quotes count. Absent: as found. */
  delimiter: z.string().length(1).optional(),
  hasHeader: z.boolean().optional(),
  isQuoted: z.boolean().optional(),
});
export type ImportMapping = z.infer<typeof importMapping>;

export const previewImportInput = z.object({
  projectId: z.int(),
  uploadId: z.uuid(),
  format: z.enum(IMPORT_FORMATS).optional(),
  delimiter: z.string().length(1).optional(),
  hasHeader: z.boolean().optional(),
});
export const startImportInput = z.object({
  projectId: z.int(),
  uploadId: z.uuid(),
  /** Absent: told by the content, then by the name. */
  format: z.enum(IMPORT_FORMATS).optional(),
  /** Absent: as the preview suggests. */
  mapping: importMapping.optional(),
});
export const deleteItemsInput = z.object({
  projectId: z.int(),
  rows: z.array(z.int().min(0)).max(LIMITS.ingestRows).optional(),
  externalIds: z.array(externalId).max(LIMITS.ingestRows).optional(),
});
export interface DeleteItemsResult {
  deleted: number;
  /** Rows and ids that name no living item of the project. */
  notFound: (number | string)[];
}

export interface ImportPreview {
  uploadId: string;
  fileName: string;
  sizeBytes: number;
  format: (typeof IMPORT_FORMATS)[number];
  gzip: boolean;
  /** CSV and TSV. */
  dialect: { delimiter: string; hasHeader: boolean } | null;
  columns: { name: string; example: string; kind: "text" | "number" | "boolean" | "mixed" | "empty" }[];
  rows: Record<string, unknown>[];
  /** What was changed or will be left out, in words. */
  notices: string[];
  /** Records among the first ones that cannot be read. */
  errors: RowError[];
  suggested: ImportMapping;
}

export interface ImportRunView {
  number: number;
  fileName: string;
  format: string;
  sizeBytes: number;
  mapping: ImportMapping;
  state: "queued" | "running" | "done" | "doneWithErrors" | "refused" | "cancelled" | "failed";
  progress: number | null;
  nRead: number;
  nInserted: number;
  nExisting: number;
  nDuplicates: number;
  nLabels: number;
  nErrors: number;
  jobRunId: string | null;
  message: string;
  createdAt: string;
  finishedAt: string | null;
}
