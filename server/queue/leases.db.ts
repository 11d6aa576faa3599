import type { Db, Tx } from "../db";

/** Moves the end of leases that are still this person's, expired or not. Tokens that are not are left out. */
export async function renewLeaseRows(
  db: Db,
  p: {
    projectId: number;
    userId: string;
    tokens: readonly string[];
    now: Date;
    leaseSeconds: number;
    leaseSecondsMax: number;
  },
): Promise<{ lease_token: string; lease_expires_at: Date }[]> {
  const { rows } = await db.query<{ lease_token: string; lease_expires_at: Date }>({
    name: "winnow_renew",
    text: `
      with mine as (
        select id from queue_entry
         where lease_token = any($3::uuid[]) and project_id = $1 and lease_user_id = $2 and state = 'leased'
           and leased_at + make_interval(secs => greatest($6::float8, $5::float8)) > $4::timestamptz
         order by id for update)
      update queue_entry e
         set lease_expires_at = greatest(e.lease_expires_at, least(
               $4::timestamptz + make_interval(secs => $5), e.leased_at + make_interval(secs => greatest($6::float8, $5::float8))))
        from mine where e.project_id = $1 and e.id = mine.id
      returning e.lease_token, e.lease_expires_at`,
    values: [p.projectId, p.userId, p.tokens, p.now, p.leaseSeconds, p.leaseSecondsMax],
  });
  return rows;
}

/**
 * Ends leases: an entry is open again while its item is, else superseded. `held` selects id and row of the entries. The
 * items are locked first, lowest row first, so that none of them can be resolved between the look at its status and the
 * change; a lease that ended in between is left as it is.
 */
const giveBack = (held: string): string => `
  with held as materialized (${held}),
  locked as materialized (
    select row, status = 'open' and deleted_at is null as is_open from item
     where project_id = $1 and row in (select row from held) order by row for update
  ), chosen as materialized (
    select e.id, locked.is_open from locked
      join held on held.row = locked.row join queue_entry e on e.project_id = $1 and e.id = held.id
     where e.state = 'leased' and e.lease_token = held.lease_token order by e.id for update of e
  )
  update queue_entry e
     set state = case when chosen.is_open then 'open' else 'superseded' end,
         lease_token = null, lease_user_id = null, lease_tab = null, leased_at = null, lease_expires_at = null
    from chosen where e.project_id = $1 and e.id = chosen.id`;

/** Brings the end of the person's own leases forward to `until`; returns how many had a later one. */
export async function shortenOwnLeases(
  db: Db,
  p: { projectId: number; userId: string; tokens: readonly string[]; until: Date },
): Promise<number> {
  const { rowCount } = await db.query(
    `with mine as (
       select id from queue_entry
        where lease_token = any($3::uuid[]) and project_id = $1 and lease_user_id = $2 and state = 'leased'
          and lease_expires_at > $4 order by id for update)
     update queue_entry e set lease_expires_at = $4 from mine where e.project_id = $1 and e.id = mine.id`,
    [p.projectId, p.userId, p.tokens, p.until],
  );
  return rowCount ?? 0;
}

/** Ends the person's own leases under these tokens; returns how many. */
export async function releaseOwnLeases(
  db: Db,
  p: { projectId: number; userId: string; tokens: readonly string[] },
): Promise<number> {
  const { rowCount } = await db.query(
    giveBack(`select id, row, lease_token from queue_entry
      where lease_token = any($3::uuid[]) and project_id = $1 and lease_user_id = $2 and state = 'leased'`),
    [p.projectId, p.userId, p.tokens],
  );
  return rowCount ?? 0;
}

/** Ends every lease of the project, or of one person in it; returns how many. */
export async function releaseAllLeases(tx: Tx, projectId: number, userId: string | null): Promise<number> {
  const { rowCount } = await tx.query(
    giveBack(`select id, row, lease_token from queue_entry
      where project_id = $1 and state = 'leased' and ($2::text is null or lease_user_id = $2)`),
    [projectId, userId],
  );
  return rowCount ?? 0;
}

export interface StatusRow {
  open: number;
  leased: number;
  generation: number;
  round: number | null;
}

