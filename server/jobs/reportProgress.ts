import type { Clock } from "../clock";
import type { Db } from "../db";
import type { ProgressReport } from "./jobHandler";
import { writeProgress } from "./jobs.db";
import { notifyProject } from "./notifyProject";

/**
 * Writes how far a run is and tells the project's pages. Returns whether the run is still running and whether it is to
 * stop. Handlers call their context's `progress` instead, which writes less often.
 */
export async function reportProgress(
  db: Db,
  clock: Clock,
  jobRunId: string,
  report: ProgressReport,
): Promise<{ isRunning: boolean; isCancelRequested: boolean }> {
  const row = await writeProgress(
    db,
    jobRunId,
    { done: report.done, total: report.total ?? null, message: report.message ?? null },
    clock.now(),
  );
  if (row.projectId !== null) await notifyProject(db, row.projectId, "jobs");
  return { isRunning: row.isRunning, isCancelRequested: row.isCancelRequested };
}
