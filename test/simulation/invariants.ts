import { isDeepStrictEqual } from "node:util";
import type { ItemStatus } from "@/contracts/items";
import { settleItem } from "@/server/consensus";
import type { Db } from "@/server/db";

/** An answer that a client was told is recorded. */
export interface Acknowledged {
  submissionId: string;
  seq: number;
  row: number;
  annotatorId: string;
  kind: "label" | "skip" | "retract";
  value?: unknown;
}

export interface InvariantOptions {
  projectId: number;
  acknowledged?: readonly Acknowledged[];
}

interface ProjectFacts {
  overlap: number;
  task_type: string;
  task_config: unknown;
}

interface AnnotationRow {
  seq: number;
  kind: "label" | "skip" | "retract";
  row: number;
  submission_id: string;
  annotator_id: string | null;
  value: unknown;
  supersedes: number | null;
  is_extra: boolean;
  purpose: string;
  at: Date;
}

interface ItemRow {
  row: number;
  status: ItemStatus;
  n_labels: number;
  n_skips: number;
  consensus: unknown;
  agreement: number | null;
  deleted_at: Date | null;
}

interface EntryRow {
  id: number;
  row: number;
  slot: number;
  purpose: string;
  state: string;
  lease_token: string | null;
  lease_user_id: string | null;
}

/**
 * Looks at everything the queue and the annotations of one project say and returns what contradicts the promises, in
 * words; empty means that all of them hold. It reads one snapshot, so it may run while others work.
 *
 * - annotation numbers are 1 … label_seq without gaps, and every submission id stands once
 * - every acknowledged answer is there, once, as acknowledged
 * - a withdrawal withdraws one answer of the same person, once; a person's answers to an item count once
 * - items, project totals and personal totals are what their annotations say
 * - no item has more non-extra labels than the project wants
 * - no live entry has the slot of another; no person holds an item twice; every lease was granted to its holder
 * - nothing is open in the queue for an item that needs no more answers
 */
export async function findViolations(db: Db, options: InvariantOptions): Promise<string[]> {
  const { projectId } = options;
  const facts = await readFacts(db, projectId);
  const effective = effectiveAnswers(facts.annotations);
  return [
    ...checkSequence(facts.annotations, facts.counter),
    ...checkAcknowledged(facts.annotations, options.acknowledged ?? []),
    ...checkWithdrawals(facts.annotations),
    ...checkItems(facts, effective),
    ...checkTotals(facts, effective),
    ...checkEntries(facts),
  ];
}

type Facts = Awaited<ReturnType<typeof readFacts>>;

async function readFacts(db: Db, projectId: number) {
  // One statement, one snapshot: the numbers compared are of the same moment.
  const { rows } = await db.query<{ facts: string }>(
    `select json_build_object(
       'project', (select json_build_object('overlap', overlap, 'task_type', task_type, 'task_config', task_config)
                     from project where id = $1),
       'counter', (select to_json(c) from label_counter c where project_id = $1),
       'people', (select coalesce(json_agg(c), '[]') from annotator_counter c where project_id = $1),
       'annotations', (select coalesce(json_agg(a order by seq), '[]') from annotation a where project_id = $1),
       'items', (select coalesce(json_agg(json_build_object('row', row, 'status', status, 'n_labels', n_labels,
                   'n_skips', n_skips, 'consensus', consensus, 'agreement', agreement, 'deleted_at', deleted_at)
                   order by row), '[]') from item where project_id = $1),
       'entries', (select coalesce(json_agg(json_build_object('id', id, 'row', row, 'slot', slot, 'purpose', purpose,
                   'state', state, 'lease_token', lease_token, 'lease_user_id', lease_user_id) order by id), '[]')
                   from queue_entry where project_id = $1),
       'grants', (select coalesce(json_agg(json_build_object('token', token, 'entry_id', entry_id, 'row', row,
                   'user_id', user_id)), '[]') from lease_grant where project_id = $1))::text as facts`,
    [projectId],
  );
  return JSON.parse(rows[0].facts) as {
    project: ProjectFacts;
    counter: {
      label_seq: number;
      n_labels: number;
      n_resolved: number;
      n_skips: number;
      n_audit_labels: number;
    };
    people: { user_id: string; n_labels: number; n_skips: number; day: string; n_labels_day: number }[];
    annotations: AnnotationRow[];
    items: ItemRow[];
    entries: EntryRow[];
    grants: { token: string; entry_id: number; row: number; user_id: string }[];
  };
}

