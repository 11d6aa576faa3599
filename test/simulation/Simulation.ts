import { LIMITS } from "@/contracts/limits";
import type { ClaimedItem } from "@/contracts/queue";
import type { Submission } from "@/server/annotation";
import { submitAnnotation, undoAnnotation } from "@/server/annotation";
import type { Pool } from "@/server/db";
import type { QueueContext } from "@/server/queue";
import { claimNext, releaseAll, releaseLeases, renewLeases } from "@/server/queue";
import { makeItems, makeMember, makeProject, makeUser } from "../harness/factories";
import type { TestContext } from "../harness/testContext";
import type { Crash, Task } from "./interleave";
import { interleave, isConnectionLost } from "./interleave";
import type { Acknowledged } from "./invariants";
import { findViolations } from "./invariants";
import { LeaseLedger } from "./leaseLedger";
import { queueContextFor } from "./queueContextFor";
import { SeededRandom } from "./seededRandom";
import type { SimulatedPerson } from "./simulatedPerson";
import { makePerson } from "./simulatedPerson";
import { runRefill, runTraining } from "./simulatedWorker";

const LABELS = ["a", "b", "c"];
const LEASE_SECONDS = 60;
/** Rounds of everybody labelling within which a project must be finished. */
const FINISH_ROUNDS_MAX = 60;

const ACTIONS = {
  claim: 30,
  submit: 34,
  resend: 8,
  undo: 8,
  renew: 4,
  release: 3,
  refill: 7,
  train: 3,
  releaseAll: 1,
  passTime: 6,
  pause: 1,
  freeze: 1,
};
type Action = keyof typeof ACTIONS;
/** What several people may do in the same moment. */
const CONCURRENT: readonly Action[] = ["claim", "submit", "submit", "claim", "undo", "refill", "release", "resend"];

/**
 * People labelling one project, driven by a seed: they claim in two tabs, answer at once or long after their lease has
 * ended, send things twice, change their minds, lose their connection around any statement; leads pause, freeze and
 * release; a worker refills and trains; the clock runs, leaps and is set back. After each step every promise of
 * {@link findViolations} is checked, and what only the course of things shows.
 */
export class Simulation {
  readonly #world: TestContext;
  readonly #random: SeededRandom;
  readonly #people: SimulatedPerson[] = [];
  readonly #acknowledged: Acknowledged[] = [];
  readonly #ledger: LeaseLedger;
  readonly #log: string[] = [];
  #projectId = 0;
  #nItems = 0;
  #isPaused = false;
  #trainedThrough = 0;
  #highest = { generation: 0, labelSeq: 0 };

  constructor(world: TestContext, seed: string) {
    this.#world = world;
    this.#random = new SeededRandom(seed);
    this.#ledger = new LeaseLedger(world);
  }

  /** What was done, in order. */
  get log(): readonly string[] {
    return this.#log;
  }

