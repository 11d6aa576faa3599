import type { Db, Tx } from "../db";

/** SQL of the search index. */

/**
 * Characters of an item that can be found. A tsvector holds 1 MiB of lexemes; 200,000 characters stay below that even
 * where each is three bytes and no word repeats.
 */
const SEARCHED_CHARACTERS = 200_000;

export async function selectSearchState(
  db: Db,
  projectId: number,
): Promise<{ searchedThrough: number; nextRow: number }> {
  const { rows } = await db.query<{ searchedThrough: number; nextRow: number }>(
    `select searched_through as "searchedThrough", next_row as "nextRow" from row_counter where project_id = $1`,
    [projectId],
  );
  return rows[0] ?? { searchedThrough: 0, nextRow: 0 };
}

/** Writes the documents of living items with rows in [from, through); returns how many. */
export async function addSearchDocuments(tx: Tx, projectId: number, from: number, through: number): Promise<number> {
  const { rowCount } = await tx.query(
    `insert into item_search (project_id, row, document)
     select c.project_id, c.row, to_tsvector('simple', left(coalesce(c.content->>'text', (
              select string_agg(f.value, ' ') from jsonb_each_text(
                case when jsonb_typeof(c.content->'fields') = 'object' then c.content->'fields' else '{}' end) f), ''),
              ${SEARCHED_CHARACTERS}))
       from item_content c join item i using (project_id, row)
      where c.project_id = $1 and c.row >= $2 and c.row < $3 and i.deleted_at is null
     on conflict (project_id, row) do update set document = excluded.document`,
    [projectId, from, through],
  );
  return rowCount ?? 0;
}

/** Moves the place reached forward, never back. */
export async function markSearched(tx: Tx, projectId: number, through: number): Promise<void> {
  await tx.query("update row_counter set searched_through = greatest(searched_through, $2) where project_id = $1", [
    projectId,
    through,
  ]);
}

/** Merges what was added lately into the index proper, and renews the statistics: searches then read one structure. */
export async function cleanSearchIndex(db: Db): Promise<void> {
  await db.query("select gin_clean_pending_list('item_search_document')");
  await db.query("analyze item_search");
}
