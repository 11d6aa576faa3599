import type { WireError } from "@/contracts/errors";
import type {
  AnnotatorProgress,
  ClaimedItem,
  ClaimInput,
  ClaimResult,
  HistoryRow,
  RenewResult,
  UndoResult,
} from "@/contracts/queue";
import type { NewOutboxEntry, OutboxEntry } from "../_outbox/types";

/** One leased item on this page. */
export interface HeldItem {
  /** Names this serving of the item; a new one after undo or when a draft is swapped. */
  key: string;
  item: ClaimedItem;
  /** When the lease ends, on the page's monotonic clock, ms. Computed from the lease's length: nobody's wall clock. */
  deadline: number;
  /** ok; ended: the time is over, nobody asked yet; lost: the server says it may be with someone else. */
  lease: "ok" | "ended" | "lost";
  /** What the annotator starts from: the answer before an undo, a draft, the first answer. */
  initialValue: unknown;
  /** A draft saved elsewhere that differs from the one on this device. */
  otherDraft: unknown;
  /** Set once a hidden suggestion has been uncovered: the answer given before. */
  firstAnswer: { value: unknown } | null;
}

/** An answer of this person: given here or read from the server's history. */
export interface Decision {
  id: string;
  row: number;
  kind: "label" | "skip";
  value: unknown;
  excerpt: string;
  at: string;
  /** Null until the server has acknowledged it. */
  seq: number | null;
  /** Null when it comes from the history. */
  submissionId: string | null;
  state: "unsent" | "kept" | "undone" | "refused";
  /** The item as it was held, for taking an answer back that has not left yet. */
  held: HeldItem | null;
}

export type Phase = "starting" | "labelling" | "empty" | "paused" | "frozen" | "failed";

export interface SessionView {
  phase: Phase;
  current: HeldItem | null;
  next: HeldItem | null;
  nHeld: number;
  progress: AnnotatorProgress | null;
  waiting: ClaimResult["waiting"];
  /** The project takes no new items for this person; what is held may still be answered. */
  ending: "paused" | "frozen" | null;
  problem: WireError | null;
  undoing: boolean;
  recent: readonly Decision[];
}

/** The calls a session makes. All reject with what `readError` understands. */
export interface SessionApi {
  claim(input: ClaimInput): Promise<ClaimResult>;
  renew(tokens: string[]): Promise<RenewResult>;
  release(tokens: string[]): Promise<unknown>;
  /** Must get out although the page is going away; nobody waits for it. */
  leave(tokens: string[]): void;
  undo(input: { submissionId: string; tab: string; seq?: number }): Promise<UndoResult>;
  history(limit: number): Promise<HistoryRow[]>;
  saveDraft(row: number, value: unknown): Promise<unknown>;
}

export interface SessionProject {
  id: number;
  name: string;
  prefetch: number;
  leaseSeconds: number;
  guidelinesVersion: number;
  configVersion: number;
  suggestionPolicy: "show" | "afterFirstAnswer" | "hide";
}

export interface OutboxPort {
  add(entry: NewOutboxEntry): Promise<void>;
  withdraw(submissionId: string): Promise<boolean>;
  settled(submissionId: string, timeoutMs: number): Promise<boolean>;
  /** Entries of this person in a project, oldest first. */
  pending(projectId: number): Promise<OutboxEntry[]>;
}

export interface DraftPort {
  read(row: number): Promise<unknown>;
  write(row: number, value: unknown): Promise<void>;
  remove(row: number): Promise<void>;
}

/** What a session needs of the world; tests bring their own. */
export interface SessionParts {
  project: SessionProject;
  user: { id: string; name: string };
  tab: string;
  api: SessionApi;
  outbox: OutboxPort;
  drafts: DraftPort;
  /** The task type's part: whether two answers are the same, and an answer in words. */
  isSameAnswer(a: unknown, b: unknown): boolean;
  formatAnswer(value: unknown): string;
  readError(thrown: unknown): WireError;
  /** Monotonic ms. */
  now(): number;
  /** The wall clock at a monotonic moment, ISO 8601. */
  wallTime(monotonicMs: number): string;
  makeUuid(): string;
  schedule(callback: () => void, afterMs: number): () => void;
}
