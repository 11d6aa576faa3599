import type { WireError } from "@/contracts/errors";
import type { SubmitInput, SubmitResult } from "@/contracts/queue";

/** One answer on its way to the server. It stays here until the server has acknowledged it or the person discards it. */
export interface OutboxEntry {
  /** Position in the order of answering; given by the store. */
  order: number;
  submissionId: string;
  /** Whose answer it is: it is only ever sent in that person's session. */
  userId: string;
  userName: string;
  projectId: number;
  projectName: string;
  input: SubmitInput;
  /** For people: the item and the answer in words. */
  excerpt: string;
  answer: string;
  /** waiting: will be sent; refused: the server said no, a person must decide. */
  state: "waiting" | "refused";
  /** How often it was handed to the network. 0: the server cannot have seen it. */
  attempts: number;
  /** How often the server answered it with an error of its own that may pass. */
  faults: number;
  error: WireError | null;
}

export type NewOutboxEntry = Omit<OutboxEntry, "order" | "state" | "attempts" | "faults" | "error">;

/** Where entries are kept. Every method is one atomic step, across tabs too. */
export interface OutboxStore {
  /** False when nothing survives the tab. */
  readonly durable: boolean;
  append(entry: NewOutboxEntry): Promise<OutboxEntry>;
  /** All entries of a person, in order. */
  list(userId: string): Promise<OutboxEntry[]>;
  /** Counts the attempt and returns a person's first waiting entry; null when there is none. */
  takeFirst(userId: string): Promise<OutboxEntry | null>;
  /** Replaces some fields; nothing happens when the entry is gone. */
  patch(order: number, fields: Partial<Pick<OutboxEntry, "state" | "faults" | "error" | "attempts">>): Promise<void>;
  remove(order: number): Promise<void>;
  /** Removes an entry that was never handed to the network; false when it was, or is gone. */
  withdraw(submissionId: string): Promise<boolean>;
  /** Entries that wait for other people's sessions. */
  others(userId: string): Promise<{ userName: string; count: number }[]>;
}

export type OutboxPhase =
  /** Nothing to send. */
  | "idle"
  | "sending"
  /** The network or the server does not answer; tried again by itself. */
  | "offline"
  /** The session has ended: waits for signing in. */
  | "signedOut";

/** What the screen shows of an outbox. */
export interface OutboxView {
  phase: OutboxPhase;
  /** Answers that the server has not acknowledged, refused ones not counted. */
  unsent: number;
  refused: readonly OutboxEntry[];
  others: readonly { userName: string; count: number }[];
  durable: boolean;
  /** Why it is offline, in the server's or our words. */
  problem: WireError | null;
}

export interface Delivery {
  submissionId: string;
  result: SubmitResult;
}
