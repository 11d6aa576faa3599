import type { ItemContent } from "@/contracts/items";
import type { Tx } from "../db";

/** SQL of exports. Every statement runs in one snapshot and reads one range of rows or numbers. */

const BATCH_ROWS = 2_000;
/** Stored (compressed) bytes of content per batch; one batch is held in memory. */
const BATCH_BYTES = 2 * 1024 * 1024;

/** The last row of the batch that follows `after`: so many items, or so many bytes of them. Undefined: none follows. */
export async function selectBatchEnd(tx: Tx, projectId: number, after: number): Promise<number | undefined> {
  const { rows } = await tx.query<{ last: number | null }>(
    `select coalesce(max(row) filter (where before < $3), min(row)) as last from (
       select row, sum(size) over (order by row) - size as before from (
         select row, coalesce(pg_column_size(content), 0) + coalesce(pg_column_size(meta), 0) as size
           from item_content where project_id = $1 and row > $2 order by row limit $4) sized) t`,
    [projectId, after, BATCH_BYTES, BATCH_ROWS],
  );
  return rows[0].last ?? undefined;
}

export interface ExportedItemRow {
  row: number;
  externalId: string;
  status: string;
  consensus: unknown;
  agreement: number | null;
  nLabels: number;
  nSkips: number;
  duplicateOf: number | null;
  /** An exact copy without labels of its own: status, consensus and agreement are its original's. */
  isInherited: boolean;
  importRun: number | null;
  createdAt: Date;
  resolvedAt: Date | null;
  content: ItemContent;
  meta: Record<string, unknown> | null;
}

/** Living items with rows in (after, last], in order. */
export async function selectItemRange(
  tx: Tx,
  projectId: number,
  after: number,
  last: number,
): Promise<ExportedItemRow[]> {
  const { rows } = await tx.query<ExportedItemRow>(
    `select i.row, i.external_id as "externalId", (case when o.row is null then i else o end).status,
            (case when o.row is null then i else o end).consensus,
            (case when o.row is null then i else o end).agreement, o.row is not null as "isInherited", i.n_labels as "nLabels",
            i.n_skips as "nSkips", i.duplicate_of as "duplicateOf", i.import_run as "importRun",
            i.created_at as "createdAt", (case when o.row is null then i else o end).resolved_at as "resolvedAt", c.content, c.meta
       from item i join item_content c on c.project_id = i.project_id and c.row = i.row
       left join item o on o.project_id = i.project_id and o.row = i.duplicate_of and o.deleted_at is null
            and o.consensus is not null and i.consensus is null and i.n_labels = 0 and i.status <> 'excluded'
      where i.project_id = $1 and i.row > $2 and i.row <= $3 and i.deleted_at is null order by i.row`,
    [projectId, after, last],
  );
  return rows;
}

export interface ExportedAnnotationRow {
  seq: number;
  kind: "label" | "skip";
  row: number;
  annotatorId: string | null;
  annotatorName: string | null;
  source: string;
  value: unknown;
  reason: string | null;
  isLate: boolean;
  isExtra: boolean;
  purpose: string;
  entryId: number | null;
  round: number | null;
  modelVersionSeen: number | null;
  suggestionShown: boolean;
  suggestedValue: unknown;
  guidelinesVersion: number | null;
  shownAt: Date | null;
  elapsedMs: number | null;
  at: Date;
  retractedAt: Date | null;
}

const ANNOTATION_COLUMNS = `a.seq, a.kind, a.row, a.annotator_id as "annotatorId", u.name as "annotatorName", a.source,
  a.value, a.reason, a.is_late as "isLate", a.is_extra as "isExtra", a.purpose, a.entry_id as "entryId", a.round,
  a.model_version_seen as "modelVersionSeen", a.suggestion_shown as "suggestionShown",
  a.suggested_value as "suggestedValue", a.guidelines_version as "guidelinesVersion", a.shown_at as "shownAt",
  a.elapsed_ms as "elapsedMs", a.at, r.at as "retractedAt"`;

