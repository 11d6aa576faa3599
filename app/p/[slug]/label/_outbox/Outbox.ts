import type { WireError } from "@/contracts/errors";
import type { SubmitInput, SubmitResult } from "@/contracts/queue";
import type { Delivery, NewOutboxEntry, OutboxEntry, OutboxPhase, OutboxStore, OutboxView } from "./types";

/** Waits between attempts when nothing answers: 1, 2, 4 … 30 s, each shortened by up to half so that tabs spread. */
const BACKOFF_FIRST_MS = 1_000;
const BACKOFF_MAX_MS = 30_000;
/** After this many answered faults of the server's own an entry stops holding up those behind it. */
const FAULTS_MAX = 5;

/** What an outbox needs of the world; tests bring their own. */
export interface OutboxParts {
  userId: string;
  store: OutboxStore;
  /** Rejects with anything; `readError` says what it was. */
  send(input: SubmitInput): Promise<SubmitResult>;
  readError(thrown: unknown): WireError;
  /** Runs `work` while no other tab does; runs it anyway when the others hang. */
  exclusively(work: () => Promise<void>): Promise<void>;
  /** Tells other tabs; they answer by calling `refresh` or `onElsewhere`. */
  broadcast(message: OutboxMessage): void;
  /** Calls back later; returns how to call it off. */
  schedule(callback: () => void, afterMs: number): () => void;
  /** In [0, 1). */
  jitter(): number;
}

export type OutboxMessage = { kind: "changed" } | { kind: "delivered"; delivery: Delivery };

/**
 * Answers on their way to the server. Each is stored before it is sent and removed after it was acknowledged, so that a
 * reload, a crash or a lost network at any moment loses none; the server takes a repeated `submissionId` for the same
 * answer, so none arrives twice. Entries go one at a time in the order they were given.
 *
 * Modes: idle until something waits; sending until the store is empty; offline after a failure that may pass, with growing
 * waits, left by `wake`; signedOut after the session ended, left only by `wake`. A refusal moves its entry aside and the
 * next one goes. An entry that the server keeps failing on is moved aside too, so that it holds up nobody for ever.
 */
export class Outbox {
  readonly #parts: OutboxParts;
  readonly #listeners = new Set<() => void>();
  readonly #deliveryListeners = new Set<(delivery: Delivery) => void>();
  #view: OutboxView;
  #phase: OutboxPhase = "idle";
  #problem: WireError | null = null;
  #failures = 0;
  /** Answers that the store has not confirmed yet. */
  #storing = 0;
  #draining: Promise<void> | null = null;
  #again = false;
  #cancelTimer: (() => void) | null = null;
  #stopped = false;

