import type { WireError } from "@/contracts/errors";
import { LIMITS, SECOND_MS } from "@/contracts/limits";
import type { ClaimedItem, ClaimResult } from "@/contracts/queue";
import { DraftKeeper } from "./DraftKeeper";
import { decisionOfEntry, mergeHistory, RECENT_MAX, refuseDecision } from "./decisions";
import { excerptOf } from "./excerptOf";
import { makeEntry } from "./makeEntry";
import { renewedItems } from "./renewedItems";
import type { Decision, HeldItem, SessionParts, SessionProject, SessionView } from "./types";
import { VisibleTime } from "./VisibleTime";

/** Asks again for items while there are none. */
const EMPTY_POLL_MS = 10_000;
/** Waits between failed claims: 1, 2, 4 … 30 s. */
const CLAIM_RETRY_FIRST_MS = 1_000;
const CLAIM_RETRY_MAX_MS = 30_000;
/** An undo waits this long for its answer to reach the server. */
const UNDO_WAIT_MS = 10_000;
const HISTORY_ROWS = 30;
/** Leases are renewed on activity once this share of their time is over. */
const RENEW_AFTER_SHARE = 1 / 3;

/**
 * The labelling session of one tab: holds leased items, shows the first, has the next ready, hands answers to the outbox
 * and asks for more. It is the page's one place for these decisions and knows neither React nor the network.
 *
 * An answer takes effect at once: the next item is shown in the same turn, storing and sending follow. Everything the
 * screen draws is in `getSnapshot`; a new object after every change.
 */
export class LabelSession {
  readonly #parts: SessionParts;
  readonly #listeners = new Set<() => void>();
  readonly #drafts: DraftKeeper;
  readonly #looked: VisibleTime;
  /** Tokens whose answers are on the way: the server may still count them as held by this tab. */
  readonly #answering = new Map<string, string>();
  #project: SessionProject;
  #held: HeldItem[] = [];
  #decisions: Decision[] = [];
  #view: SessionView;
  #claiming = false;
  #claimAgain = false;
  #claimFailures = 0;
  #renewedAt = 0;
  #shownAt = 0;
  #cancelTimer: (() => void) | null = null;
  #stopped = false;

