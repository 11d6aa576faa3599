import type { ClientBase } from "pg";
import type { JobName } from "@/contracts/jobs";
import type { Db, Tx } from "../db";
import type { ErrorRecord } from "../errors";

/** First half of the advisory lock that stands for "this run is being worked on"; the second is a hash of its id. */
const RUN_LOCK_CLASS = 0x77_6a_6f_62;
/** Held by the one worker that does the periodic chores. */
const CHORES_LOCK = 0x77_63_68_6f;

/** One connection, which is what a session-level lock belongs to. */
export type Session = Pick<ClientBase, "query">;

/** Locks a run in this session. False: another session has it, so a living worker is on it. */
export async function tryLockRun(session: Session, jobRunId: string): Promise<boolean> {
  const { rows } = await session.query<{ locked: boolean }>("select pg_try_advisory_lock($1, hashtext($2)) as locked", [
    RUN_LOCK_CLASS,
    jobRunId,
  ]);
  return rows[0].locked;
}

export async function unlockRun(session: Session, jobRunId: string): Promise<void> {
  await session.query("select pg_advisory_unlock($1, hashtext($2))", [RUN_LOCK_CLASS, jobRunId]);
}

export async function tryLockChores(session: Session): Promise<boolean> {
  const { rows } = await session.query<{ locked: boolean }>("select pg_try_advisory_lock($1) as locked", [CHORES_LOCK]);
  return rows[0].locked;
}

export async function unlockChores(session: Session): Promise<void> {
  await session.query("select pg_advisory_unlock($1)", [CHORES_LOCK]);
}

export interface WaitingRun {
  id: string;
  kind: JobName;
}

/** Queued runs that pg-boss has not been given yet and that are due; locked until the transaction ends. */
export async function lockWaitingRuns(tx: Tx, now: Date, limit: number): Promise<WaitingRun[]> {
  const { rows } = await tx.query<WaitingRun>(
    `select id, kind from job_run
     where state = 'queued' and boss_id is null and (start_after is null or start_after <= $1)
     order by created_at limit $2 for update skip locked`,
    [now, limit],
  );
  return rows;
}

export async function setBossId(tx: Tx, jobRunId: string, bossId: string): Promise<void> {
  await tx.query("update job_run set boss_id = $2 where id = $1", [jobRunId, bossId]);
}

/** One attempt of a run. What it writes counts only while the run is still at this attempt of this delivery. */
export interface Attempt {
  id: string;
  boss_id: string | null;
  attempts: number;
}

export interface ClaimedRun extends Attempt {
  kind: JobName;
  project_id: number | null;
  payload: unknown;
}

/**
 * Begins an attempt of a live run that this delivery stands for. Undefined: the run has ended, or another delivery has
 * taken its place. The caller holds the run's lock, so a run in state "running" here belonged to a worker that died.
 */
export async function claimRun(db: Db, jobRunId: string, bossId: string, now: Date): Promise<ClaimedRun | undefined> {
  const { rows } = await db.query<ClaimedRun>(
    `update job_run
     set state = 'running', attempts = attempts + 1, started_at = coalesce(started_at, $3), heartbeat_at = $3, message = ''
     where id = $1 and boss_id = $2 and state in ('queued', 'running')
     returning id, kind, project_id, payload, boss_id, attempts`,
    [jobRunId, bossId, now],
  );
  return rows[0];
}

/** Ends a run. False when this attempt is not the run's present one any more; nothing is written then. */
export async function finishRun(
  db: Db,
  attempt: Attempt,
  end: { state: "succeeded" | "failed" | "cancelled"; result?: unknown; error?: ErrorRecord; message?: string },
  now: Date,
): Promise<boolean> {
  const { rowCount } = await db.query(
    `update job_run
     set state = $2, result = $3, error = $4, message = coalesce($5, message), finished_at = $6,
         progress_done = case when $2 = 'succeeded' then coalesce(progress_total, progress_done) else progress_done end
     where id = $1 and state = 'running' and boss_id is not distinct from $7 and attempts = $8`,
    [
      attempt.id,
      end.state,
      end.result === undefined ? null : JSON.stringify(end.result),
      end.error === undefined ? null : JSON.stringify(end.error),
      end.message ?? null,
      now,
      attempt.boss_id,
      attempt.attempts,
    ],
  );
  return rowCount === 1;
}

/** Sets a failed attempt back to wait for pg-boss's next delivery of the same job. */
export async function awaitRetry(db: Db, attempt: Attempt, error: ErrorRecord): Promise<void> {
  await db.query(
    `update job_run set state = 'queued', error = $4, message = 'will be tried again'
     where id = $1 and state = 'running' and boss_id is not distinct from $2 and attempts = $3`,
    [attempt.id, attempt.boss_id, attempt.attempts, JSON.stringify(error)],
  );
}

/** Frees a run for a new delivery at once. `counts` false: the attempt is not held against it. */
export async function requeueRun(
  db: Db,
  attempt: Attempt,
  options: { message: string; counts: boolean },
): Promise<void> {
  await db.query(
    `update job_run
     set state = 'queued', boss_id = null, message = $4, attempts = attempts - case when $5 then 0 else 1 end
     where id = $1 and state = 'running' and boss_id is not distinct from $2 and attempts = $3`,
    [attempt.id, attempt.boss_id, attempt.attempts, options.message, options.counts],
  );
}

/** Writes a sign of life. True when the attempt is to stop: someone asked to cancel, or it is not the present one any more. */
export async function beatRun(db: Db, attempt: Attempt, now: Date): Promise<boolean> {
  const { rows } = await db.query<{ stop: boolean }>(
    `update job_run set heartbeat_at = $4
     where id = $1 and state = 'running' and boss_id is not distinct from $2 and attempts = $3
     returning cancel_requested_at is not null as stop`,
    [attempt.id, attempt.boss_id, attempt.attempts, now],
  );
  return rows[0]?.stop ?? true;
}

export interface RunningRun extends Attempt {
  kind: JobName;
  project_id: number | null;
  is_cancelled: boolean;
}

export async function selectRunningRuns(db: Db): Promise<RunningRun[]> {
  const { rows } = await db.query<RunningRun>(
    `select id, kind, project_id, boss_id, attempts, cancel_requested_at is not null as is_cancelled
     from job_run where state = 'running'`,
  );
  return rows;
}

/** Inside a transaction: whether no living worker is on the run (its lock was free, and is ours until the end). */
export async function lockDeadRun(tx: Tx, jobRunId: string): Promise<boolean> {
  const { rows } = await tx.query<{ locked: boolean }>("select pg_try_advisory_xact_lock($1, hashtext($2)) as locked", [
    RUN_LOCK_CLASS,
    jobRunId,
  ]);
  if (!rows[0].locked) return false;
  const { rowCount } = await tx.query("select 1 from job_run where id = $1 and state = 'running' for update", [
    jobRunId,
  ]);
  return rowCount === 1;
}

/** Fails a live run that pg-boss gave up. */
export async function failAbandonedRun(db: Db, bossId: string, error: ErrorRecord, now: Date): Promise<void> {
  await db.query(
    `update job_run set state = 'failed', error = $2, finished_at = $3
     where boss_id = $1 and state in ('queued', 'running')`,
    [bossId, JSON.stringify(error), now],
  );
}

export async function deleteOldRuns(db: Db, before: Date): Promise<number> {
  const { rowCount } = await db.query("delete from job_run where finished_at < $1", [before]);
  return rowCount ?? 0;
}
