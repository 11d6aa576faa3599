import { randomUUID } from "node:crypto";
import type { UserRow } from "@/contracts/access";
import type { InstanceRole } from "@/contracts/permissions";
import type { Db, Tx } from "../db";
import { revokePasswordResets } from "./passwordResets.db";

/** Key of the transaction lock under which the set of administrators changes. */
const ADMINISTRATORS_LOCK = 0x77_6e_77_01;
/** Provider under which the auth library looks for a password. */
const CREDENTIAL = "credential";

/** Until commit, nobody else changes who is an administrator. */
export async function lockAdministrators(tx: Tx): Promise<void> {
  await tx.query("select pg_advisory_xact_lock($1)", [ADMINISTRATORS_LOCK]);
}

export async function hasAdministrator(db: Db): Promise<boolean> {
  const { rows } = await db.query<{ found: boolean }>(
    `select exists (select 1 from "user" where role = 'administrator') as found`,
  );
  return rows[0].found;
}

/** Administrators who can still sign in, this one left out. */
export async function countOtherAdministrators(db: Db, userId: string): Promise<number> {
  const { rows } = await db.query<{ n: number }>(
    `select count(*)::int as n from "user" where role = 'administrator' and disabled_at is null and not is_simulated and id <> $1`,
    [userId],
  );
  return rows[0].n;
}

export interface NewUser {
  name: string;
  email: string;
  role: InstanceRole;
  passwordHash: string;
  at: Date;
}

/** Makes a person who can sign in with a password. Undefined: the email is taken. */
export async function insertUser(tx: Tx, user: NewUser): Promise<string | undefined> {
  const id = randomUUID();
  const { rowCount } = await tx.query(
    `insert into "user" (id, name, email, email_verified, role, created_at, updated_at)
     values ($1, $2, $3, true, $4, $5, $5) on conflict (email) do nothing`,
    [id, user.name, user.email, user.role, user.at],
  );
  if (rowCount === 0) return undefined;
  await tx.query(
    `insert into account (id, account_id, provider_id, user_id, password, created_at, updated_at)
     values ($1, $2, $3, $2, $4, $5, $5)`,
    [randomUUID(), id, CREDENTIAL, user.passwordHash, user.at],
  );
  return id;
}

export interface UserFactsRow {
  id: string;
  name: string;
  email: string;
  role: InstanceRole;
  isSimulated: boolean;
  disabledAt: Date | null;
}

export async function selectUser(db: Db, userId: string): Promise<UserFactsRow | undefined> {
  const { rows } = await db.query<UserFactsRow>(
    `select id, name, email, role, is_simulated as "isSimulated", disabled_at as "disabledAt" from "user" where id = $1`,
    [userId],
  );
  return rows[0];
}

/** Addresses are kept in lower case. */
export async function selectUserByEmail(db: Db, email: string): Promise<{ id: string; name: string } | undefined> {
  const { rows } = await db.query<{ id: string; name: string }>(
    'select id, name from "user" where email = $1 and not is_simulated',
    [email.trim().toLowerCase()],
  );
  return rows[0];
}

export async function updateUserRole(tx: Tx, userId: string, role: InstanceRole, at: Date): Promise<void> {
  await tx.query(`update "user" set role = $2, updated_at = $3 where id = $1`, [userId, role, at]);
}

/** Sets the password that the auth library checks, and ends every session of the person. */
export async function updatePassword(tx: Tx, userId: string, passwordHash: string, at: Date): Promise<void> {
  await tx.query("update account set password = $2, updated_at = $3 where user_id = $1 and provider_id = $4", [
    userId,
    passwordHash,
    at,
    CREDENTIAL,
  ]);
  await tx.query("delete from session where user_id = $1", [userId]);
}

/** Disabling ends every session, and every invitation and reset link that the person has open. */
export async function updateUserDisabled(tx: Tx, userId: string, disabledAt: Date | null, at: Date): Promise<void> {
  await tx.query(`update "user" set disabled_at = $2, updated_at = $3 where id = $1`, [userId, disabledAt, at]);
  if (disabledAt === null) return;
  await tx.query("delete from session where user_id = $1", [userId]);
  await tx.query(
    "update invitation set revoked_at = $2 where created_by = $1 and accepted_at is null and revoked_at is null",
    [userId, at],
  );
  await revokePasswordResets(tx, userId, at);
}

/** By email, from after `afterEmail`. */
export async function selectUsers(
  db: Db,
  options: { afterEmail: string | null; search: string | null; limit: number },
): Promise<UserRow[]> {
  const { rows } = await db.query<
    Omit<UserRow, "disabledAt" | "createdAt"> & { disabledAt: Date | null; createdAt: Date }
  >(
    `select u.id, u.name, u.email, u.role, u.is_simulated as "isSimulated", u.disabled_at as "disabledAt",
       u.created_at as "createdAt",
       (select count(*)::int from project_member m join project p on p.id = m.project_id and p.deleted_at is null
        where m.user_id = u.id) as "nProjects"
     from "user" u
     where ($1::text is null or u.email > $1)
       and ($2::text is null or position($2 in lower(u.email || ' ' || u.name)) > 0)
     order by u.email limit $3`,
    [options.afterEmail, options.search?.toLowerCase() ?? null, options.limit],
  );
  return rows.map((row) => ({
    ...row,
    disabledAt: row.disabledAt?.toISOString() ?? null,
    createdAt: row.createdAt.toISOString(),
  }));
}
