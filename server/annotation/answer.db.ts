import type { ItemStatus, Purpose } from "@/contracts/items";
import type { Db, Tx } from "../db";
import { distinctItems, resolvedCopies } from "../queue";

/**
 * SQL of answering and withdrawing. Order of locks in every transaction that changes an item's answers: the item, its
 * entries by id, the project's counter, the person's counter. Claims lock entries only and never wait for a row.
 */

/** Locks an item until the transaction ends; false when there is none. Read its facts in a statement after this one. */
export async function lockItem(tx: Tx, projectId: number, row: number): Promise<boolean> {
  const { rowCount } = await tx.query({
    name: "winnow_lock_item",
    text: "select 1 from item where project_id = $1 and row = $2 for update",
    values: [projectId, row],
  });
  return rowCount === 1;
}

/** An annotation that was recorded before under the same submission id. */
export interface RecordedAnswer {
  seq: number;
  kind: "label" | "skip" | "retract";
  row: number;
  annotatorId: string | null;
  value: unknown;
  reason: string | null;
  supersedes: number | null;
  isLate: boolean;
  isExtra: boolean;
}

/** A label or skip on the item that was not withdrawn. */
export interface EffectiveAnswer {
  seq: number;
  kind: "label" | "skip";
  annotatorId: string | null;
  value: unknown;
}

export interface ItemEntry {
  id: number;
  slot: number;
  state: "open" | "leased" | "done" | "superseded";
  purpose: Purpose;
  round: number;
  token: string | null;
  userId: string | null;
  isExpired: boolean;
}

export interface AnswerFacts {
  status: ItemStatus;
  isDeleted: boolean;
  isSimulated: boolean;
  previous: RecordedAnswer | null;
  /** The lease that was once given out under the token, to whom. */
  grant: { entryId: number; row: number; userId: string } | null;
  /** Live entries of the item, and the one the token was for. */
  entries: ItemEntry[];
  /** In order of arrival. */
  answers: EffectiveAnswer[];
  /** Sequence number that the newest model version, finished or in training, was trained through; null: no model yet. */
  trainedThroughSeq: number | null;
  /** A retraining is queued or running. */
  isRetraining: boolean;
}

/** Everything that accepting or withdrawing an answer depends on, read under the item's lock. */
export async function readAnswerFacts(
  tx: Tx,
  p: { projectId: number; row: number; token: string | null; submissionId: string; userId: string; now: Date },
): Promise<AnswerFacts> {
  const { rows } = await tx.query<AnswerFacts>({
    name: "winnow_answer_facts",
    text: `
      with held as materialized (
        select entry_id, row, user_id from lease_grant where project_id = $1 and token = $3)
      select i.status, i.deleted_at is not null as "isDeleted",
        coalesce((select is_simulated from "user" where id = $5), false) as "isSimulated",
        (select json_build_object('seq', a.seq, 'kind', a.kind, 'row', a.row, 'annotatorId', a.annotator_id,
             'value', a.value, 'reason', a.reason, 'supersedes', a.supersedes, 'isLate', a.is_late, 'isExtra', a.is_extra)
           from annotation a where a.project_id = $1 and a.submission_id = $4) as previous,
        (select json_build_object('entryId', entry_id, 'row', row, 'userId', user_id) from held) as "grant",
        (select coalesce(json_agg(json_build_object('id', e.id, 'slot', e.slot, 'state', e.state, 'purpose', e.purpose,
             'round', e.round, 'token', e.lease_token, 'userId', e.lease_user_id,
             'isExpired', coalesce(e.lease_expires_at <= $6, false)) order by e.id), '[]')
           from queue_entry e where e.project_id = $1 and e.row = $2
            and (e.state in ('open', 'leased') or e.id = (select entry_id from held))) as entries,
        (select coalesce(json_agg(json_build_object('seq', a.seq, 'kind', a.kind, 'annotatorId', a.annotator_id,
             'value', a.value) order by a.seq), '[]')
           from annotation a where a.project_id = $1 and a.row = $2 and a.kind in ('label', 'skip')
            and not exists (select 1 from annotation r where r.project_id = $1 and r.supersedes = a.seq)) as answers,
        (select trained_through_seq from model_version where project_id = $1 and state <> 'failed'
          order by version desc limit 1) as "trainedThroughSeq",
        exists (select 1 from job_run where project_id = $1 and kind = 'training.retrain'
                  and state in ('queued', 'running')) as "isRetraining"
      from item i where i.project_id = $1 and i.row = $2`,
    values: [p.projectId, p.row, p.token, p.submissionId, p.userId, p.now],
  });
  return rows[0];
}

