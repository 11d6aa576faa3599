import type { FeatureSpec } from "@/contracts/project";
import type { ShardRef } from "../compute";
import type { Db, Tx } from "../db";

/** SQL of feature versions, their shards, and the contents they are made from. */

export interface FeatureVersionRow {
  version: number;
  spec: FeatureSpec;
  specHash: string;
  dim: number;
  state: "building" | "ready" | "failed";
  blobKey: string | null;
  nRows: number;
  seed: string;
  report: FeatureReport;
}

/** What a version keeps about how it came to be. */
export interface FeatureReport {
  /** Rows of the pool when it was learnt. */
  nRowsAtLearning: number;
  /** Embeddings: the newest chunk that is in it. */
  throughChunk?: number;
  /** Rows without a vector so far. */
  nMissing?: number;
  /** Processor time of the compute child. */
  learnCpuMs?: number;
  applyCpuMs?: number;
  error?: { code: string; message: string };
  [detail: string]: unknown;
}

const VERSION_COLUMNS = `version, spec, spec_hash as "specHash", dim, state, blob_key as "blobKey", n_rows as "nRows", seed,
  report`;

export interface PoolState {
  nextRow: number;
  activeFeatureVersion: number | null;
  /** Feature version of the active model, if there is one. */
  modelFeatureVersion: number | null;
  /** A file is being read in: many more rows are about to come. */
  isImporting: boolean;
  versions: FeatureVersionRow[];
}

/** Newest versions looked at: the active one, the active model's and whatever is being built are among them or read apart. */
export async function readPoolState(db: Db, projectId: number): Promise<PoolState> {
  const { rows } = await db.query<Omit<PoolState, "versions">>(
    `select coalesce(c.next_row, 0) as "nextRow", p.active_feature_version as "activeFeatureVersion",
            m.feature_version as "modelFeatureVersion",
            exists (select 1 from job_run j where j.project_id = p.id and j.kind = 'ingestion.run'
                      and j.state in ('queued', 'running')) as "isImporting"
       from project p left join row_counter c on c.project_id = p.id
       left join model_version m on m.project_id = p.id and m.version = p.active_model_version
      where p.id = $1`,
    [projectId],
  );
  const state = rows[0];
  const versions = await db.query<FeatureVersionRow>(
    `select ${VERSION_COLUMNS} from feature_version
      where project_id = $1 and (version = any($2::int[]) or version >= (
        select coalesce(max(version), 0) from feature_version where project_id = $1))
      order by version`,
    [projectId, [state.activeFeatureVersion, state.modelFeatureVersion].filter((v) => v !== null)],
  );
  return { ...state, versions: versions.rows };
}

export async function selectFeatureVersion(
  db: Db,
  projectId: number,
  version: number,
): Promise<FeatureVersionRow | undefined> {
  const { rows } = await db.query<FeatureVersionRow>(
    `select ${VERSION_COLUMNS} from feature_version where project_id = $1 and version = $2`,
    [projectId, version],
  );
  return rows[0];
}

export async function insertFeatureVersion(
  tx: Tx,
  projectId: number,
  version: { spec: FeatureSpec; specHash: string; projectSeed: string; report: FeatureReport; at: Date },
): Promise<FeatureVersionRow> {
  const { rows } = await tx.query<FeatureVersionRow>(
    `with number as (
       insert into series_counter (project_id, name, value) values ($1, 'featureVersion', 1)
       on conflict (project_id, name) do update set value = series_counter.value + 1 returning value)
     insert into feature_version (project_id, version, spec, spec_hash, dim, state, seed, report, created_at)
     select $1, value, $2, $3, 0, 'building', $4 || '/features/' || value, $5, $6 from number
     returning ${VERSION_COLUMNS}`,
    [
      projectId,
      JSON.stringify(version.spec),
      version.specHash,
      version.projectSeed,
      JSON.stringify(version.report),
      version.at,
    ],
  );
  return rows[0];
}

export async function markLearnt(
  db: Db,
  projectId: number,
  version: number,
  learnt: { dim: number; blobKey: string | null; report: FeatureReport },
): Promise<void> {
  await db.query(
    "update feature_version set dim = $3, blob_key = $4, report = $5 where project_id = $1 and version = $2",
    [projectId, version, learnt.dim, learnt.blobKey, JSON.stringify(learnt.report)],
  );
}

export async function markFailed(
  db: Db,
  projectId: number,
  version: number,
  error: { code: string; message: string },
): Promise<void> {
  await db.query(
    `update feature_version set state = 'failed', report = report || jsonb_build_object('error', $3::jsonb)
      where project_id = $1 and version = $2 and state = 'building'`,
    [projectId, version, JSON.stringify(error)],
  );
}

