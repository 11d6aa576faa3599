import type { MemberRow } from "@/contracts/access";
import type { ProjectRole } from "@/contracts/permissions";
import type { Db, Tx } from "../db";

/** Until commit, nobody else changes who belongs to this project. */
export async function lockMembers(tx: Tx, projectId: number): Promise<void> {
  await tx.query(
    "select user_id from project_member where project_id = $1 and role = 'lead' order by user_id for update",
    [projectId],
  );
}

export interface MemberFacts {
  userId: string;
  name: string;
  role: ProjectRole;
  frozenAt: Date | null;
}

export async function selectMember(db: Db, projectId: number, userId: string): Promise<MemberFacts | undefined> {
  const { rows } = await db.query<MemberFacts>(
    `select m.user_id as "userId", u.name, m.role, m.frozen_at as "frozenAt"
     from project_member m join "user" u on u.id = m.user_id where m.project_id = $1 and m.user_id = $2`,
    [projectId, userId],
  );
  return rows[0];
}

/** Leads who can still sign in, this one left out. */
export async function countOtherLeads(db: Db, projectId: number, userId: string): Promise<number> {
  const { rows } = await db.query<{ n: number }>(
    `select count(*)::int as n from project_member m join "user" u on u.id = m.user_id
     where m.project_id = $1 and m.role = 'lead' and m.user_id <> $2 and u.disabled_at is null and not u.is_simulated`,
    [projectId, userId],
  );
  return rows[0].n;
}

export async function upsertMember(
  tx: Tx,
  member: { projectId: number; userId: string; role: ProjectRole; at: Date },
): Promise<void> {
  await tx.query(
    `insert into project_member (project_id, user_id, role, created_at) values ($1, $2, $3, $4)
     on conflict (project_id, user_id) do update set role = excluded.role`,
    [member.projectId, member.userId, member.role, member.at],
  );
}

/** What this person could let others do here ends with it: their open invitations. */
export async function revokeInvitationsOf(tx: Tx, projectId: number, userId: string, at: Date): Promise<void> {
  await tx.query(
    `update invitation set revoked_at = $3
     where project_id = $1 and created_by = $2 and accepted_at is null and revoked_at is null`,
    [projectId, userId, at],
  );
}

export async function deleteMember(tx: Tx, projectId: number, userId: string): Promise<void> {
  await tx.query("delete from project_member where project_id = $1 and user_id = $2", [projectId, userId]);
}

export async function updateFrozen(tx: Tx, projectId: number, userId: string, frozenAt: Date | null): Promise<void> {
  await tx.query("update project_member set frozen_at = $3 where project_id = $1 and user_id = $2", [
    projectId,
    userId,
    frozenAt,
  ]);
}

/** By email, from after `afterEmail`. */
export async function selectMembers(
  db: Db,
  projectId: number,
  afterEmail: string | null,
  limit: number,
): Promise<MemberRow[]> {
  const { rows } = await db.query<
    Omit<MemberRow, "disabledAt" | "frozenAt" | "joinedAt"> & {
      disabledAt: Date | null;
      frozenAt: Date | null;
      joinedAt: Date;
    }
  >(
    `select u.id as "userId", u.name, u.email, m.role, u.role as "instanceRole", u.is_simulated as "isSimulated",
       u.disabled_at as "disabledAt", m.frozen_at as "frozenAt", m.created_at as "joinedAt"
     from project_member m join "user" u on u.id = m.user_id
     where m.project_id = $1 and ($2::text is null or u.email > $2)
     order by u.email limit $3`,
    [projectId, afterEmail, limit],
  );
  return rows.map((row) => ({
    ...row,
    disabledAt: row.disabledAt?.toISOString() ?? null,
    frozenAt: row.frozenAt?.toISOString() ?? null,
    joinedAt: row.joinedAt.toISOString(),
  }));
}
