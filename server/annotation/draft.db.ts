import type { Db } from "../db";

/** Saves a draft; false when the project has no such item. */
export async function upsertDraft(
  db: Db,
  draft: { projectId: number; row: number; userId: string; value: string; now: Date },
): Promise<boolean> {
  const { rowCount } = await db.query(
    `insert into draft (project_id, row, user_id, value, updated_at)
     select project_id, row, $3, $4::jsonb, $5 from item where project_id = $1 and row = $2 and deleted_at is null
     on conflict (project_id, row, user_id) do update set value = excluded.value, updated_at = excluded.updated_at`,
    [draft.projectId, draft.row, draft.userId, draft.value, draft.now],
  );
  return rowCount === 1;
}
