import type { Pool } from "@/server/db";
import { withTransaction } from "@/server/db";
import { nextGeneration, writeRoundEntries } from "@/server/queue";

export interface Refill {
  projectId: number;
  /** Rows to pick, in serving order. */
  rows: readonly number[];
  /** So many of the first are audits. */
  nAudit: number;
  now: Date;
}

/** A worker's refill: one transaction that writes a round and ends the job that asked for it. */
export async function runRefill(db: Pool, { projectId, rows, nAudit, now }: Refill): Promise<void> {
  await withTransaction(db, async (tx) => {
    const generation = await nextGeneration(tx, projectId);
    await writeRoundEntries(tx, {
      projectId,
      round: generation,
      generation,
      modelVersion: null,
      strategy: "random",
      picks: rows.map((row, i) => ({
        row,
        rank: i,
        score: null,
        percentile: null,
        inclusion: i < nAudit ? 0.5 : null,
        reason: {},
        purpose: i < nAudit ? "audit" : "train",
        isFallback: false,
        priority: i,
      })),
      now,
    });
    await tx.query("update job_run set state = 'succeeded' where project_id = $1 and state = 'queued'", [projectId]);
  });
}

/** A worker's training: reads the labels up to a number, checks that none is missing, writes a version; returns the number. */
export async function runTraining(db: Pool, projectId: number): Promise<number> {
  return withTransaction(db, async (tx) => {
    const { rows } = await tx.query<{ label_seq: number; n: number }>(
      `select label_seq, (select count(*) from annotation where project_id = $1 and seq <= label_seq) as n
         from label_counter where project_id = $1`,
      [projectId],
    );
    const { label_seq: seq, n } = rows[0];
    if (n !== seq) throw new Error(`labels up to ${seq} are not a snapshot: ${n} are there`);
    await tx.query(
      `insert into model_version (project_id, version, trainer, state, trained_through_seq, n_train, seed, params,
         classes, data_hash, code_version, backend)
       select $1, coalesce(max(version), 0) + 1, 't', 'ready', $2, $2, 's', '{}', '[]', 'h', 'c', 'b'
         from model_version where project_id = $1`,
      [projectId, seq],
    );
    return seq;
  });
}
