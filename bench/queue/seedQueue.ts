import type { Pool } from "@/server/db";
import { withTransaction } from "@/server/db";
import type { BlobStore } from "@/server/storage";
import { makeMember, makeProject, makeUser } from "@/test/harness/factories";

export interface QueueSizes {
  items: number;
  /** Open queue entries, one per item. */
  entries: number;
  people: number;
  /** Labels given before, each with its closed entry and lease. */
  history: number;
}

export interface SeededQueue {
  projectId: number;
  userIds: string[];
}

const LABELS = ["alpha", "beta", "gamma", "delta"];
const SEED_TIMEOUT_MS = 0;

async function runLong(db: Pool, sql: string, values: unknown[]): Promise<void> {
  await withTransaction(db, (tx) => tx.query(sql, values), { statementTimeoutMs: SEED_TIMEOUT_MS });
}

/** A project as it looks after some weeks: a large pool, a past, a full queue, and a model whose predictions are stored. */
export async function seedQueue(db: Pool, storage: BlobStore, sizes: QueueSizes): Promise<SeededQueue> {
  const { items, entries, people, history } = sizes;
  const project = await makeProject(db, {
    labels: LABELS,
    leaseSeconds: 600,
    prefetch: 5,
    strategy: { batchSize: entries },
  });
  const userIds: string[] = [];
  for (let i = 0; i < people; i++) {
    const user = await makeUser(db, { isSimulated: true });
    await makeMember(db, project.id, user.id, "annotator");
    userIds.push(user.id);
  }
  await runLong(
    db,
    `insert into item (project_id, row, external_id, content_hash, status, n_labels, consensus, created_at, resolved_at)
     select $1, g, 'item-' || g, decode(md5(g::text), 'hex'), case when g < $3 then 'resolved' else 'open' end,
            (g < $3)::int, case when g < $3 then '{"choice": "alpha"}'::jsonb end, now(), case when g < $3 then now() end
       from generate_series(0, $2::int - 1) g`,
    [project.id, items, history],
  );
  await runLong(
    db,
    `insert into item_content (project_id, row, content)
     select $1, g, jsonb_build_object('text', 'A short message number ' || g || ' that ' || repeat('says something more ', 5))
       from generate_series(0, $2::int - 1) g`,
    [project.id, items],
  );
  await runLong(
    db,
    `insert into queue_entry (project_id, row, slot, round, generation, purpose, strategy, rank, priority, score, reason,
       state, lease_token, lease_user_id, lease_tab, leased_at, lease_expires_at, served_at, created_at)
     select $1, g, 0, 1, 1, 'train', 'margin', g, g, 0.5, '[]', 'done', gen_random_uuid(), ($3::text[])[1 + g % $4::int],
            'tab', now(), now(), now(), now() from generate_series(0, $2::int - 1) g`,
    [project.id, history, userIds, people],
  );
  await runLong(
    db,
    `insert into lease_grant (project_id, token, entry_id, row, user_id, tab, granted_at)
     select project_id, lease_token, id, row, lease_user_id, lease_tab, leased_at from queue_entry where project_id = $1`,
    [project.id],
  );
  await runLong(
    db,
    `insert into annotation (project_id, seq, kind, row, submission_id, annotator_id, source, value, purpose, entry_id, round, at)
     select project_id, row + 1, 'label', row, gen_random_uuid(), lease_user_id, 'simulated', '{"choice": "alpha"}', purpose,
            id, round, now() from queue_entry where project_id = $1`,
    [project.id],
  );
  await runLong(
    db,
    `insert into queue_entry (project_id, row, slot, round, generation, purpose, strategy, rank, priority, score, percentile,
       model_version, reason, state, created_at)
     select $1, $2::int + g * (($3::int - $2::int) / $4::int), 0, 2, 2, case when g % 10 = 0 then 'audit' else 'train' end,
            'margin', g, g, 0.1, 0.9, 1, '[{"code": "random"}]', 'open', now() from generate_series(0, $4::int - 1) g`,
    [project.id, history, items, entries],
  );
  await db.query("update label_counter set label_seq = $2, n_labels = $2, n_resolved = $2 where project_id = $1", [
    project.id,
    history,
  ]);
  await db.query("insert into series_counter values ($1, 'generation', 2), ($1, 'writtenGeneration', 2)", [project.id]);
  await db.query("update row_counter set next_row = $2, n_items = $2 where project_id = $1", [project.id, items]);
  await seedModel(db, storage, project.id, items, history);
  for (const table of ["item", "item_content", "queue_entry", "annotation", "lease_grant"]) {
    await db.query({ text: `vacuum analyze ${table}` });
  }
  // The gigabytes just written reach the disk before anything is measured: no project seeds itself in twenty seconds.
  await db.query("checkpoint");
  return { projectId: project.id, userIds };
}

/** A model version with one shard of probabilities, so that claims show suggestions as they do in life. */
async function seedModel(db: Pool, storage: BlobStore, projectId: number, items: number, trainedThrough: number) {
  const probabilities = new Float32Array(items * LABELS.length).fill(1 / LABELS.length);
  const { key } = await storage.put(`bench/${projectId}/probabilities`, new Uint8Array(probabilities.buffer));
  await db.query(
    `insert into model_version (project_id, version, trainer, state, trained_through_seq, n_train, seed, params, classes,
       data_hash, code_version, backend) values ($1, 1, 'softmax', 'ready', $2, $2, 's', '{}', $3, 'h', 'c', 'b')`,
    [projectId, trainedThrough, JSON.stringify(LABELS)],
  );
  await db.query("insert into prediction_shard values ($1, 1, 0, $2, $3, $4)", [projectId, items, LABELS.length, key]);
  await db.query("update project set active_model_version = 1 where id = $1", [projectId]);
}
