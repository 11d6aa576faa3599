import type { ItemStatus } from "@/contracts/items";
import type { Tx } from "../db";

export interface ImportedItemRow {
  row: number;
  status: ItemStatus;
  n_skips: number;
  /** Values of the effective labels in order of arrival. */
  values: unknown[];
}

/** Locks items, lowest row first. */
export async function lockItemsOfImport(tx: Tx, projectId: number, rows: readonly number[]): Promise<void> {
  await tx.query("select 1 from item where project_id = $1 and row = any($2::int[]) order by row for update", [
    projectId,
    rows,
  ]);
}

export async function readImportedItems(
  tx: Tx,
  projectId: number,
  rows: readonly number[],
): Promise<ImportedItemRow[]> {
  const result = await tx.query<ImportedItemRow>(
    `select i.row, i.status, i.n_skips, coalesce(l.values, '[]') as values
       from item i left join lateral (
         select json_agg(a.value order by a.seq) as values from annotation a
          where i.n_labels > 0 and a.project_id = i.project_id and a.row = i.row and a.kind = 'label'
            and not exists (select 1 from annotation r where r.project_id = a.project_id and r.supersedes = a.seq)) l on true
      where i.project_id = $1 and i.row = any($2::int[])`,
    [projectId, rows],
  );
  return result.rows;
}

export async function readTakenSubmissions(tx: Tx, projectId: number, ids: readonly string[]): Promise<string[]> {
  const { rows } = await tx.query<{ submission_id: string }>(
    "select submission_id from annotation where project_id = $1 and submission_id = any($2::uuid[])",
    [projectId, ids],
  );
  return rows.map((row) => row.submission_id);
}

export interface SettledImport {
  row: number;
  nLabels: number;
  status: ItemStatus;
  consensus: unknown;
  agreement: number | null;
}

/** Writes the items' new state and supersedes entries that nobody holds of items that need no more opinions. */
export async function writeSettledItems(
  tx: Tx,
  projectId: number,
  items: readonly SettledImport[],
  now: Date,
): Promise<void> {
  await tx.query(
    `update queue_entry set state = 'superseded'
      where project_id = $1 and row = any($2::int[]) and (state = 'open' or (state = 'leased' and lease_expires_at <= $3))`,
    [projectId, items.filter((item) => item.status !== "open").map((item) => item.row), now],
  );
  await tx.query(
    `update item i set n_labels = n.n_labels, status = n.status, consensus = n.consensus::jsonb, agreement = n.agreement,
            resolved_at = case when n.status = 'resolved' then coalesce(i.resolved_at, $2) end
       from unnest($3::int[], $4::int[], $5::text[], $6::text[], $7::float8[])
              as n(row, n_labels, status, consensus, agreement)
      where i.project_id = $1 and i.row = n.row`,
    [
      projectId,
      now,
      items.map((item) => item.row),
      items.map((item) => item.nLabels),
      items.map((item) => item.status),
      items.map((item) => (item.consensus === null ? null : JSON.stringify(item.consensus))),
      items.map((item) => item.agreement),
    ],
  );
}

/** Takes the next `n` sequence numbers; returns the first. Undefined: the label configuration is another one now. */
export async function takeSequenceNumbers(
  tx: Tx,
  project: { id: number; configVersion: number },
  n: number,
  nResolved: number,
): Promise<number | undefined> {
  const { rows } = await tx.query<{ label_seq: number }>(
    `update label_counter set label_seq = label_seq + $2, n_labels = n_labels + $2, n_resolved = n_resolved + $3
      where project_id = $1 and config_version = $4 returning label_seq`,
    [project.id, n, nResolved, project.configVersion],
  );
  return rows[0] && rows[0].label_seq - n + 1;
}

export async function insertImportedAnnotations(
  tx: Tx,
  p: { projectId: number; firstSeq: number; source: "import" | "key"; now: Date },
  labels: readonly { row: number; value: unknown; submissionId: string; isExtra: boolean }[],
): Promise<void> {
  await tx.query(
    `insert into annotation (project_id, seq, kind, row, submission_id, source, value, is_extra, at)
     select $1, $2 + (l.place - 1)::int, 'label', l.row, l.submission_id, $3, l.value::jsonb, l.is_extra, $4
       from unnest($5::int[], $6::uuid[], $7::text[], $8::bool[]) with ordinality
              as l(row, submission_id, value, is_extra, place)`,
    [
      p.projectId,
      p.firstSeq,
      p.source,
      p.now,
      labels.map((label) => label.row),
      labels.map((label) => label.submissionId),
      labels.map((label) => JSON.stringify(label.value)),
      labels.map((label) => label.isExtra),
    ],
  );
}
