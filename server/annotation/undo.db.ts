import type { Purpose } from "@/contracts/items";
import type { Db, Tx } from "../db";

export interface UndoTarget {
  seq: number;
  row: number;
  kind: "label" | "skip" | "retract";
  annotatorId: string | null;
  purpose: Purpose;
  entryId: number | null;
  round: number | null;
  at: Date;
}

const TARGET = `seq, row, kind, annotator_id as "annotatorId", purpose, entry_id as "entryId", round, at`;

/** An annotation of the project by its sequence number. */
export async function readAnnotation(tx: Tx, projectId: number, seq: number): Promise<UndoTarget | undefined> {
  const { rows } = await tx.query<UndoTarget>(`select ${TARGET} from annotation where project_id = $1 and seq = $2`, [
    projectId,
    seq,
  ]);
  return rows[0];
}

/** The annotation that a withdrawal under this submission id was about. */
export async function readWithdrawn(tx: Tx, projectId: number, submissionId: string): Promise<UndoTarget | undefined> {
  const { rows } = await tx.query<UndoTarget>(
    `select ${TARGET} from annotation
      where project_id = $1 and seq = (select supersedes from annotation
              where project_id = $1 and submission_id = $2 and kind = 'retract')`,
    [projectId, submissionId],
  );
  return rows[0];
}

export interface RecentAnswerRow extends UndoTarget {
  isRetracted: boolean;
}

/** A person's newest labels and skips, newest first, withdrawn ones included. */
export async function readRecentAnswers(
  db: Db,
  projectId: number,
  userId: string,
  limit: number,
): Promise<RecentAnswerRow[]> {
  const { rows } = await db.query<RecentAnswerRow>(
    `select ${TARGET}, exists (select 1 from annotation r where r.project_id = a.project_id and r.supersedes = a.seq)
              as "isRetracted"
       from annotation a where project_id = $1 and annotator_id = $2 and kind in ('label', 'skip')
      order by seq desc limit $3`,
    [projectId, userId, limit],
  );
  return rows;
}