/** Labels and skips that were not withdrawn, in order of arrival. */
function effectiveAnswers(annotations: readonly AnnotationRow[]): AnnotationRow[] {
  const withdrawn = new Set(annotations.map((a) => a.supersedes));
  return annotations.filter((a) => a.kind !== "retract" && !withdrawn.has(a.seq));
}

function groupBy<T, K>(list: readonly T[], keyOf: (item: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  for (const item of list) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group) group.push(item);
    else groups.set(key, [item]);
  }
  return groups;
}

function checkSequence(annotations: readonly AnnotationRow[], counter: Facts["counter"]): string[] {
  const found: string[] = [];
  annotations.forEach((a, i) => {
    if (a.seq !== i + 1) found.push(`annotation numbers have a gap: place ${i + 1} holds seq ${a.seq}`);
  });
  if (counter.label_seq !== annotations.length) {
    found.push(`label_seq is ${counter.label_seq}, but there are ${annotations.length} annotations`);
  }
  for (const [id, group] of groupBy(annotations, (a) => a.submission_id)) {
    if (group.length > 1) found.push(`submission ${id} stands ${group.length} times`);
  }
  return found;
}

function checkAcknowledged(annotations: readonly AnnotationRow[], acknowledged: readonly Acknowledged[]): string[] {
  const found: string[] = [];
  const bySubmission = new Map(annotations.map((a) => [a.submission_id, a]));
  for (const ack of acknowledged) {
    const kept = bySubmission.get(ack.submissionId);
    if (!kept) {
      found.push(`acknowledged ${ack.kind} ${ack.submissionId} (seq ${ack.seq}) is lost`);
      continue;
    }
    const isSame =
      kept.seq === ack.seq &&
      kept.row === ack.row &&
      kept.annotator_id === ack.annotatorId &&
      kept.kind === ack.kind &&
      isDeepStrictEqual(kept.value ?? null, ack.value ?? null);
    if (!isSame) found.push(`acknowledged answer differs: told ${JSON.stringify(ack)}, kept ${JSON.stringify(kept)}`);
  }
  return found;
}

function checkWithdrawals(annotations: readonly AnnotationRow[]): string[] {
  const found: string[] = [];
  const bySeq = new Map(annotations.map((a) => [a.seq, a]));
  const withdrawn = new Set<number>();
  for (const a of annotations) {
    if (a.kind !== "retract") {
      if (a.supersedes !== null) found.push(`${a.kind} ${a.seq} supersedes ${a.supersedes}; only withdrawals may`);
      continue;
    }
    const target = a.supersedes === null ? undefined : bySeq.get(a.supersedes);
    const isRight =
      target &&
      target.kind !== "retract" &&
      target.seq < a.seq &&
      target.row === a.row &&
      target.annotator_id === a.annotator_id;
    if (!isRight) found.push(`withdrawal ${a.seq} has no right target: ${JSON.stringify(target)}`);
    if (a.supersedes !== null && withdrawn.has(a.supersedes)) found.push(`annotation ${a.supersedes} withdrawn twice`);
    if (a.supersedes !== null) withdrawn.add(a.supersedes);
  }
  return found;
}

