import type { JobName, JobRunView, JobState } from "@/contracts/jobs";
import type { Db } from "../db";
import type { ErrorRecord } from "../errors";

/** Channel that wakes workers: "request" when a run was asked for, "cancel:<id>" when one is to stop. */
export const JOB_CHANNEL = "winnow_jobs";

export interface NewJobRun {
  id: string;
  projectId: number | null;
  kind: JobName;
  dedupeKey: string;
  payload: unknown;
  requestedBy: string | null;
  createdAt: Date;
  startAfter: Date | null;
}

/** Inserts a queued run unless one with the same project, kind and key is live. Waits for a rival's open transaction. */
export async function insertJobRun(db: Db, run: NewJobRun): Promise<boolean> {
  const { rowCount } = await db.query(
    `insert into job_run (id, project_id, kind, dedupe_key, state, payload, requested_by, created_at, start_after)
     values ($1, $2, $3, $4, 'queued', $5, $6, $7, $8)
     on conflict (coalesce(project_id, 0), kind, dedupe_key) where state in ('queued', 'running') do nothing`,
    [
      run.id,
      run.projectId,
      run.kind,
      run.dedupeKey,
      JSON.stringify(run.payload),
      run.requestedBy,
      run.createdAt,
      run.startAfter,
    ],
  );
  return rowCount === 1;
}

export async function findLiveJobRun(
  db: Db,
  projectId: number | null,
  kind: JobName,
  key: string,
): Promise<string | undefined> {
  const { rows } = await db.query<{ id: string }>(
    `select id from job_run
     where coalesce(project_id, 0) = coalesce($1::int, 0) and kind = $2 and dedupe_key = $3 and state in ('queued', 'running')`,
    [projectId, kind, key],
  );
  return rows[0]?.id;
}

export async function wakeWorkers(db: Db, message: string): Promise<void> {
  await db.query("select pg_notify($1, $2)", [JOB_CHANNEL, message]);
}

/** Marks a live run for cancelling; a run that no worker has begun is cancelled at once. Undefined: not live. */
export async function markCancelled(
  db: Db,
  projectId: number | null,
  jobRunId: string,
  at: Date,
): Promise<{ state: JobState; projectId: number | null } | undefined> {
  const { rows } = await db.query<{ state: JobState; project_id: number | null }>(
    `update job_run
     set cancel_requested_at = coalesce(cancel_requested_at, $3),
         state = case when state = 'queued' then 'cancelled' else state end,
         finished_at = case when state = 'queued' then $3 else finished_at end
     where id = $1 and coalesce(project_id, 0) = coalesce($2::int, 0) and state in ('queued', 'running')
     returning state, project_id`,
    [jobRunId, projectId, at],
  );
  return rows[0] && { state: rows[0].state, projectId: rows[0].project_id };
}

export async function readCancelRequested(db: Db, jobRunId: string): Promise<boolean> {
  const { rows } = await db.query<{ asked: boolean }>(
    "select cancel_requested_at is not null or state = 'cancelled' as asked from job_run where id = $1",
    [jobRunId],
  );
  return rows[0]?.asked ?? false;
}

/** Writes how far a running run is. False when it is no longer running. */
export async function writeProgress(
  db: Db,
  jobRunId: string,
  progress: { done: number; total: number | null; message: string | null },
  at: Date,
): Promise<{ isRunning: boolean; isCancelRequested: boolean; projectId: number | null }> {
  const { rows } = await db.query<{ project_id: number | null; asked: boolean }>(
    `update job_run
     set progress_done = $2, progress_total = coalesce($3, progress_total), message = coalesce($4, message), heartbeat_at = $5
     where id = $1 and state = 'running'
     returning project_id, cancel_requested_at is not null as asked`,
    [jobRunId, progress.done, progress.total, progress.message, at],
  );
  const row = rows[0];
  return { isRunning: row !== undefined, isCancelRequested: row?.asked ?? false, projectId: row?.project_id ?? null };
}

interface JobRunRow {
  id: string;
  project_id: number | null;
  kind: JobName;
  state: JobState;
  progress_done: number;
  progress_total: number | null;
  message: string;
  attempts: number;
  error: ErrorRecord | null;
  result: unknown;
  created_at: Date;
  started_at: Date | null;
  finished_at: Date | null;
  cancel_requested_at: Date | null;
}

function toView(row: JobRunRow): JobRunView {
  const isLive = row.state === "queued" || row.state === "running";
  return {
    id: row.id,
    projectId: row.project_id,
    kind: row.kind,
    state: row.state,
    progressDone: row.progress_done,
    progressTotal: row.progress_total,
    message: row.message,
    attempts: row.attempts,
    error: row.error && { code: row.error.code, message: row.error.message },
    result: row.result,
    createdAt: row.created_at.toISOString(),
    startedAt: row.started_at?.toISOString() ?? null,
    finishedAt: row.finished_at?.toISOString() ?? null,
    canCancel: isLive && row.cancel_requested_at === null,
  };
}

const VIEW_COLUMNS = `id, project_id, kind, state, progress_done, progress_total, message, attempts, error, result,
  created_at, started_at, finished_at, cancel_requested_at`;

export interface JobRunFilter {
  projectId: number | null;
  kinds?: readonly JobName[];
  states?: readonly JobState[];
  /** Only runs older than this one. */
  before?: { createdAt: Date; id: string };
  limit: number;
}

export async function selectJobRuns(db: Db, filter: JobRunFilter): Promise<JobRunView[]> {
  const { rows } = await db.query<JobRunRow>(
    // Two texts rather than "is not distinct from": that one cannot use the index.
    `select ${VIEW_COLUMNS} from job_run
     where ${filter.projectId === null ? "project_id is null and $1::int is null" : "project_id = $1"}
       and ($2::text[] is null or kind = any($2)) and ($3::text[] is null or state = any($3))
       and ($5::timestamptz is null or (created_at, id) < ($5, $6::uuid))
     order by created_at desc, id desc limit $4`,
    [
      filter.projectId,
      filter.kinds ?? null,
      filter.states ?? null,
      filter.limit,
      filter.before?.createdAt ?? null,
      filter.before?.id ?? null,
    ],
  );
  return rows.map(toView);
}

export async function selectJobRun(
  db: Db,
  projectId: number | null,
  jobRunId: string,
): Promise<JobRunView | undefined> {
  const { rows } = await db.query<JobRunRow>(
    `select ${VIEW_COLUMNS} from job_run where id = $1 and project_id is not distinct from $2::int`,
    [jobRunId, projectId],
  );
  return rows[0] && toView(rows[0]);
}

/** What a run was asked to do, and whether it has ended without success. Undefined: not a run of this project. */
export async function selectJobRequest(
  db: Db,
  projectId: number,
  jobRunId: string,
): Promise<{ kind: JobName; payload: unknown; state: JobState } | undefined> {
  const { rows } = await db.query<{ kind: JobName; payload: unknown; state: JobState }>(
    "select kind, payload, state from job_run where id = $1 and project_id = $2",
    [jobRunId, projectId],
  );
  return rows[0];
}
