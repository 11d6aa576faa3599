import type { Db, Tx } from "../db";

/** SQL of rounds and of the candidates they look at. */

export interface RowRangeRow {
  first: number;
  last: number;
}

/**
 * Living, open items that want another opinion, the first of exact duplicates only, as ranges of rows: in a pool of which
 * little is labelled they are few.
 */
export async function selectCandidateRanges(db: Db, projectId: number): Promise<RowRangeRow[]> {
  const { rows } = await db.query<RowRangeRow>(
    `with wanted as (
       select i.row, i.row - row_number() over (order by i.row) as island
         from item i join project p on p.id = i.project_id
        where i.project_id = $1 and i.status = 'open' and i.deleted_at is null and i.n_labels < p.overlap
          and (i.duplicate_of is null or exists (
            select 1 from item o where o.project_id = i.project_id and o.row = i.duplicate_of and o.deleted_at is not null)))
     select min(row) as first, max(row) as last from wanted group by island order by first`,
    [projectId],
  );
  return rows;
}

export interface InFlightRow {
  row: number;
  /** Opinions still wanted beyond those that people hold. */
  wanted: number;
  /** Somebody holds it now. */
  isHeld: boolean;
}

/** Items of which somebody holds an opinion, or that stand in the queue for another reason than a round. */
export async function selectInFlight(db: Db, projectId: number, overlap: number, now: Date): Promise<InFlightRow[]> {
  const live = await db.query<{ row: number; n: number; isHeld: boolean }>(
    `select row, count(*)::int as n, bool_or(state = 'leased') as "isHeld" from queue_entry
      where project_id = $1
        and ((state = 'leased' and lease_expires_at > $2) or (state = 'open' and purpose not in ('train', 'audit')))
      group by row order by row`,
    [projectId, now],
  );
  const labelled = await db.query<{ row: number; nLabels: number }>(
    `select row, n_labels as "nLabels" from item where project_id = $1 and row = any($2::int[])`,
    [projectId, live.rows.map(({ row }) => row)],
  );
  const nLabelsOf = new Map(labelled.rows.map(({ row, nLabels }) => [row, nLabels]));
  return live.rows.map(({ row, n, isHeld }) => ({ row, wanted: overlap - (nLabelsOf.get(row) ?? 0) - n, isHeld }));
}

/** Rows set aside because people could not answer them, and that have no label. */
export async function selectSkippedRows(db: Db, projectId: number): Promise<number[]> {
  const { rows } = await db.query<{ row: number }>(
    `select row from item
      where project_id = $1 and status = 'parked' and n_skips > 0 and n_labels = 0 and deleted_at is null order by row`,
    [projectId],
  );
  return rows.map(({ row }) => row);
}

export interface PoolCountsRow {
  nextRow: number;
  labelSeq: number;
  lastRound: number;
  lastModelVersion: number | null;
  lastStates: Record<string, unknown> | null;
}

/** Size of the pool, and what the newest round left behind. */
export async function selectPoolCounts(db: Db, projectId: number): Promise<PoolCountsRow> {
  const { rows } = await db.query<PoolCountsRow>(
    `select coalesce(r.next_row, 0) as "nextRow", coalesce(l.label_seq, 0) as "labelSeq",
            coalesce(s.value, 0) as "lastRound", n.model_version as "lastModelVersion",
            n.report -> 'states' as "lastStates"
       from project p left join row_counter r on r.project_id = p.id
       left join label_counter l on l.project_id = p.id
       left join series_counter s on s.project_id = p.id and s.name = 'round'
       left join round n on n.project_id = p.id and n.number = s.value
      where p.id = $1`,
    [projectId],
  );
  return rows[0];
}

export interface RoundModelRow {
  version: number;
  classes: string[];
  featureVersion: number | null;
  triggeredAt: string | null;
  trainer: string;
  /** Where the model is stored; null for predictions from outside. */
  blobKey: string | null;
}

export async function selectRoundModel(db: Db, projectId: number, version: number): Promise<RoundModelRow | undefined> {
  const { rows } = await db.query<RoundModelRow>(
    `select version, classes, feature_version as "featureVersion", params ->> 'triggeredAt' as "triggeredAt",
            trainer, blob_key as "blobKey"
       from model_version where project_id = $1 and version = $2`,
    [projectId, version],
  );
  return rows[0];
}

/** Takes the number of the next round; it must be the one its seed was made from. */
export async function takeRoundNumber(tx: Tx, projectId: number): Promise<number> {
  const { rows } = await tx.query<{ value: number }>(
    `insert into series_counter (project_id, name, value) values ($1, 'round', 1)
     on conflict (project_id, name) do update set value = series_counter.value + 1 returning value`,
    [projectId],
  );
  return rows[0].value;
}

