import type { Db, Tx } from "../db";

/** SQL of raw files that were sent and never imported. */

/** First half of the advisory lock that stands for one stored file; the second is a hash of its key. */
const UPLOAD_LOCK_CLASS = 0x77_75_70_6c;

/** Tables that name blobs, with the column. A file under a content key may be more than one thing at once. */
const NAMED_BY = [
  ["import_run", "blob_key"],
  ["embedding_chunk", "blob_key"],
  ["prediction_chunk", "blob_key"],
  ["feature_version", "blob_key"],
  ["feature_shard", "blob_key"],
  ["model_version", "blob_key"],
  ["prediction_shard", "blob_key"],
  ["round", "manifest_key"],
] as const;

/** Holds back whoever else stores, notes or removes the file of this key until the transaction ends. */
export async function lockUploadKey(tx: Tx, blobKey: string): Promise<void> {
  await tx.query("select pg_advisory_xact_lock($1, hashtext($2))", [UPLOAD_LOCK_CLASS, blobKey]);
}

/** Keys of files of which every upload is older than `before` and no import was made, oldest first. */
export async function selectOrphanKeys(db: Db, before: Date, limit: number): Promise<string[]> {
  const { rows } = await db.query<{ blobKey: string }>(
    `select u.blob_key as "blobKey" from upload u
      where u.blob_key is not null and not exists (select 1 from import_run r where r.blob_key = u.blob_key)
      group by u.blob_key having max(u.created_at) < $1 order by max(u.created_at), u.blob_key limit $2`,
    [before, limit],
  );
  return rows.map((row) => row.blobKey);
}

/** Locks the uploads of a key; an import that starts from one of them waits. */
export async function lockUploadsOf(tx: Tx, blobKey: string): Promise<void> {
  await tx.query("select 1 from upload where blob_key = $1 order by id for update", [blobKey]);
}

/**
 * Forgets the uploads of a key if all of them are older than `before` and nothing names the file. Call it under both locks,
 * in a statement of its own, so that it sees what was committed meanwhile.
 * @returns how many uploads it forgot; 0: the file stays.
 */
export async function deleteOrphans(tx: Tx, blobKey: string, before: Date): Promise<number> {
  const isUnnamed = NAMED_BY.map(([table, column]) => `not exists (select 1 from ${table} where ${column} = $1)`);
  const { rowCount } = await tx.query(
    `delete from upload where blob_key = $1
        and not exists (select 1 from upload where blob_key = $1 and created_at >= $2) and ${isUnnamed.join(" and ")}`,
    [blobKey, before],
  );
  return rowCount ?? 0;
}

/** The upload, held until commit so that it is not cleaned away. False: it has been. */
export async function holdUpload(tx: Tx, projectId: number, id: string): Promise<boolean> {
  const { rowCount } = await tx.query("select 1 from upload where id = $2 and project_id = $1 for key share", [
    projectId,
    id,
  ]);
  return rowCount === 1;
}
