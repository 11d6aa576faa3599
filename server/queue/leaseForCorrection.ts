import type { Tx } from "../db";
import { AppError } from "../errors";
import type { CorrectionEntryRow, CorrectionTarget } from "./leases.db";
import { copyEntry, leaseEntryTo, lockEntriesOfItem } from "./leases.db";

/** The lowest slot that none of the entries has. */
function freeSlot(entries: readonly CorrectionEntryRow[]): number {
  const taken = new Set(entries.filter((e) => e.state === "open" || e.state === "leased").map((e) => e.slot));
  let slot = 0;
  while (taken.has(slot)) slot++;
  return slot;
}

/**
 * Leases an item back to the person who just withdrew their answer to it, and returns the new token. Preferred is what
 * they hold on it anyway; then the entry their answer closed; then the one they had answered, or another of the same
 * purpose, if nobody holds it. When all of them are with others, the answered entry is copied: the correction then is one opinion more than was planned, and the
 * first submissions count.
 *
 * In the caller's transaction, which holds the item's lock. Locks the item's entries by id.
 * @throws E_PRECONDITION when the answer did not come through the queue, so that there is nothing to lease.
 */
export async function leaseForCorrection(tx: Tx, target: CorrectionTarget): Promise<string> {
  const entries = await lockEntriesOfItem(tx, target);
  const answered = entries.find((e) => e.id === target.entryId);
  const isFree = (e: CorrectionEntryRow): boolean =>
    e.state === "open" || e.state === "superseded" || (e.state === "leased" && e.is_expired);
  const chosen =
    entries.find((e) => e.state === "leased" && e.is_mine) ??
    entries.find((e) => e.state === "done" && e.is_mine) ??
    (answered && isFree(answered) ? answered : undefined) ??
    entries.find((e) => isFree(e) && (!answered || e.purpose === answered.purpose));
  if (chosen) {
    // A closed entry's slot may have been given to a newer entry meanwhile.
    const others = entries.filter((e) => e !== chosen);
    const isSlotTaken = others.some((e) => e.slot === chosen.slot && (e.state === "open" || e.state === "leased"));
    return leaseEntryTo(tx, target, chosen.id, isSlotTaken ? freeSlot(others) : chosen.slot);
  }
  if (!answered) {
    throw new AppError(
      "E_PRECONDITION",
      `Item ${target.row} was not answered through the queue, so there is no entry to give back to you.`,
      { details: { row: target.row } },
    );
  }
  const slot = freeSlot(entries);
  const copy = await copyEntry(tx, target.projectId, answered.id, slot, target.now);
  return leaseEntryTo(tx, target, copy, slot);
}
