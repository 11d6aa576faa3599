import type { RowError } from "@/contracts/errors";
import type { ImportMapping, ImportRunView } from "@/contracts/ingestion";
import type { JobState } from "@/contracts/jobs";
import type { Db, Tx } from "../db";
import type { ErrorRecord } from "../errors";
import type { RefusedRecord } from "./rowIssue";

/** SQL of uploads, import runs and their errors. */

export interface UploadRow {
  blobKey: string;
  fileName: string;
  sizeBytes: number;
}

export async function insertUpload(
  db: Db,
  upload: UploadRow & { id: string; projectId: number; createdBy: string; now: Date },
): Promise<void> {
  await db.query(
    `insert into upload (id, project_id, file_name, size_bytes, received_bytes, blob_key, created_by, created_at)
     values ($1, $2, $3, $4, $4, $5, $6, $7)`,
    [upload.id, upload.projectId, upload.fileName, upload.sizeBytes, upload.blobKey, upload.createdBy, upload.now],
  );
}

/** The project's own upload with this id. */
export async function selectUpload(db: Db, projectId: number, id: string): Promise<UploadRow | undefined> {
  const { rows } = await db.query<UploadRow>(
    `select blob_key as "blobKey", file_name as "fileName", size_bytes as "sizeBytes"
       from upload where id = $2 and project_id = $1 and blob_key is not null`,
    [projectId, id],
  );
  return rows[0];
}

export interface NewImportRun {
  projectId: number;
  jobRunId: string | null;
  upload: UploadRow;
  format: string;
  mapping: ImportMapping;
  createdBy: string;
  now: Date;
}

/** Inserts a run under the project's next import number. */
export async function insertImportRun(tx: Tx, run: NewImportRun): Promise<number> {
  const { rows } = await tx.query<{ number: number }>(
    `with taken as (
       insert into series_counter as s (project_id, name, value) values ($1, 'importRun', 1)
       on conflict (project_id, name) do update set value = s.value + 1 returning value)
     insert into import_run (project_id, number, job_run_id, file_name, format, blob_key, size_bytes, mapping, created_by,
       created_at)
     select $1, value, $2, $3, $4, $5, $6, $7, $8, $9 from taken returning number`,
    [
      run.projectId,
      run.jobRunId,
      run.upload.fileName,
      run.format,
      run.upload.blobKey,
      run.upload.sizeBytes,
      JSON.stringify(run.mapping),
      run.createdBy,
      run.now,
    ],
  );
  return rows[0].number;
}

export async function setImportJob(tx: Tx, projectId: number, number: number, jobRunId: string): Promise<void> {
  await tx.query("update import_run set job_run_id = $3 where project_id = $1 and number = $2", [
    projectId,
    number,
    jobRunId,
  ]);
}

/** How far a run is. Written in the transaction of each batch, so a restart goes on exactly behind it. */
export interface Checkpoint {
  /** Records of the file that are done with, bad ones included. */
  records?: number;
  /** What is to be said about the end of the run. */
  message?: string;
}

export interface ImportRunRow {
  state: ImportRunView["state"];
  jobRunId: string | null;
  fileName: string;
  format: ImportRunView["format"];
  blobKey: string;
  sizeBytes: number;
  mapping: ImportMapping;
  checkpoint: Checkpoint;
  nInserted: number;
  nErrors: number;
  createdBy: string;
}

const RUN_COLUMNS = `r.state, r.job_run_id as "jobRunId", r.file_name as "fileName", r.format, r.blob_key as "blobKey",
  r.size_bytes as "sizeBytes", r.mapping, r.checkpoint, r.n_inserted as "nInserted", r.n_errors as "nErrors",
  r.created_by as "createdBy"`;

export async function selectImportRun(db: Db, projectId: number, number: number): Promise<ImportRunRow | undefined> {
  const { rows } = await db.query<ImportRunRow>(
    `select ${RUN_COLUMNS} from import_run r where r.project_id = $1 and r.number = $2`,
    [projectId, number],
  );
  return rows[0];
}

/** The same, locked until the transaction ends. */
export async function lockImportRun(tx: Tx, projectId: number, number: number): Promise<ImportRunRow | undefined> {
  const { rows } = await tx.query<ImportRunRow>(
    `select ${RUN_COLUMNS} from import_run r where r.project_id = $1 and r.number = $2 for update`,
    [projectId, number],
  );
  return rows[0];
}

/** A queued run begins; a running one goes on. False: it has ended. */
export async function markImportRunning(db: Db, projectId: number, number: number): Promise<boolean> {
  const { rowCount } = await db.query(
    `update import_run set state = 'running' where project_id = $1 and number = $2 and state in ('queued', 'running')`,
    [projectId, number],
  );
  return rowCount === 1;
}

export interface BatchCounts {
  nRead: number;
  nInserted: number;
  nExisting: number;
  nDuplicates: number;
  nLabels: number;
  nErrors: number;
}

export async function advanceImportRun(
  tx: Tx,
  projectId: number,
  number: number,
  counts: BatchCounts,
  checkpoint: Checkpoint,
): Promise<void> {
  await tx.query(
    `update import_run set n_read = n_read + $3, n_inserted = n_inserted + $4, n_existing = n_existing + $5,
       n_duplicates = n_duplicates + $6, n_labels = n_labels + $7, n_errors = n_errors + $8, checkpoint = $9
      where project_id = $1 and number = $2`,
    [
      projectId,
      number,
      counts.nRead,
      counts.nInserted,
      counts.nExisting,
      counts.nDuplicates,
      counts.nLabels,
      counts.nErrors,
      JSON.stringify(checkpoint),
    ],
  );
}