export async function readQueueTotals(db: Db, projectId: number, now: Date): Promise<StatusRow> {
  const { rows } = await db.query<StatusRow>(
    `select count(*) filter (where state = 'open' or lease_expires_at <= $2) as open,
            count(*) filter (where state = 'leased' and lease_expires_at > $2) as leased,
            coalesce((select value from series_counter where project_id = $1 and name = 'writtenGeneration'), 0) as generation,
            (select max(number) from round where project_id = $1) as round
       from queue_entry where project_id = $1 and state in ('open', 'leased')`,
    [projectId, now],
  );
  return rows[0];
}

export interface LeaseHolderRow {
  user_id: string;
  user_name: string;
  tab: string;
  count: number;
  oldest_at: Date;
  next_expiry_at: Date;
}

export async function readLeaseHolders(db: Db, projectId: number, now: Date): Promise<LeaseHolderRow[]> {
  const { rows } = await db.query<LeaseHolderRow>(
    `select e.lease_user_id as user_id, coalesce(u.name, e.lease_user_id) as user_name, coalesce(e.lease_tab, '') as tab,
            count(*) as count, min(e.leased_at) as oldest_at, min(e.lease_expires_at) as next_expiry_at
       from queue_entry e left join "user" u on u.id = e.lease_user_id
      where e.project_id = $1 and e.state = 'leased' and e.lease_expires_at > $2
      group by 1, 2, 3 order by 2, 1, 3`,
    [projectId, now],
  );
  return rows;
}

export interface CorrectionTarget {
  projectId: number;
  row: number;
  userId: string;
  tab: string;
  /** The entry that was answered; null for imported labels, which cannot be corrected this way. */
  entryId: number | null;
  now: Date;
  leaseSeconds: number;
}

export interface CorrectionEntryRow {
  id: number;
  slot: number;
  purpose: string;
  state: "open" | "leased" | "done" | "superseded";
  is_mine: boolean;
  is_expired: boolean;
}

/**
 * Locks, by id, the live entries of an item, the one whose lease was answered, and the one that the person's answer
 * closed: another one, when the item had been taken again before a late answer came. The item must be locked before.
 */
export async function lockEntriesOfItem(tx: Tx, p: CorrectionTarget): Promise<CorrectionEntryRow[]> {
  const { rows } = await tx.query<CorrectionEntryRow>(
    `select id, slot, purpose, state, lease_user_id is not distinct from $4 as is_mine,
            coalesce(lease_expires_at <= $5, false) as is_expired
       from queue_entry
      where project_id = $1 and row = $2
        and (state in ('open', 'leased') or id = $3 or (state = 'done' and lease_user_id = $4))
      order by id for update`,
    [p.projectId, p.row, p.entryId, p.userId, p.now],
  );
  return rows;
}

const LEASE_TO = `state = 'leased', lease_token = gen_random_uuid(), lease_user_id = $3, lease_tab = $4, leased_at = $5,
  lease_expires_at = $5::timestamptz + make_interval(secs => $6), served_at = coalesce(served_at, $5)`;

/** Leases a locked entry to a person under a new token and keeps the grant; returns the token. */
export async function leaseEntryTo(tx: Tx, p: CorrectionTarget, entryId: number, slot: number): Promise<string> {
  const { rows } = await tx.query<{ token: string }>(
    `with taken as (
       update queue_entry set ${LEASE_TO}, slot = $7 where project_id = $1 and id = $2 returning id, row, lease_token)
     insert into lease_grant (project_id, token, entry_id, row, user_id, tab, granted_at)
     select $1, lease_token, id, row, $3, $4, $5 from taken returning token`,
    [p.projectId, entryId, p.userId, p.tab, p.now, p.leaseSeconds, slot],
  );
  return rows[0].token;
}

/** Copies an entry as an open one in another slot; returns the copy's id. */
export async function copyEntry(tx: Tx, projectId: number, entryId: number, slot: number, now: Date): Promise<number> {
  const { rows } = await tx.query<{ id: number }>(
    `insert into queue_entry (project_id, row, slot, round, generation, purpose, strategy, rank, priority, score,
       percentile, inclusion, model_version, reason, is_fallback, state, served_at, created_at)
     select project_id, row, $3, round, generation, purpose, strategy, rank, priority, score, percentile, inclusion,
            model_version, reason, is_fallback, 'open', served_at, $4
       from queue_entry where project_id = $1 and id = $2 returning id`,
    [projectId, entryId, slot, now],
  );
  return rows[0].id;
}
