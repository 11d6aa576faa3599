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
