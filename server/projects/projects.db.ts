import type { ProjectCreation, ProjectListRow } from "@/contracts/project";
import type { Db, Tx } from "../db";
import type { ProjectRow } from "./projectRow";

const ROW_COLUMNS = `
  id, slug, name, description, task_type as "taskType", task_config as "taskConfig", content_kind as "contentKind",
  guidelines_version as "guidelinesVersion", status, overlap, lease_seconds as "leaseSeconds", prefetch,
  suggestion_policy as "suggestionPolicy", suggest_on_audit as "suggestOnAudit", strategy_spec as "strategy",
  retrain_policy as "retrainPolicy",
  feature_spec as "featureSpec", trainer_spec as "trainerSpec", seed, active_model_version as "activeModelVersion",
  active_feature_version as "activeFeatureVersion", pinned_model_version as "pinnedModelVersion", demo,
  created_by as "createdBy", created_at as "createdAt",
  (select config_version from label_counter c where c.project_id = project.id) as "configVersion"`;

/** The row together with its version: PostgreSQL's xmin, which every update of the row changes. */
export async function selectProjectRow(
  db: Db,
  projectId: number,
): Promise<{ row: ProjectRow; version: string } | undefined> {
  const { rows } = await db.query<ProjectRow & { version: string }>({
    name: "winnow_project_row",
    text: `select xmin::text as version, ${ROW_COLUMNS} from project where id = $1 and deleted_at is null`,
    values: [projectId],
  });
  if (!rows[0]) return undefined;
  const { version, ...row } = rows[0];
  return { row, version };
}

/** The row, locked until commit against other changes of the settings (labels and claims go on). */
export async function lockProjectRow(tx: Tx, projectId: number): Promise<ProjectRow | undefined> {
  const { rows } = await tx.query<ProjectRow>(
    `select ${ROW_COLUMNS} from project where id = $1 and deleted_at is null for no key update`,
    [projectId],
  );
  return rows[0];
}

export async function selectGuidelines(db: Db, projectId: number): Promise<string | undefined> {
  const { rows } = await db.query<{ guidelines: string }>("select guidelines from project where id = $1", [projectId]);
  return rows[0]?.guidelines;
}

const CREATION_KEY = "project.creation";

/** A setting of the instance: who, besides administrators, may make projects. Nobody unless it says so. */
export async function selectProjectCreation(db: Db): Promise<ProjectCreation> {
  const { rows } = await db.query<{ value: unknown }>("select value from instance_setting where key = $1", [
    CREATION_KEY,
  ]);
  return rows[0]?.value === "everyone" ? "everyone" : "administrators";
}

export async function upsertProjectCreation(tx: Tx, who: ProjectCreation, at: Date): Promise<void> {
  await tx.query(
    `insert into instance_setting (key, value, updated_at) values ($1, $2, $3)
     on conflict (key) do update set value = excluded.value, updated_at = excluded.updated_at`,
    [CREATION_KEY, JSON.stringify(who), at],
  );
}

export interface NewProject {
  slug: string;
  name: string;
  description: string;
  taskType: string;
  taskConfig: unknown;
  contentKind: string;
  guidelines: string;
  overlap: number;
  leaseSeconds: number;
  prefetch: number;
  suggestionPolicy: string;
  suggestOnAudit: boolean;
  auditShare: number;
  strategy: unknown;
  retrainPolicy: unknown;
  featureSpec: unknown;
  trainerSpec: unknown;
  seed: string;
  demo: string | null;
  createdBy: string;
  at: Date;
}

/** Inserts the project with its counters. Undefined: the address (slug) is taken. */
export async function insertProject(tx: Tx, project: NewProject): Promise<number | undefined> {
  const { rows } = await tx.query<{ id: number }>(
    `insert into project (slug, name, description, task_type, task_config, content_kind, guidelines, overlap,
       lease_seconds, prefetch, suggestion_policy, suggest_on_audit, audit_share, strategy_spec, retrain_policy, feature_spec, trainer_spec,
       seed, demo, created_by, created_at, updated_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $21)
     on conflict (slug) do nothing returning id`,
    [
      project.slug,
      project.name,
      project.description,
      project.taskType,
      JSON.stringify(project.taskConfig),
      project.contentKind,
      project.guidelines,
      project.overlap,
      project.leaseSeconds,
      project.prefetch,
      project.suggestionPolicy,
      project.suggestOnAudit,
      project.auditShare,
      JSON.stringify(project.strategy),
      JSON.stringify(project.retrainPolicy),
      JSON.stringify(project.featureSpec),
      JSON.stringify(project.trainerSpec),
      project.seed,
      project.demo,
      project.createdBy,
      project.at,
    ],
  );
  const id = rows[0]?.id;
  if (id === undefined) return undefined;
  await tx.query("insert into label_counter (project_id) values ($1)", [id]);
  await tx.query("insert into row_counter (project_id) values ($1)", [id]);
  return id;
}

export async function insertLead(tx: Tx, projectId: number, userId: string, at: Date): Promise<void> {
  await tx.query("insert into project_member (project_id, user_id, role, created_at) values ($1, $2, 'lead', $3)", [
    projectId,
    userId,
    at,
  ]);
}

