import type { Db } from "@/server/db";
import { distinctResolved } from "@/server/queue";

/** The SQL behind the dashboards. Reads only; every statement is bounded by the project and, where it scans, by time. */

/** The annotation `a` was not withdrawn: what was undone is work that counts for nobody. */
const STANDS = "not exists (select 1 from annotation w where w.project_id = a.project_id and w.supersedes = a.seq)";

export interface TotalsRow {
  /** Without exact copies, as n_resolved. */
  n_items: number;
  n_duplicates: number;
  n_labels: number;
  n_resolved: number;
  n_skips: number;
  n_open_flags: number;
  n_audit_labels: number;
  label_seq: number;
}

export async function readTotals(db: Db, projectId: number): Promise<TotalsRow> {
  const { rows } = await db.query<TotalsRow>(
    `select r.n_items - r.n_duplicates as n_items, r.n_duplicates, l.n_labels, ${distinctResolved("$1")} as n_resolved, l.n_skips, l.n_open_flags, l.n_audit_labels, l.label_seq
       from row_counter r join label_counter l using (project_id) where project_id = $1`,
    [projectId],
  );
  return (
    rows[0] ?? {
      n_items: 0,
      n_duplicates: 0,
      n_labels: 0,
      n_resolved: 0,
      n_skips: 0,
      n_open_flags: 0,
      n_audit_labels: 0,
      label_seq: 0,
    }
  );
}

export async function readQueueCounts(db: Db, projectId: number): Promise<{ open: number; leased: number }> {
  const { rows } = await db.query<{ open: number; leased: number }>(
    `select count(*) filter (where state = 'open') as open, count(*) filter (where state = 'leased') as leased
       from queue_entry where project_id = $1 and state in ('open', 'leased')`,
    [projectId],
  );
  return rows[0];
}

export interface PaceRow {
  labels_hour: number;
  labels_today: number;
  annotators: number;
  median_ms: number | null;
}

export async function readPace(db: Db, projectId: number, now: Date): Promise<PaceRow> {
  const { rows } = await db.query<PaceRow>(
    `select (select count(*) from annotation a where project_id = $1 and kind = 'label' and source <> 'import'
                and at > $2::timestamptz - interval '1 hour' and ${STANDS}) as labels_hour,
            (select count(*) from annotation a where project_id = $1 and kind = 'label' and source <> 'import'
                and at > date_trunc('day', $2::timestamptz) and ${STANDS}) as labels_today,
            (select count(distinct annotator_id) from annotation where project_id = $1 and at > $2::timestamptz - interval '15 minutes') as annotators,
            (select percentile_cont(0.5) within group (order by elapsed_ms)
               from (select elapsed_ms from annotation where project_id = $1 and kind = 'label' and elapsed_ms > 0
                      order by seq desc limit 500) recent) as median_ms`,
    [projectId, now],
  );
  return rows[0];
}

export interface ActiveModelRow {
  version: number;
  trainer: string;
  backend: string;
  n_train: number;
  trained_through_seq: number;
  ready_at: Date | null;
  labels_since: number;
}

export async function readActiveModel(db: Db, projectId: number): Promise<ActiveModelRow | null> {
  const { rows } = await db.query<ActiveModelRow>(
    `select m.version, m.trainer, m.backend, m.n_train, m.trained_through_seq, m.ready_at,
            (select count(*) from annotation a where a.project_id = m.project_id and a.seq > m.trained_through_seq and a.kind = 'label'
                and ${STANDS}) as labels_since
       from project p join model_version m on m.project_id = p.id and m.version = p.active_model_version
      where p.id = $1`,
    [projectId],
  );
  return rows[0] ?? null;
}

export interface MetricRow {
  model_version: number;
  metric: string;
  sample: string;
  value: number;
  lower: number | null;
  upper: number | null;
  level: number | null;
  n: number;
  method: string;
  n_train: number;
  at: Date;
}

/** The newest point of every model version for one metric and sample, in order of version. */
export async function readLatestMetrics(
  db: Db,
  projectId: number,
  metric: string,
  sample: string,
): Promise<MetricRow[]> {
  const { rows } = await db.query<MetricRow>(
    `select distinct on (model_version) model_version, metric, sample, value, lower, upper, level, n, method, n_train, at
       from metric_point where project_id = $1 and metric = $2 and sample = $3
      order by model_version, id desc`,
    [projectId, metric, sample],
  );
  return rows;
}

