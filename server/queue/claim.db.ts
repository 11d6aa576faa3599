import type { ItemContent, Purpose } from "@/contracts/items";
import type { Db } from "../db";
import { distinctItems, distinctResolved } from "./distinctItems";

/**
 * The claim. One statement, so that choosing an entry and taking it cannot come apart.
 *
 * Entries are walked in serving order. Taken may be what is open, or leased with the lease expired. Left out are entries
 * - whose item is not open any more,
 * - whose item this person holds, has labelled or has skipped (undone answers do not count), and
 * - behind a lower slot of the same item that could be taken too: so one claim never takes two opinions on one item.
 *   A person's own expired entry goes before lower slots, else nobody but others could free it.
 * `skip locked` passes over entries that another claim is taking at this moment; the row lock makes PostgreSQL look
 * again at the entry's newest version, so an entry that was just taken fails the test of its state. The unique index
 * queue_entry_one_per_person stands behind all of it.
 *
 * Subqueries compare with `is null` instead of `exists`: PostgreSQL then probes an index per entry and never turns them
 * into a join over the whole history, whatever its statistics say.
 *
 * Both fragments speak of the entry `e`; `now` and `user` are the numbers of parameters.
 */
const claimable = (alias: string, now: string): string =>
  `(${alias}.state = 'open' or ${alias}.lease_expires_at <= ${now})`;

/** No answer of this person on the entry's item stands. */
const unanswered = (user: string): string => `(select 1 from annotation a
        where a.project_id = e.project_id and a.row = e.row and a.annotator_id = ${user} and a.kind in ('label', 'skip')
          and (select 1 from annotation r where r.project_id = a.project_id and r.supersedes = a.seq limit 1) is null
        limit 1) is null`;

const eligible = (user: string, now: string): string => `
  (select i.status = 'open' and i.deleted_at is null from item i where i.project_id = e.project_id and i.row = e.row)
  and (select 1 from queue_entry h
        where h.project_id = e.project_id and h.row = e.row and h.lease_user_id = ${user}
          and h.state in ('leased', 'done') and h.id <> e.id limit 1) is null
  and ${unanswered(user)}
  and (e.lease_user_id is not distinct from ${user} or
       (select 1 from queue_entry s
         where s.project_id = e.project_id and s.row = e.row and s.state in ('open', 'leased')
           and ${claimable("s", now)} and (s.slot, s.id) < (e.slot, e.id) limit 1) is null)`;

const VIEW_COLUMNS = `c.entry_id, c.row, c.lease_token, c.lease_expires_at, c.round, c.strategy, c.purpose, c.rank,
  c.score, c.percentile, c.inclusion, c.model_version, c.is_fallback, c.reason,
  i.external_id, ic.content, d.value as draft,
  (select count(*) from (select 1 from item o
     where o.project_id = i.project_id and o.content_hash = i.content_hash and o.row <> i.row and o.deleted_at is null
     limit 1000) copies) as near_copies,
  (select a.value from annotation a
    where a.project_id = i.project_id and a.row = i.row and a.annotator_id = $2 and a.kind = 'label'
    order by a.seq desc limit 1) as previous_value`;

const VIEW_JOINS = `
  left join item i on i.project_id = $1 and i.row = c.row
  left join item_content ic on ic.project_id = $1 and ic.row = c.row
  left join draft d on d.project_id = $1 and d.row = c.row and d.user_id = $2`;

const ENTRY_COLUMNS = `e.id as entry_id, e.row, e.lease_token, e.lease_expires_at, e.round, e.strategy, e.purpose, e.rank,
  e.score, e.percentile, e.inclusion, e.model_version, e.is_fallback, e.reason, e.priority`;

/**
 * What a tab holds is given back to it unless its person has answered the item meanwhile: a late answer under an older
 * lease can cross with a claim of the same person. Such a lease runs out by itself.
 *
 * Parameters of the claim: $1 project, $2 user, $3 tab, $4 wanted in all, $5 now, $6 lease seconds, $7 tokens at hand,
 * $8 UTC day, $9 longest seconds a lease lives by renewal.
 *
 * A lease is renewed by a claim only when half of it is over: a claim then writes what it takes and little else. */
const RENEWED_UNTIL = `least($5::timestamptz + make_interval(secs => $6),
  e.leased_at + make_interval(secs => greatest($9::float8, $6::float8)))`;