function checkItems({ project, items }: Facts, effective: readonly AnnotationRow[]): string[] {
  const found: string[] = [];
  const byRow = groupBy(effective, (a) => a.row);
  const settling = { taskType: project.task_type, taskConfig: project.task_config, overlap: project.overlap };
  for (const item of items) {
    const answers = byRow.get(item.row) ?? [];
    const labels = answers.filter((a) => a.kind === "label");
    const nSkips = answers.length - labels.length;
    const where = `item ${item.row}`;
    if (item.n_labels !== labels.length) found.push(`${where}: n_labels ${item.n_labels}, has ${labels.length}`);
    if (item.n_skips !== nSkips) found.push(`${where}: n_skips ${item.n_skips}, has ${nSkips}`);
    const nCounted = labels.filter((a) => !a.is_extra).length;
    if (nCounted > project.overlap)
      found.push(`${where}: ${nCounted} labels that are not extra, ${project.overlap} wanted`);
    for (const [annotator, group] of groupBy(answers, (a) => a.annotator_id)) {
      if (annotator !== null && group.length > 1) found.push(`${where}: ${annotator} counts ${group.length} times`);
    }
    // Who is left to skip depends on the membership: a parked item stands for both readings of it.
    if (item.deleted_at !== null) continue;
    const values = labels.map((a) => a.value);
    const should = settleItem(settling, item.status, { values, nSkips, isSkippedByAll: true }, "label");
    if (
      should.status !== item.status ||
      !isDeepStrictEqual(should.consensus ?? null, item.consensus ?? null) ||
      should.agreement !== item.agreement
    ) {
      found.push(`${where}: is ${JSON.stringify(item)}, its answers say ${JSON.stringify(should)}`);
    }
  }
  return found;
}

function checkTotals({ counter, items, people }: Facts, effective: readonly AnnotationRow[]): string[] {
  const found: string[] = [];
  // The project counts what is there; what people have done counts for them whatever became of the items.
  const living = new Set(items.filter((item) => item.deleted_at === null).map((item) => item.row));
  const counted = effective.filter((a) => living.has(a.row));
  const labels = counted.filter((a) => a.kind === "label");
  const expected = {
    n_labels: labels.length,
    n_resolved: items.filter((item) => item.deleted_at === null && item.status === "resolved").length,
    n_skips: counted.length - labels.length,
    n_audit_labels: labels.filter((a) => a.purpose === "audit").length,
  };
  for (const [name, value] of Object.entries(expected)) {
    const kept = counter[name as keyof typeof expected];
    if (kept !== value) found.push(`label_counter.${name} is ${kept}, should be ${value}`);
  }
  const byPerson = groupBy(effective, (a) => a.annotator_id);
  for (const person of people) {
    const own = byPerson.get(person.user_id) ?? [];
    const nLabels = own.filter((a) => a.kind === "label").length;
    if (person.n_labels !== nLabels) found.push(`${person.user_id}: n_labels ${person.n_labels}, has ${nLabels}`);
    if (person.n_skips !== own.length - nLabels) {
      found.push(`${person.user_id}: n_skips ${person.n_skips}, has ${own.length - nLabels}`);
    }
  }
  return found;
}

function checkEntries({ entries, items, grants }: Facts): string[] {
  const found: string[] = [];
  const live = entries.filter((e) => e.state === "open" || e.state === "leased");
  for (const [slot, group] of groupBy(live, (e) => `${e.row}/${e.slot}/${e.purpose}`)) {
    if (group.length > 1) found.push(`slot ${slot} has ${group.length} live entries`);
  }
  const held = entries.filter((e) => e.state === "leased" || e.state === "done");
  for (const [key, group] of groupBy(held, (e) => `${e.row} by ${e.lease_user_id}`)) {
    if (group.length > 1) found.push(`item ${key} is held or answered ${group.length} times`);
  }
  const grantOf = new Map(grants.map((g) => [g.token, g]));
  for (const entry of entries.filter((e) => e.state === "leased")) {
    const grant = grantOf.get(entry.lease_token ?? "");
    if (grant?.entry_id !== entry.id || grant.user_id !== entry.lease_user_id) {
      found.push(`entry ${entry.id} is leased under a token that was granted as ${JSON.stringify(grant)}`);
    }
  }
  const itemOf = new Map(items.map((item) => [item.row, item]));
  for (const entry of entries.filter((e) => e.state === "open")) {
    const item = itemOf.get(entry.row);
    if (item?.status !== "open" || item.deleted_at !== null) {
      found.push(`entry ${entry.id} is open although item ${entry.row} is ${item?.status ?? "missing"}`);
    }
  }
  return found;
}
