import type { Db } from "../db";
import type { ProjectRow } from "./projectRow";

const ROW_COLUMNS = `
  id, slug, name, description, task_type as "taskType", task_config as "taskConfig", content_kind as "contentKind",
  guidelines_version as "guidelinesVersion", status, overlap, lease_seconds as "leaseSeconds", prefetch,
  suggestion_policy as "suggestionPolicy", strategy_spec as "strategy", retrain_policy as "retrainPolicy",
  feature_spec as "featureSpec", trainer_spec as "trainerSpec", seed, active_model_version as "activeModelVersion",
  active_feature_version as "activeFeatureVersion", pinned_model_version as "pinnedModelVersion", demo,
  created_by as "createdBy", created_at as "createdAt"`;

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
