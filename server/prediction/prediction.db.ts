import type { ShardRef } from "../compute";
import type { Db, Tx } from "../db";

/** SQL of predictions: their shards, and what a suggestion needs to know of the model behind them. */

export interface PredictingModelRow {
  version: number;
  trainer: string;
  state: "training" | "ready" | "failed";
  featureVersion: number | null;
  classes: string[];
  blobKey: string | null;
}

export async function selectPredictingModel(
  db: Db,
  projectId: number,
  version: number,
): Promise<PredictingModelRow | undefined> {
  const { rows } = await db.query<PredictingModelRow>(
    `select version, trainer, state, feature_version as "featureVersion", classes, blob_key as "blobKey"
       from model_version where project_id = $1 and version = $2`,
    [projectId, version],
  );
  return rows[0];
}

export interface PredictionShardRow extends ShardRef {
  width: number;
}

export async function selectPredictionShards(
  db: Db,
  projectId: number,
  version: number,
): Promise<PredictionShardRow[]> {
  const { rows } = await db.query<PredictionShardRow>(
    `select start_row as "startRow", n_rows as "nRows", width, blob_key as key from prediction_shard
      where project_id = $1 and model_version = $2 order by start_row`,
    [projectId, version],
  );
  return rows;
}

export async function insertPredictionShard(
  db: Db,
  projectId: number,
  version: number,
  shard: PredictionShardRow,
): Promise<void> {
  await db.query(
    `insert into prediction_shard (project_id, model_version, start_row, n_rows, width, blob_key)
     values ($1, $2, $3, $4, $5, $6) on conflict (project_id, model_version, start_row) do nothing`,
    [projectId, version, shard.startRow, shard.nRows, shard.width, shard.key],
  );
}

/** What a claim needs to know before it can show suggestions; one row by primary keys. */
export interface SuggestionStateRow {
  modelVersion: number;
  trainer: string;
  classes: string[];
  taskType: string;
  taskConfig: unknown;
  /** Changes with every change of the project's row. */
  projectVersion: string;
  staleness: number;
}

export async function selectSuggestionVersion(
  db: Db,
  projectId: number,
): Promise<{ modelVersion: number; projectVersion: string; staleness: number } | undefined> {
  const { rows } = await db.query<{ modelVersion: number; projectVersion: string; staleness: number }>({
    name: "winnow_suggestion_version",
    text: `select p.active_model_version as "modelVersion", p.xmin::text as "projectVersion",
                  greatest(0, c.label_seq - m.trained_through_seq) as staleness
             from project p
             join model_version m on m.project_id = p.id and m.version = p.active_model_version
             join label_counter c on c.project_id = p.id
            where p.id = $1`,
    values: [projectId],
  });
  return rows[0];
}

export async function selectSuggestionModel(
  db: Db,
  projectId: number,
  version: number,
): Promise<{ trainer: string; classes: string[]; taskType: string; taskConfig: unknown } | undefined> {
  const { rows } = await db.query<{ trainer: string; classes: string[]; taskType: string; taskConfig: unknown }>(
    `select m.trainer, m.classes, p.task_type as "taskType", p.task_config as "taskConfig"
       from model_version m join project p on p.id = m.project_id where m.project_id = $1 and m.version = $2`,
    [projectId, version],
  );
  return rows[0];
}

export interface PredictionChunkRow {
  id: number;
  width: number;
  nRows: number;
  key: string;
}

export async function selectPredictionChunks(db: Db, projectId: number, name: string): Promise<PredictionChunkRow[]> {
  const { rows } = await db.query<PredictionChunkRow>(
    `select id, width, n_rows as "nRows", blob_key as key from prediction_chunk
      where project_id = $1 and name = $2 order by id`,
    [projectId, name],
  );
  return rows;
}

export async function insertExternalVersion(
  tx: Tx,
  projectId: number,
  v: {
    params: unknown;
    classes: readonly string[];
    dataHash: string;
    codeVersion: string;
    projectSeed: string;
    metrics: unknown;
    at: Date;
  },
): Promise<number> {
  const { rows } = await tx.query<{ version: number }>(
    `with number as (
       insert into series_counter (project_id, name, value) values ($1, 'modelVersion', 1)
       on conflict (project_id, name) do update set value = series_counter.value + 1 returning value)
     insert into model_version (project_id, version, trainer, state, trained_through_seq, n_train, feature_version, seed,
       params, classes, data_hash, code_version, backend, metrics, created_at, ready_at)
     select $1, value, 'external', 'ready', c.label_seq, 0, null, $2 || '/model/' || value, $3, $4, $5, $6, 'external', $7,
            $8, $8
       from number, label_counter c where c.project_id = $1
     returning version`,
    [
      projectId,
      v.projectSeed,
      JSON.stringify(v.params),
      JSON.stringify(v.classes),
      v.dataHash,
      v.codeVersion,
      JSON.stringify(v.metrics),
      v.at,
    ],
  );
  return rows[0].version;
}

export async function selectNewestExternalVersion(
  db: Db,
  projectId: number,
  name: string,
): Promise<{ version: number; throughChunk: number } | undefined> {
  const { rows } = await db.query<{ version: number; throughChunk: number }>(
    `select version, (params ->> 'throughChunk')::int as "throughChunk" from model_version
      where project_id = $1 and trainer = 'external' and params ->> 'name' = $2 and state = 'ready'
      order by version desc limit 1`,
    [projectId, name],
  );
  return rows[0];
}

export async function activateExternalVersion(tx: Tx, projectId: number, version: number, at: Date): Promise<boolean> {
  const { rowCount } = await tx.query(
    `update project set active_model_version = $2, updated_at = $3 where id = $1 and pinned_model_version is null`,
    [projectId, version, at],
  );
  return rowCount === 1;
}

export interface StoredVersionRow {
  version: number;
  isExternal: boolean;
  /** Bytes of its shards of probabilities. */
  bytes: number;
}

/** Ready versions that have shards of probabilities, newest first. */
export async function selectStoredVersions(db: Db, projectId: number): Promise<StoredVersionRow[]> {
  const { rows } = await db.query<StoredVersionRow>(
    `select m.version, m.trainer = 'external' as "isExternal", sum(4::bigint * s.n_rows * s.width) as bytes
       from model_version m join prediction_shard s on s.project_id = m.project_id and s.model_version = m.version
      where m.project_id = $1 and m.state <> 'training' group by m.version, m.trainer order by m.version desc`,
    [projectId],
  );
  return rows.map((row) => ({ ...row, bytes: Number(row.bytes) }));
}

export async function selectVersionsInUse(db: Db, projectId: number): Promise<(number | null)[]> {
  const { rows } = await db.query<{ active: number | null; pinned: number | null }>(
    "select active_model_version as active, pinned_model_version as pinned from project where id = $1",
    [projectId],
  );
  return [rows[0]?.active ?? null, rows[0]?.pinned ?? null];
}

export async function deletePredictionShards(db: Db, projectId: number, version: number): Promise<ShardRef[]> {
  const { rows } = await db.query<ShardRef>(
    `delete from prediction_shard where project_id = $1 and model_version = $2
     returning start_row as "startRow", n_rows as "nRows", blob_key as key`,
    [projectId, version],
  );
  return rows;
}
