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
  totalRows: number;
}

export const IMPORT_FORMATS = ["csv", "tsv", "json", "jsonl"] as const;

/** How columns of a file become parts of an item. */
export const importMapping = z.object({
  /** Column with the caller's id. */
  externalId: z.string().optional(),
  /** Text projects: the column with the text. */
  text: z.string().optional(),
  /** Record projects: the columns that become fields; absent means all not used otherwise. */
  fields: z.array(z.string()).optional(),
  /** Column with an existing label. */
  label: z.string().optional(),
  /** Columns kept beside the item. */
  meta: z.array(z.string()).optional(),
  /** Unknown labels: refuse the row, or take the item without its label. */
  unknownLabel: z.enum(["refuseRow", "dropLabel", "addLabel"]).default("refuseRow"),
  /** Fields read as numbers. */
  numeric: z.array(z.string()).optional(),
});
export type ImportMapping = z.infer<typeof importMapping>;

export interface ImportPreview {
  uploadId: string;
  fileName: string;
  sizeBytes: number;
  format: (typeof IMPORT_FORMATS)[number];
  gzip: boolean;
  columns: { name: string; example: string; kind: "text" | "number" | "boolean" | "mixed" | "empty" }[];
  rows: Record<string, unknown>[];
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