  async setUp(): Promise<void> {
    const overlap = this.#random.pick([1, 1, 2, 3]);
    const project = await makeProject(this.#world.db, {
      overlap,
      leaseSeconds: LEASE_SECONDS,
      labels: LABELS,
      retrainPolicy: { everyLabels: 3, minLabels: 2 },
    });
    this.#projectId = project.id;
    this.#nItems = 4 + this.#random.below(10);
    await makeItems(this.#world.db, project.id, this.#nItems);
    this.#people.push(makePerson(project.lead));
    const nOthers = overlap + 1 + this.#random.below(2);
    for (let i = 0; i < nOthers; i++) {
      const user = await makeUser(this.#world.db);
      await makeMember(this.#world.db, project.id, user.id, "annotator");
      this.#people.push(makePerson(user));
    }
    this.#log.push(`overlap ${overlap}, ${this.#nItems} items, ${this.#people.length} people`);
    await this.#refill(this.#world.db);
  }

  /** One step: one action alone, or up to four interleaved, each perhaps with a lost connection. */
  async step(): Promise<void> {
    const n = this.#random.chance(0.35) ? 2 + this.#random.below(3) : 1;
    const tasks = Array.from({ length: n }, () => {
      const action = n === 1 ? this.#random.weighted(ACTIONS) : this.#random.pick(CONCURRENT);
      return this.#prepare(action);
    });
    const results = await interleave(this.#world.db, this.#random, tasks);
    for (const result of results) {
      if (result.status === "rejected" && !isConnectionLost(result.reason)) throw result.reason;
    }
    await this.#check();
  }

  /** Nobody leaves and nothing fails any more: everything must come to an end. */
  async finish(): Promise<void> {
    this.#log.push("finish");
    await this.#setPaused(false);
    for (const person of this.#people) await this.#setFrozen(person, false);
    for (const person of this.#people) await this.#emptyOutbox(person);
    for (let round = 0; round < FINISH_ROUNDS_MAX; round++) {
      this.#world.clock.advanceSeconds(LEASE_SECONDS + 1);
      await this.#refill(this.#world.db, true);
      for (const person of this.#people) {
        const ctx = await this.#context(this.#world.db, person);
        const before = this.#ledger.picture(person);
        const { entries } = await claimNext(ctx, { tab: "last", n: LIMITS.claimEntries });
        await this.#ledger.learn(person, entries, "last", before);
        for (const item of entries) await this.#send(ctx, person, this.#labelOf(item));
      }
      await this.#check();
      if ((await this.#countOpen()) === 0) return;
    }
    throw new Error(`${await this.#countOpen()} items stay open although everybody labels what they get`);
  }

  #prepare(action: Action): Task<void> {
    const person = this.#random.pick(this.#people);
    const crash: Crash | undefined = this.#random.chance(0.2)
      ? { statement: this.#random.below(9), when: this.#random.pick(["before", "after"]) }
      : undefined;
    const run = this.#choose(action, person);
    const note = crash ? ` (lost ${crash.when} statement ${crash.statement})` : "";
    this.#log.push(`${action} by person ${this.#people.indexOf(person)}${note}`);
    return { run, crash };
  }

  /** Makes all random choices of an action now, so that they do not depend on how tasks interleave. */
  #choose(action: Action, person: SimulatedPerson): (db: Pool) => Promise<void> {
    const random = this.#random;
    switch (action) {
      case "claim":
        return this.#chooseClaim(person);
      case "submit":
        return this.#chooseSubmit(person);
      case "resend":
        return this.#chooseResend(person);
      case "undo":
        return this.#chooseUndo(person);
      case "renew": {
        const tokens = this.#someTokens(person);
        return async (db) => {
          if (tokens.length === 0) return;
          const { leases } = await renewLeases(await this.#context(db, person), tokens);
          for (const { token, expiresAt } of leases) {
            const lease = person.leases.get(token);
            if (lease && expiresAt) lease.expiresAtMs = new Date(expiresAt).getTime();
          }
        };
      }
      case "release": {
        const tokens = this.#someTokens(person).slice(0, 2);
        return async (db) => {
          if (tokens.length === 0) return;
          for (const token of tokens) this.#end(person, token);
          await releaseLeases(await this.#context(db, person), tokens);
        };
      }
      case "releaseAll":
        return async (db) => {
          for (const p of this.#people) for (const token of p.leases.keys()) this.#end(p, token);
          await releaseAll(await this.#context(db, person), {});
        };
      case "refill":
        return this.#chooseRefill();
      case "train":
        return (db) => this.#train(db);
      case "passTime": {
        const seconds = random.pick([1, 5, 20, 61, 61, 200, -30, 90_000]);
        return async () => this.#world.clock.advanceSeconds(seconds);
      }
      case "pause":
        return () => this.#setPaused(!this.#isPaused);
      case "freeze":
        return () => this.#setFrozen(person, !person.isFrozen);
    }
  }

  #chooseClaim(person: SimulatedPerson): (db: Pool) => Promise<void> {
    const tab = this.#random.pick(person.tabs);
    const n = 1 + this.#random.below(4);
    const holding = this.#random.chance(0.3)
      ? this.#someTokens(person).filter((t) => person.leases.get(t)?.tab === tab)
      : [];
    return async (db) => {
      const before = this.#ledger.picture(person);
      const result = await claimNext(await this.#context(db, person), { tab, n, holding });
      await this.#ledger.learn(person, result.entries, tab, before);
    };
  }

  #chooseSubmit(person: SimulatedPerson): (db: Pool) => Promise<void> {
    const answered = new Set([
      ...person.answered.map((a) => a.submission.leaseToken),
      ...person.outbox.map((s) => s.leaseToken),
    ]);
    // Any lease they were ever told of, the older ones rarely: an answer may come long after.
    const leases = [...person.leases.values()].filter((lease) => !answered.has(lease.token));
    if (leases.length === 0) return this.#chooseClaim(person);
    const lease = this.#random.chance(0.7) ? leases[leases.length - 1] : this.#random.pick(leases);
    const submission: Submission = this.#random.chance(0.15)
      ? { ...this.#labelOf({ row: lease.row, leaseToken: lease.token }), kind: "skip", value: undefined }
      : this.#labelOf({ row: lease.row, leaseToken: lease.token });
    person.outbox.push(submission);
    return async (db) => this.#send(await this.#context(db, person), person, submission);
  }

  #chooseResend(person: SimulatedPerson): (db: Pool) => Promise<void> {
    const again = this.#random.chance(0.5) && person.outbox.length > 0 ? this.#random.pick(person.outbox) : undefined;
    if (again) return async (db) => this.#send(await this.#context(db, person), person, again);
    if (person.answered.length === 0) return this.#chooseClaim(person);
    const { submission, seq } = this.#random.pick(person.answered);
    const isChanged = this.#random.chance(0.3);
    return async (db) => {
      const ctx = await this.#context(db, person);
      if (isChanged) {
        const other = { ...submission, kind: "label" as const, value: { choice: "c" }, reason: "changed" };
        await expectCode(submitAnnotation(ctx, other), ["E_CONFLICT"]);
        return;
      }
      const result = await submitAnnotation(ctx, submission);
      if (!result.isRepeat || result.seq !== seq) {
        throw new Error(`repeat of ${submission.submissionId} (seq ${seq}) answered ${JSON.stringify(result)}`);
      }
    };
  }

  #chooseUndo(person: SimulatedPerson): (db: Pool) => Promise<void> {
    const own = this.#random.chance(0.6) ? undefined : this.#random.pick([...person.answered, undefined])?.seq;
    const request =
      this.#random.chance(0.3) && person.undoOutbox.length > 0
        ? this.#random.pick(person.undoOutbox)
        : { submissionId: this.#random.uuid(), tab: this.#random.pick(person.tabs), seq: own };
    return async (db) => {
      if (!person.undoOutbox.includes(request)) person.undoOutbox.push(request);
      await this.#undo(await this.#context(db, person), person, request);
    };
  }

  async #undo(
    ctx: QueueContext,
    person: SimulatedPerson,
    request: SimulatedPerson["undoOutbox"][number],
  ): Promise<void> {
    const before = this.#ledger.picture(person);
    const result = await undoAnnotation(ctx, request).catch((error: { code?: string }) => {
      // Nothing to undo, too far back, undone by another tab, answered again since, lease gone: all are answers.
      if (["E_PRECONDITION", "E_CONFLICT", "E_LEASE"].includes(error.code ?? "")) return undefined;
      throw error;
    });
    const isAnswered = result !== undefined;
    person.undoOutbox = person.undoOutbox.filter((r) => r !== request);
    await this.#readWithdrawals(person);
    if (!isAnswered) return;
    await this.#ledger.learn(person, [result.item], request.tab, before);
    const { rows } = await this.#world.db.query<{ seq: number; row: number }>(
      "select seq, row from annotation where project_id = $1 and submission_id = $2",
      [this.#projectId, request.submissionId],
    );
    this.#acknowledged.push({
      submissionId: request.submissionId,
      ...rows[0],
      annotatorId: person.user.id,
      kind: "retract",
    });
  }

  /** What a reload of the page tells: which of the person's answers are withdrawn. */
  async #readWithdrawals(person: SimulatedPerson): Promise<void> {
    const { rows } = await this.#world.db.query<{ supersedes: number }>(
      "select supersedes from annotation where project_id = $1 and annotator_id = $2 and kind = 'retract'",
      [this.#projectId, person.user.id],
    );
    const withdrawn = new Set(rows.map((row) => row.supersedes));
    for (const answer of person.answered) answer.isWithdrawn = withdrawn.has(answer.seq);
  }

  /** Sends an answer until the server has said something about it. */
  async #send(ctx: QueueContext, person: SimulatedPerson, submission: Submission): Promise<void> {
    // From here on whatever they hold on the item may be closed or open for others, whether or not they hear of it.
    for (const lease of person.leases.values()) if (lease.row === submission.row) lease.isOver = true;
    const result = await submitAnnotation(ctx, submission).catch((error: { code?: string }) => {
      // The person has answered this item under another lease: said, and not to be sent again.
      if (error.code === "E_CONFLICT") return undefined;
      throw error;
    });
    const isNew = !person.answered.some((a) => a.submission.submissionId === submission.submissionId);
    // A claim of the same person may have crossed with the answer.
    for (const lease of person.leases.values()) if (lease.row === submission.row) lease.isOver = true;
    person.outbox = person.outbox.filter((s) => s !== submission);
    if (!result || !isNew) return;
    person.answered.push({ submission, seq: result.seq, isWithdrawn: false });
    this.#acknowledged.push({
      submissionId: submission.submissionId,
      seq: result.seq,
      row: submission.row,
      annotatorId: person.user.id,
      kind: submission.kind,
      value: submission.value,
    });
    await this.#readWithdrawals(person);
  }

  async #emptyOutbox(person: SimulatedPerson): Promise<void> {
    const ctx = await this.#context(this.#world.db, person);
    for (const submission of [...person.outbox]) await this.#send(ctx, person, submission);
    for (const request of [...person.undoOutbox]) await this.#undo(ctx, person, request);
  }

  #labelOf(item: Pick<ClaimedItem, "row" | "leaseToken">): Submission {
    return {
      submissionId: this.#random.uuid(),
      leaseToken: item.leaseToken,
      row: item.row,
      kind: "label",
      value: { choice: this.#random.pick(LABELS) },
      suggestionShown: false,
    };
  }

  #someTokens(person: SimulatedPerson): string[] {
    const live = [...person.leases.values()].filter((lease) => !lease.isOver);
    return this.#random
      .shuffled(live)
      .slice(0, 3)
      .map((lease) => lease.token);
  }