/** What happens to the entry that was answered. */
export type EntryChange = { id: number; to: "done" | "open" | "superseded" } | null;

/** One annotation and all that follows from it. */
export interface AnswerChange {
  projectId: number;
  row: number;
  kind: "label" | "skip" | "retract";
  submissionId: string;
  annotatorId: string;
  token: string | null;
  source: "human" | "simulated";
  /** Undefined for skip and retract. */
  value: unknown;
  /** The label configuration that the value was checked against; null where there is none to check. */
  configVersion: number | null;
  supersedes: number | null;
  reason: string | null;
  isLate: boolean;
  isExtra: boolean;
  purpose: Purpose;
  entryId: number | null;
  round: number | null;
  modelVersionSeen: number | null;
  suggestionShown: boolean;
  suggestedValue: unknown;
  guidelinesVersion: number | null;
  shownAt: string | null;
  elapsedMs: number | null;
  now: Date;
  /** UTC day of now, yyyy-mm-dd. */
  day: string;
  entry: EntryChange;
  /** Entries of the item that are not wanted any more. */
  surplusEntryIds: readonly number[];
  item: { nLabels: number; nSkips: number; status: ItemStatus; consensus: unknown; agreement: number | null };
  /** Changes of the project's and of the person's running totals, each −1, 0 or 1. */
  delta: {
    labels: number;
    resolved: number;
    skips: number;
    auditLabels: number;
    ownLabels: number;
    ownSkips: number;
    ownLabelsOfDay: number;
  };
}

export interface AnswerTotals {
  seq: number;
  nLabels: number;
  nResolved: number;
  nItems: number;
  mineTotal: number;
  mineToday: number;
}

const json = (value: unknown): string | null => (value === undefined || value === null ? null : JSON.stringify(value));

/**
 * Writes an answer in one statement. Each part waits for the one before it, so that locks are always taken in the order
 * above: a plain list of writing CTEs has no order of its own. Entries are changed only if they are still in the state
 * that the decision was made on; a claim that took one in between keeps it.
 *
 * Undefined: the label configuration is another one now, and the transaction must be rolled back. A change of it holds the
 * counter's row; the condition on the row is looked at again after waiting for that.
 */
