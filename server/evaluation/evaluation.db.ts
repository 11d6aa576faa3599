import type { Db, Tx } from "../db";

/** SQL of measurements. */

export interface MeasurableVersionRow {
  version: number;
  nTrain: number;
  classes: string[];
  trainSetKey: string | null;
  heldOutAccuracy: number | null;
  nHeldOut: number | null;
}

/** Ready versions, newest first. */
export async function selectMeasurableVersions(db: Db, projectId: number): Promise<MeasurableVersionRow[]> {
  const { rows } = await db.query<MeasurableVersionRow>(
    `select version, n_train as "nTrain", classes, params ->> 'trainSetKey' as "trainSetKey",
            (metrics ->> 'heldOutAccuracy')::float8 as "heldOutAccuracy", (metrics ->> 'nHeldOut')::int as "nHeldOut"
       from model_version where project_id = $1 and state = 'ready' order by version desc`,
    [projectId],
  );
  return rows;
}

export interface PointRow {
  modelVersion: number;
  metric: string;
  sample: string;
  value: number;
  lower: number | null;
  upper: number | null;
  n: number;
  labelSeq: number;
}

/** The newest point of every version, metric and sample. */
export async function selectNewestPoints(db: Db, projectId: number): Promise<PointRow[]> {
  const { rows } = await db.query<PointRow>(
    `select distinct on (metric, sample, model_version) model_version as "modelVersion", metric, sample, value, lower,
            upper, n, label_seq as "labelSeq"
       from metric_point where project_id = $1 order by metric, sample, model_version, id desc`,
    [projectId],
  );
  return rows;
}

export interface NewPoint {
  modelVersion: number;
  metric: "accuracy" | "macroF1";
  sample: "audit" | "heldOut" | "demoTruth";
  value: number;
  lower: number | null;
  upper: number | null;
  level: number | null;
  n: number;
  method: string;
  nTrain: number;
  labelSeq: number;
}

export async function insertPoints(tx: Tx, projectId: number, points: readonly NewPoint[], at: Date): Promise<void> {
  await tx.query(
    `insert into metric_point (project_id, model_version, metric, sample, value, lower, upper, level, n, method, n_train,
       label_seq, at)
     select $1, p.version, p.metric, p.sample, p.value, p.lower, p.upper, p.level, p.n, p.method, p.n_train, p.label_seq, $2
       from unnest($3::int[], $4::text[], $5::text[], $6::float8[], $7::float8[], $8::float8[], $9::float8[], $10::int[],
                   $11::text[], $12::int[], $13::int[])
            with ordinality as p(version, metric, sample, value, lower, upper, level, n, method, n_train, label_seq, place)
      order by p.place`,
    [
      projectId,
      at,
      points.map((p) => p.modelVersion),
      points.map((p) => p.metric),
      points.map((p) => p.sample),
      points.map((p) => p.value),
      points.map((p) => p.lower),
      points.map((p) => p.upper),
      points.map((p) => p.level),
      points.map((p) => p.n),
      points.map((p) => p.method),
      points.map((p) => p.nTrain),
      points.map((p) => p.labelSeq),
    ],
  );
}

/** Hidden truth of living items, as label values; only demonstration projects have any. */
export async function selectTruths(db: Db, projectId: number): Promise<{ row: number; truth: unknown }[]> {
  const deleted = await db.query<{ row: number }>(
    "select row from item where project_id = $1 and deleted_at is not null",
    [projectId],
  );
  const { rows } = await db.query<{ row: number; truth: unknown }>(
    "select row, truth from item_content where project_id = $1 and truth is not null order by row",
    [projectId],
  );
  const gone = new Set(deleted.rows.map(({ row }) => row));
  return rows.filter(({ row }) => !gone.has(row));
}

/** Row that the next item will get: rows are below it. */
export async function selectNextRow(db: Db, projectId: number): Promise<number> {
  const { rows } = await db.query<{ next_row: number }>("select next_row from row_counter where project_id = $1", [
    projectId,
  ]);
  return rows[0]?.next_row ?? 0;
}

export async function selectLabelSeq(db: Db, projectId: number): Promise<number> {
  const { rows } = await db.query<{ label_seq: number }>("select label_seq from label_counter where project_id = $1", [
    projectId,
  ]);
  return rows[0]?.label_seq ?? 0;
}
