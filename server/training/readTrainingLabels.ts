import { getTaskType } from "@/task-types/registry";
import type { Db } from "../db";
import type { ProjectRow } from "../projects";
import type { LabelledItem, LabelSnapshot } from "./snapshotLabels";
import { snapshotLabels } from "./snapshotLabels";
import { selectEffectiveLabels } from "./training.db";

/** What the labels up to a number say: what trains, and which audit items serve. */
export async function readLabelSnapshot(
  db: Db,
  project: Pick<ProjectRow, "id" | "taskType" | "taskConfig">,
  throughSeq: number,
): Promise<LabelSnapshot> {
  const labels = await selectEffectiveLabels(db, project.id, throughSeq);
  return snapshotLabels(getTaskType(project.taskType), project.taskConfig, labels);
}

/** The labelled items that a model trained now would learn from, by row. */
export async function readTrainingLabels(
  db: Db,
  project: Pick<ProjectRow, "id" | "taskType" | "taskConfig">,
  throughSeq: number,
): Promise<LabelledItem[]> {
  return (await readLabelSnapshot(db, project, throughSeq)).training;
}
