import type { HistoryRow } from "@/contracts/queue";
import type { OutboxEntry } from "../_outbox/types";
import type { Decision } from "./types";

/** Decisions kept for the list; undo reaches as far as the server allows. */
export const RECENT_MAX = 50;

/** An answer that the server knows. */
export function decisionOfHistory(row: HistoryRow): Decision {
  return {
    id: `seq-${row.seq}`,
    row: row.row,
    kind: row.kind,
    value: row.value,
    excerpt: row.excerpt,
    at: row.at,
    seq: row.seq,
    submissionId: null,
    state: row.retracted ? "undone" : "kept",
    held: null,
  };
}

/** An answer that an earlier page left in the outbox. */
export function decisionOfEntry(entry: OutboxEntry): Decision {
  const { input } = entry;
  return {
    id: entry.submissionId,
    row: input.row,
    kind: input.kind,
    value: input.value,
    excerpt: entry.excerpt,
    at: input.shownAt ?? "",
    seq: null,
    submissionId: entry.submissionId,
    state: entry.state === "refused" ? "refused" : "unsent",
    held: null,
  };
}

/** Adds what the server's history has and the page does not, older ones last. */
export function mergeHistory(decisions: readonly Decision[], rows: readonly HistoryRow[]): Decision[] {
  const known = new Set(decisions.map((each) => each.seq));
  const read = rows.filter((row) => !known.has(row.seq)).map(decisionOfHistory);
  return [...decisions, ...read].slice(0, RECENT_MAX);
}

/** After a refusal: the decision stays in sight as refused, or is gone because its item comes back to be answered anew. */
export function refuseDecision(decisions: readonly Decision[], refused: Decision, comesBack: boolean): Decision[] {
  if (comesBack) return decisions.filter((each) => each !== refused);
  return decisions.map((each) => (each === refused ? { ...each, state: "refused", held: null } : each));
}
