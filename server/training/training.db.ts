import type { Db, Tx } from "../db";
import type { ErrorRecord } from "../errors";
import type { RetrainState } from "./retrainPolicy";

/** SQL of model versions and of the labels they are trained on. */

/** What a version keeps about how it came to be. */
export interface ModelParams {
  options: unknown;
  classWeights: "none" | "balanced";
  trainSetKey: string;
  /** The run that trains it: another attempt of the same run goes on, any other run begins anew. */
  jobRunId: string;
  trigger: string;
  /** When the label that set it off was accepted; null when no label did. */
  triggeredAt: string | null;
  /** Audit items kept out of this version's training because they still serve. */
  nServingAudit: number;
}

export interface ModelVersionDbRow {
  version: number;
  trainer: string;
  state: "training" | "ready" | "failed";
  trainedThroughSeq: number;
  nTrain: number;
  featureVersion: number | null;
  seed: string;
  params: ModelParams;
  classes: string[];
  dataHash: string;
  backend: string;
  metrics: Record<string, unknown>;
  blobKey: string | null;
  durationMs: number | null;
  createdAt: Date;
  readyAt: Date | null;
}

const VERSION_COLUMNS = `version, trainer, state, trained_through_seq as "trainedThroughSeq", n_train as "nTrain",
  feature_version as "featureVersion", seed, params, classes, data_hash as "dataHash", backend, metrics,
  blob_key as "blobKey", duration_ms as "durationMs", created_at as "createdAt", ready_at as "readyAt"`;

export async function selectRetrainState(
  db: Db,
  projectId: number,
  exceptRun: string | null,
): Promise<RetrainState | undefined> {
  const { rows } = await db.query<RetrainState>(
    `select p.status as "projectStatus", p.active_feature_version is not null as "hasFeatures",
            c.n_labels as "nLabels", c.label_seq as "labelSeq",
            m.trained_through_seq as "trainedThroughSeq", m.created_at as "lastTrainedAt",
            exists (select 1 from job_run j where j.project_id = p.id and j.kind = 'training.retrain'
                      and j.state in ('queued', 'running') and j.id is distinct from $2::uuid) as "isRunning",
            (select (j.result ->> 'skippedAtSeq')::int from job_run j
              where j.project_id = p.id and j.kind = 'training.retrain' and j.state = 'succeeded'
              order by j.created_at desc limit 1) as "skippedAtSeq"
       from project p join label_counter c on c.project_id = p.id
       left join lateral (
         select trained_through_seq, created_at from model_version
          where project_id = p.id and state <> 'failed' order by version desc limit 1) m on true
      where p.id = $1 and p.deleted_at is null`,
    [projectId, exceptRun],
  );
  return rows[0];
}

export async function selectModelVersion(
  db: Db,
  projectId: number,
  version: number,
): Promise<ModelVersionDbRow | undefined> {
  const { rows } = await db.query<ModelVersionDbRow>(
    `select ${VERSION_COLUMNS} from model_version where project_id = $1 and version = $2`,
    [projectId, version],
  );
  return rows[0];
}

/** Versions that some run has begun and not ended, oldest first. */
export async function selectUnfinishedVersions(db: Db, projectId: number): Promise<ModelVersionDbRow[]> {
  const { rows } = await db.query<ModelVersionDbRow>(
    `select ${VERSION_COLUMNS} from model_version where project_id = $1 and state = 'training' order by version`,
    [projectId],
  );
  return rows;
}

export async function selectNewestReadyVersion(db: Db, projectId: number): Promise<ModelVersionDbRow | undefined> {
  const { rows } = await db.query<ModelVersionDbRow>(
    `select ${VERSION_COLUMNS} from model_version where project_id = $1 and state = 'ready' order by version desc limit 1`,
    [projectId],
  );
  return rows[0];
}

export interface NewModelVersion {
  trainer: string;
  trainedThroughSeq: number;
  nTrain: number;
  featureVersion: number | null;
  /** The version's own seed is this with its number. */
  projectSeed: string;
  params: ModelParams;
  classes: readonly string[];
  dataHash: string;
  codeVersion: string;
  at: Date;
}

