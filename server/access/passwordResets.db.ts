import type { Db, Tx } from "../db";

export interface PasswordResetFacts {
  id: string;
  userId: string;
  name: string;
  email: string;
  role: "administrator" | "member";
  disabledAt: Date | null;
  expiresAt: Date;
  usedAt: Date | null;
  revokedAt: Date | null;
}

export async function selectPasswordResetByHash(db: Db, tokenHash: string): Promise<PasswordResetFacts | undefined> {
  const { rows } = await db.query<PasswordResetFacts>(
    `select r.id, r.user_id as "userId", u.name, u.email, u.role, u.disabled_at as "disabledAt",
       r.expires_at as "expiresAt", r.used_at as "usedAt", r.revoked_at as "revokedAt"
     from password_reset r join "user" u on u.id = r.user_id where r.token_hash = $1`,
    [tokenHash],
  );
  return rows[0];
}

/** The same, locked until commit: of two with one link, one waits and then finds it used. */
export async function lockPasswordResetByHash(tx: Tx, tokenHash: string): Promise<PasswordResetFacts | undefined> {
  await tx.query("select id from password_reset where token_hash = $1 for update", [tokenHash]);
  return selectPasswordResetByHash(tx, tokenHash);
}

export interface NewPasswordReset {
  id: string;
  tokenHash: string;
  userId: string;
  createdBy: string;
  createdAt: Date;
  expiresAt: Date;
}

export async function insertPasswordReset(tx: Tx, reset: NewPasswordReset): Promise<void> {
  await tx.query(
    `insert into password_reset (id, token_hash, user_id, created_by, created_at, expires_at)
     values ($1, $2, $3, $4, $5, $6)`,
    [reset.id, reset.tokenHash, reset.userId, reset.createdBy, reset.createdAt, reset.expiresAt],
  );
}

export async function markPasswordResetUsed(tx: Tx, id: string, at: Date): Promise<void> {
  await tx.query("update password_reset set used_at = $2 where id = $1", [id, at]);
}

/** Withdraws every link of the person that could still be used. */
export async function revokePasswordResets(tx: Tx, userId: string, at: Date): Promise<void> {
  await tx.query(
    "update password_reset set revoked_at = $2 where user_id = $1 and used_at is null and revoked_at is null",
    [userId, at],
  );
}
