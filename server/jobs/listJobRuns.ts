import type { JobName, JobRunView, JobState } from "@/contracts/jobs";
import type { Db } from "../db";
import { selectJobRun, selectJobRuns } from "./jobs.db";

const LIMIT_DEFAULT = 50;
const LIMIT_MAX = 200;

/** The project's runs (null: the instance's), newest first. */
export async function listJobRuns(
  db: Db,
  projectId: number | null,
  options: { kinds?: readonly JobName[]; states?: readonly JobState[]; limit?: number } = {},
): Promise<JobRunView[]> {
  return selectJobRuns(db, { ...options, projectId, limit: Math.min(options.limit ?? LIMIT_DEFAULT, LIMIT_MAX) });
}

/** One run of this project; undefined when there is none with this id. */
export async function getJobRun(db: Db, projectId: number | null, jobRunId: string): Promise<JobRunView | undefined> {
  return selectJobRun(db, projectId, jobRunId);
}
