import { createHash, randomUUID } from "node:crypto";
import type { ItemContent, Purpose } from "@/contracts/items";
import type { InstanceRole, ProjectRole } from "@/contracts/permissions";
import type { ProjectStrategy, RetrainPolicy } from "@/contracts/project";
import { featureSpec, projectStrategy, retrainPolicy, trainerSpec } from "@/contracts/project";
import type { Db } from "@/server/db";

/**
 * Rows for tests, written straight to the tables, so that a test of one feature does not run another. Each takes only
 * what matters to the test; the rest is filled in and valid. Numbers count up within the process, so nothing collides.
 */

let nMade = 0;

export interface MadeUser {
  id: string;
  name: string;
  email: string;
}

export async function makeUser(
  db: Db,
  options: { name?: string; email?: string; role?: InstanceRole; isSimulated?: boolean } = {},
): Promise<MadeUser> {
  const n = ++nMade;
  const user = {
    id: `user-${n}-${randomUUID().slice(0, 8)}`,
    name: options.name ?? `User ${n}`,
    email: options.email ?? `user${n}-${randomUUID().slice(0, 8)}@example.org`,
  };
  await db.query(
    `insert into "user" (id, name, email, email_verified, role, is_simulated, created_at, updated_at)
     values ($1, $2, $3, true, $4, $5, now(), now())`,
    [user.id, user.name, user.email, options.role ?? "member", options.isSimulated ?? false],
  );
  return user;
}

export async function makeMember(db: Db, projectId: number, userId: string, role: ProjectRole): Promise<void> {
  await db.query("insert into project_member (project_id, user_id, role) values ($1, $2, $3)", [
    projectId,
    userId,
    role,
  ]);
}

export interface MadeProject {
  id: number;
  slug: string;
  lead: MadeUser;
  labels: string[];
}

export interface ProjectOptions {
  name?: string;
  /** Ids and titles of the choices. */
  labels?: string[];
  contentKind?: "text" | "record";
  overlap?: number;
  leaseSeconds?: number;
  prefetch?: number;
  status?: "active" | "paused" | "archived";
  seed?: string;
  strategy?: Partial<ProjectStrategy>;
  retrainPolicy?: Partial<RetrainPolicy>;
  /** Made unless given; becomes the project's lead either way. */
  lead?: MadeUser;
}

/** A choice project with its counters and a lead. */
export async function makeProject(db: Db, options: ProjectOptions = {}): Promise<MadeProject> {
  const n = ++nMade;
  const lead = options.lead ?? (await makeUser(db));
  const labels = options.labels ?? ["yes", "no"];
  const slug = `project-${n}-${randomUUID().slice(0, 8)}`;
  const strategy = projectStrategy.parse({ main: { id: "margin" }, ...options.strategy });
  const contentKind = options.contentKind ?? "text";
  const { rows } = await db.query<{ id: number }>(
    `insert into project (slug, name, task_type, task_config, content_kind, status, overlap, lease_seconds, prefetch,
       audit_share, strategy_spec, retrain_policy, feature_spec, trainer_spec, seed, created_by, created_at, updated_at)
     values ($1, $2, 'choice', $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, now(), now()) returning id`,
    [
      slug,
      options.name ?? `Project ${n}`,
      JSON.stringify({ schemaVersion: 1, labels: labels.map((id) => ({ id, title: id })) }),
      contentKind,
      options.status ?? "active",
      options.overlap ?? 1,
      options.leaseSeconds ?? 600,
      options.prefetch ?? 5,
      strategy.auditShare,
      JSON.stringify(strategy),
      JSON.stringify(retrainPolicy.parse(options.retrainPolicy ?? {})),
      JSON.stringify(featureSpec.parse({ kind: contentKind })),
      JSON.stringify(trainerSpec.parse({})),
      options.seed ?? `seed-${n}`,
      lead.id,
    ],
  );
  const id = rows[0].id;
  await db.query("insert into label_counter (project_id) values ($1)", [id]);
  await db.query("insert into row_counter (project_id) values ($1)", [id]);
  await makeMember(db, id, lead.id, "lead");
  return { id, slug, lead, labels };
}

export interface ItemOptions {
  externalId?: string;
  content?: ItemContent;
  status?: "open" | "resolved" | "parked" | "excluded";
  meta?: Record<string, unknown>;
  /** Hidden truth of demonstration projects. */
  truth?: unknown;
}

