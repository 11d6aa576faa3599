import type { ItemStatus } from "@/contracts/items";
import type { Tx } from "../db";

/** SQL of excluding items and taking them back. */

export interface ItemAnswersRow {
  row: number;
  status: ItemStatus;
  nSkips: number;
  /** Values of the labels that stand, in order of arrival. */
  values: unknown[];
}

/** Locks living items, lowest row first, and reads what their state depends on. */
export async function lockItemAnswers(tx: Tx, projectId: number, rows: readonly number[]): Promise<ItemAnswersRow[]> {
  await tx.query(
    "select 1 from item where project_id = $1 and row = any($2::int[]) and deleted_at is null order by row for update",
    [projectId, rows],
  );
  // A statement of its own: it sees what was committed before the locks were had.
  const result = await tx.query<ItemAnswersRow>(
    `select i.row, i.status, i.n_skips as "nSkips", coalesce(l.values, '[]') as values
       from item i left join lateral (
         select json_agg(a.value order by a.seq) as values from annotation a
          where a.project_id = i.project_id and a.row = i.row and a.kind = 'label'
            and not exists (select 1 from annotation r where r.project_id = a.project_id and r.supersedes = a.seq)
       ) l on true
      where i.project_id = $1 and i.row = any($2::int[]) and i.deleted_at is null order by i.row`,
    [projectId, rows],
  );
  return result.rows;
}

/** Takes out of the queue what nobody holds. */
export async function supersedeWaiting(tx: Tx, projectId: number, rows: readonly number[], now: Date): Promise<void> {
  await tx.query(
    `with waiting as (
       select id from queue_entry
        where project_id = $1 and row = any($2::int[])
          and (state = 'open' or (state = 'leased' and lease_expires_at <= $3)) order by id for update)
     update queue_entry e set state = 'superseded' from waiting where e.project_id = $1 and e.id = waiting.id`,
    [projectId, rows, now],
  );
}

export interface ItemStateChange {
  row: number;
  status: ItemStatus;
  consensus: unknown;
  agreement: number | null;
}

export async function writeItemStates(
  tx: Tx,
  projectId: number,
  states: readonly ItemStateChange[],
  now: Date,
): Promise<void> {
  await tx.query(
    `update item i set status = n.status, consensus = n.consensus::jsonb, agreement = n.agreement,
            resolved_at = case when n.status = 'resolved' then coalesce(i.resolved_at, $2) end
       from unnest($3::int[], $4::text[], $5::text[], $6::float8[]) as n(row, status, consensus, agreement)
      where i.project_id = $1 and i.row = n.row`,
    [
      projectId,
      now,
      states.map((state) => state.row),
      states.map((state) => state.status),
      states.map((state) => (state.consensus === null ? null : JSON.stringify(state.consensus))),
      states.map((state) => state.agreement),
    ],
  );
}

export async function addToResolved(tx: Tx, projectId: number, delta: number): Promise<void> {
  if (delta === 0) return;
  await tx.query("update label_counter set n_resolved = n_resolved + $2 where project_id = $1", [projectId, delta]);
}
