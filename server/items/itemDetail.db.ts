import type { AnnotationView, FlagView, ItemDetail } from "@/contracts/items";
import type { Db } from "../db";

/** SQL of one item's page. */

const COPIES_SHOWN = 100;
const HISTORY_SHOWN = 500;

type ItemRow = Pick<
  ItemDetail,
  "row" | "externalId" | "content" | "meta" | "status" | "consensus" | "agreement" | "duplicateOf" | "importRun"
> & { createdAt: Date; resolvedAt: Date | null };

export async function selectItem(db: Db, projectId: number, row: number): Promise<ItemRow | undefined> {
  const { rows } = await db.query<ItemRow>(
    `select i.row, i.external_id as "externalId", c.content, c.meta, i.status, i.consensus, i.agreement,
            i.duplicate_of as "duplicateOf", i.import_run as "importRun", i.created_at as "createdAt",
            i.resolved_at as "resolvedAt"
       from item i join item_content c using (project_id, row)
      where i.project_id = $1 and i.row = $2 and i.deleted_at is null`,
    [projectId, row],
  );
  return rows[0];
}

/** All annotations in order, withdrawn ones marked. */
export async function selectAnnotations(
  db: Db,
  projectId: number,
  row: number,
): Promise<(Omit<AnnotationView, "at"> & { at: Date })[]> {
  const { rows } = await db.query<Omit<AnnotationView, "at"> & { at: Date }>(
    `select a.seq, a.kind, a.row, a.annotator_id as "annotatorId", u.name as "annotatorName", a.source, a.value,
            a.supersedes, a.reason, a.is_late as "isLate", a.is_extra as "isExtra", a.purpose, a.round,
            a.model_version_seen as "modelVersionSeen", a.suggestion_shown as "suggestionShown",
            a.elapsed_ms as "elapsedMs", a.at,
            exists (select 1 from annotation r where r.project_id = a.project_id and r.supersedes = a.seq) as retracted
       from annotation a left join "user" u on u.id = a.annotator_id
      where a.project_id = $1 and a.row = $2 order by a.seq limit ${HISTORY_SHOWN}`,
    [projectId, row],
  );
  return rows;
}

type ServedRow = Omit<ItemDetail["served"][number], "servedAt"> & { servedAt: Date | null };

/** Queue entries of the item, oldest first. */
export async function selectServed(db: Db, projectId: number, row: number): Promise<ServedRow[]> {
  const { rows } = await db.query<ServedRow>(
    `select e.round, e.strategy, e.purpose, e.rank, e.score, e.percentile, e.inclusion,
            e.model_version as "modelVersion", e.is_fallback as "isFallback", e.reason, e.state, e.slot,
            e.served_at as "servedAt", u.name as "leasedBy"
       from queue_entry e left join "user" u on u.id = e.lease_user_id and e.state = 'leased'
      where e.project_id = $1 and e.row = $2 order by e.id limit ${HISTORY_SHOWN}`,
    [projectId, row],
  );
  return rows;
}

type FlagRow = Omit<FlagView, "createdAt" | "resolvedAt"> & { createdAt: Date; resolvedAt: Date | null };

export async function selectFlags(db: Db, projectId: number, row: number): Promise<FlagRow[]> {
  const { rows } = await db.query<FlagRow>(
    `select f.id, f.row, f.user_id as "userId", coalesce(u.name, '') as "userName", f.comment,
            f.created_at as "createdAt", f.resolved_at as "resolvedAt"
       from flag f left join "user" u on u.id = f.user_id
      where f.project_id = $1 and f.row = $2 order by f.created_at, f.id limit ${HISTORY_SHOWN}`,
    [projectId, row],
  );
  return rows;
}

/** Other living items of equal content, given the first of them. */
export async function selectCopies(db: Db, projectId: number, row: number, original: number): Promise<number[]> {
  const { rows } = await db.query<{ row: number }>(
    `select row from item
      where project_id = $1 and (row = $3 or duplicate_of = $3) and row <> $2 and deleted_at is null
      order by row limit ${COPIES_SHOWN}`,
    [projectId, row, original],
  );
  return rows.map((found) => found.row);
}
