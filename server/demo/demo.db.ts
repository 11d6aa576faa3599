import type { Db, Tx } from "@/server/db";

/** Stores the hidden labels of a demonstration project beside its items. Rows are found by external id. */
export async function writeTruth(tx: Tx, projectId: number, externalIds: string[], truths: unknown[]): Promise<number> {
  const { rowCount } = await tx.query(
    `update item_content c set truth = t.truth::jsonb
       from unnest($2::text[], $3::text[]) as t(external_id, truth)
       join item i on i.project_id = $1 and i.external_id = t.external_id
      where c.project_id = $1 and c.row = i.row`,
    [projectId, externalIds, truths.map((truth) => JSON.stringify(truth))],
  );
  return rowCount ?? 0;
}

export async function readTruth(db: Db, projectId: number, row: number): Promise<unknown> {
  const { rows } = await db.query<{ truth: unknown }>(
    "select truth from item_content where project_id = $1 and row = $2",
    [projectId, row],
  );
  return rows[0]?.truth ?? null;
}

export async function markDemo(tx: Tx, projectId: number, dataset: string): Promise<void> {
  await tx.query("update project set demo = $2 where id = $1", [projectId, dataset]);
}

export interface DemoProjectRow {
  demo: string | null;
  status: string;
  task_type: string;
  task_config: unknown;
  seed: string;
  retrain_policy: { everyLabels?: number; automatic?: boolean };
}

export async function readDemoProject(db: Db, projectId: number): Promise<DemoProjectRow | null> {
  const { rows } = await db.query<DemoProjectRow>(
    "select demo, status, task_type, task_config, seed, retrain_policy from project where id = $1 and deleted_at is null",
    [projectId],
  );
  return rows[0] ?? null;
}

/** Labels given since the newest ready model version, and whether a training is queued or running. */
export async function readLag(db: Db, projectId: number): Promise<{ labels: number; training: boolean }> {
  const { rows } = await db.query<{ labels: number; training: boolean }>(
    `select c.label_seq - coalesce((select max(trained_through_seq) from model_version m
                                     where m.project_id = $1 and m.state = 'ready' and m.trainer <> 'external'), 0) as labels,
            exists (select 1 from job_run j where j.project_id = $1 and j.kind = 'training.retrain'
                     and j.state in ('queued', 'running')) as training
       from label_counter c where c.project_id = $1`,
    [projectId],
  );
  return rows[0] ?? { labels: 0, training: false };
}

/** Simulated people of a project, made on first use. They have no password and cannot sign in. */
export async function ensureSimulatedUsers(tx: Tx, projectId: number, n: number, now: Date): Promise<string[]> {
  const ids = Array.from({ length: n }, (_, i) => `simulated-${projectId}-${i + 1}`);
  await tx.query(
    `insert into "user" (id, name, email, role, is_simulated, created_at, updated_at)
     select id, 'Simulated annotator ' || n, id || '@simulated.invalid', 'member', true, $2, $2
       from unnest($1::text[]) with ordinality as t(id, n) on conflict (id) do nothing`,
    [ids, now],
  );
  await tx.query(
    `insert into project_member (project_id, user_id, role, created_at)
     select $1, id, 'annotator', $3 from unnest($2::text[]) as t(id) on conflict do nothing`,
    [projectId, ids, now],
  );
  return ids;
}

export async function openSession(
  db: Db,
  session: { token: string; userId: string; now: Date; expiresAt: Date },
): Promise<void> {
  await db.query(
    `insert into session (id, token, user_id, expires_at, user_agent, created_at, updated_at)
     values (gen_random_uuid()::text, $1, $2, $3, 'simulated annotator', $4, $4)`,
    [session.token, session.userId, session.expiresAt, session.now],
  );
}

export async function closeSessions(db: Db, tokens: string[]): Promise<void> {
  await db.query("delete from session where token = any($1::text[])", [tokens]);
}

export interface FoundDemo {
  id: number;
  slug: string;
  strategy: string;
}

/** The demonstration projects on a data set, oldest first. */
export async function findDemoProjects(db: Db, dataset: string): Promise<FoundDemo[]> {
  const { rows } = await db.query<FoundDemo>(
    `select id, slug, strategy_spec->'main'->>'id' as strategy from project
      where demo = $1 and deleted_at is null order by id`,
    [dataset],
  );
  return rows;
}

export interface DemoProgress {
  labels: number;
  isRunning: boolean;
  accuracy: { value: number; lower: number | null; upper: number | null } | null;
}

/** How far simulated annotators are, and how good the newest measured model is on audit labels. */
export async function readDemoProgress(db: Db, projectId: number): Promise<DemoProgress> {
  const { rows } = await db.query<{
    labels: number;
    isRunning: boolean;
    value: number | null;
    lower: number | null;
    upper: number | null;
  }>(
    `select c.n_labels as labels, m.value, m.lower, m.upper,
            exists (select 1 from job_run j where j.project_id = $1 and j.kind = 'demo.simulate'
                     and j.state in ('queued', 'running')) as "isRunning"
       from label_counter c
       left join lateral (select value, lower, upper from metric_point
                           where project_id = $1 and metric = 'accuracy' and sample = 'audit'
                           order by model_version desc, id desc limit 1) m on true
      where c.project_id = $1`,
    [projectId],
  );
  const row = rows[0];
  if (!row) return { labels: 0, isRunning: false, accuracy: null };
  const { labels, isRunning, value, lower, upper } = row;
  return { labels, isRunning, accuracy: value === null ? null : { value, lower, upper } };
}

/** Labels that some people have given since a job was asked for: what a repeated attempt need not do again. */
export async function countLabelsSince(db: Db, projectId: number, users: string[], jobRunId: string): Promise<number> {
  const { rows } = await db.query<{ n: number }>(
    `select count(*) as n from annotation a
      where a.project_id = $1 and a.kind = 'label' and a.annotator_id = any($2::text[])
        and a.at >= (select created_at from job_run where id = $3)`,
    [projectId, users, jobRunId],
  );
  return rows[0].n;
}