export async function insertModelVersion(tx: Tx, projectId: number, v: NewModelVersion): Promise<ModelVersionDbRow> {
  const { rows } = await tx.query<ModelVersionDbRow>(
    `with number as (
       insert into series_counter (project_id, name, value) values ($1, 'modelVersion', 1)
       on conflict (project_id, name) do update set value = series_counter.value + 1 returning value)
     insert into model_version (project_id, version, trainer, state, trained_through_seq, n_train, feature_version, seed,
       params, classes, data_hash, code_version, backend, created_at)
     select $1, value, $2, 'training', $3, $4, $5, $6 || '/model/' || value, $7, $8, $9, $10, '', $11 from number
     returning ${VERSION_COLUMNS}`,
    [
      projectId,
      v.trainer,
      v.trainedThroughSeq,
      v.nTrain,
      v.featureVersion,
      v.projectSeed,
      JSON.stringify(v.params),
      JSON.stringify(v.classes),
      v.dataHash,
      v.codeVersion,
      v.at,
    ],
  );
  return rows[0];
}

/** The model is stored; what is left is to predict and to activate. */
export async function markTrained(
  db: Db,
  projectId: number,
  version: number,
  trained: { blobKey: string; backend: string; metrics: Record<string, unknown>; durationMs: number },
): Promise<void> {
  await db.query(
    `update model_version set blob_key = $3, backend = $4, metrics = $5, duration_ms = $6
      where project_id = $1 and version = $2 and state = 'training'`,
    [projectId, version, trained.blobKey, trained.backend, JSON.stringify(trained.metrics), trained.durationMs],
  );
}

/** False when it was not in training any more. */
export async function markReady(
  tx: Tx,
  projectId: number,
  version: number,
  ready: { metrics: Record<string, unknown>; at: Date },
): Promise<boolean> {
  const { rowCount } = await tx.query(
    `update model_version set state = 'ready', metrics = metrics || $3, ready_at = $4
      where project_id = $1 and version = $2 and state = 'training'`,
    [projectId, version, JSON.stringify(ready.metrics), ready.at],
  );
  return rowCount === 1;
}

export async function markVersionFailed(db: Db, projectId: number, version: number, error: ErrorRecord): Promise<void> {
  await db.query(
    "update model_version set state = 'failed', error = $3 where project_id = $1 and version = $2 and state = 'training'",
    [projectId, version, JSON.stringify(error)],
  );
}

/** The same training set at a later label: the version is as good as one trained there. Never goes back. */
export async function advanceTrainedThrough(db: Db, projectId: number, version: number, seq: number): Promise<void> {
  await db.query(
    `update model_version set trained_through_seq = greatest(trained_through_seq, $3)
      where project_id = $1 and version = $2`,
    [projectId, version, seq],
  );
}

/** Makes a version the active one unless a lead pinned one, or a newer one is active. Returns whether it is active. */
export async function activateUnlessPinned(tx: Tx, projectId: number, version: number, at: Date): Promise<boolean> {
  const { rowCount } = await tx.query(
    `update project set active_model_version = $2, updated_at = $3
      where id = $1 and pinned_model_version is null and (active_model_version is null or active_model_version < $2)`,
    [projectId, version, at],
  );
  return rowCount === 1;
}

export async function writeActiveVersion(
  tx: Tx,
  projectId: number,
  active: { version: number | null; pinned: number | null },
  at: Date,
): Promise<void> {
  await tx.query(
    "update project set active_model_version = $2, pinned_model_version = $3, updated_at = $4 where id = $1",
    [projectId, active.version, active.pinned, at],
  );
}

export interface ActiveModelRow {
  active: number | null;
  pinned: number | null;
}

/** Which version is used, locked until commit. */
export async function lockActiveModel(tx: Tx, projectId: number): Promise<ActiveModelRow> {
  const { rows } = await tx.query<ActiveModelRow>(
    `select active_model_version as active, pinned_model_version as pinned from project where id = $1
      for no key update`,
    [projectId],
  );
  return rows[0];
}

export async function selectLabelSeq(db: Db, projectId: number): Promise<number> {
  const { rows } = await db.query<{ label_seq: number }>("select label_seq from label_counter where project_id = $1", [
    projectId,
  ]);
  return rows[0]?.label_seq ?? 0;
}

export interface EffectiveLabelRow {
  row: number;
  seq: number;
  value: unknown;
  purpose: string;
  /** The first item with the same content: the row itself when it is the first. */
  original: number;
}

interface LabelledItemRow {
  row: number;
  original: number;
  isOut: boolean;
}

