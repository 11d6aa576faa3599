import { z } from "zod";
import { LIMITS } from "./limits";

/** Content of an item, by the project's content kind. The union grows with new kinds (images come as {image: blob key}). */
export const textContent = z.strictObject({ text: z.string().min(1) });
export const fieldValue = z.union([z.string(), z.number(), z.boolean(), z.null()]);
export const recordContent = z.strictObject({ fields: z.record(z.string().min(1).max(200), fieldValue) });
export const itemContent = z.union([textContent, recordContent]);
export type TextContent = z.infer<typeof textContent>;
export type RecordContent = z.infer<typeof recordContent>;
export type ItemContent = z.infer<typeof itemContent>;

export const ITEM_STATUSES = ["open", "resolved", "parked", "excluded"] as const;
export type ItemStatus = (typeof ITEM_STATUSES)[number];
export const PURPOSES = ["train", "audit", "test", "compare", "relabel", "gold"] as const;
export type Purpose = (typeof PURPOSES)[number];

/** The filters of the data browser: an allow-list, each compiled to a parameter, never to SQL text. */
export const itemFilter = z.object({
  search: z.string().trim().max(LIMITS.searchLength).optional(),
  status: z.array(z.enum(ITEM_STATUSES)).max(4).optional(),
  /** Aggregated or any effective label equals one of these label ids. */
  label: z.array(z.string().max(LIMITS.labelLength)).max(50).optional(),
  annotatorId: z.string().max(100).optional(),
  purpose: z.array(z.enum(PURPOSES)).max(6).optional(),
  round: z.int().optional(),
  importRun: z.int().optional(),
  flagged: z.boolean().optional(),
  duplicates: z.boolean().optional(),
  disagreement: z.boolean().optional(),
  labelled: z.boolean().optional(),
  late: z.boolean().optional(),
});
export type ItemFilter = z.infer<typeof itemFilter>;

export const ITEM_SORTS = ["row", "recentlyLabelled", "agreement"] as const;
export const listItemsInput = z.object({
  projectId: z.int(),
  filter: itemFilter.default({}),
  sort: z.enum(ITEM_SORTS).default("row"),
  direction: z.enum(["asc", "desc"]).default("asc"),
  /** Opaque; from the previous page. */
  cursor: z.string().max(500).optional(),
  limit: z.int().min(1).max(LIMITS.pageRows).default(50),
});

export interface ItemListRow {
  row: number;
  externalId: string;
  /** At most 300 characters of the content, for lists. */
  excerpt: string;
  status: ItemStatus;
  nLabels: number;
  consensus: unknown;
  agreement: number | null;
  duplicateOf: number | null;
  nOpenFlags: number;
  createdAt: string;
  lastLabelAt: string | null;
}
export interface ItemPage {
  rows: ItemListRow[];
  nextCursor: string | null;
  /** Matching items, exact up to the cap; "atLeast" says the cap was met. Null while not counted. */
  count: { value: number; atLeast: boolean } | null;
  /** Share of rows already searchable, 0..1; below 1 the search may miss new rows. */
  searchReady: number;
}

export interface AnnotationView {
  seq: number;
  kind: "label" | "skip" | "retract";
  row: number;
  annotatorId: string | null;
  annotatorName: string | null;
  source: "human" | "simulated" | "import" | "key";
  value: unknown;
  supersedes: number | null;
  retracted: boolean;
  reason: string | null;
  isLate: boolean;
  isExtra: boolean;
  purpose: Purpose;
  round: number | null;
  modelVersionSeen: number | null;
  suggestionShown: boolean;
  elapsedMs: number | null;
  at: string;
}

/** Why an item was served: the line under the item and the row in its history. */
export interface ServedReason {
  round: number;
  strategy: string;
  purpose: Purpose;
  rank: number;
  score: number | null;
  percentile: number | null;
  inclusion: number | null;
  modelVersion: number | null;
  isFallback: boolean;
  /** Numbers by the strategy, worded by the screen: see strategies/core reasons. */
  reason: unknown;
}

/** Probability per class, or a value, of one model version for one item. */
export interface SuggestionView {
  modelVersion: number;
  trainer: string;
  /** Best classes first, five at most: [label id, probability]. */
  top: [string, number][];
  value: unknown;
  /** Labels given since this version was trained. */
  staleness: number;
}

export interface ItemDetail {
  row: number;
  externalId: string;
  content: ItemContent;
  meta: Record<string, unknown> | null;
  status: ItemStatus;
  consensus: unknown;
  agreement: number | null;
  duplicateOf: number | null;
  duplicates: number[];
  importRun: number | null;
  createdAt: string;
  resolvedAt: string | null;
  annotations: AnnotationView[];
  served: (ServedReason & { state: string; slot: number; servedAt: string | null; leasedBy: string | null })[];
  suggestion: SuggestionView | null;
  flags: FlagView[];
}

export interface FlagView {
  id: string;
  row: number;
  userId: string;
  userName: string;
  comment: string;
  createdAt: string;
  resolvedAt: string | null;
}
