import type { Db } from "../db";

export interface QueueLevel {
  n_open: number;
  /** Fewer open entries than this are few. */
  low_mark: number;
  /** When a refill was last asked for. */
  last_asked_at: Date | null;
  /** A refill is queued or running. */
  is_running: boolean;
  /** The newest round found nothing to pick. */
  was_last_empty: boolean;
}

/**
 * How full the queue is, without counting it: open entries are counted from the end of the serving order, where they
 * are not mixed with leased ones, and only up to the mark.
 */
export async function readQueueLevel(
  db: Db,
  parameters: { projectId: number; now: Date; perAnnotator: number; markMin: number; markMax: number },
): Promise<QueueLevel> {
  const { rows } = await db.query<QueueLevel>({
    name: "winnow_queue_level",
    text: `
      with mark as materialized (
        select least($5::bigint, greatest($4::bigint, $3::bigint * count(distinct lease_user_id))) as low_mark
          from queue_entry where project_id = $1 and state = 'leased' and lease_expires_at > $2)
      select mark.low_mark,
             (select count(*) from (
                select 1 from queue_entry where project_id = $1 and state in ('open', 'leased') and state = 'open'
                 order by priority desc, id desc limit (select low_mark from mark)) o) as n_open,
             (select max(created_at) from job_run where project_id = $1 and kind = 'queue.refill') as last_asked_at,
             exists (select 1 from job_run where project_id = $1 and kind = 'queue.refill'
                       and state in ('queued', 'running')) as is_running,
             coalesce((select n_picked = 0 from round where project_id = $1 order by number desc limit 1), false)
               as was_last_empty
        from mark`,
    values: [parameters.projectId, parameters.now, parameters.perAnnotator, parameters.markMin, parameters.markMax],
  });
  return rows[0];
}

/** Whether an open item exists that no live entry stands for. */
export async function hasItemOutsideQueue(db: Db, projectId: number): Promise<boolean> {
  const { rowCount } = await db.query(
    `select 1 from item i
      where i.project_id = $1 and i.status = 'open' and i.deleted_at is null
        and (select 1 from queue_entry e where e.project_id = i.project_id and e.row = i.row
               and e.state in ('open', 'leased') limit 1) is null
      order by i.row limit 1`,
    [projectId],
  );
  return rowCount === 1;
}
