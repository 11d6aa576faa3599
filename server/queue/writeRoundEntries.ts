import type { Purpose } from "@/contracts/items";
import type { Tx } from "../db";
import { AppError } from "../errors";
import { notifyProject } from "../jobs";
import type { NewEntry, PickedItemRow } from "./round.db";
import {
  advanceWrittenGeneration,
  insertEntries,
  lockItems,
  ROUND_PURPOSES,
  readLiveSlots,
  readOverlap,
  supersedeOlderEntries,
  takeSeriesNumber,
} from "./round.db";

/** One item that a round wants to be labelled. */
export interface RoundPick {
  row: number;
  /** Place in the strategy's own ranking, from 0; audit items have their own ranks. */
  rank: number;
  score: number | null;
  percentile: number | null;
  /** In (0, 1]; null = not drawn at random. */
  inclusion: number | null;
  /** JSON of the strategy's reasons. */
  reason: unknown;
  purpose: Purpose;
  isFallback: boolean;
  /** The order of serving: lower first. */
  priority: number;
  /** The strategy that took this row, where a round mixes several; default: the round's. */
  strategy?: string;
}

export interface RoundEntries {
  projectId: number;
  round: number;
  /** From {@link nextGeneration}. */
  generation: number;
  modelVersion: number | null;
  strategy: string;
  /** Each row once. */
  picks: readonly RoundPick[];
  now: Date;
}

export interface WrittenRound {
  /** Queue entries written: one per opinion still wanted. */
  written: number;
  /** Entries of older generations that nobody held and that are no longer served. */
  superseded: number;
  /** Picks that got no entry: resolved, parked, excluded or deleted meanwhile, or all their opinions are in flight. */
  skipped: number;
}

/** The number of a project's next queue generation. Take it in the transaction that writes the round. */
export async function nextGeneration(tx: Tx, projectId: number): Promise<number> {
  return takeSeriesNumber(tx, projectId, "generation");
}

/** The lowest slots of an item that no live entry has. */
function freeSlots(taken: ReadonlySet<number>, wanted: number): number[] {
  const slots: number[] = [];
  for (let slot = 0; slots.length < wanted; slot++) if (!taken.has(slot)) slots.push(slot);
  return slots;
}

function planEntries(
  input: RoundEntries,
  overlap: number,
  items: readonly PickedItemRow[],
  live: readonly { row: number; slot: number }[],
): { entries: NewEntry[]; skipped: number } {
  const itemOf = new Map(items.map((item) => [item.row, item]));
  const takenOf = new Map<number, Set<number>>();
  for (const { row, slot } of live) takenOf.set(row, (takenOf.get(row) ?? new Set<number>()).add(slot));
  const entries: NewEntry[] = [];
  let skipped = 0;
  for (const pick of input.picks) {
    const item = itemOf.get(pick.row);
    const taken = takenOf.get(pick.row) ?? new Set<number>();
    const wanted = item?.is_open ? overlap - item.n_labels - taken.size : 0;
    if (wanted <= 0) skipped++;
    for (const slot of freeSlots(taken, Math.max(0, wanted))) {
      entries.push({ ...pick, slot, strategy: pick.strategy ?? input.strategy });
    }
  }
  return { entries, skipped };
}

/**
 * Fills the queue with the picks of one acquisition round, in the caller's transaction: one entry per opinion that is
 * still wanted (overlap − effective labels − live entries). Entries of older generations that nobody holds are
 * superseded; leased ones stay with their holders.
 *
 * Locks the project's generation, the picked items by row and the entries it supersedes by id, all until the caller
 * commits: write the round last. Tells the project's pages at commit. Called again for the same or an older generation,
 * it writes nothing and throws E_CONFLICT: the queue never goes back.
 */
export async function writeRoundEntries(tx: Tx, input: RoundEntries): Promise<WrittenRound> {
  const { projectId, generation, picks, now } = input;
  const rows = picks.map((pick) => pick.row);
  if (new Set(rows).size !== rows.length) {
    throw new AppError("E_INTERNAL", `Round ${input.round} picked a row twice; each row may be picked once per round.`);
  }
  const foreign = picks.find((pick) => !ROUND_PURPOSES.includes(pick.purpose));
  if (foreign) {
    throw new AppError(
      "E_INTERNAL",
      `Round ${input.round} has a pick with purpose "${foreign.purpose}"; rounds write ${ROUND_PURPOSES.join(" and ")}.`,
    );
  }
  if (!(await advanceWrittenGeneration(tx, projectId, generation))) {
    throw new AppError(
      "E_CONFLICT",
      `Queue generation ${generation} is not newer than what project ${projectId} has. Run the round again.`,
      { details: { generation } },
    );
  }
  const overlap = await readOverlap(tx, projectId);
  if (overlap === undefined) throw new AppError("E_NOT_FOUND", `Project ${projectId} does not exist any more.`);
  const items = await lockItems(tx, projectId, rows);
  const superseded = await supersedeOlderEntries(tx, projectId, generation, now);
  const live = await readLiveSlots(tx, projectId, rows);
  const { entries, skipped } = planEntries(input, overlap, items, live);
  if (entries.length > 0) await insertEntries(tx, input, entries);
  await notifyProject(tx, projectId, "queue");
  return { written: entries.length, superseded, skipped };
}
