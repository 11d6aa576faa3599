import type { InvitationRow } from "@/contracts/access";
import type { InstanceRole, ProjectRole } from "@/contracts/permissions";
import type { Db, Tx } from "../db";

export interface InvitationFacts {
  id: string;
  email: string | null;
  instanceRole: InstanceRole;
  projectId: number | null;
  projectName: string | null;
  projectSlug: string | null;
  projectRole: ProjectRole | null;
  /** The project was deleted since. */
  projectGone: boolean;
  createdBy: string;
  expiresAt: Date;
  acceptedAt: Date | null;
  revokedAt: Date | null;
}

const FACTS = `i.id, i.email, i.instance_role as "instanceRole", i.project_id as "projectId", p.name as "projectName",
  p.slug as "projectSlug", i.project_role as "projectRole",
  i.project_id is not null and (p.id is null or p.deleted_at is not null) as "projectGone",
  i.created_by as "createdBy", i.expires_at as "expiresAt", i.accepted_at as "acceptedAt", i.revoked_at as "revokedAt"`;

export async function selectInvitationByHash(db: Db, tokenHash: string): Promise<InvitationFacts | undefined> {
  const { rows } = await db.query<InvitationFacts>(
    `select ${FACTS} from invitation i left join project p on p.id = i.project_id where i.token_hash = $1`,
    [tokenHash],
  );
  return rows[0];
}

/** The same, locked until commit: of two people with one link, one waits and then finds it used. */
export async function lockInvitationByHash(tx: Tx, tokenHash: string): Promise<InvitationFacts | undefined> {
  await tx.query("select id from invitation where token_hash = $1 for update", [tokenHash]);
  return selectInvitationByHash(tx, tokenHash);
}

export interface NewInvitation {
  id: string;
  tokenHash: string;
  email: string | null;
  instanceRole: InstanceRole;
  projectId: number | null;
  projectRole: ProjectRole | null;
  createdBy: string;
  createdAt: Date;
  expiresAt: Date;
}

export async function insertInvitation(tx: Tx, invitation: NewInvitation): Promise<void> {
  await tx.query(
    `insert into invitation (id, token_hash, email, instance_role, project_id, project_role, created_by, created_at, expires_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
    [
      invitation.id,
      invitation.tokenHash,
      invitation.email,
      invitation.instanceRole,
      invitation.projectId,
      invitation.projectRole,
      invitation.createdBy,
      invitation.createdAt,
      invitation.expiresAt,
    ],
  );
}

export async function markAccepted(tx: Tx, id: string, userId: string, at: Date): Promise<void> {
  await tx.query("update invitation set accepted_at = $3, accepted_by = $2 where id = $1", [id, userId, at]);
}

/** Only one of this project (null: of the instance); false when there is no open one. */
export async function markRevoked(tx: Tx, id: string, projectId: number | null, at: Date): Promise<boolean> {
  const { rowCount } = await tx.query(
    `update invitation set revoked_at = $3
     where id = $1 and project_id is not distinct from $2::int and accepted_at is null and revoked_at is null`,
    [id, projectId, at],
  );
  return rowCount === 1;
}

/** The project (or instance: null) that an invitation is for; undefined when there is none. */
export async function selectInvitationProject(db: Db, id: string): Promise<{ projectId: number | null } | undefined> {
  const { rows } = await db.query<{ projectId: number | null }>(
    `select project_id as "projectId" from invitation where id = $1`,
    [id],
  );
  return rows[0];
}

/** Newest first, from after the given one. */
export async function selectInvitations(
  db: Db,
  options: { projectId: number | null; before: { createdAt: Date; id: string } | null; now: Date; limit: number },
): Promise<InvitationRow[]> {
  const { projectId, before, now, limit } = options;
  const { rows } = await db.query<
    Omit<InvitationRow, "createdAt" | "expiresAt"> & { createdAt: Date; expiresAt: Date }
  >(
    `select i.id, i.project_id as "projectId", i.project_role as "projectRole", i.instance_role as "instanceRole", i.email,
       case when i.accepted_at is not null then 'accepted' when i.revoked_at is not null then 'revoked'
            when i.expires_at <= $5 then 'expired' else 'open' end as state,
       i.created_by as "createdBy", c.name as "createdByName", a.name as "acceptedByName",
       i.created_at as "createdAt", i.expires_at as "expiresAt"
     from invitation i left join "user" c on c.id = i.created_by left join "user" a on a.id = i.accepted_by
     where ${projectId === null ? "$1::int is null and i.project_id is null" : "i.project_id = $1"}
       and ($2::timestamptz is null or (i.created_at, i.id) < ($2, $3::uuid))
     order by i.created_at desc, i.id desc limit $4`,
    [projectId, before?.createdAt ?? null, before?.id ?? null, limit, now],
  );
  return rows.map((row) => ({
    ...row,
    createdAt: row.createdAt.toISOString(),
    expiresAt: row.expiresAt.toISOString(),
  }));
}
