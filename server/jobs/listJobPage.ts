import type { JobName, JobRunView } from "@/contracts/jobs";
import type { Db } from "../db";
import { AppError } from "../errors";
import { selectJobRun, selectJobRuns } from "./jobs.db";

/** The project's runs, newest first, a page at a time. The cursor is opaque. @throws AppError E_BAD_INPUT for a bad one. */
export async function listJobPage(
  db: Db,
  projectId: number,
  page: { kinds?: readonly JobName[]; cursor?: string; limit: number },
): Promise<{ rows: JobRunView[]; nextCursor: string | null }> {
  const before = page.cursor === undefined ? undefined : parseCursor(page.cursor);
  const found = await selectJobRuns(db, { projectId, kinds: page.kinds, before, limit: page.limit + 1 });
  const rows = found.slice(0, page.limit);
  const last = rows.at(-1);
  return { rows, nextCursor: last && found.length > page.limit ? `${last.createdAt}/${last.id}` : null };
}

function parseCursor(cursor: string): { createdAt: Date; id: string } {
  const [time, id] = cursor.split("/");
  const createdAt = new Date(time);
  if (Number.isNaN(createdAt.getTime()) || !/^[0-9a-f-]{36}$/.test(id ?? "")) {
    throw new AppError("E_BAD_INPUT", "cursor: not one that job.list gave out.", { details: { field: "cursor" } });
  }
  return { createdAt, id };
}

/** @throws AppError E_NOT_FOUND when the project has no such run. */
export async function requireJobRun(db: Db, projectId: number, jobRunId: string): Promise<JobRunView> {
  const run = await selectJobRun(db, projectId, jobRunId);
  if (!run) throw new AppError("E_NOT_FOUND", "This project has no job with this id.");
  return run;
}