export async function selectImportTotals(db: Db, projectId: number, number: number): Promise<BatchCounts> {
  const { rows } = await db.query<BatchCounts>(
    `select n_read as "nRead", n_inserted as "nInserted", n_existing as "nExisting", n_duplicates as "nDuplicates",
            n_labels as "nLabels", n_errors as "nErrors" from import_run where project_id = $1 and number = $2`,
    [projectId, number],
  );
  return rows[0];
}

/** What was looked at before a run was refused. */
export async function setRefusedCounts(
  tx: Tx,
  projectId: number,
  number: number,
  counts: Pick<BatchCounts, "nRead" | "nErrors">,
): Promise<void> {
  await tx.query("update import_run set n_read = $3, n_errors = $4 where project_id = $1 and number = $2", [
    projectId,
    number,
    counts.nRead,
    counts.nErrors,
  ]);
}

/** Ends a run that has not ended. False: it had. */
export async function endImportRun(
  db: Db,
  projectId: number,
  number: number,
  end: { state: ImportRunView["state"]; message: string; now: Date },
): Promise<boolean> {
  const { rowCount } = await db.query(
    `update import_run set state = $3, checkpoint = checkpoint || jsonb_build_object('message', $4::text), finished_at = $5
      where project_id = $1 and number = $2 and state in ('queued', 'running')`,
    [projectId, number, end.state, end.message, end.now],
  );
  return rowCount === 1;
}

/** Keeps errors under the numbers from `firstNumber` on. */
export async function insertImportErrors(
  tx: Tx,
  projectId: number,
  number: number,
  firstNumber: number,
  errors: readonly RefusedRecord[],
): Promise<void> {
  if (errors.length === 0) return;
  await tx.query(
    `insert into import_error (project_id, import_run, number, line, code, field, message, excerpt, record)
     select $1, $2, $3 + t.place::int - 1, t.line, t.code, t.field, t.message, t.excerpt, t.record
       from unnest($4::int[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[])
            with ordinality as t(line, code, field, message, excerpt, record, place)
     on conflict do nothing`,
    [
      projectId,
      number,
      firstNumber,
      errors.map((e) => e.line),
      errors.map((e) => e.code),
      errors.map((e) => e.field ?? null),
      errors.map((e) => e.message),
      errors.map((e) => e.excerpt),
      // U+0000 in a value stands escaped in its JSON, which text can hold.
      errors.map((e) => e.record),
    ],
  );
}

export interface NumberedError extends RowError {
  number: number;
}

export async function selectImportErrors(
  db: Db,
  projectId: number,
  importRun: number,
  afterNumber: number,
  limit: number,
): Promise<NumberedError[]> {
  const { rows } = await db.query<Omit<NumberedError, "field"> & { field: string | null }>(
    `select number, line, code, field, message, excerpt from import_error
      where project_id = $1 and import_run = $2 and number > $3 order by number limit $4`,
    [projectId, importRun, afterNumber, limit],
  );
  return rows.map(({ field, ...error }) => ({ ...error, ...(field === null ? {} : { field }) }));
}

/** The same with the records themselves. */
export async function selectRefusedRecords(
  db: Db,
  projectId: number,
  importRun: number,
  afterNumber: number,
  limit: number,
): Promise<(Omit<RefusedRecord, "field"> & { number: number; field: string | null })[]> {
  const { rows } = await db.query<Omit<RefusedRecord, "field"> & { number: number; field: string | null }>(
    `select number, line, code, field, message, excerpt, record from import_error
      where project_id = $1 and import_run = $2 and number > $3 order by number limit $4`,
    [projectId, importRun, afterNumber, limit],
  );
  return rows;
}

export interface ImportViewRow {
  number: number;
  fileName: string;
  format: string;
  sizeBytes: number;
  mapping: ImportMapping;
  state: ImportRunView["state"];
  nRead: number;
  nInserted: number;
  nExisting: number;
  nDuplicates: number;
  nLabels: number;
  nErrors: number;
  jobRunId: string | null;
  checkpoint: Checkpoint;
  createdAt: Date;
  finishedAt: Date | null;
  jobState: JobState | null;
  jobError: ErrorRecord | null;
  jobDone: number | null;
  jobTotal: number | null;
  jobFinishedAt: Date | null;
}

const VIEW_SQL = `
  select r.number, r.file_name as "fileName", r.format, r.size_bytes as "sizeBytes", r.mapping, r.state,
         r.n_read as "nRead", r.n_inserted as "nInserted", r.n_existing as "nExisting", r.n_duplicates as "nDuplicates",
         r.n_labels as "nLabels", r.n_errors as "nErrors", r.job_run_id as "jobRunId", r.checkpoint,
         r.created_at as "createdAt", r.finished_at as "finishedAt", j.state as "jobState", j.error as "jobError",
         j.progress_done as "jobDone", j.progress_total as "jobTotal", j.finished_at as "jobFinishedAt"
    from import_run r left join job_run j on j.id = r.job_run_id
   where r.project_id = $1`;

export async function selectImportView(db: Db, projectId: number, number: number): Promise<ImportViewRow | undefined> {
  const { rows } = await db.query<ImportViewRow>(`${VIEW_SQL} and r.number = $2`, [projectId, number]);
  return rows[0];
}

/** Newest first, those below `beforeNumber`. */
export async function selectImportViews(
  db: Db,
  projectId: number,
  beforeNumber: number | null,
  limit: number,
): Promise<ImportViewRow[]> {
  const { rows } = await db.query<ImportViewRow>(
    `${VIEW_SQL} and ($2::int is null or r.number < $2) order by r.number desc limit $3`,
    [projectId, beforeNumber, limit],
  );
  return rows;
}
