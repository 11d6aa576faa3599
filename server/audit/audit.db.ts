import type { AuditRow } from "@/contracts/access";
import type { Db } from "../db";

export interface NewAuditEntry {
  projectId: number | null;
  actorKind: string;
  actorId: string | null;
  actorName: string | null;
  action: string;
  target: string | null;
  details: string;
  at: Date | null;
}

export async function insertAuditEntry(db: Db, entry: NewAuditEntry): Promise<void> {
  await db.query(
    `insert into audit_log (project_id, actor_kind, actor_id, actor_name, action, target, details, at)
     values ($1, $2, $3, $4, $5, $6, $7, coalesce($8, now()))`,
    [
      entry.projectId,
      entry.actorKind,
      entry.actorId,
      entry.actorName,
      entry.action,
      entry.target,
      entry.details,
      entry.at,
    ],
  );
}

/** Newest first, from below `beforeId`. `projectId` null: what concerns the whole instance. */
export async function selectAuditEntries(
  db: Db,
  projectId: number | null,
  beforeId: number | null,
  limit: number,
): Promise<AuditRow[]> {
  const { rows } = await db.query<Omit<AuditRow, "at"> & { at: Date }>(
    // Two texts rather than "is not distinct from": that one cannot use the index.
    `select id, at, actor_kind as "actorKind", actor_id as "actorId", actor_name as "actorName", action, target, details
     from audit_log
     where ${projectId === null ? "project_id is null and $1::int is null" : "project_id = $1"}
       and ($2::bigint is null or id < $2)
     order by id desc limit $3`,
    [projectId, beforeId, limit],
  );
  return rows.map((row) => ({ ...row, at: row.at.toISOString() }));
}