export interface RoundDbRow {
  number: number;
  generation: number;
  strategy_spec: unknown;
  trigger: string;
  status: string;
  n_candidates: number;
  n_picked: number;
  n_fallback: number;
  report: { warnings?: unknown };
  model_version: number | null;
  duration_ms: number;
  triggered_at: Date | null;
  finished_at: Date;
  n_served: number;
  n_labelled: number;
  strategy: string | null;
  score_min: number | null;
  score_median: number | null;
  score_max: number | null;
}

/** Rounds before `before` (exclusive), newest first. */
export async function readRounds(db: Db, projectId: number, before: number, limit: number): Promise<RoundDbRow[]> {
  const { rows } = await db.query<RoundDbRow>(
    `select r.number, r.generation, r.strategy_spec, r.trigger, r.status, r.n_candidates, r.n_picked, r.n_fallback, r.report,
            r.model_version, r.duration_ms, r.triggered_at, r.finished_at,
            e.n_served, e.n_labelled, e.strategy, e.score_min, e.score_median, e.score_max
       from round r
       left join lateral (
         select count(*) filter (where served_at is not null) as n_served,
                count(*) filter (where state = 'done') as n_labelled,
                mode() within group (order by strategy) filter (where purpose <> 'audit') as strategy,
                min(score) filter (where purpose <> 'audit') as score_min,
                percentile_cont(0.5) within group (order by score) filter (where purpose <> 'audit') as score_median,
                max(score) filter (where purpose <> 'audit') as score_max
           from queue_entry q where q.project_id = r.project_id and q.round = r.number) e on true
      where r.project_id = $1 and r.number < $2 order by r.number desc limit $3`,
    [projectId, before, limit],
  );
  return rows;
}

export interface ThroughputDbRow {
  at: Date;
  labels: number;
  skips: number;
  annotators: number;
}

export async function readThroughput(
  db: Db,
  projectId: number,
  since: Date,
  bucketSeconds: number,
): Promise<ThroughputDbRow[]> {
  const { rows } = await db.query<ThroughputDbRow>(
    `select date_bin(make_interval(secs => $3), at, timestamptz '2020-01-01') as at,
            count(*) filter (where kind = 'label' and stands) as labels, count(*) filter (where kind = 'skip' and stands) as skips,
            count(distinct annotator_id) as annotators
       from (select a.*, ${STANDS} as stands from annotation a
              where project_id = $1 and at >= $2 and source <> 'import') a group by 1 order by 1`,
    [projectId, since, bucketSeconds],
  );
  return rows;
}

export interface LabelEventRow {
  seq: number;
  kind: string;
  value: unknown;
  purpose: string;
  withdrawn_value: unknown;
  withdrawn_kind: string | null;
  withdrawn_purpose: string | null;
}

/** Label and retract events after a sequence number, with what a retract withdraws. */
export async function readLabelEvents(
  db: Db,
  projectId: number,
  afterSeq: number,
  limit: number,
): Promise<LabelEventRow[]> {
  const { rows } = await db.query<LabelEventRow>(
    `select a.seq, a.kind, a.value, a.purpose, w.value as withdrawn_value, w.kind as withdrawn_kind, w.purpose as withdrawn_purpose
       from annotation a
       left join annotation w on w.project_id = a.project_id and w.seq = a.supersedes
      where a.project_id = $1 and a.seq > $2 order by a.seq limit $3`,
    [projectId, afterSeq, limit],
  );
  return rows;
}

export interface AnnotatorDbRow {
  user_id: string;
  name: string;
  is_simulated: boolean;
  role: string | null;
  frozen_at: Date | null;
  labels: number;
  skips: number;
  undone: number;
  late: number;
  median_ms: number | null;
  shown: number;
  accepted: number;
  last_at: Date | null;
  holds: number;
}

