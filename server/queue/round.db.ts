import type { Purpose } from "@/contracts/items";
import type { Tx } from "../db";

/** SQL of writing a round's entries. Order of locks: the generation, items by row, entries by id. */

/** Purposes that acquisition rounds write, and therefore supersede. */
export const ROUND_PURPOSES: readonly Purpose[] = ["train", "audit"];

/** Takes the next number of a per-project series; the first is 1. Waits for others that take from the same series. */
export async function takeSeriesNumber(tx: Tx, projectId: number, name: string): Promise<number> {
  const { rows } = await tx.query<{ value: number }>(
    `insert into series_counter (project_id, name, value) values ($1, $2, 1)
     on conflict (project_id, name) do update set value = series_counter.value + 1
     returning value`,
    [projectId, name],
  );
  return rows[0].value;
}

/** Moves the written generation forward; false when this or a newer generation was written before. */
export async function advanceWrittenGeneration(tx: Tx, projectId: number, generation: number): Promise<boolean> {
  const { rowCount } = await tx.query(
    `insert into series_counter (project_id, name, value) values ($1, 'writtenGeneration', $2)
     on conflict (project_id, name) do update set value = excluded.value where series_counter.value < excluded.value`,
    [projectId, generation],
  );
  return rowCount === 1;
}

/** Opinions wanted per item; undefined when there is no such project. */
export async function readOverlap(tx: Tx, projectId: number): Promise<number | undefined> {
  const { rows } = await tx.query<{ overlap: number }>("select overlap from project where id = $1", [projectId]);
  return rows[0]?.overlap;
}

export interface PickedItemRow {
  row: number;
  /** Open, not deleted. */
  is_open: boolean;
  n_labels: number;
}

/** Locks the items of a round, lowest row first, so that none of them is resolved or excluded while it is written. */
export async function lockItems(tx: Tx, projectId: number, rows: readonly number[]): Promise<PickedItemRow[]> {
  const result = await tx.query<PickedItemRow>(
    `select row, status = 'open' and deleted_at is null as is_open, n_labels
       from item where project_id = $1 and row = any($2::int[]) order by row for update`,
    [projectId, rows],
  );
  return result.rows;
}

/** Supersedes what older rounds wrote and nobody holds; an expired lease is not held. */
export async function supersedeOlderEntries(tx: Tx, projectId: number, generation: number, now: Date): Promise<number> {
  const { rowCount } = await tx.query(
    `with old as (
       select id from queue_entry
        where project_id = $1 and generation < $2 and purpose = any($3)
          and (state = 'open' or (state = 'leased' and lease_expires_at <= $4))
        order by id for update)
     update queue_entry e set state = 'superseded' from old where e.project_id = $1 and e.id = old.id`,
    [projectId, generation, ROUND_PURPOSES, now],
  );
  return rowCount ?? 0;
}

export interface LiveSlotRow {
  row: number;
  slot: number;
}

/** Slots of these items that are open or leased, whatever their purpose. */
export async function readLiveSlots(tx: Tx, projectId: number, rows: readonly number[]): Promise<LiveSlotRow[]> {
  const result = await tx.query<LiveSlotRow>(
    `select row, slot from queue_entry
      where project_id = $1 and row = any($2::int[]) and state in ('open', 'leased')`,
    [projectId, rows],
  );
  return result.rows;
}

export interface NewEntry {
  row: number;
  slot: number;
  purpose: Purpose;
  strategy: string;
  rank: number;
  priority: number;
  score: number | null;
  percentile: number | null;
  inclusion: number | null;
  reason: unknown;
  isFallback: boolean;
}

export async function insertEntries(
  tx: Tx,
  common: { projectId: number; round: number; generation: number; modelVersion: number | null; now: Date },
  entries: readonly NewEntry[],
): Promise<void> {
  await tx.query(
    `insert into queue_entry (project_id, row, slot, round, generation, purpose, strategy, rank, priority, score,
       percentile, inclusion, model_version, reason, is_fallback, state, created_at)
     select $1, e.row, e.slot, $2, $3, e.purpose, e.strategy, e.rank, e.priority, e.score, e.percentile, e.inclusion,
            $4, e.reason::jsonb, e.is_fallback, 'open', $5
       from unnest($6::int[], $7::int[], $8::text[], $9::text[], $10::int[], $11::float8[], $12::float8[],
                   $13::float8[], $14::float8[], $15::text[], $16::bool[])
            with ordinality as e(row, slot, purpose, strategy, rank, priority, score, percentile, inclusion, reason,
                                 is_fallback, place)
      order by e.place`,
    [
      common.projectId,
      common.round,
      common.generation,
      common.modelVersion,
      common.now,
      entries.map((e) => e.row),
      entries.map((e) => e.slot),
      entries.map((e) => e.purpose),
      entries.map((e) => e.strategy),
      entries.map((e) => e.rank),
      entries.map((e) => e.priority),
      entries.map((e) => e.score),
      entries.map((e) => e.percentile),
      entries.map((e) => e.inclusion),
      entries.map((e) => JSON.stringify(e.reason ?? {})),
      entries.map((e) => e.isFallback),
    ],
  );
}
