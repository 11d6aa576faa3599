import type { Db, Tx } from "../db";

export interface FlagRow {
  id: string;
  row: number;
  user_id: string;
  user_name: string;
  comment: string;
  created_at: Date;
  resolved_at: Date | null;
}

const VIEW = `f.id, f.row, f.user_id, coalesce(u.name, f.user_id) as user_name, f.comment, f.created_at, f.resolved_at
  from flag f left join "user" u on u.id = f.user_id`;

/** Locks the project's counter: flags are opened and resolved one at a time, so that their number stays right. */
export async function changeOpenFlags(tx: Tx, projectId: number, by: number): Promise<void> {
  await tx.query("update label_counter set n_open_flags = n_open_flags + $2 where project_id = $1", [projectId, by]);
}

/** The caller's open flag on the item with the same words, if there is one. */
export async function findSameFlag(
  tx: Tx,
  flag: { projectId: number; row: number; userId: string; comment: string },
): Promise<FlagRow | undefined> {
  const { rows } = await tx.query<FlagRow>(
    `select ${VIEW} where f.project_id = $1 and f.row = $2 and f.user_id = $3 and f.comment = $4 and f.resolved_at is null`,
    [flag.projectId, flag.row, flag.userId, flag.comment],
  );
  return rows[0];
}

export async function insertFlag(
  tx: Tx,
  flag: { projectId: number; id: string; row: number; userId: string; comment: string; now: Date },
): Promise<void> {
  await tx.query(
    "insert into flag (project_id, id, row, user_id, comment, created_at) values ($1, $2, $3, $4, $5, $6)",
    [flag.projectId, flag.id, flag.row, flag.userId, flag.comment, flag.now],
  );
}

/** Marks a flag as resolved; false when it was resolved already. */
export async function markFlagResolved(
  tx: Tx,
  flag: { projectId: number; id: string; by: string | null; now: Date },
): Promise<boolean> {
  const { rowCount } = await tx.query(
    `update flag set resolved_at = $3, resolved_by = $4 where project_id = $1 and id = $2 and resolved_at is null`,
    [flag.projectId, flag.id, flag.now, flag.by],
  );
  return rowCount === 1;
}

export async function selectFlag(db: Db, projectId: number, id: string): Promise<FlagRow | undefined> {
  const { rows } = await db.query<FlagRow>(`select ${VIEW} where f.project_id = $1 and f.id = $2`, [projectId, id]);
  return rows[0];
}

/** Flags, open ones first, newest first; after a position (whether resolved, time, id). */
export async function selectFlags(
  db: Db,
  projectId: number,
  after: { isResolved: boolean; createdAt: string; id: string } | null,
  limit: number,
): Promise<FlagRow[]> {
  const { rows } = await db.query<FlagRow>(
    `select ${VIEW} where f.project_id = $1
        and ($2::bool is null or (f.resolved_at is not null, f.created_at) > ($2, 'infinity'::timestamptz)
             or ((f.resolved_at is not null) = $2 and (f.created_at, f.id) < ($3::timestamptz, $4::uuid)))
      order by (f.resolved_at is not null), f.created_at desc, f.id desc limit $5`,
    [projectId, after?.isResolved ?? null, after?.createdAt ?? null, after?.id ?? null, limit],
  );
  return rows;
}