const ANNOTATION_JOINS = `left join annotation r on r.project_id = a.project_id and r.supersedes = a.seq
  left join "user" u on u.id = a.annotator_id`;

/** Labels and skips on items with rows in (after, last], by row and number; withdrawn ones say when. */
export async function selectAnnotationsOfRange(
  tx: Tx,
  projectId: number,
  after: number,
  last: number,
): Promise<ExportedAnnotationRow[]> {
  const { rows } = await tx.query<ExportedAnnotationRow>(
    `select ${ANNOTATION_COLUMNS} from annotation a ${ANNOTATION_JOINS}
      where a.project_id = $1 and a.row > $2 and a.row <= $3 and a.kind in ('label', 'skip') order by a.row, a.seq`,
    [projectId, after, last],
  );
  return rows;
}

export interface ExportedEntryRow {
  id: number;
  row: number;
  round: number;
  strategy: string;
  purpose: string;
  rank: number;
  score: number | null;
  percentile: number | null;
  inclusion: number | null;
  modelVersion: number | null;
  isFallback: boolean;
  state: string;
  servedAt: Date | null;
}

const ENTRY_COLUMNS = `e.id, e.row, e.round, e.strategy, e.purpose, e.rank, e.score, e.percentile, e.inclusion,
  e.model_version as "modelVersion", e.is_fallback as "isFallback", e.state, e.served_at as "servedAt"`;

/** Queue entries that stand on items with rows in (after, last], oldest first. */
export async function selectEntriesOfRange(
  tx: Tx,
  projectId: number,
  after: number,
  last: number,
): Promise<ExportedEntryRow[]> {
  const { rows } = await tx.query<ExportedEntryRow>(
    `select ${ENTRY_COLUMNS} from queue_entry e
      where e.project_id = $1 and e.row > $2 and e.row <= $3 and e.state in ('open', 'leased', 'done')
      order by e.row, e.id`,
    [projectId, after, last],
  );
  return rows;
}

export type AnnotationWithItem = ExportedAnnotationRow & {
  externalId: string;
  itemDeletedAt: Date | null;
  entry: Omit<ExportedEntryRow, "servedAt"> | null;
};

/** The next labels and skips behind a number, with their item's id and the entry they answered. */
export async function selectAnnotationPage(tx: Tx, projectId: number, afterSeq: number): Promise<AnnotationWithItem[]> {
  const { rows } = await tx.query<AnnotationWithItem>(
    `select ${ANNOTATION_COLUMNS}, i.external_id as "externalId", i.deleted_at as "itemDeletedAt",
            case when e.id is not null then json_build_object('id', e.id, 'row', e.row, 'round', e.round,
              'strategy', e.strategy, 'purpose', e.purpose, 'rank', e.rank, 'score', e.score, 'percentile', e.percentile,
              'inclusion', e.inclusion, 'modelVersion', e.model_version, 'isFallback', e.is_fallback, 'state', e.state)
            end as entry
       from (select * from annotation where project_id = $1 and seq > $2 and kind in ('label', 'skip')
              order by seq limit ${BATCH_ROWS}) a
       ${ANNOTATION_JOINS}
       left join item i on i.project_id = a.project_id and i.row = a.row
       left join queue_entry e on e.project_id = a.project_id and e.id = a.entry_id
      order by a.seq`,
    [projectId, afterSeq],
  );
  return rows;
}

/** Names of all fields of the project's records, in order; at most `limit`. */
export async function selectFieldNames(tx: Tx, projectId: number, limit: number): Promise<string[]> {
  const { rows } = await tx.query<{ name: string }>(
    `select distinct f.name from item_content c cross join lateral jsonb_object_keys(
        case when jsonb_typeof(c.content->'fields') = 'object' then c.content->'fields' else '{}' end) as f(name)
      where c.project_id = $1 order by f.name limit $2`,
    [projectId, limit],
  );
  return rows.map((row) => row.name);
}