/** Rows 0 … nRows − 1 have vectors from now on; a version in building becomes ready. Never goes back. */
export async function markBuilt(
  tx: Tx,
  projectId: number,
  version: number,
  built: { nRows: number; report: FeatureReport; durationMs: number },
): Promise<void> {
  await tx.query(
    `update feature_version
        set n_rows = greatest(n_rows, $3), state = 'ready', report = $4,
            duration_ms = case when state = 'building' then $5 else duration_ms end
      where project_id = $1 and version = $2`,
    [projectId, version, built.nRows, JSON.stringify(built.report), built.durationMs],
  );
}

export async function activateFeatureVersion(tx: Tx, projectId: number, version: number, at: Date): Promise<void> {
  await tx.query(
    `update project set active_feature_version = $2, updated_at = $3
      where id = $1 and (active_feature_version is null or active_feature_version < $2)`,
    [projectId, version, at],
  );
}

export async function selectFeatureShards(db: Db, projectId: number, version: number): Promise<ShardRef[]> {
  const { rows } = await db.query<ShardRef>(
    `select start_row as "startRow", n_rows as "nRows", blob_key as key from feature_shard
      where project_id = $1 and version = $2 order by start_row`,
    [projectId, version],
  );
  return rows;
}

export async function insertFeatureShard(db: Db, projectId: number, version: number, shard: ShardRef): Promise<void> {
  await db.query(
    `insert into feature_shard (project_id, version, start_row, n_rows, blob_key) values ($1, $2, $3, $4, $5)
     on conflict (project_id, version, start_row) do nothing`,
    [projectId, version, shard.startRow, shard.nRows, shard.key],
  );
}

/** Replaces neighbouring shards by one with the same rows. */
export async function replaceFeatureShards(
  tx: Tx,
  projectId: number,
  version: number,
  old: readonly ShardRef[],
  merged: ShardRef,
): Promise<void> {
  await tx.query("delete from feature_shard where project_id = $1 and version = $2 and start_row = any($3::int[])", [
    projectId,
    version,
    old.map((shard) => shard.startRow),
  ]);
  await insertFeatureShard(tx, projectId, version, merged);
}

/** Versions older than `version` that no model and no round refers to. */
export async function deleteUnusedVersions(tx: Tx, projectId: number, version: number): Promise<number[]> {
  const { rows } = await tx.query<{ version: number }>(
    `delete from feature_version f
      where f.project_id = $1 and f.version < $2 and f.state <> 'building'
        and not exists (select 1 from model_version m where m.project_id = $1 and m.feature_version = f.version)
        and not exists (select 1 from round r where r.project_id = $1 and r.feature_version = f.version)
      returning f.version`,
    [projectId, version],
  );
  const versions = rows.map((row) => row.version);
  await tx.query("delete from feature_shard where project_id = $1 and version = any($2::int[])", [projectId, versions]);
  return versions;
}

export interface ContentRow {
  row: number;
  /** Text projects: the text, cut to the characters asked for. Record projects: null. */
  text: string | null;
  /** Record projects: the fields. Text projects: null. */
  fields: Record<string, string | number | boolean | null> | null;
}

/**
 * Contents of living items among `rows`, or in a range of rows, ascending. Two plain walks along primary keys: a join of the
 * two large tables is at the mercy of statistics, which lag behind an import.
 */
export async function selectContents(
  db: Db,
  projectId: number,
  which: { rows: readonly number[] } | { start: number; end: number },
  textCharactersMax: number,
): Promise<ContentRow[]> {
  const isList = "rows" in which;
  const values = isList ? [projectId, which.rows] : [projectId, which.start, which.end];
  const condition = `project_id = $1 and ${isList ? "row = any($2::int[])" : "row >= $2 and row < $3"}`;
  const deleted = await db.query<{ row: number }>(
    `select row from item where ${condition} and deleted_at is not null`,
    values,
  );
  const { rows } = await db.query<ContentRow>(
    `select row, left(content ->> 'text', ${Math.trunc(textCharactersMax)}) as text, content -> 'fields' as fields
       from item_content where ${condition} order by row`,
    values,
  );
  const gone = new Set(deleted.rows.map(({ row }) => row));
  return gone.size === 0 ? rows : rows.filter(({ row }) => !gone.has(row));
}

export interface ChunkRow {
  id: number;
  dim: number;
  nRows: number;
  key: string;
}

/** Chunks of an embedding set in order of arrival. */
export async function selectEmbeddingChunks(db: Db, projectId: number, name: string): Promise<ChunkRow[]> {
  const { rows } = await db.query<ChunkRow>(
    `select id, dim, n_rows as "nRows", blob_key as key from embedding_chunk
      where project_id = $1 and name = $2 order by id`,
    [projectId, name],
  );
  return rows;
}
