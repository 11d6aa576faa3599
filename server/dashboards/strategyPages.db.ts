import type { Db } from "@/server/db";
import type { JsonValue } from "@/strategies";
import type { PoolScores } from "./dashboards.db";

/** SQL behind the pages of single strategies. */

/** The newest round whose stored states hold one of this strategy, with that state and the classes of its model. */
export async function readNewestState(
  db: Db,
  projectId: number,
  strategy: string,
): Promise<{ number: number; entry: JsonValue; classes: string[] | null } | null> {
  const { rows } = await db.query<{ number: number; entry: JsonValue; classes: string[] | null }>(
    `select r.number, s.value as entry, m.classes
       from round r
      cross join lateral jsonb_each(case when jsonb_typeof(r.report -> 'states') = 'object' then r.report -> 'states' else '{}' end) s
       left join model_version m on m.project_id = r.project_id and m.version = r.model_version
      where r.project_id = $1 and s.value ->> 'strategy' = $2 order by r.number desc limit 1`,
    [projectId, strategy],
  );
  return rows[0] ?? null;
}

export interface SummaryRow {
  number: number;
  summary: PoolScores & { measure: string; facts?: Record<string, number> };
  strategy: string | null;
}

/** Score summaries of the newest rounds that were ranked by a measure, newest first. */
export async function readSummaries(db: Db, projectId: number, measure: string, limit: number): Promise<SummaryRow[]> {
  const { rows } = await db.query<SummaryRow>(
    `select r.number, s.value as summary,
            (select strategy from queue_entry q where q.project_id = r.project_id and q.round = r.number
                and q.purpose = 'train' and not q.is_fallback limit 1) as strategy
       from round r
      cross join lateral jsonb_each(case when jsonb_typeof(r.report -> 'summaries') = 'object' then r.report -> 'summaries' else '{}' end) s
      where r.project_id = $1 and s.value ->> 'measure' = $2 order by r.number desc limit $3`,
    [projectId, measure, limit],
  );
  return rows;
}

export interface PurposeTallyRow {
  purpose: "train" | "audit";
  value: unknown;
  n: number;
}

/** Labels on the strategy's own picks by a model, and on the audits of the same rounds; needs $1, the project. */
const LABELS_OF_ROUNDS = `
  with of_rounds as (
    select distinct round, model_version from queue_entry
     where project_id = $1 and purpose = 'train' and not is_fallback and model_version is not null),
  labels as (
    select a.purpose, a.row, a.value, f.model_version as version
      from annotation a join queue_entry e on e.project_id = a.project_id and e.id = a.entry_id
      join of_rounds f on f.round = e.round
     where a.project_id = $1 and a.kind = 'label' and a.purpose in ('train', 'audit')
       and (e.purpose = 'audit' or (not e.is_fallback and e.model_version is not null))
       and not exists (select 1 from annotation r where r.project_id = a.project_id and r.supersedes = a.seq))`;

/** Effective labels of items that the strategy itself picked by a model, and of the audits served in the same rounds. */
export async function tallyByPurpose(db: Db, projectId: number): Promise<PurposeTallyRow[]> {
  const { rows } = await db.query<PurposeTallyRow>(
    `${LABELS_OF_ROUNDS} select purpose, value, count(*)::int as n from labels group by purpose, value`,
    [projectId],
  );
  return rows;
}

export interface JudgedLabelRow {
  purpose: "train" | "audit";
  row: number;
  value: unknown;
  /** The model that ranked the round. */
  version: number;
}

/** The same labels one by one, of the newest `versions` models only. */
export async function readJudgedLabels(db: Db, projectId: number, versions: number): Promise<JudgedLabelRow[]> {
  const { rows } = await db.query<JudgedLabelRow>(
    `${LABELS_OF_ROUNDS} select purpose, row, value, version from labels
      where version in (select distinct version from labels order by version desc limit $2)`,
    [projectId, versions],
  );
  return rows;
}

/** Classes of a version, in the order of its columns. */
export async function readVersionClasses(db: Db, projectId: number, version: number): Promise<string[]> {
  const { rows } = await db.query<{ classes: string[] }>(
    "select classes from model_version where project_id = $1 and version = $2",
    [projectId, version],
  );
  return rows[0]?.classes ?? [];
}