const CLAIM = `
  with held as materialized (
    select e.id, e.lease_token from queue_entry e
     where e.project_id = $1 and e.lease_user_id = $2 and e.state = 'leased' and e.lease_tab = $3
       and e.lease_expires_at > $5
       and (select i.status = 'open' and i.deleted_at is null from item i
             where i.project_id = e.project_id and i.row = e.row)
       and ${unanswered("$2")}
     order by e.priority, e.id limit $4 for update of e skip locked
  ), renewed as (
    update queue_entry e set lease_expires_at = greatest(e.lease_expires_at, ${RENEWED_UNTIL})
      from held
     where e.project_id = $1 and e.id = held.id
       and e.lease_expires_at < $5::timestamptz + make_interval(secs => $6::float8 / 2)
    returning e.id, e.lease_expires_at
  ), free as materialized (
    select e.id from queue_entry e
     where e.project_id = $1 and e.state in ('open', 'leased') and ${claimable("e", "$5")} and ${eligible("$2", "$5")}
     order by e.priority, e.id
     limit greatest(0, $4 - (select count(*) from held)) for update of e skip locked
  ), taken as (
    update queue_entry e
       set state = 'leased', lease_token = gen_random_uuid(), lease_user_id = $2, lease_tab = $3, leased_at = $5,
           lease_expires_at = $5::timestamptz + make_interval(secs => $6), served_at = coalesce(e.served_at, $5)
      from free where e.project_id = $1 and e.id = free.id
    returning ${ENTRY_COLUMNS}
  ), granted as (
    insert into lease_grant (project_id, token, entry_id, row, user_id, tab, granted_at)
    select $1, lease_token, entry_id, row, $2, $3, $5 from taken
  ), claimed as (
    select 1 as place, taken.* from taken
    union all
    select 0 as place, ${ENTRY_COLUMNS.replace(
      "e.lease_expires_at",
      "coalesce(renewed.lease_expires_at, e.lease_expires_at) as lease_expires_at",
    )}
      from held join queue_entry e on e.project_id = $1 and e.id = held.id left join renewed on renewed.id = held.id
     where not (held.lease_token = any($7::uuid[]))
  )
  select totals.*, c.place, ${VIEW_COLUMNS}
    from (select (select count(*) from held) as n_held,
                 ${distinctResolved("$1")} as n_resolved,
                 ${distinctItems("$1")} as n_items,
                 m.mine_total, m.mine_today
            from (select 1) as one left join lateral (
              select n_labels as mine_total, case when day = $8::date then n_labels_day else 0 end as mine_today
                from annotator_counter where project_id = $1 and user_id = $2) m on true) as totals
    left join claimed c on true ${VIEW_JOINS}
   order by c.place, c.priority, c.entry_id`;

export interface ClaimedRow {
  entry_id: number;
  row: number;
  lease_token: string;
  lease_expires_at: Date;
  round: number;
  strategy: string;
  purpose: Purpose;
  rank: number;
  score: number | null;
  percentile: number | null;
  inclusion: number | null;
  model_version: number | null;
  is_fallback: boolean;
  reason: unknown;
  external_id: string;
  content: ItemContent;
  draft: unknown;
  near_copies: number;
  previous_value: unknown;
}

export interface ClaimTotals {
  n_held: number;
  n_resolved: number;
  n_items: number;
  mine_total: number | null;
  mine_today: number | null;
}

export interface ClaimParameters {
  projectId: number;
  userId: string;
  tab: string;
  n: number;
  now: Date;
  leaseSeconds: number;
  holding: readonly string[];
  /** UTC day, yyyy-mm-dd. */
  day: string;
  leaseSecondsMax: number;
}

/** Takes entries for a tab and returns what it did not have at hand, items included; `nNew` of them are newly taken. */
export async function claimEntries(
  db: Db,
  p: ClaimParameters,
): Promise<{ totals: ClaimTotals; claimed: ClaimedRow[]; nNew: number }> {
  const { rows } = await db.query<ClaimTotals & ClaimedRow & { place: number | null }>({
    name: "winnow_claim",
    text: CLAIM,
    values: [p.projectId, p.userId, p.tab, p.n, p.now, p.leaseSeconds, p.holding, p.day, p.leaseSecondsMax],
  });
  // Without entries there is one row, of totals alone.
  const claimed = rows.filter((row) => row.place !== null);
  return { totals: rows[0], claimed, nNew: claimed.filter((row) => row.place === 1).length };
}

/** What a person holds under one token, as a claim would give it; undefined when the token is not a present lease. */
export async function readClaimed(
  db: Db,
  projectId: number,
  userId: string,
  token: string,
): Promise<ClaimedRow | undefined> {
  const { rows } = await db.query<ClaimedRow>(
    `select ${VIEW_COLUMNS} from (select ${ENTRY_COLUMNS} from queue_entry e
       where e.project_id = $1 and e.lease_user_id = $2 and e.lease_token = $3 and e.state = 'leased') c ${VIEW_JOINS}`,
    [projectId, userId, token],
  );
  return rows[0];
}

export interface WaitingRow {
  held_by_others: number;
  next_expiry_at: Date | null;
  open_for_others: number;
  is_refill_running: boolean;
  /** Something could be taken by this person after all: it was locked for a moment. */
  is_claimable: boolean;
}

/** Why a person got nothing. Counts stop at 1000. */
export async function readWaiting(db: Db, projectId: number, userId: string, now: Date): Promise<WaitingRow> {
  const live = `from queue_entry e where e.project_id = $1 and e.state in ('open', 'leased')`;
  const held = `from queue_entry e where e.project_id = $1 and e.state = 'leased' and e.lease_expires_at > $3
    and e.lease_user_id <> $2`;
  const { rows } = await db.query<WaitingRow>({
    name: "winnow_waiting",
    text: `
      select
        (select count(*) from (select 1 ${held} limit 1000) h) as held_by_others,
        (select min(e.lease_expires_at) ${held}) as next_expiry_at,
        (select count(*) from (select 1 ${live} and ${claimable("e", "$3")} limit 1000) o) as open_for_others,
        exists (select 1 from job_run where project_id = $1 and kind in ('queue.refill', 'training.retrain')
           and state in ('queued', 'running')) as is_refill_running,
        (select 1 ${live} and ${claimable("e", "$3")} and ${eligible("$2", "$3")} limit 1) is not null as is_claimable`,
    values: [projectId, userId, now],
  });
  return rows[0];
}
