import type { ApiKeyRow } from "@/contracts/access";
import type { ApiScope } from "@/contracts/permissions";
import type { Db, Tx } from "../db";

export interface NewApiKey {
  id: string;
  projectId: number;
  name: string;
  prefix: string;
  keyHash: string;
  scopes: ApiScope[];
  createdBy: string;
  createdAt: Date;
  expiresAt: Date | null;
}

/** Keys of the project that still work, locked against a rival's insert by the project's own row. */
export async function countLiveKeys(tx: Tx, projectId: number, now: Date): Promise<number> {
  await tx.query("select id from project where id = $1 for no key update", [projectId]);
  const { rows } = await tx.query<{ n: number }>(
    `select count(*)::int as n from api_key
     where project_id = $1 and revoked_at is null and (expires_at is null or expires_at > $2)`,
    [projectId, now],
  );
  return rows[0].n;
}

export async function insertApiKey(tx: Tx, key: NewApiKey): Promise<void> {
  await tx.query(
    `insert into api_key (id, project_id, name, prefix, key_hash, scopes, created_by, created_at, expires_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
    [key.id, key.projectId, key.name, key.prefix, key.keyHash, key.scopes, key.createdBy, key.createdAt, key.expiresAt],
  );
}

export async function markKeyRevoked(tx: Tx, projectId: number, id: string, at: Date): Promise<boolean> {
  const { rowCount } = await tx.query(
    "update api_key set revoked_at = $3 where project_id = $1 and id = $2 and revoked_at is null",
    [projectId, id, at],
  );
  return rowCount === 1;
}

export async function selectApiKeys(db: Db, projectId: number, limit: number): Promise<ApiKeyRow[]> {
  const { rows } = await db.query<
    Omit<ApiKeyRow, "createdAt" | "lastUsedAt" | "expiresAt" | "revokedAt"> & {
      createdAt: Date;
      lastUsedAt: Date | null;
      expiresAt: Date | null;
      revokedAt: Date | null;
    }
  >(
    `select k.id, k.name, k.prefix, k.scopes, u.name as "createdByName", k.created_at as "createdAt",
       k.last_used_at as "lastUsedAt", k.expires_at as "expiresAt", k.revoked_at as "revokedAt"
     from api_key k left join "user" u on u.id = k.created_by
     where k.project_id = $1 order by k.revoked_at is not null, k.created_at desc, k.id limit $2`,
    [projectId, limit],
  );
  return rows.map((row) => ({
    ...row,
    createdAt: row.createdAt.toISOString(),
    lastUsedAt: row.lastUsedAt?.toISOString() ?? null,
    expiresAt: row.expiresAt?.toISOString() ?? null,
    revokedAt: row.revokedAt?.toISOString() ?? null,
  }));
}
