import type { Db, Tx } from "../db";

const SETUP_KEY = "setup";

export async function upsertSetupHash(db: Db, tokenHash: string, at: Date): Promise<void> {
  await db.query(
    `insert into instance_setting (key, value, updated_at) values ($1, $2, $3)
     on conflict (key) do update set value = excluded.value, updated_at = excluded.updated_at`,
    [SETUP_KEY, JSON.stringify({ tokenHash }), at],
  );
}

export async function selectSetupHash(db: Db): Promise<string | undefined> {
  const { rows } = await db.query<{ value: { tokenHash?: string } }>(
    "select value from instance_setting where key = $1",
    [SETUP_KEY],
  );
  return rows[0]?.value.tokenHash;
}

export async function deleteSetupHash(tx: Tx): Promise<void> {
  await tx.query("delete from instance_setting where key = $1", [SETUP_KEY]);
}
