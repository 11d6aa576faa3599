import type { ProjectStrategy } from "@/contracts/project";
import { getTaskType } from "@/task-types/registry";
import type { Actor } from "../auth";
import { userIdOf } from "../auth";
import type { Clock } from "../clock";
import type { Pool } from "../db";
import { requestJob } from "../jobs";
import type { ProjectRow } from "../projects";
import { checkStrategy } from "../projects";

/**
 * Asks for a preview of a draft strategy. One runs at a time in a project: while one does, its id is returned.
 *
 * @throws AppError E_BAD_INPUT when the draft is not valid.
 */
export async function requestPreview(
  { db, clock, actor, project }: { db: Pool; clock: Clock; actor: Actor; project: ProjectRow },
  { strategy }: { strategy: ProjectStrategy },
): Promise<{ jobRunId: string; isNew: boolean }> {
  return requestJob(db, clock, {
    kind: "acquisition.preview",
    payload: { projectId: project.id, strategy: checkStrategy(getTaskType(project.taskType), strategy) },
    requestedBy: userIdOf(actor) ?? undefined,
  });
}
