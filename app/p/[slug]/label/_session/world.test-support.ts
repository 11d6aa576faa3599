import type { WireError } from "@/contracts/errors";
import type { ClaimedItem, ClaimInput, ClaimResult, HistoryRow } from "@/contracts/queue";
import type { NewOutboxEntry, OutboxEntry } from "../_outbox/types";
import { LabelSession } from "./LabelSession";
import type { SessionParts, SessionProject } from "./types";

/** What the tests of a label session run in. */

export const PROJECT: SessionProject = {
  id: 7,
  name: "Spam",
  prefetch: 3,
  leaseSeconds: 600,
  guidelinesVersion: 2,
  configVersion: 1,
  suggestionPolicy: "show",
};
export const PROGRESS = { mineToday: 0, mineTotal: 0, projectResolved: 0, projectItems: 100 };

export function claimed(row: number, extra: Partial<ClaimedItem> = {}): ClaimedItem {
  return {
    row,
    externalId: `e${row}`,
    content: { text: `text of item ${row}` },
    leaseToken: `token-${row}`,
    leaseExpiresAt: "2026-11-24T12:00:00Z",
    served: {
      round: 1,
      strategy: "random",
      purpose: "train",
      rank: row,
      score: null,
      percentile: null,
      inclusion: null,
      modelVersion: null,
      isFallback: false,
      reason: null,
    },
    suggestion: null,
    draft: null,
    nearCopies: 0,
    ...extra,
  };
}

/** A server, a browser and a clock that do what the test says. */
export class World {
  now = 1_000;
  made = 0;
  rows: ClaimedItem[] = Array.from({ length: 30 }, (_, i) => claimed(i));
  held = new Map<string, ClaimedItem>();
  claims: ClaimInput[] = [];
  status: ClaimResult["status"] = "ok";
  added: NewOutboxEntry[] = [];
  waiting: OutboxEntry[] = [];
  withdrawable = new Set<string>();
  addFails = false;
  lost = new Set<string>();
  renewals: string[][] = [];
  released: string[] = [];
  left: string[][] = [];
  undone: { submissionId: string; seq?: number }[] = [];
  undoFailures: WireError[] = [];
  history: HistoryRow[] = [];
  localDrafts = new Map<number, unknown>();
  serverDrafts: [number, unknown][] = [];
  timers: { callback: () => void; at: number }[] = [];
  claimError: WireError | null = null;

  open(project: Partial<SessionProject> = {}): LabelSession {
    const parts: SessionParts = {
      project: { ...PROJECT, ...project },
      user: { id: "ann", name: "Ann" },
      tab: "tab",
      api: {
        claim: async (input) => {
          this.claims.push(input);
          if (this.claimError) throw this.claimError;
          if (this.status !== "ok") {
            return { configVersion: 1, status: this.status, entries: [], progress: PROGRESS, waiting: null };
          }
          const mine = [...this.held.values()].filter((item) => !input.holding?.includes(item.leaseToken));
          const fresh = this.rows.splice(0, Math.max(0, input.n - this.held.size));
          for (const item of fresh) this.held.set(item.leaseToken, item);
          const entries = [...mine, ...fresh];
          return {
            configVersion: 1,
            status: this.held.size > 0 ? "ok" : "empty",
            entries,
            progress: PROGRESS,
            waiting:
              this.held.size > 0
                ? null
                : { heldByOthers: 2, nextExpiryAt: null, openForOthers: 0, refillRunning: false, itemsLeft: 2 },
          };
        },
        renew: async (tokens) => {
          this.renewals.push(tokens);
          return {
            leases: tokens.map((token) => ({ token, expiresAt: this.lost.has(token) ? null : "2026-11-24T13:00:00Z" })),
          };
        },
        release: async (tokens) => this.released.push(...tokens),
        leave: (tokens) => void this.left.push(tokens),
        undo: async ({ submissionId, seq }) => {
          const failure = this.undoFailures.shift();
          if (failure) throw failure;
          this.undone.push({ submissionId, seq });
          return {
            retractedSeq: seq ?? 0,
            item: claimed(50 + (seq ?? 0), { previousValue: { choice: "before" }, leaseToken: `undo-${seq}` }),
          };
        },
        history: async () => this.history,
        saveDraft: async (row, value) => this.serverDrafts.push([row, value]),
      },
      outbox: {
        add: async (entry) => {
          if (this.addFails) throw new Error("quota exceeded");
          this.added.push(entry);
        },
        withdraw: async (id) => this.withdrawable.has(id),
        settled: async () => true,
        pending: async () => this.waiting,
      },
      drafts: {
        read: async (row) => this.localDrafts.get(row),
        write: async (row, value) => void this.localDrafts.set(row, value),
        remove: async (row) => void this.localDrafts.delete(row),
      },
      isSameAnswer: (a, b) => JSON.stringify(a) === JSON.stringify(b),
      formatAnswer: (value) => (value as { choice: string }).choice,
      readError: (thrown) =>
        thrown instanceof Error
          ? { code: "E_INTERNAL", message: thrown.message, retryable: true }
          : (thrown as WireError),
      now: () => this.now,
      wallTime: (ms) => new Date(Date.UTC(2026, 10, 24) + ms).toISOString(),
      makeUuid: () => `id-${++this.made}`,
      schedule: (callback, afterMs) => {
        const timer = { callback, at: this.now + afterMs };
        this.timers.push(timer);
        return () => {
          this.timers = this.timers.filter((each) => each !== timer);
        };
      },
    };
    return new LabelSession(parts);
  }

  /** The server takes what the outbox has. */
  deliver(session: LabelSession): void {
    for (const entry of this.added.splice(0)) {
      this.held.delete(entry.input.leaseToken);
      session.delivered(entry.submissionId, entry.input.row + 1, PROGRESS);
    }
  }

  async pass(ms: number): Promise<void> {
    this.now += ms;
    const due = this.timers.filter((timer) => timer.at <= this.now);
    this.timers = this.timers.filter((timer) => timer.at > this.now);
    for (const { callback } of due) callback();
    await rest();
  }
}

export async function rest(): Promise<void> {
  for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve));
}
export const rowOf = (session: LabelSession) => session.getSnapshot().current?.item.row;