export interface NewRound {
  projectId: number;
  number: number;
  generation: number;
  strategySpec: unknown;
  specHash: string;
  seed: string;
  labelSeq: number;
  modelVersion: number | null;
  featureVersion: number | null;
  nCandidates: number;
  nPicked: number;
  nFallback: number;
  status: "ok" | "degraded" | "empty";
  report: unknown;
  manifestKey: string | null;
  trigger: string;
  triggeredAt: Date | null;
  startedAt: Date;
  finishedAt: Date;
  durationMs: number;
}

export async function insertRound(tx: Tx, r: NewRound): Promise<void> {
  await tx.query(
    `insert into round (project_id, number, generation, strategy_spec, spec_hash, seed, label_seq, model_version,
       feature_version, n_candidates, n_picked, n_fallback, status, report, manifest_key, trigger, triggered_at, started_at,
       finished_at, duration_ms)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)`,
    [
      r.projectId,
      r.number,
      r.generation,
      JSON.stringify(r.strategySpec),
      r.specHash,
      r.seed,
      r.labelSeq,
      r.modelVersion,
      r.featureVersion,
      r.nCandidates,
      r.nPicked,
      r.nFallback,
      r.status,
      JSON.stringify(r.report),
      r.manifestKey,
      r.trigger,
      r.triggeredAt,
      r.startedAt,
      r.finishedAt,
      r.durationMs,
    ],
  );
}

export interface RoundDetailRow {
  number: number;
  generation: number;
  strategySpec: unknown;
  specHash: string;
  seed: string;
  labelSeq: number;
  modelVersion: number | null;
  featureVersion: number | null;
  nCandidates: number;
  nPicked: number;
  nFallback: number;
  status: string;
  report: Record<string, unknown>;
  manifestKey: string | null;
  trigger: string;
  triggeredAt: Date | null;
  startedAt: Date;
  finishedAt: Date;
  durationMs: number;
}

export async function selectRound(db: Db, projectId: number, number: number): Promise<RoundDetailRow | undefined> {
  const { rows } = await db.query<RoundDetailRow>(
    `select number, generation, strategy_spec as "strategySpec", spec_hash as "specHash", seed, label_seq as "labelSeq",
            model_version as "modelVersion", feature_version as "featureVersion", n_candidates as "nCandidates",
            n_picked as "nPicked", n_fallback as "nFallback", status, report, manifest_key as "manifestKey", trigger,
            triggered_at as "triggeredAt", started_at as "startedAt", finished_at as "finishedAt",
            duration_ms as "durationMs"
       from round where project_id = $1 and number = $2`,
    [projectId, number],
  );
  return rows[0];
}

/** External id and the first characters of these items, by row. */
export async function selectExcerpts(
  db: Db,
  projectId: number,
  rows: readonly number[],
): Promise<Map<number, { externalId: string; excerpt: string }>> {
  const found = await db.query<{ row: number; externalId: string; excerpt: string }>(
    `select i.row, i.external_id as "externalId", left(coalesce(c.content ->> 'text', c.content ->> 'fields', ''), 240) as excerpt
       from item i left join item_content c on c.project_id = i.project_id and c.row = i.row
      where i.project_id = $1 and i.row = any($2::int[])`,
    [projectId, rows],
  );
  return new Map(found.rows.map(({ row, ...text }) => [row, text]));
}

export interface PoolFactsRow {
  eligible: number;
  nLabels: number;
  nClassesLabelled: number;
  embeddingDim: number | null;
  hasVectors: boolean;
  hasPredictions: boolean;
  modelTrainer: string | null;
  modelFeatures: number | null;
  hasModelFile: boolean;
}

/** Sizes and arrays of a project's pool, from counters and indexes. */
export async function selectPoolFacts(db: Db, projectId: number): Promise<PoolFactsRow> {
  const { rows } = await db.query<PoolFactsRow>(
    `select (select count(*)::int from item i where i.project_id = p.id and i.status = 'open' and i.deleted_at is null
               and i.duplicate_of is null) as eligible,
            (select count(*)::int from item i where i.project_id = p.id and i.n_labels > 0 and i.deleted_at is null) as "nLabels",
            (select count(distinct i.consensus)::int from item i where i.project_id = p.id and i.n_labels > 0) as "nClassesLabelled",
            f.dim as "embeddingDim",
            exists (select 1 from feature_shard s where s.project_id = p.id and s.version = p.active_feature_version) as "hasVectors",
            exists (select 1 from prediction_shard s where s.project_id = p.id and s.model_version = p.active_model_version) as "hasPredictions",
            m.trainer as "modelTrainer", m.feature_version as "modelFeatures", m.blob_key is not null as "hasModelFile"
       from project p
       left join feature_version f on f.project_id = p.id and f.version = p.active_feature_version
       left join model_version m on m.project_id = p.id and m.version = p.active_model_version
      where p.id = $1`,
    [projectId],
  );
  return rows[0];
}