export async function readAnnotators(db: Db, projectId: number, now: Date): Promise<AnnotatorDbRow[]> {
  const { rows } = await db.query<AnnotatorDbRow>(
    `with work as (
       select annotator_id, count(*) filter (where kind = 'label' and stands) as labels,
              count(*) filter (where kind = 'skip' and stands) as skips,
              count(*) filter (where kind = 'retract') as undone, count(*) filter (where is_late) as late,
              percentile_cont(0.5) within group (order by elapsed_ms) filter (where kind = 'label' and elapsed_ms > 0) as median_ms,
              count(*) filter (where kind = 'label' and suggestion_shown and suggested_value is not null) as shown,
              count(*) filter (where kind = 'label' and suggestion_shown and suggested_value = value) as accepted,
              max(at) as last_at
         from (select a.*, ${STANDS} as stands from annotation a where project_id = $1 and annotator_id is not null) a
        group by annotator_id),
     held as (select lease_user_id, count(*) as holds from queue_entry
               where project_id = $1 and state = 'leased' and lease_expires_at > $2 group by 1)
     select u.id as user_id, u.name, u.is_simulated, m.role, m.frozen_at,
            coalesce(w.labels, 0) as labels, coalesce(w.skips, 0) as skips, coalesce(w.undone, 0) as undone, coalesce(w.late, 0) as late,
            w.median_ms, coalesce(w.shown, 0) as shown, coalesce(w.accepted, 0) as accepted, w.last_at, coalesce(h.holds, 0) as holds
       from (select user_id from project_member where project_id = $1 union select annotator_id from work) ids
       join "user" u on u.id = ids.user_id
       left join project_member m on m.project_id = $1 and m.user_id = u.id
       left join work w on w.annotator_id = u.id
       left join held h on h.lease_user_id = u.id
      order by labels desc, u.name`,
    [projectId, now],
  );
  return rows;
}

export interface SharedLabelRow {
  annotator_id: string;
  row: number;
  value: unknown;
}

/** Effective labels on the latest items that more than one person labelled. */
export async function readSharedLabels(db: Db, projectId: number, items: number): Promise<SharedLabelRow[]> {
  const { rows } = await db.query<SharedLabelRow>(
    `with shared as (select row from item where project_id = $1 and n_labels > 1 and deleted_at is null
                      order by resolved_at desc nulls last limit $2)
     select a.annotator_id, a.row, a.value from annotation a join shared s on s.row = a.row
      where a.project_id = $1 and a.kind = 'label' and a.annotator_id is not null
        and not exists (select 1 from annotation w where w.project_id = a.project_id and w.supersedes = a.seq)
      order by a.row, a.seq`,
    [projectId, items],
  );
  return rows;
}

export interface RoundEntryRow {
  rank: number;
  score: number | null;
  purpose: string;
  is_fallback: boolean;
  served_order: number | null;
  strategy: string;
  /** Share of the scored pool that is not more worth labelling. */
  percentile: number | null;
}

/** The entries of one round, first opinions only, with the order in which they were served. */
export async function readRoundEntries(db: Db, projectId: number, round: number): Promise<RoundEntryRow[]> {
  const { rows } = await db.query<RoundEntryRow>(
    `select rank, score, purpose, is_fallback, strategy, percentile,
            case when served_at is null then null else rank() over (order by served_at nulls last) end as served_order
       from queue_entry where project_id = $1 and round = $2 and slot = 0 order by rank`,
    [projectId, round],
  );
  return rows;
}

export interface PoolScores {
  scored: number;
  /** Bins of equal width from lo to hi. */
  histogram: { lo: number; hi: number; counts: number[] };
}

/** How scores lay in the pool when a round was chosen: the part of its strategy that scored the most rows. */
export async function readPoolScores(db: Db, projectId: number, round: number): Promise<PoolScores | null> {
  const { rows } = await db.query<{ summaries: Record<string, PoolScores> | null }>(
    "select report->'summaries' as summaries from round where project_id = $1 and number = $2",
    [projectId, round],
  );
  const summaries = Object.values(rows[0]?.summaries ?? {}).filter(
    (s) => s.scored > 0 && s.histogram.counts.length > 0,
  );
  return summaries.sort((a, b) => b.scored - a.scored)[0] ?? null;
}

/** Why a round is not as asked, from its own report; null when it is, or does not exist. */
export async function readRoundTrouble(db: Db, projectId: number, round: number): Promise<unknown[] | null> {
  const { rows } = await db.query<{ warnings: unknown[] | null }>(
    `select report->'warnings' as warnings from round where project_id = $1 and number = $2 and status = 'degraded'`,
    [projectId, round],
  );
  return rows[0] ? (rows[0].warnings ?? []) : null;
}

