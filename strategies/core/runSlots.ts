import type { ArmStream, Nomination } from "./arms";

/** One place of a batch as it was filled. */
export interface FilledSlot {
  readonly slot: number;
  /** Index of the arm that nominated the row. */
  readonly arm: number;
  readonly nomination: Nomination;
  /** What the arm was chosen by in this place. */
  readonly reward: number;
}

export interface SlotRun {
  readonly filled: readonly FilledSlot[];
  /** Places that each arm was chosen for and could not fill any more. */
  readonly missed: Int32Array;
}

/**
 * Fills the places of a batch one by one: the chooser names an arm, the arm nominates a row, every arm is told of it. An
 * arm that has no row left is out for the rest of the batch, and the place is offered to the next choice.
 *
 * @param onSlot     called when a place comes up, before it is offered to an arm.
 * @param beforeTake called when a place is filled, before the arms are told.
 * @param choose index and reward of the arm for a place among those still in; −1 ends the batch.
 */
export async function runSlots(
  arms: readonly ArmStream[],
  n: number,
  choose: (slot: number, isIn: (arm: number) => boolean) => { readonly arm: number; readonly reward: number },
  onSlot?: (slot: number) => void,
  beforeTake?: (row: number, arm: number) => void | Promise<void>,
): Promise<SlotRun> {
  const filled: FilledSlot[] = [];
  const missed = new Int32Array(arms.length);
  const isOut = new Uint8Array(arms.length);
  for (let slot = 0; slot < n; slot++) {
    onSlot?.(slot);
    let found: FilledSlot | undefined;
    while (found === undefined) {
      const { arm, reward } = choose(slot, (i) => isOut[i] === 0);
      if (arm < 0) return { filled, missed };
      const nomination = await arms[arm].nominate();
      if (nomination === null) {
        isOut[arm] = 1;
        missed[arm]++;
      } else found = { slot, arm, nomination, reward };
    }
    filled.push(found);
    const { row } = found.nomination;
    await beforeTake?.(row, found.arm);
    arms.forEach((arm, i) => {
      arm.take(row, i === found.arm);
    });
  }
  return { filled, missed };
}
