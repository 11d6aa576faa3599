import type { SettledItem } from "../consensus";
import { AppError } from "../errors";
import type { AnswerFacts, EntryChange, ItemEntry } from "./answer.db";

/**
 * The rules of accepting an answer, as functions of what was read under the item's lock.
 *
 * - A person's answer to an item counts once.
 * - A lease that was once given out is enough: what was labelled under it is kept. Late means that the lease had ended
 *   when the answer came, extra that the opinion was not needed any more.
 * - A late answer closes what its author holds on the item, else the entry it was for unless someone else holds that.
 */

export interface AnswerDecision {
  isLate: boolean;
  isExtra: boolean;
  /** The entry that the token was for: the answer has its purpose and round. */
  entry: ItemEntry;
  /** The entry that the answer closes; null when it is with someone else. */
  closes: ItemEntry | null;
}

export function decideAnswer(
  facts: AnswerFacts,
  input: { userId: string; row: number; token: string; kind: "label" | "skip"; overlap: number },
): AnswerDecision {
  const { grant } = facts;
  if (!grant || grant.userId !== input.userId || grant.row !== input.row) {
    throw new AppError(
      "E_LEASE",
      `The answer to item ${input.row} came under a lease that was never yours. Expected the leaseToken that came with the item; claim the item again.`,
      { details: { row: input.row } },
    );
  }
  const earlier = facts.answers.find((answer) => answer.annotatorId === input.userId);
  if (earlier) {
    throw new AppError(
      "E_CONFLICT",
      `You have answered item ${input.row} already (annotation ${earlier.seq}). Undo that answer first to change it.`,
      { details: { row: input.row, seq: earlier.seq } },
    );
  }
  const entry = facts.entries.find((e) => e.id === grant.entryId);
  if (!entry) throw new AppError("E_INTERNAL", `invariant broken: queue entry ${grant.entryId} of a lease is gone`);
  const isMine = (e: ItemEntry): boolean => e.state === "leased" && e.userId === input.userId;
  const own = isMine(entry) ? entry : facts.entries.find(isMine);
  const nLabels = facts.answers.filter((answer) => answer.kind === "label").length;
  const isWanted = facts.status !== "resolved" && facts.status !== "excluded" && !facts.isDeleted;
  return {
    isLate: !(own && own.token === input.token && !own.isExpired),
    isExtra: input.kind === "label" && !(isWanted && nLabels < input.overlap),
    entry,
    closes: own ?? (input.kind === "label" && (entry.state === "open" || entry.state === "superseded") ? entry : null),
  };
}

/**
 * What becomes of the item's entries once it is settled. Wanted are as many live entries as opinions are missing; open
 * ones beyond that are superseded, the highest slots first. Leases of others stay; expired ones go with a settled item.
 */
export function decideEntries(
  entries: readonly ItemEntry[],
  closes: ItemEntry | null,
  kind: "label" | "skip",
  after: { status: SettledItem["status"]; nLabels: number; overlap: number },
): { entry: EntryChange; surplusEntryIds: number[] } {
  const missing = after.status === "open" ? Math.max(0, after.overlap - after.nLabels) : 0;
  const others = entries.filter((e) => e !== closes && (e.state === "open" || e.state === "leased"));
  const open = others.filter((e) => e.state === "open").sort((a, b) => b.slot - a.slot || b.id - a.id);
  const expired = missing > 0 ? [] : others.filter((e) => e.state === "leased" && e.isExpired);
  const surplusEntryIds = [...open, ...expired].slice(0, Math.max(0, others.length - missing)).map((e) => e.id);
  if (!closes) return { entry: null, surplusEntryIds };
  const isNeededAgain = kind === "skip" && others.length < missing;
  return {
    entry: { id: closes.id, to: kind === "label" ? "done" : isNeededAgain ? "open" : "superseded" },
    surplusEntryIds,
  };
}
