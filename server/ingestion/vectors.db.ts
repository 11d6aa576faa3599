import type { Db, Tx } from "../db";

/** SQL of vectors and predictions that come from outside. */

export type VectorKind = "embedding" | "prediction";

const TABLES = {
  embedding: { table: "embedding_chunk", width: "dim" },
  prediction: { table: "prediction_chunk", width: "width" },
} as const;

/** Rows of items by external id; ids that name no living item are absent. */
export async function selectRowsByExternalId(
  db: Db,
  projectId: number,
  externalIds: readonly string[],
): Promise<Map<string, number>> {
  const { rows } = await db.query<{ external_id: string; row: number }>(
    `select i.external_id, i.row from unnest($2::text[]) as t(id) cross join lateral (
       select external_id, row from item where project_id = $1 and external_id = t.id limit 1) i`,
    [projectId, externalIds],
  );
  return new Map(rows.map(({ external_id, row }) => [external_id, row]));
}

/** Lets one transaction at a time add to a set, so that all of a set's chunks agree. */
export async function lockVectorSet(tx: Tx, kind: VectorKind, projectId: number, name: string): Promise<void> {
  await tx.query("select pg_advisory_xact_lock(hashtextextended($1, $2))", [`${kind}:${name}`, projectId]);
}

/** Width of the vectors that a set has up to now; undefined: it has none. */
export async function selectVectorWidth(
  tx: Tx,
  kind: VectorKind,
  projectId: number,
  name: string,
): Promise<number | undefined> {
  const { table, width } = TABLES[kind];
  const { rows } = await tx.query<{ width: number }>(
    `select ${width} as width from ${table} where project_id = $1 and name = $2 order by id limit 1`,
    [projectId, name],
  );
  return rows[0]?.width;
}

/** Adds a chunk to a set. */
export async function insertVectorChunk(
  tx: Tx,
  kind: VectorKind,
  chunk: { projectId: number; name: string; width: number; nRows: number; blobKey: string; now: Date },
): Promise<void> {
  const { table, width } = TABLES[kind];
  const { projectId, name } = chunk;
  await tx.query(
    `insert into ${table} (project_id, name, ${width}, n_rows, blob_key, created_at) values ($1, $2, $3, $4, $5, $6)`,
    [projectId, name, chunk.width, chunk.nRows, chunk.blobKey, chunk.now],
  );
}

/** The chunks of a set, the oldest first. */
export async function selectVectorChunks(
  db: Db,
  kind: VectorKind,
  projectId: number,
  name: string,
): Promise<{ nRows: number; blobKey: string }[]> {
  const { rows } = await db.query<{ nRows: number; blobKey: string }>(
    `select n_rows as "nRows", blob_key as "blobKey" from ${TABLES[kind].table}
      where project_id = $1 and name = $2 order by id`,
    [projectId, name],
  );
  return rows;
}
