import type { Db } from "../db";

export interface ServedFacts {
  /** There is such an item, and it was not deleted. */
  isLiving: boolean;
  /** This person was given the item at some time, or answered it. */
  wasServed: boolean;
}

export async function readServed(db: Db, projectId: number, row: number, userId: string): Promise<ServedFacts> {
  const { rows } = await db.query<ServedFacts>(
    `select exists (select 1 from item where project_id = $1 and row = $2 and deleted_at is null) as "isLiving",
            exists (select 1 from lease_grant where project_id = $1 and row = $2 and user_id = $3)
              or exists (select 1 from annotation where project_id = $1 and row = $2 and annotator_id = $3) as "wasServed"`,
    [projectId, row, userId],
  );
  return rows[0];
}
