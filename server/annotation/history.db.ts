import type { Db } from "../db";

/** Characters of an item's content shown in a list. */
const EXCERPT_LENGTH = 200;
/** Fields of a record that its excerpt names, and characters of each. */
const EXCERPT_FIELDS = 6;
const EXCERPT_FIELD_LENGTH = 60;

export interface HistoryDbRow {
  seq: number;
  row: number;
  kind: "label" | "skip";
  value: unknown;
  excerpt: string;
  at: Date;
  retracted: boolean;
}

/** A person's newest labels and skips, newest first, withdrawn ones included. */
export async function readHistoryRows(
  db: Db,
  projectId: number,
  userId: string,
  limit: number,
): Promise<HistoryDbRow[]> {
  const { rows } = await db.query<HistoryDbRow>(
    `select a.seq, a.row, a.kind, a.value, a.at,
            exists (select 1 from annotation r where r.project_id = a.project_id and r.supersedes = a.seq) as retracted,
            coalesce(left(c.content ->> 'text', $4), (
              select left(string_agg(f.key || ': ' || left(f.value, $6), ' · '), $4)
                from (select key, value from jsonb_each_text(c.content -> 'fields') limit $5) f), '') as excerpt
       from (select * from annotation
              where project_id = $1 and annotator_id = $2 and kind in ('label', 'skip')
              order by seq desc limit $3) a
       left join item_content c on c.project_id = a.project_id and c.row = a.row
      order by a.seq desc`,
    [projectId, userId, limit, EXCERPT_LENGTH, EXCERPT_FIELDS, EXCERPT_FIELD_LENGTH],
  );
  return rows;
}
