import type { ClaimedItem } from "@/contracts/queue";
import type { QueueWorld } from "./queueContextFor";
import type { KnownLease, SimulatedPerson } from "./simulatedPerson";
import { learnLease, standingAnswers } from "./simulatedPerson";

interface Holder {
  person: SimulatedPerson;
  lease: KnownLease;
}

export interface Picture {
  /** Sequence numbers of the person's answers that stand, by row. */
  answers: ReadonlyMap<number, number>;
  /** Live leases by entry. */
  held: ReadonlyMap<number, Holder>;
}

/** Who was promised what, as the people of a simulation were told. */
export class LeaseLedger {
  readonly #world: QueueWorld;
  /** The lease that was last given out per entry. */
  readonly #holders = new Map<number, Holder>();

  constructor(world: QueueWorld) {
    this.#world = world;
  }

  /** What the person was told, and who holds what, at the moment a call starts. */
  picture(person: SimulatedPerson): Picture {
    const now = this.#world.clock.now().getTime();
    const held = [...this.#holders].filter(([, { lease }]) => !lease.isOver && lease.expiresAtMs > now);
    return { answers: standingAnswers(person), held: new Map(held) };
  }

  /**
   * Takes note of items, and checks that nobody else was promised the same entry, nor this person had answered the item:
   * when the call started and still now, so that what happened meanwhile excuses it.
   */
  async learn(person: SimulatedPerson, items: readonly ClaimedItem[], tab: string, before: Picture): Promise<void> {
    const answersNow = standingAnswers(person);
    const { rows } = await this.#world.db.query<{ token: string; entry_id: number }>(
      "select token, entry_id from lease_grant where token = any($1::uuid[])",
      [items.map((item) => item.leaseToken)],
    );
    const entryOf = new Map(rows.map((row) => [row.token, row.entry_id]));
    for (const item of items) {
      const entryId = entryOf.get(item.leaseToken);
      if (entryId === undefined) throw new Error(`token ${item.leaseToken} of item ${item.row} was never granted`);
      const answer = before.answers.get(item.row);
      if (answer !== undefined && answersNow.get(item.row) === answer) {
        throw new Error(`item ${item.row} was given to someone who has answered it`);
      }
      const isKnown = person.leases.has(item.leaseToken);
      const lease = learnLease(person, item, tab, entryId);
      // An answer that is under way closes whatever its author holds on the item, this lease too.
      if (person.outbox.some((submission) => submission.row === item.row)) lease.isOver = true;
      const holder = before.held.get(entryId);
      if (!isKnown && holder && holder.person !== person && !holder.lease.isOver) {
        throw new Error(`entry ${entryId} of item ${item.row} was given out while it was held`);
      }
      this.#holders.set(entryId, { person, lease });
    }
  }
}
