import type { Db } from "../db";
import type { ErrorRecord } from "../errors";

export interface AttentionRow {
  projectId: number;
  activeModelVersion: number | null;
  /** Rows or settings are ahead of the features. Whether a build can help is for the features to say. */
  mayNeedFeatures: boolean;
  /** The model in use has features of more rows than it has predicted. */
  needsPredictions: boolean;
  hasNewLabels: boolean;
  /** Nothing is open although something could be. */
  isQueueEmpty: boolean;
}

/** Active projects with anything to look at. A kind whose last run failed after `failedAfter` is left alone. */
export async function selectProjectsInNeed(
  db: Db,
  p: { failedAfter: Date; refilledBefore: Date },
): Promise<AttentionRow[]> {
  const rests = (kind: string) =>
    `not exists (select 1 from job_run j where j.project_id = p.id and j.kind = '${kind}'
                   and (j.state in ('queued', 'running') or (j.state = 'failed' and j.finished_at > $1)))`;
  const { rows } = await db.query<AttentionRow>(
    `with facts as (
       select p.id as "projectId", p.active_model_version as "activeModelVersion",
              r.next_row > 0 and (
                f.version is null or f.spec <> p.feature_spec or f.n_rows < r.next_row
                or exists (select 1 from embedding_chunk e where e.project_id = p.id
                             and p.feature_spec ->> 'kind' = 'embedding' and e.name = p.feature_spec ->> 'name'
                             and e.id > coalesce((f.report ->> 'throughChunk')::bigint, 0))
              ) and ${rests("features.build")} as "mayNeedFeatures",
              m.version is not null and m.blob_key is not null and mf.n_rows > coalesce((
                select max(s.start_row + s.n_rows) from prediction_shard s
                 where s.project_id = p.id and s.model_version = m.version), 0)
                and ${rests("prediction.predict")} as "needsPredictions",
              l.label_seq > coalesce(t.trained_through_seq, 0)
                and ${rests("training.retrain")} as "hasNewLabels",
              not exists (select 1 from queue_entry q where q.project_id = p.id and q.state = 'open')
                and exists (select 1 from item i where i.project_id = p.id and i.status = 'open' and i.deleted_at is null
                              and i.duplicate_of is null and i.n_labels < p.overlap
                              and not exists (select 1 from queue_entry q where q.project_id = p.id and q.row = i.row
                                                and q.state = 'leased'))
                and ${rests("queue.refill")}
                and not exists (select 1 from job_run j where j.project_id = p.id and j.kind = 'queue.refill'
                                  and j.created_at > $2)
                and ${rests("features.build")} as "isQueueEmpty"
         from project p
         join row_counter r on r.project_id = p.id
         join label_counter l on l.project_id = p.id
         left join feature_version f on f.project_id = p.id and f.version = p.active_feature_version
         left join model_version m on m.project_id = p.id and m.version = p.active_model_version
         left join feature_version mf on mf.project_id = p.id and mf.version = m.feature_version
         left join lateral (
           select trained_through_seq from model_version
            where project_id = p.id and state <> 'failed' order by version desc limit 1) t on true
        where p.deleted_at is null and p.status = 'active')
     select * from facts where "mayNeedFeatures" or "needsPredictions" or "hasNewLabels" or "isQueueEmpty"`,
    [p.failedAfter, p.refilledBefore],
  );
  return rows;
}

/** Outside models whose newest chunk is in no version, unless their last assembly failed after `failedAfter` or is live. */
export async function selectUnassembled(db: Db, failedAfter: Date): Promise<{ projectId: number; name: string }[]> {
  const { rows } = await db.query<{ projectId: number; name: string }>(
    `select c.project_id as "projectId", c.name
       from (select project_id, name, max(id) as newest from prediction_chunk group by project_id, name) c
       join project p on p.id = c.project_id and p.deleted_at is null and p.status = 'active'
      where not exists (select 1 from model_version m where m.project_id = c.project_id and m.trainer = 'external'
                          and m.params ->> 'name' = c.name and (m.params ->> 'throughChunk')::bigint >= c.newest)
        and not exists (select 1 from job_run j where j.project_id = c.project_id and j.kind = 'prediction.assemble'
                          and (j.state in ('queued', 'running') or (j.state = 'failed' and j.finished_at > $1)))`,
    [failedAfter],
  );
  return rows;
}

/** Versions in training that no live run stands behind become failed. Returns the projects they belong to. */
export async function closeOrphanedVersions(db: Db, error: ErrorRecord): Promise<number[]> {
  const { rows } = await db.query<{ projectId: number }>(
    `update model_version m set state = 'failed', error = $1
      where m.state = 'training'
        and not exists (select 1 from job_run j where j.project_id = m.project_id and j.kind = 'training.retrain'
                          and j.state in ('queued', 'running'))
      returning m.project_id as "projectId"`,
    [JSON.stringify(error)],
  );
  return rows.map((row) => row.projectId);
}
