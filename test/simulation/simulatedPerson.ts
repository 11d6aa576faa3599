import type { ClaimedItem } from "@/contracts/queue";
import type { Submission } from "@/server/annotation";
import type { MadeUser } from "../harness/factories";

/** What a browser tab knows of one lease. */
export interface KnownLease {
  token: string;
  row: number;
  tab: string;
  entryId: number;
  /** By the answer that brought or renewed it, in ms. */
  expiresAtMs: number;
  /** Answered, given back or taken away, as far as the person knows. */
  isOver: boolean;
}

/** An annotator as a simulation drives it: what they were told, and what they have sent without an answer yet. */
export interface SimulatedPerson {
  user: MadeUser;
  tabs: string[];
  /** Every lease they were ever told of, by token. */
  leases: Map<string, KnownLease>;
  /** Sent, maybe recorded, never answered: to be sent again until it is. */
  outbox: Submission[];
  /** Acknowledged, in order; withdrawn ones are marked. */
  answered: { submission: Submission; seq: number; isWithdrawn: boolean }[];
  /** Withdrawals sent without an answer. */
  undoOutbox: { submissionId: string; tab: string; seq?: number }[];
  isFrozen: boolean;
}

export function makePerson(user: MadeUser): SimulatedPerson {
  return {
    user,
    tabs: ["left", "right"],
    leases: new Map(),
    outbox: [],
    answered: [],
    undoOutbox: [],
    isFrozen: false,
  };
}

/** The person's answers that stand, as far as they were told: sequence numbers by row. */
export function standingAnswers(person: SimulatedPerson): Map<number, number> {
  return new Map(person.answered.filter((a) => !a.isWithdrawn).map((a) => [a.submission.row, a.seq]));
}

export function learnLease(person: SimulatedPerson, item: ClaimedItem, tab: string, entryId: number): KnownLease {
  const lease: KnownLease = {
    token: item.leaseToken,
    row: item.row,
    tab,
    entryId,
    expiresAtMs: new Date(item.leaseExpiresAt).getTime(),
    isOver: false,
  };
  const known = person.leases.get(item.leaseToken);
  if (!known) {
    person.leases.set(item.leaseToken, lease);
    return lease;
  }
  known.expiresAtMs = Math.max(known.expiresAtMs, lease.expiresAtMs);
  return known;
}