  constructor(parts: OutboxParts) {
    this.#parts = parts;
    this.#view = {
      phase: "idle",
      unsent: 0,
      refused: [],
      others: [],
      durable: parts.store.durable,
      problem: null,
    };
  }

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  getSnapshot = (): OutboxView => this.#view;

  onDelivered(listener: (delivery: Delivery) => void): () => void {
    this.#deliveryListeners.add(listener);
    return () => this.#deliveryListeners.delete(listener);
  }

  /** Stores an answer, then sends it. Resolves when it is stored. */
  async add(entry: NewOutboxEntry): Promise<void> {
    // Counted from the first moment: at none does the counter say that all is sent while something is not.
    this.#storing += 1;
    this.#show({ ...this.#view, unsent: this.#view.unsent + 1 });
    try {
      await this.#parts.store.append(entry);
    } finally {
      this.#storing -= 1;
      await this.#changed();
    }
    if (this.#phase === "idle" || this.#phase === "sending") this.#drain();
  }

  /** Takes an answer back that has not left yet. False: the server may have it, undo it there. */
  async withdraw(submissionId: string): Promise<boolean> {
    const taken = await this.#parts.store.withdraw(submissionId);
    if (taken) await this.#changed();
    return taken;
  }

  /** This person's entries in a project, oldest first. */
  async pending(projectId: number): Promise<OutboxEntry[]> {
    return (await this.#parts.store.list(this.#parts.userId)).filter((entry) => entry.projectId === projectId);
  }

  /** Resolves once an answer is no longer waiting here: acknowledged, refused or discarded. */
  async settled(submissionId: string, timeoutMs: number): Promise<boolean> {
    const isWaiting = async () =>
      (await this.#parts.store.list(this.#parts.userId)).some(
        (entry) => entry.submissionId === submissionId && entry.state === "waiting",
      );
    if (!(await isWaiting())) return true;
    this.wake();
    return new Promise((resolve) => {
      const finish = (settled: boolean) => {
        stop();
        cancel();
        resolve(settled);
      };
      const stop = this.subscribe(() => {
        isWaiting().then((waiting) => {
          if (!waiting) finish(true);
        });
      });
      const cancel = this.#parts.schedule(() => finish(false), timeoutMs);
    });
  }

  /** Tries at once: the network is back, the person signed in again, the tab is seen again. */
  wake(): void {
    if (this.#stopped) return;
    this.#cancelTimer?.();
    this.#cancelTimer = null;
    this.#failures = 0;
    this.#drain();
  }

  /** Sends a refused answer once more. */
  async retry(order: number): Promise<void> {
    await this.#parts.store.patch(order, { state: "waiting", error: null, faults: 0 });
    await this.#changed();
    this.wake();
  }

  /** Drops a refused answer for good; the person decided so. */
  async discard(order: number): Promise<void> {
    await this.#parts.store.remove(order);
    await this.#changed();
  }

  /** Reads the store again, for changes made by other tabs. */
  async refresh(): Promise<void> {
    const { store, userId } = this.#parts;
    const [entries, others] = await Promise.all([store.list(userId), store.others(userId)]);
    if (this.#stopped) return;
    const unsent = entries.filter((entry) => entry.state === "waiting").length + this.#storing;
    this.#show({
      phase: unsent === 0 && this.#phase !== "signedOut" ? "idle" : this.#phase,
      unsent,
      refused: entries.filter((entry) => entry.state === "refused"),
      others,
      durable: store.durable,
      problem: this.#problem,
    });
  }

  #show(view: OutboxView): void {
    this.#view = view;
    for (const listener of this.#listeners) listener();
  }

  /** A message of another tab. */
  onElsewhere(message: OutboxMessage): void {
    if (message.kind === "delivered") this.#tellDelivered(message.delivery);
    void this.refresh();
  }

  stop(): void {
    this.#stopped = true;
    this.#cancelTimer?.();
    this.#listeners.clear();
    this.#deliveryListeners.clear();
  }

  #drain(): void {
    if (this.#stopped) return;
    if (this.#draining) {
      this.#again = true;
      return;
    }
    this.#draining = this.#parts
      .exclusively(() => this.#sendAll())
      .catch((thrown: unknown) => this.#fail("offline", this.#parts.readError(thrown)))
      .finally(() => {
        this.#draining = null;
        if (this.#again) {
          this.#again = false;
          this.#drain();
        }
      });
  }

  /** Sends until nothing waits or something stands in the way. Ends: each turn removes, moves aside or stops. */
  async #sendAll(): Promise<void> {
    const { store, userId } = this.#parts;
    while (!this.#stopped) {
      const entry = await store.takeFirst(userId);
      if (entry === null) {
        this.#setPhase("idle", null);
        await this.refresh();
        return;
      }
      this.#setPhase("sending", null);
      try {
        const result = await this.#parts.send(entry.input);
        await store.remove(entry.order);
        this.#failures = 0;
        const delivery = { submissionId: entry.submissionId, result };
        this.#tellDelivered(delivery);
        this.#parts.broadcast({ kind: "delivered", delivery });
        await this.refresh();
      } catch (thrown) {
        const error = this.#parts.readError(thrown);
        if (!(await this.#handleFailure(entry.order, entry.faults, error))) return;
      }
    }
  }

  /** Whether sending may go on with the next entry. */
  async #handleFailure(order: number, faults: number, error: WireError): Promise<boolean> {
    const { store } = this.#parts;
    if (error.code === "E_UNAUTHENTICATED") {
      await this.#fail("signedOut", error);
      return false;
    }
    const isFault = error.retryable && error.code !== "E_UNAVAILABLE" && error.code !== "E_RATE_LIMITED";
    if (!error.retryable || (isFault && faults + 1 >= FAULTS_MAX)) {
      await store.patch(order, { state: "refused", error, faults: faults + 1 });
      await this.#changed();
      return true;
    }
    if (isFault) await store.patch(order, { faults: faults + 1 });
    await this.#fail("offline", error);
    return false;
  }

  async #fail(phase: "offline" | "signedOut", error: WireError): Promise<void> {
    this.#setPhase(phase, error);
    if (phase === "offline" && !this.#stopped) {
      const full = Math.min(BACKOFF_FIRST_MS * 2 ** this.#failures, BACKOFF_MAX_MS);
      this.#failures += 1;
      this.#cancelTimer?.();
      this.#cancelTimer = this.#parts.schedule(() => this.#drain(), full * (1 - this.#parts.jitter() / 2));
    }
    await this.refresh();
  }

  #setPhase(phase: OutboxPhase, problem: WireError | null): void {
    this.#phase = phase;
    this.#problem = problem;
  }

  #tellDelivered(delivery: Delivery): void {
    for (const listener of this.#deliveryListeners) listener(delivery);
  }

  async #changed(): Promise<void> {
    this.#parts.broadcast({ kind: "changed" });
    await this.refresh();
  }
}
