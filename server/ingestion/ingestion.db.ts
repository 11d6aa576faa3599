import type { Db, Tx } from "../db";

/**
 * SQL of adding items. Order of locks in a transaction that adds: the project, its row counter (so one adds at a time per
 * project, which makes row numbers dense and "is it there already" certain), its label counter last and briefly.
 *
 * The look-ups below probe the right index once per value, whatever the planner believes: during the first import of a
 * table that was never analysed it else takes any index that starts with the project and reads all its items for each
 * value (measured: minutes per batch). So they are lateral joins, are not prepared by name (a plan made on the empty
 * table would be kept), and say nothing that the predicate of a partial index could be proven from.
 */

/** Locks the project's row numbers until the transaction ends; returns the next free one. */
export async function lockRowCounter(tx: Tx, projectId: number): Promise<number> {
  const { rows } = await tx.query<{ next_row: number }>(
    `insert into row_counter as c (project_id) values ($1)
     on conflict (project_id) do update set next_row = c.next_row returning next_row`,
    [projectId],
  );
  return rows[0].next_row;
}

export interface LabelProjectRow {
  taskType: string;
  taskConfig: unknown;
}

/** The project's label settings, kept as they are until the transaction ends; undefined when it was deleted. */
export async function lockLabelSettings(
  tx: Tx,
  projectId: number,
  willChange: boolean,
): Promise<LabelProjectRow | undefined> {
  const { rows } = await tx.query<LabelProjectRow>(
    `select task_type as "taskType", task_config as "taskConfig" from project
      where id = $1 and deleted_at is null ${willChange ? "for no key update" : "for share"}`,
    [projectId],
  );
  return rows[0];
}

export async function writeTaskConfig(tx: Tx, projectId: number, config: unknown, now: Date): Promise<void> {
  await tx.query("update project set task_config = $2, updated_at = $3 where id = $1", [
    projectId,
    JSON.stringify(config),
    now,
  ]);
}

export interface ExistingItemRow {
  external_id: string;
  row: number;
  hash: string;
  import_run: number | null;
}

/** Items with these external ids. Deleted ones have given theirs up. */
export async function selectExisting(
  db: Db,
  projectId: number,
  externalIds: readonly string[],
): Promise<ExistingItemRow[]> {
  const { rows } = await db.query<ExistingItemRow>(
    `select i.external_id, i.row, encode(i.content_hash, 'hex') as hash, i.import_run
       from unnest($2::text[]) as t(id) cross join lateral (
         select external_id, row, content_hash, import_run from item where project_id = $1 and external_id = t.id limit 1) i`,
    [projectId, externalIds],
  );
  return rows;
}

/** For each of these contents that some living item has: the first such item. */
export async function selectOriginals(
  db: Db,
  projectId: number,
  hashes: readonly string[],
): Promise<{ hash: string; row: number }[]> {
  const { rows } = await db.query<{ hash: string; row: number }>(
    // "row + 0" keeps min() from being read off the index of rows.
    `select t.hash, i.row from unnest($2::text[]) as t(hash) cross join lateral (
       select min(row + 0) as row from item
        where project_id = $1 and content_hash = decode(t.hash, 'hex')
          and (duplicate_of is null) is true and (deleted_at is null) is true) i
      where i.row is not null`,
    [projectId, hashes],
  );
  return rows;
}

/** Columns of items to insert, in the order of their rows; the first gets `firstRow`. */
export interface NewItems {
  projectId: number;
  firstRow: number;
  importRun: number | null;
  now: Date;
  externalIds: string[];
  hashes: string[];
  duplicateOf: (number | null)[];
  contents: string[];
  metas: (string | null)[];
}

export async function insertItems(tx: Tx, items: NewItems): Promise<void> {
  const { projectId, firstRow } = items;
  await tx.query({
    name: "winnow_insert_items",
    text: `insert into item (project_id, row, external_id, content_hash, duplicate_of, import_run, created_at)
           select $1, $2 + t.place::int - 1, t.id, decode(t.hash, 'hex'), t.duplicate_of, $3, $4
             from unnest($5::text[], $6::text[], $7::int[]) with ordinality as t(id, hash, duplicate_of, place)`,
    values: [projectId, firstRow, items.importRun, items.now, items.externalIds, items.hashes, items.duplicateOf],
  });
  await tx.query({
    name: "winnow_insert_contents",
    text: `insert into item_content (project_id, row, content, meta)
           select $1, $2 + t.place::int - 1, t.content::jsonb, t.meta::jsonb
             from unnest($3::text[], $4::text[]) with ordinality as t(content, meta, place)`,
    values: [projectId, firstRow, items.contents, items.metas],
  });
}

export async function addToRowCounter(
  tx: Tx,
  projectId: number,
  added: { items: number; duplicates: number },
): Promise<void> {
  await tx.query(
    `update row_counter set next_row = next_row + $2, n_items = n_items + $2, n_duplicates = n_duplicates + $3
      where project_id = $1`,
    [projectId, added.items, added.duplicates],
  );
}

/** Makes the planner's statistics of the item tables anew: about a second, whatever their size. */
export async function analyzeItems(db: Db): Promise<void> {
  await db.query("analyze item, item_content, annotation");
}
