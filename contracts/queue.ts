import { z } from "zod";
import type { ItemContent, ServedReason, SuggestionView } from "./items";
import { LIMITS } from "./limits";

export const claimInput = z.object({
  projectId: z.int(),
  /** Names the browser tab; leases belong to a tab, so two tabs of one person get different items. */
  tab: z.string().min(1).max(64),
  /**
   * How many items the tab wants to hold in all, not how many more. What it holds already comes back first (a reloaded
   * tab finds its work again), then new items up to n.
   */
  n: z.int().min(1).max(LIMITS.claimEntries),
  /** Tokens the page has at hand: they count towards n and are not sent again. Their leases are renewed when due. */
  holding: z.array(z.uuid()).max(100).default([]),
});
export type ClaimInput = z.input<typeof claimInput>;

/** One leased item, whole: everything needed to show it without another call. */
export interface ClaimedItem {
  row: number;
  externalId: string;
  content: ItemContent;
  leaseToken: string;
  leaseExpiresAt: string;
  served: ServedReason;
  suggestion: SuggestionView | null;
  /** A saved draft of this person on this item. */
  draft: unknown;
  /** Set after undo: what was answered before. */
  previousValue?: unknown;
  nearCopies: number;
}

export interface AnnotatorProgress {
  mineToday: number;
  mineTotal: number;
  /** Distinct items: an exact copy stands with its original. */
  projectResolved: number;
  projectItems: number;
}

export interface ClaimResult {
  /** Which label configuration of the project holds now; a page with an older one loads the project again. */
  configVersion: number;
  /** ok; empty: nothing for this person now; paused: the lead paused the project; frozen: this member may not take more. */
  status: "ok" | "empty" | "paused" | "frozen";
  /** Paused for good: the project is archived. */
  isArchived?: boolean;
  entries: ClaimedItem[];
  progress: AnnotatorProgress;
  /** When empty: how the rest stands, so that the page can say it. */
  waiting: {
    heldByOthers: number;
    nextExpiryAt: string | null;
    openForOthers: number;
    refillRunning: boolean;
    itemsLeft: number;
  } | null;
}

export const leaseTokensInput = z.object({ projectId: z.int(), tokens: z.array(z.uuid()).min(1).max(100) });
export interface RenewResult {
  leases: { token: string; expiresAt: string | null }[];
}

/** `details.reason` of the refusal (E_PRECONDITION) of a label that was taken away after the page had loaded the labels. */
export const LABELS_CHANGED = "labelsChanged";

export const submitInput = z.object({
  projectId: z.int(),
  /** Client-made; a repeated submission returns the first answer. */
  submissionId: z.uuid(),
  leaseToken: z.uuid(),
  row: z.int().min(0),
  kind: z.enum(["label", "skip"]),
  /** Checked by the task type; absent for skip. */
  value: z.unknown().optional(),
  reason: z.string().max(LIMITS.commentLength).optional(),
  shownAt: z.iso.datetime().optional(),
  elapsedMs: z.int().min(0).max(86_400_000).optional(),
  suggestionShown: z.boolean().default(false),
  suggestedValue: z.unknown().optional(),
  modelVersionSeen: z.int().optional(),
  guidelinesVersion: z.int().optional(),
  /** The label configuration that the answer was given under. */
  configVersion: z.int().optional(),
});
export type SubmitInput = z.input<typeof submitInput>;

export interface SubmitResult {
  seq: number;
  row: number;
  submissionId: string;
  /** The lease had expired. */
  isLate: boolean;
  /** The opinion was not needed any more and is kept as an extra vote. */
  isExtra: boolean;
  /** This submission had been accepted before; the first answer is returned. */
  isRepeat: boolean;
  itemStatus: string;
  progress: AnnotatorProgress;
}

export const undoInput = z.object({
  projectId: z.int(),
  submissionId: z.uuid(),
  tab: z.string().min(1).max(64),
  /** The annotation to withdraw; absent: the caller's latest effective one. */
  seq: z.int().optional(),
});
export interface UndoResult {
  retractedSeq: number;
  item: ClaimedItem;
}

export interface HistoryRow {
  seq: number;
  row: number;
  kind: "label" | "skip";
  value: unknown;
  excerpt: string;
  at: string;
  retracted: boolean;
  canUndo: boolean;
}

export const draftInput = z.object({ projectId: z.int(), row: z.int(), value: z.unknown() });
export const flagInput = z.object({
  projectId: z.int(),
  row: z.int(),
  comment: z.string().trim().min(1).max(LIMITS.commentLength),
});

/** Who holds what, for the lead. */
export interface QueueStatus {
  open: number;
  leased: number;
  leases: { userId: string; userName: string; tab: string; count: number; oldestAt: string; nextExpiryAt: string }[];
  generation: number;
  round: number | null;
}