/**
 * Labels with seq ≤ S that no annotation with seq ≤ S withdraws, of living items that are not excluded; by row, then seq.
 * Three plain walks along indexes: joined, they are at the mercy of statistics, which lag behind fast labelling (measured:
 * 6 s instead of 20 ms for a thousand labels).
 */
export async function selectEffectiveLabels(
  db: Db,
  projectId: number,
  throughSeq: number,
): Promise<EffectiveLabelRow[]> {
  const withdrawn = await db.query<{ supersedes: number }>(
    "select supersedes from annotation where project_id = $1 and seq <= $2 and kind = 'retract'",
    [projectId, throughSeq],
  );
  const given = await db.query<Omit<EffectiveLabelRow, "original">>(
    "select row, seq, value, purpose from annotation where project_id = $1 and seq <= $2 and kind = 'label'",
    [projectId, throughSeq],
  );
  const gone = new Set(withdrawn.rows.map(({ supersedes }) => supersedes));
  const effective = given.rows.filter(({ seq }) => !gone.has(seq));
  const items = await db.query<LabelledItemRow>(
    `select row, coalesce(duplicate_of, row) as original, (deleted_at is not null or status = 'excluded') as "isOut"
       from item where project_id = $1 and row = any($2::int[])`,
    [projectId, [...new Set(effective.map(({ row }) => row))]],
  );
  const itemOf = new Map(items.rows.map((item) => [item.row, item]));
  return effective
    .flatMap((label) => {
      const item = itemOf.get(label.row);
      return item === undefined || item.isOut ? [] : [{ ...label, original: item.original }];
    })
    .sort((a, b) => a.row - b.row || a.seq - b.seq);
}

export async function selectLabelTime(db: Db, projectId: number, seq: number): Promise<Date | null> {
  const { rows } = await db.query<{ at: Date }>("select at from annotation where project_id = $1 and seq = $2", [
    projectId,
    seq,
  ]);
  return rows[0]?.at ?? null;
}

export interface ListedVersionRow {
  version: number;
  trainer: string;
  backend: string;
  state: "training" | "ready" | "failed";
  nTrain: number;
  trainedThroughSeq: number;
  featureVersion: number | null;
  dataHash: string;
  seed: string;
  durationMs: number | null;
  metrics: Record<string, unknown>;
  isActive: boolean;
  isPinned: boolean;
  error: { message?: string } | null;
  createdAt: Date;
  /** The newest accuracy on audits, as one object; null without. */
  accuracy: {
    value: number;
    lower: number | null;
    upper: number | null;
    level: number | null;
    n: number;
    sample: string;
    method: string;
  } | null;
}

/** Versions before `before`, newest first; or just one version. */
export async function selectListedVersions(
  db: Db,
  projectId: number,
  which: { before: number; limit: number } | { version: number },
): Promise<ListedVersionRow[]> {
  const isOne = "version" in which;
  const { rows } = await db.query<ListedVersionRow>(
    `select m.version, m.trainer, m.backend, m.state, m.n_train as "nTrain",
            m.trained_through_seq as "trainedThroughSeq", m.feature_version as "featureVersion",
            m.data_hash as "dataHash", m.seed, m.duration_ms as "durationMs", m.metrics, m.error,
            m.created_at as "createdAt", m.version is not distinct from p.active_model_version as "isActive",
            m.version is not distinct from p.pinned_model_version as "isPinned",
            (select jsonb_build_object('value', x.value, 'lower', x.lower, 'upper', x.upper, 'level', x.level, 'n', x.n,
                                       'sample', x.sample, 'method', x.method)
               from metric_point x
              where x.project_id = m.project_id and x.metric = 'accuracy' and x.sample = 'audit'
                and x.model_version = m.version
              order by x.id desc limit 1) as accuracy
       from model_version m join project p on p.id = m.project_id
      where m.project_id = $1 and ${isOne ? "m.version = $2" : "m.version < $2"}
      order by m.version desc limit $3`,
    isOne ? [projectId, which.version, 1] : [projectId, which.before, which.limit],
  );
  return rows;
}

export async function countLivingItems(db: Db, projectId: number): Promise<number> {
  const { rows } = await db.query<{ n: number }>("select n_items as n from row_counter where project_id = $1", [
    projectId,
  ]);
  return rows[0]?.n ?? 0;
}