/** Adds items behind those the project has; returns their rows. A number makes that many different texts. */
export async function makeItems(db: Db, projectId: number, items: number | ItemOptions[]): Promise<number[]> {
  const list = typeof items === "number" ? Array.from({ length: items }, (): ItemOptions => ({})) : items;
  const { rows } = await db.query<{ next_row: number }>(
    `update row_counter set next_row = next_row + $2, n_items = n_items + $2
     where project_id = $1 returning next_row`,
    [projectId, list.length],
  );
  const first = rows[0].next_row - list.length;
  const made = list.map((item, i) => {
    const row = first + i;
    const content = JSON.stringify(item.content ?? { text: `Text number ${row} of project ${projectId}` });
    return {
      row,
      externalId: item.externalId ?? `item-${row}`,
      content,
      hash: createHash("sha256").update(content).digest().subarray(0, 16).toString("hex"),
      status: item.status ?? "open",
      meta: item.meta === undefined ? null : JSON.stringify(item.meta),
      truth: item.truth === undefined ? null : JSON.stringify(item.truth),
    };
  });
  await db.query(
    `insert into item (project_id, row, external_id, content_hash, status, created_at)
     select $1, r, e, decode(h, 'hex'), s, now()
     from unnest($2::int[], $3::text[], $4::text[], $5::text[]) as t(r, e, h, s)`,
    [
      projectId,
      made.map((m) => m.row),
      made.map((m) => m.externalId),
      made.map((m) => m.hash),
      made.map((m) => m.status),
    ],
  );
  await db.query(
    `insert into item_content (project_id, row, content, meta, truth)
     select $1, r, c::jsonb, m::jsonb, t::jsonb from unnest($2::int[], $3::text[], $4::text[], $5::text[]) as x(r, c, m, t)`,
    [projectId, made.map((m) => m.row), made.map((m) => m.content), made.map((m) => m.meta), made.map((m) => m.truth)],
  );
  return made.map((m) => m.row);
}

export interface QueueEntryOptions {
  row: number;
  slot?: number;
  purpose?: Purpose;
  round?: number;
  priority?: number;
  score?: number;
  inclusion?: number;
  modelVersion?: number;
}

/** Open queue entries, served in the order given unless priorities say otherwise; returns their ids. */
export async function makeQueueEntries(
  db: Db,
  projectId: number,
  entries: readonly (number | QueueEntryOptions)[],
): Promise<number[]> {
  const ids: number[] = [];
  for (const [i, given] of entries.entries()) {
    const entry: QueueEntryOptions = typeof given === "number" ? { row: given } : given;
    const { rows } = await db.query<{ id: number }>(
      `insert into queue_entry (project_id, row, slot, round, generation, purpose, strategy, rank, priority, score,
         inclusion, model_version, reason, state, created_at)
       values ($1, $2, $3, $4, $4, $5, 'random', $6, $7, $8, $9, $10, '{}', 'open', now()) returning id`,
      [
        projectId,
        entry.row,
        entry.slot ?? 0,
        entry.round ?? 1,
        entry.purpose ?? "train",
        i,
        entry.priority ?? i,
        entry.score ?? null,
        entry.inclusion ?? null,
        entry.modelVersion ?? null,
      ],
    );
    ids.push(Number(rows[0].id));
  }
  return ids;
}

export interface AnnotationOptions {
  row: number;
  annotatorId?: string;
  /** Id of the choice. */
  label?: string;
  /** Any other label value. */
  value?: unknown;
  kind?: "label" | "skip" | "retract";
  purpose?: Purpose;
  source?: "human" | "simulated" | "import" | "key";
  supersedes?: number;
  round?: number;
  at?: Date;
  isLate?: boolean;
  elapsedMs?: number;
}

/** Appends annotations under the next sequence numbers and keeps the counters in step; returns the numbers. */
export async function makeAnnotations(
  db: Db,
  projectId: number,
  list: readonly AnnotationOptions[],
): Promise<number[]> {
  const seqs: number[] = [];
  for (const a of list) {
    const kind = a.kind ?? "label";
    const change = kind === "label" ? 1 : kind === "retract" ? -1 : 0;
    const isAudit = kind === "label" && a.purpose === "audit";
    const { rows } = await db.query<{ label_seq: number }>(
      `update label_counter set label_seq = label_seq + 1, n_labels = n_labels + $2, n_skips = n_skips + $3,
         n_audit_labels = n_audit_labels + $4 where project_id = $1 returning label_seq`,
      [projectId, change, kind === "skip" ? 1 : 0, isAudit ? 1 : 0],
    );
    const seq = rows[0].label_seq;
    const value = a.value ?? (a.label === undefined ? null : { choice: a.label });
    await db.query(
      `insert into annotation (project_id, seq, kind, row, submission_id, annotator_id, source, value, supersedes, purpose,
         round, is_late, elapsed_ms, at)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, coalesce($14::timestamptz, now()))`,
      [
        projectId,
        seq,
        kind,
        a.row,
        randomUUID(),
        a.annotatorId ?? null,
        a.source ?? "human",
        kind === "label" ? JSON.stringify(value) : null,
        a.supersedes ?? null,
        a.purpose ?? "train",
        a.round ?? null,
        a.isLate ?? false,
        a.elapsedMs ?? null,
        a.at ?? null,
      ],
    );
    await db.query(
      `update item set n_labels = n_labels + $3, n_skips = n_skips + $4 where project_id = $1 and row = $2`,
      [projectId, a.row, change, kind === "skip" ? 1 : 0],
    );
    seqs.push(seq);
  }
  return seqs;
}