  #end(person: SimulatedPerson, token: string): void {
    const lease = person.leases.get(token);
    if (lease) lease.isOver = true;
  }

  async #context(db: Pool, person: SimulatedPerson): Promise<QueueContext> {
    const { clock, storage } = this.#world;
    const ctx = await queueContextFor({ db: this.#world.db, clock, storage }, this.#projectId, person.user);
    return { ...ctx, db, frozenAt: person.isFrozen ? clock.now() : null };
  }

  #chooseRefill(): (db: Pool) => Promise<void> {
    const rows = this.#random.shuffled(Array.from({ length: this.#nItems }, (_, row) => row));
    const picked = rows.slice(0, 1 + this.#random.below(this.#nItems));
    const nAudit = this.#random.below(3);
    return (db) => this.#writeRound(db, picked, nAudit);
  }

  async #refill(db: Pool, isWhole = false): Promise<void> {
    const rows = Array.from({ length: this.#nItems }, (_, row) => row);
    await this.#writeRound(db, isWhole ? rows : this.#random.shuffled(rows), isWhole ? 0 : 1);
  }

  async #writeRound(db: Pool, rows: readonly number[], nAudit: number): Promise<void> {
    await runRefill(db, { projectId: this.#projectId, rows, nAudit, now: this.#world.clock.now() });
  }

  async #train(db: Pool): Promise<void> {
    const seq = await runTraining(db, this.#projectId);
    if (seq < this.#trainedThrough) throw new Error(`trained through ${seq} after ${this.#trainedThrough}`);
    this.#trainedThrough = seq;
  }

  async #setPaused(isPaused: boolean): Promise<void> {
    this.#isPaused = isPaused;
    await this.#world.db.query("update project set status = $2 where id = $1", [
      this.#projectId,
      isPaused ? "paused" : "active",
    ]);
  }

  async #setFrozen(person: SimulatedPerson, isFrozen: boolean): Promise<void> {
    person.isFrozen = isFrozen;
    await this.#world.db.query("update project_member set frozen_at = $3 where project_id = $1 and user_id = $2", [
      this.#projectId,
      person.user.id,
      isFrozen ? this.#world.clock.now() : null,
    ]);
  }

  async #countOpen(): Promise<number> {
    const { rows } = await this.#world.db.query<{ n: number }>(
      "select count(*) as n from item where project_id = $1 and status = 'open'",
      [this.#projectId],
    );
    return rows[0].n;
  }

  async #check(): Promise<void> {
    const violations = await findViolations(this.#world.db, {
      projectId: this.#projectId,
      acknowledged: this.#acknowledged,
    });
    const { rows } = await this.#world.db.query<{ generation: number; label_seq: number }>(
      `select coalesce(max(s.value), 0) as generation, max(c.label_seq) as label_seq
         from label_counter c left join series_counter s on s.project_id = c.project_id and s.name = 'writtenGeneration'
        where c.project_id = $1`,
      [this.#projectId],
    );
    const [{ generation, label_seq: labelSeq }] = rows;
    if (generation < this.#highest.generation) violations.push("the queue's generation went back");
    if (labelSeq < this.#highest.labelSeq) violations.push("label_seq went back");
    this.#highest = { generation, labelSeq };
    if (violations.length > 0) throw new Error(`broken promises:\n  ${violations.join("\n  ")}`);
  }
}

async function expectCode(promise: Promise<unknown>, codes: readonly string[]): Promise<void> {
  try {
    await promise;
  } catch (error) {
    if (codes.includes((error as { code?: string }).code ?? "")) return;
    throw error;
  }
  throw new Error(`expected a refusal with ${codes.join(" or ")}, but it was accepted`);
}