/** Of the rounds that this strategy chose: the newest round of which at least `served` entries have been served, else the newest one. */
export async function findJudgeableRound(
  db: Db,
  projectId: number,
  served: number,
  strategyId: string,
): Promise<number | null> {
  const { rows } = await db.query<{ number: number }>(
    `select r.number from round r
      where r.project_id = $1
        and exists (select 1 from queue_entry q where q.project_id = r.project_id and q.round = r.number
                      and q.purpose <> 'audit' and not q.is_fallback and q.strategy = $3)
      order by (select count(*) from (select 1 from queue_entry q where q.project_id = r.project_id and q.round = r.number
                  and q.served_at is not null limit $2) s) >= $2 desc, r.number desc limit 1`,
    [projectId, served, strategyId],
  );
  return rows[0]?.number ?? null;
}

export interface ComparableRow {
  id: number;
  slug: string;
  name: string;
  strategy_spec: { main?: { id?: string } };
  /** Made together with this project: the same demonstration data and the same seed. */
  is_twin: boolean;
}

/** Projects of the same task that the person may read, for overlaying learning curves. */
export async function readComparable(db: Db, projectId: number, userId: string | null): Promise<ComparableRow[]> {
  const { rows } = await db.query<ComparableRow>(
    `select p.id, p.slug, p.name, p.strategy_spec, (p.demo is not null and p.demo = mine.demo and p.seed = mine.seed) as is_twin
       from project p join project mine on mine.id = $1
      where p.id <> $1 and p.deleted_at is null and p.task_type = mine.task_type
        and ($2::text is null or exists (select 1 from project_member m where m.project_id = p.id and m.user_id = $2 and m.role in ('lead', 'reviewer')))
        and exists (select 1 from metric_point x where x.project_id = p.id)
      order by is_twin desc, (p.demo is not distinct from mine.demo) desc, p.id desc limit 50`,
    [projectId, userId],
  );
  return rows;
}

export interface CurveProjectRow {
  id: number;
  name: string;
  strategy_spec: { main?: { id?: string } };
}

export async function readCurveProjects(db: Db, ids: number[]): Promise<CurveProjectRow[]> {
  const { rows } = await db.query<CurveProjectRow>(
    `select id, name, strategy_spec from project where id = any($1::int[]) and deleted_at is null order by array_position($1::int[], id)`,
    [ids],
  );
  return rows;
}

export interface TaskRow {
  task_type: string;
  task_config: unknown;
  audit_share: number;
  main_strategy: string | null;
  status: string;
  slug: string;
  active_model_version: number | null;
  pinned_model_version: number | null;
}

export async function readTask(db: Db, projectId: number): Promise<TaskRow | null> {
  const { rows } = await db.query<TaskRow>(
    `select task_type, task_config, coalesce((strategy_spec->>'auditShare')::float8, audit_share) as audit_share,
            strategy_spec->'main'->>'id' as main_strategy, status, slug,
            active_model_version, pinned_model_version from project where id = $1 and deleted_at is null`,
    [projectId],
  );
  return rows[0] ?? null;
}

export async function readFailedJobs(
  db: Db,
  projectId: number,
  since: Date,
): Promise<{ kind: string; error: { message?: string } | null }[]> {
  const { rows } = await db.query<{ kind: string; error: { message?: string } | null }>(
    `select distinct on (kind) kind, error, state from job_run where project_id = $1 and created_at > $2 order by kind, created_at desc`,
    [projectId, since],
  );
  return rows.filter((row) => (row as unknown as { state: string }).state === "failed");
}

/** What the newest training said when it found labels of one class only; null when it did not. */
export async function readOneClass(db: Db, projectId: number): Promise<string | null> {
  const { rows } = await db.query<{ skipped: string | null; message: string | null }>(
    `select result->>'skipped' as skipped, result->>'message' as message from job_run
      where project_id = $1 and kind = 'training.retrain' and state = 'succeeded' order by created_at desc limit 1`,
    [projectId],
  );
  return rows[0]?.skipped === "oneClass" ? rows[0].message : null;
}

/** Mean predicted probability per class as the last prediction pass noted it with the model version. */
export async function readPredictedShares(db: Db, projectId: number): Promise<number[] | null> {
  const { rows } = await db.query<{ shares: number[] | null }>(
    `select m.metrics->'predictedShares' as shares from project p
       join model_version m on m.project_id = p.id and m.version = p.active_model_version where p.id = $1`,
    [projectId],
  );
  return rows[0]?.shares ?? null;
}