export async function writeAnswer(tx: Tx, c: AnswerChange): Promise<AnswerTotals | undefined> {
  const { rows } = await tx.query<AnswerTotals>({
    name: "winnow_write_answer",
    text: `
      with closed as (
        update queue_entry e
           set state = $23,
               lease_token = case when $23 <> 'done' then null when lease_user_id = $5 then lease_token else $6 end,
               lease_user_id = case when $23 = 'done' then $5 end,
               lease_tab = case when $23 = 'done' then lease_tab end,
               leased_at = case when $23 = 'done' then leased_at end,
               lease_expires_at = case when $23 = 'done' then lease_expires_at end
         where project_id = $1 and id = $22
           and ((state = 'leased' and lease_user_id = $5) or ($23 = 'done' and state in ('open', 'superseded')))
        returning id
      ), surplus as (
        update queue_entry set state = 'superseded'
         where project_id = $1 and id = any($24::bigint[])
           and (state = 'open' or (state = 'leased' and lease_expires_at <= $20))
        returning id
      ), settled as (
        update item set n_labels = $25, n_skips = $26, status = $27, consensus = $28, agreement = $29,
               resolved_at = case when $27 = 'resolved' then coalesce(resolved_at, $20) end
         where project_id = $1 and row = $2
           and (select count(*) from closed) >= 0 and (select count(*) from surplus) >= 0
        returning row
      ), counted as (
        update label_counter
           set label_seq = label_seq + 1, n_labels = n_labels + $30, n_resolved = n_resolved + $31,
               n_skips = n_skips + $32, n_audit_labels = n_audit_labels + $33
         where project_id = $1 and (select count(*) from settled) = 1 and ($39::int is null or config_version = $39)
        returning label_seq, n_labels, n_resolved
      ), written as (
        insert into annotation (project_id, seq, kind, row, submission_id, annotator_id, source, value, supersedes, reason,
          is_late, is_extra, purpose, entry_id, round, model_version_seen, suggestion_shown, suggested_value,
          guidelines_version, shown_at, elapsed_ms, at)
        select $1, label_seq, $3, $2, $4, $5, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $34, $35, $20
          from counted
        returning seq
      ), mine as (
        insert into annotator_counter as m (project_id, user_id, n_labels, n_skips, day, n_labels_day)
        select $1, $5, greatest(0, $37), greatest(0, $38), $21::date, greatest(0, $36) from written
        on conflict (project_id, user_id) do update
           set n_labels = m.n_labels + $37, n_skips = m.n_skips + $38, day = excluded.day,
               n_labels_day = case when m.day = excluded.day then m.n_labels_day + $36 else greatest(0, $36) end
        returning n_labels, n_labels_day
      ), undrafted as (
        delete from draft where project_id = $1 and row = $2 and user_id = $5
      )
      select counted.label_seq as seq, counted.n_labels as "nLabels", counted.n_resolved - ${resolvedCopies("$1")} as "nResolved",
             ${distinctItems("$1")} as "nItems",
             mine.n_labels as "mineTotal", mine.n_labels_day as "mineToday"
        from counted, mine`,
    values: [
      c.projectId,
      c.row,
      c.kind,
      c.submissionId,
      c.annotatorId,
      c.token,
      c.source,
      json(c.value),
      c.supersedes,
      c.reason,
      c.isLate,
      c.isExtra,
      c.purpose,
      c.entryId,
      c.round,
      c.modelVersionSeen,
      c.suggestionShown,
      json(c.suggestedValue),
      c.guidelinesVersion,
      c.now,
      c.day,
      c.entry?.id ?? null,
      c.entry?.to ?? "done",
      c.surplusEntryIds,
      c.item.nLabels,
      c.item.nSkips,
      c.item.status,
      json(c.item.consensus),
      c.item.agreement,
      c.delta.labels,
      c.delta.resolved,
      c.delta.skips,
      c.delta.auditLabels,
      c.shownAt,
      c.elapsedMs,
      c.delta.ownLabelsOfDay,
      c.delta.ownLabels,
      c.delta.ownSkips,
      c.configVersion,
    ],
  });
  return rows[0];
}

/** How many members could still answer the item: not frozen, not disabled, no label or skip of theirs on it. */
export async function countUnasked(db: Db, projectId: number, row: number, alsoAnswered: string): Promise<number> {
  const { rows } = await db.query<{ n: number }>(
    `select count(*) as n from project_member m join "user" u on u.id = m.user_id
      where m.project_id = $1 and m.frozen_at is null and u.disabled_at is null and m.user_id <> $3
        and not exists (select 1 from annotation a
              where a.project_id = $1 and a.row = $2 and a.annotator_id = m.user_id and a.kind in ('label', 'skip')
                and not exists (select 1 from annotation r where r.project_id = $1 and r.supersedes = a.seq))`,
    [projectId, row, alsoAnswered],
  );
  return rows[0].n;
}