/** Columns that settings may change, as they are after the change. */
export interface ProjectSettings {
  name: string;
  description: string;
  taskConfig: unknown;
  overlap: number;
  leaseSeconds: number;
  prefetch: number;
  suggestionPolicy: string;
  suggestOnAudit: boolean;
  retrainPolicy: unknown;
  featureSpec: unknown;
  trainerSpec: unknown;
}

export async function updateSettings(tx: Tx, projectId: number, s: ProjectSettings, at: Date): Promise<void> {
  await tx.query(
    `update project set name = $2, description = $3, task_config = $4, overlap = $5, lease_seconds = $6, prefetch = $7,
       suggestion_policy = $8, suggest_on_audit = $9, retrain_policy = $10, feature_spec = $11, trainer_spec = $12,
       updated_at = $13
     where id = $1`,
    [
      projectId,
      s.name,
      s.description,
      JSON.stringify(s.taskConfig),
      s.overlap,
      s.leaseSeconds,
      s.prefetch,
      s.suggestionPolicy,
      s.suggestOnAudit,
      JSON.stringify(s.retrainPolicy),
      JSON.stringify(s.featureSpec),
      JSON.stringify(s.trainerSpec),
      at,
    ],
  );
}

export async function updateStrategySpec(
  tx: Tx,
  projectId: number,
  strategy: unknown,
  auditShare: number,
  at: Date,
): Promise<void> {
  await tx.query("update project set strategy_spec = $2, audit_share = $3, updated_at = $4 where id = $1", [
    projectId,
    JSON.stringify(strategy),
    auditShare,
    at,
  ]);
}

/** Stores another text under the next version; the same text changes nothing. Returns the version that holds now. */
export async function updateGuidelinesText(tx: Tx, projectId: number, guidelines: string, at: Date): Promise<number> {
  const { rows } = await tx.query<{ version: number }>(
    `update project set
       guidelines_version = guidelines_version + case when guidelines = $2 then 0 else 1 end,
       updated_at = case when guidelines = $2 then updated_at else $3 end, guidelines = $2
     where id = $1 returning guidelines_version as version`,
    [projectId, guidelines, at],
  );
  return rows[0].version;
}

export async function updateStatus(tx: Tx, projectId: number, status: string, at: Date): Promise<void> {
  await tx.query("update project set status = $2, updated_at = $3 where id = $1", [projectId, status, at]);
}

/** Hides the project everywhere and frees its address: no slug contains the sign that is added. */
export async function markDeleted(tx: Tx, projectId: number, at: Date): Promise<void> {
  await tx.query(
    "update project set deleted_at = $2, updated_at = $2, slug = slug || '~' || id where id = $1 and deleted_at is null",
    [projectId, at],
  );
}

/**
 * Holds up submits of the project until commit, so that no label arrives between a check of the labels and the change; and
 * gives the configuration its next number, by which a label that was checked against the old one and waited is turned away.
 */
export async function startNewConfig(tx: Tx, projectId: number): Promise<void> {
  await tx.query("update label_counter set config_version = config_version + 1 where project_id = $1", [projectId]);
}

/** Distinct label values ever given (withdrawn ones too: history must stay readable), and those in drafts. */
export async function selectUsedValues(tx: Tx, projectId: number, limit: number): Promise<unknown[]> {
  const { rows } = await tx.query<{ value: unknown }>(
    `select value from (
       select value from annotation where project_id = $1 and kind = 'label'
       union select value from draft where project_id = $1
     ) used limit $2`,
    [projectId, limit],
  );
  return rows.map((row) => row.value);
}

/** Projects of a person (null: all), newest first, from before `beforeId`. Totals come from the counters. */
export async function selectProjectList(
  db: Db,
  options: { userId: string | null; beforeId: number | null; limit: number },
): Promise<ProjectListRow[]> {
  const { userId, beforeId, limit } = options;
  const source =
    userId === null
      ? "(select id as project_id, 'lead'::text as role from project where $1::text is null) m"
      : "(select project_id, role from project_member where user_id = $1) m";
  const { rows } = await db.query<Omit<ProjectListRow, "createdAt"> & { createdAt: Date }>(
    `select p.id, p.slug, p.name, left(p.description, 1000) as description, p.task_type as "taskType", p.status,
       m.role as "myRole", p.demo, r.n_items - r.n_duplicates as "nItems",
       l.n_resolved - (select count(*) from item i where i.project_id = p.id and i.duplicate_of is not null
         and i.status = 'resolved' and i.deleted_at is null) as "nResolved", l.n_labels as "nLabels",
       p.created_at as "createdAt"
     from ${source} join project p on p.id = m.project_id
     join label_counter l on l.project_id = p.id join row_counter r on r.project_id = p.id
     where p.deleted_at is null and ($2::int is null or p.id < $2)
     order by p.id desc limit $3`,
    [userId, beforeId, limit],
  );
  return rows.map((row) => ({ ...row, createdAt: row.createdAt.toISOString() }));
}
