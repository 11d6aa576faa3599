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
  overlap: number;
  guidelinesVersion: number;
}

/** The project's label settings, kept as they are until the transaction ends; undefined when it was deleted. */
export async function lockLabelSettings(
  tx: Tx,
  projectId: number,
  willChange: boolean,
): Promise<LabelProjectRow | undefined> {
  const { rows } = await tx.query<LabelProjectRow>(
    `select task_type as "taskType", task_config as "taskConfig", overlap, guidelines_version as "guidelinesVersion"
       from project where id = $1 and deleted_at is null ${willChange ? "for no key update" : "for share"}`,
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
  /** Null throughout when no item brings a label. */
  labels: { status: string[]; nLabels: number[]; consensus: (string | null)[]; agreement: (number | null)[] } | null;
}

export async function insertItems(tx: Tx, items: NewItems): Promise<void> {
  const { projectId, firstRow, labels } = items;
  if (labels) {
    await tx.query({
      name: "winnow_insert_labelled_items",
      text: `insert into item (project_id, row, external_id, content_hash, duplicate_of, import_run, created_at, status,
               n_labels, consensus, agreement, resolved_at)
             select $1, $2 + t.place::int - 1, t.id, decode(t.hash, 'hex'), t.duplicate_of, $3::int, $4::timestamptz, t.status, t.n_labels,
                    t.consensus::jsonb, t.agreement, case when t.status = 'resolved' then $4::timestamptz end
               from unnest($5::text[], $6::text[], $7::int[], $8::text[], $9::int[], $10::text[], $11::float8[])
                    with ordinality as t(id, hash, duplicate_of, status, n_labels, consensus, agreement, place)`,
      values: [
        projectId,
        firstRow,
        items.importRun,
        items.now,
        items.externalIds,
        items.hashes,
        items.duplicateOf,
        labels.status,
        labels.nLabels,
        labels.consensus,
        labels.agreement,
      ],
    });
  } else {
    await tx.query({
      name: "winnow_insert_items",
      text: `insert into item (project_id, row, external_id, content_hash, duplicate_of, import_run, created_at)
             select $1, $2 + t.place::int - 1, t.id, decode(t.hash, 'hex'), t.duplicate_of, $3, $4
               from unnest($5::text[], $6::text[], $7::int[]) with ordinality as t(id, hash, duplicate_of, place)`,
      values: [projectId, firstRow, items.importRun, items.now, items.externalIds, items.hashes, items.duplicateOf],
    });
  }
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

export interface NewLabels {
  projectId: number;
  source: "import" | "key";
  guidelinesVersion: number;
  now: Date;
  rows: number[];
  values: string[];
  submissionIds: string[];
  nResolved: number;
}

/** Appends one label per row under the next sequence numbers. The label counter is locked from here to the commit. */
export async function appendLabels(tx: Tx, labels: NewLabels): Promise<void> {
  await tx.query(
    `with counted as (
       insert into label_counter as c (project_id, label_seq, n_labels, n_resolved) values ($1, $2, $2, $3)
       on conflict (project_id) do update
          set label_seq = c.label_seq + $2, n_labels = c.n_labels + $2, n_resolved = c.n_resolved + $3
       returning label_seq)
     insert into annotation (project_id, seq, kind, row, submission_id, source, value, purpose, guidelines_version, at)
     select $1, counted.label_seq - $2 + t.place::int, 'label', t.row, t.submission_id, $4, t.value::jsonb, 'train', $5, $6
       from counted, unnest($7::int[], $8::text[], $9::uuid[]) with ordinality as t(row, value, submission_id, place)`,
    [
      labels.projectId,
      labels.rows.length,
      labels.nResolved,
      labels.source,
      labels.guidelinesVersion,
      labels.now,
      labels.rows,
      labels.values,
      labels.submissionIds,
    ],
  );
}
