import type { Tx } from "../db";

/** SQL of deleting items. */

export interface LivingItemRow {
  row: number;
  status: string;
  n_labels: number;
  n_skips: number;
  duplicate_of: number | null;
}

/** Locks items that are not deleted, lowest row first. */
export async function lockLivingItems(tx: Tx, projectId: number, rows: readonly number[]): Promise<LivingItemRow[]> {
  const result = await tx.query<LivingItemRow>(
    `select row, status, n_labels, n_skips, duplicate_of from item
      where project_id = $1 and row = any($2::int[]) and deleted_at is null order by row for update`,
    [projectId, rows],
  );
  return result.rows;
}

/** Takes the items out of the queue, also from those who hold them: a label that still comes is kept as late. */
export async function supersedeEntries(tx: Tx, projectId: number, rows: readonly number[]): Promise<void> {
  await tx.query(
    `with live as (
       select id from queue_entry where project_id = $1 and row = any($2::int[]) and state in ('open', 'leased')
        order by id for update)
     update queue_entry e
        set state = 'superseded', lease_token = null, lease_user_id = null, lease_tab = null, leased_at = null,
            lease_expires_at = null
       from live where e.project_id = $1 and e.id = live.id`,
    [projectId, rows],
  );
}

/** Labels of these items that count towards the audit sample. */
export async function countEffectiveAudit(tx: Tx, projectId: number, rows: readonly number[]): Promise<number> {
  const result = await tx.query<{ n: number }>(
    `select count(*) as n from annotation a
      where a.project_id = $1 and a.row = any($2::int[]) and a.kind = 'label' and a.purpose = 'audit'
        and not exists (select 1 from annotation r where r.project_id = $1 and r.supersedes = a.seq)`,
    [projectId, rows],
  );
  return result.rows[0].n;
}

/** Closes the items' open flags; returns how many. */
export async function resolveFlags(
  tx: Tx,
  projectId: number,
  rows: readonly number[],
  userId: string | null,
  now: Date,
): Promise<number> {
  const { rowCount } = await tx.query(
    `update flag set resolved_at = $3, resolved_by = $4
      where project_id = $1 and row = any($2::int[]) and resolved_at is null`,
    [projectId, rows, now, userId],
  );
  return rowCount ?? 0;
}

/**
 * Marks items deleted and takes their ids from them: U+007F, which no id may hold, and the row stand before it, so it is
 * unique and the id is free.
 */
export async function markDeleted(tx: Tx, projectId: number, rows: readonly number[], now: Date): Promise<void> {
  await tx.query(
    `update item set deleted_at = $3, duplicate_of = null, external_id = chr(127) || row || ':' || external_id
      where project_id = $1 and row = any($2::int[])`,
    [projectId, rows, now],
  );
}

/** Makes the first living copy of each deleted item the original of the others; returns how many became originals. */
export async function passOnOriginals(tx: Tx, projectId: number, rows: readonly number[]): Promise<number> {
  const result = await tx.query<{ row: number; heir: number }>(
    `with heirs as (
       select duplicate_of, min(row) as heir from item
        where project_id = $1 and duplicate_of = any($2::int[]) and deleted_at is null group by duplicate_of)
     update item i set duplicate_of = nullif(h.heir, i.row) from heirs h
      where i.project_id = $1 and i.duplicate_of = h.duplicate_of and i.deleted_at is null returning i.row, h.heir`,
    [projectId, rows],
  );
  return result.rows.filter(({ row, heir }) => row === heir).length;
}

/** Removes what the items held. */
export async function removeBodies(tx: Tx, projectId: number, rows: readonly number[]): Promise<void> {
  for (const table of ["item_content", "item_search", "draft"]) {
    await tx.query(`delete from ${table} where project_id = $1 and row = any($2::int[])`, [projectId, rows]);
  }
}

export async function subtractFromCounters(
  tx: Tx,
  projectId: number,
  gone: {
    items: number;
    duplicates: number;
    labels: number;
    resolved: number;
    skips: number;
    flags: number;
    audit: number;
  },
): Promise<void> {
  await tx.query(
    "update row_counter set n_items = n_items - $2, n_duplicates = n_duplicates - $3 where project_id = $1",
    [projectId, gone.items, gone.duplicates],
  );
  await tx.query(
    `update label_counter set n_labels = n_labels - $2, n_resolved = n_resolved - $3, n_skips = n_skips - $4,
       n_open_flags = n_open_flags - $5, n_audit_labels = n_audit_labels - $6 where project_id = $1`,
    [projectId, gone.labels, gone.resolved, gone.skips, gone.flags, gone.audit],
  );
}