  constructor(parts: SessionParts) {
    this.#parts = parts;
    this.#project = parts.project;
    this.#drafts = new DraftKeeper(parts.drafts, (row, value) => parts.api.saveDraft(row, value), parts.schedule);
    this.#looked = new VisibleTime(parts.now);
    this.#view = {
      phase: "starting",
      current: null,
      next: null,
      nHeld: 0,
      progress: null,
      waiting: null,
      ending: null,
      problem: null,
      undoing: false,
      recent: [],
    };
  }

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  getSnapshot = (): SessionView => this.#view;

  /** Finds the tab's work, what an earlier page left unsent, and the person's last answers. */
  async start(): Promise<void> {
    for (const entry of await this.#parts.outbox.pending(this.#project.id)) {
      this.#decisions.unshift(decisionOfEntry(entry));
      if (entry.state === "waiting") this.#answering.set(entry.input.leaseToken, entry.submissionId);
    }
    const history = this.#parts.api.history(HISTORY_ROWS).then(
      (rows) => {
        this.#decisions = mergeHistory(this.#decisions, rows);
        this.#emit();
      },
      // Undo by key still works for answers of this page; the list says nothing until the next load.
      () => undefined,
    );
    await Promise.all([this.claim(), history]);
    await this.renew();
  }

  stop(): void {
    this.#drafts.flush();
    this.#stopped = true;
    this.#cancelTimer?.();
    this.#listeners.clear();
  }

  /** Settings of the project that changed while the page is open. */
  setProject(project: SessionProject): void {
    this.#project = project;
  }

  /** The page is going away, for good or not: what it holds is others' soon. Answered items are not among it. */
  pageHidden(): void {
    this.setVisible(false);
    if (!this.#stopped && this.#held.length > 0) this.#parts.api.leave(this.#held.map((h) => h.item.leaseToken));
  }

  /** Gives the held items back, for somebody who leaves the screen on purpose. */
  async leave(): Promise<void> {
    const tokens = this.#held.map((held) => held.item.leaseToken);
    this.stop();
    if (tokens.length > 0) await this.#parts.api.release(tokens).catch(() => undefined);
  }

  /**
   * Answers the current item. With suggestions hidden until the first answer, an answer that differs from the suggestion
   * only uncovers it; the next one counts, whatever it is.
   */
  label(value: unknown): "answered" | "uncovered" | "ignored" {
    const [current] = this.#held;
    if (!current || this.#view.undoing) return "ignored";
    const { suggestion } = current.item;
    const isCovered = this.#project.suggestionPolicy === "afterFirstAnswer" && current.firstAnswer === null;
    if (isCovered && suggestion && !this.#parts.isSameAnswer(value, suggestion.value)) {
      this.#held[0] = { ...current, firstAnswer: { value }, initialValue: value };
      this.#emit();
      return "uncovered";
    }
    this.#answer(current, "label", value, undefined);
    return "answered";
  }

  skip(reason: string): boolean {
    const [current] = this.#held;
    if (!current || this.#view.undoing) return false;
    this.#answer(current, "skip", undefined, reason === "" ? undefined : reason);
    return true;
  }

  draft = (value: unknown): void => {
    const [current] = this.#held;
    if (current) this.#drafts.keep(current.item.row, value);
  };

  /** Takes the draft that was saved elsewhere instead of the one on this device. */
  takeOtherDraft(): void {
    const [current] = this.#held;
    if (!current || current.otherDraft === undefined) return;
    const key = `${current.key}+`;
    this.#held[0] = { ...current, key, initialValue: current.otherDraft, otherDraft: undefined };
    this.#drafts.keep(current.item.row, current.otherDraft);
    this.#emit();
  }

  keepOwnDraft(): void {
    const [current] = this.#held;
    if (!current) return;
    this.#held[0] = { ...current, otherDraft: undefined };
    this.#drafts.keep(current.item.row, current.initialValue);
    this.#emit();
  }

  #answer(held: HeldItem, kind: "label" | "skip", value: unknown, reason: string | undefined): void {
    const parts = this.#parts;
    const submissionId = parts.makeUuid();
    const { item, firstAnswer } = held;
    const decision: Decision = {
      id: submissionId,
      row: item.row,
      kind,
      value,
      excerpt: excerptOf(item.content),
      at: parts.wallTime(parts.now()),
      seq: null,
      submissionId,
      state: "unsent",
      held,
    };
    const entry = makeEntry(held, this.#project, parts, {
      submissionId,
      kind,
      value,
      reason,
      shownAt: parts.wallTime(this.#shownAt),
      elapsedMs: this.#looked.read(),
    });
    const stored = parts.outbox.add(entry);
    this.#answering.set(item.leaseToken, submissionId);
    this.#held = this.#held.filter((each) => each !== held);
    this.#decisions = [decision, ...this.#decisions].slice(0, RECENT_MAX);
    this.#drafts.forget(item.row);
    this.#showFirst();
    this.#emit();
    stored.catch((thrown: unknown) => this.#takeBack(decision, firstAnswer?.value ?? value, thrown));
    if (this.#held.length <= this.#wanted() / 2) void this.claim();
  }

  /** The browser could not store an answer: it was not given. */
  #takeBack(decision: Decision, value: unknown, thrown: unknown): void {
    if (!decision.held) return;
    this.#answering.delete(decision.held.item.leaseToken);
    this.#decisions = this.#decisions.filter((each) => each !== decision);
    const { message } = this.#parts.readError(thrown);
    this.#putFirst({ ...decision.held, key: `${decision.held.key}+`, initialValue: value });
    this.#emit({
      problem: { code: "E_STORAGE", message: `This browser could not store the answer (${message}).`, retryable: true },
    });
  }

  /** The outbox says that an answer has arrived. */
  delivered(submissionId: string, seq: number, progress: SessionView["progress"]): void {
    this.#decisions = this.#decisions.map((each) =>
      each.submissionId === submissionId && each.state === "unsent"
        ? { ...each, seq, state: "kept", held: null }
        : each,
    );
    this.#landed(submissionId);
    this.#emit(progress ? { progress } : {});
    if (this.#held.length <= this.#wanted() / 2) void this.claim();
  }

  /** The outbox says that the server refused an answer: it waits there for a decision, or its item comes back here. */
  refused(submissionId: string, comesBack = false): void {
    const refused = this.#decisions.find((each) => each.submissionId === submissionId && each.state === "unsent");
    if (!refused) return;
    this.#decisions = refuseDecision(this.#decisions, refused, comesBack);
    this.#landed(submissionId);
    if (comesBack && refused.held) this.#putFirst({ ...refused.held, key: submissionId, initialValue: null });
    this.#emit();
    if (comesBack) void this.claim();
  }

  #landed(submissionId: string): void {
    for (const [token, id] of this.#answering) if (id === submissionId) this.#answering.delete(token);
  }

  /**
   * Takes an answer back and shows its item again, by default the last one. An answer that has not left the browser is
   * simply withdrawn; others are withdrawn on the server. Resolves to what went wrong, or null.
   */
  async undo(target?: Decision): Promise<WireError | null> {
    const decision = target ?? this.#decisions.find((each) => each.state === "unsent" || each.state === "kept");
    if (this.#view.undoing) return null;
    if (!decision) {
      return { code: "E_PRECONDITION", message: "There is nothing to undo.", retryable: false };
    }
    this.#emit({ undoing: true });
    try {
      const held = (await this.#withdrawHere(decision)) ?? (await this.#withdrawOnServer(decision.id));
      this.#decisions = this.#decisions.map((each) =>
        each.id === decision.id ? { ...each, state: "undone", held: null } : each,
      );
      this.#putFirst(held);
      this.#emit({ undoing: false, problem: null });
      // The totals have changed; a claim brings them.
      void this.claim();
      return null;
    } catch (thrown) {
      this.#emit({ undoing: false });
      return this.#parts.readError(thrown);
    }
  }

  async #withdrawHere(decision: Decision): Promise<HeldItem | null> {
    if (!decision.submissionId || !decision.held || !(await this.#parts.outbox.withdraw(decision.submissionId))) {
      return null;
    }
    this.#answering.delete(decision.held.item.leaseToken);
    return { ...decision.held, key: `${decision.held.key}+`, initialValue: decision.value ?? null, firstAnswer: null };
  }

  async #withdrawOnServer(decisionId: string): Promise<HeldItem> {
    const find = () => this.#decisions.find((each) => each.id === decisionId);
    const submissionId = find()?.submissionId;
    if (find()?.seq === null && submissionId) await this.#parts.outbox.settled(submissionId, UNDO_WAIT_MS);
    const seq = find()?.seq;
    if (seq === null || seq === undefined) {
      throw {
        code: "E_UNAVAILABLE",
        message: "This answer is still on its way to the server; it can be undone once it has arrived.",
        retryable: true,
      } satisfies WireError;
    }
    const { api, tab, makeUuid } = this.#parts;
    const input = { submissionId: makeUuid(), tab, seq };
    const asked = this.#parts.now();
    // The same id again after a lost answer: the server withdraws once.
    const { item } = await api.undo(input).catch((thrown: unknown) => {
      if (this.#parts.readError(thrown).code !== "E_UNAVAILABLE") throw thrown;
      return api.undo(input);
    });
    return this.#hold(item, asked, item.previousValue ?? null, undefined);
  }

  /** Asks for items up to what this tab should hold. Calls while one is under way are joined into one after it. */
  async claim(): Promise<void> {
    if (this.#claiming) {
      this.#claimAgain = true;
      return;
    }
    this.#claiming = true;
    this.#cancelTimer?.();
    this.#cancelTimer = null;
    const asked = this.#parts.now();
    try {
      const result = await this.#parts.api.claim({
        projectId: this.#project.id,
        tab: this.#parts.tab,
        n: Math.min(this.#wanted() + this.#answering.size, LIMITS.claimEntries),
        holding: [...this.#held.map((held) => held.item.leaseToken), ...this.#answering.keys()],
      });
      this.#claimFailures = 0;
      await this.#take(result, asked);
    } catch (thrown) {
      this.#claimFailed(this.#parts.readError(thrown));
    } finally {
      this.#claiming = false;
    }
    if (this.#claimAgain && !this.#stopped) {
      this.#claimAgain = false;
      await this.claim();
    }
  }

  #wanted(): number {
    // Two at least: one to look at and one that is already drawn.
    return Math.max(2, this.#project.prefetch);
  }

  async #take(result: ClaimResult, asked: number): Promise<void> {
    const fresh = result.entries.filter(
      ({ leaseToken, row }) => !this.#answering.has(leaseToken) && !this.#held.some((held) => held.item.row === row),
    );
    const held = await Promise.all(fresh.map((item) => this.#holdWithDraft(item, asked)));
    if (this.#stopped) return;
    const wasEmpty = this.#held.length === 0;
    this.#held.push(...held.filter((each) => !this.#held.some((other) => other.item.row === each.item.row)));
    if (wasEmpty) this.#showFirst();
    const ending = result.status === "paused" || result.status === "frozen" ? result.status : null;
    const phase = this.#held.length > 0 ? "labelling" : (ending ?? "empty");
    this.#emit({ phase, ending, progress: result.progress, waiting: result.waiting, problem: null });
    if (this.#held.length === 0) this.#later(EMPTY_POLL_MS);
  }

  #claimFailed(problem: WireError): void {
    if (this.#stopped) return;
    this.#emit({ problem, phase: this.#held.length > 0 ? "labelling" : "failed" });
    if (!problem.retryable) return;
    this.#later(Math.min(CLAIM_RETRY_FIRST_MS * 2 ** this.#claimFailures, CLAIM_RETRY_MAX_MS));
    this.#claimFailures += 1;
  }

  #later(afterMs: number): void {
    this.#cancelTimer?.();
    this.#cancelTimer = this.#parts.schedule(() => void this.claim(), afterMs);
  }

  /** Something changed on the server: look again if this tab has room. */
  nudge(): void {
    if (this.#held.length < this.#wanted()) void this.claim();
  }

  async #holdWithDraft(item: ClaimedItem, asked: number): Promise<HeldItem> {
    const own = await this.#parts.drafts.read(item.row).catch(() => undefined);
    const server = item.draft ?? undefined;
    const differs = own !== undefined && server !== undefined && !this.#parts.isSameAnswer(own, server);
    return this.#hold(item, asked, own ?? server ?? item.previousValue ?? null, differs ? server : undefined);
  }

  #hold(item: ClaimedItem, asked: number, initialValue: unknown, otherDraft: unknown): HeldItem {
    return {
      key: item.leaseToken,
      item,
      deadline: asked + this.#project.leaseSeconds * SECOND_MS,
      lease: "ok",
      initialValue,
      otherDraft,
      firstAnswer: null,
    };
  }

  #putFirst(held: HeldItem): void {
    this.#held = [held, ...this.#held.filter((each) => each.item.row !== held.item.row)];
    this.#showFirst();
  }

  #showFirst(): void {
    this.#shownAt = this.#parts.now();
    this.#looked.restart();
  }

  /** The person does something: leases that have run for a while are renewed in silence. */
  activity(): void {
    const [current] = this.#held;
    if (!current) return;
    const age = this.#parts.now() - this.#renewedAt;
    const due = this.#project.leaseSeconds * SECOND_MS * RENEW_AFTER_SHARE;
    if (age > due || current.lease === "ended") void this.renew();
  }

  setVisible(visible: boolean): void {
    this.#looked.setVisible(visible);
    if (!visible) this.#drafts.flush();
    // A laptop that slept: the page's clock may have stood still, so the server is asked.
    else if (this.#held.length > 0) void this.renew();
  }

  async renew(): Promise<void> {
    const tokens = this.#held.map((held) => held.item.leaseToken);
    if (tokens.length === 0 || this.#stopped) return;
    const asked = this.#parts.now();
    this.#renewedAt = asked;
    const answer = await this.#parts.api.renew(tokens).catch(() => null);
    // No answer: the leases run on as known; the next activity asks again.
    if (!answer) this.#renewedAt = 0;
    if (!answer) return;
    const ends = new Map(answer.leases.map((lease) => [lease.token, lease.expiresAt]));
    const deadline = asked + this.#project.leaseSeconds * SECOND_MS;
    this.#held = renewedItems(this.#held, ends, deadline);
    this.#emit();
    this.nudge();
  }

  /** The current lease's time is over and nobody was there to renew it. */
  markEnded = (): void => {
    const [current] = this.#held;
    if (current?.lease !== "ok" || this.#parts.now() < current.deadline) return;
    this.#held[0] = { ...current, lease: "ended" };
    this.#emit();
  };

  #emit(changes: Partial<SessionView> = {}): void {
    if (this.#stopped) return;
    const [current = null, next = null] = this.#held;
    const phase = changes.phase ?? this.#view.phase;
    this.#view = {
      ...this.#view,
      ...changes,
      current,
      next,
      nHeld: this.#held.length,
      recent: this.#decisions,
      phase: current ? "labelling" : phase === "labelling" ? (this.#view.ending ?? "starting") : phase,
    };
    for (const listener of this.#listeners) listener();
  }
}
