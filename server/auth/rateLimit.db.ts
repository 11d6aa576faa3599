import { randomUUID } from "node:crypto";
import { DAY_MS } from "@/contracts/limits";
import type { Db } from "../db";

/** Windows that began longer ago than this are removed; every limit's window is shorter. */
const KEPT_MS = DAY_MS;

/** Counts one use in the key's fixed window and returns the count and when the window began (ms since 1970). */
export async function countUse(
  db: Db,
  key: string,
  nowMs: number,
  windowMs: number,
): Promise<{ count: number; windowStartMs: number }> {
  const { rows } = await db.query<{ count: number; start: number }>(
    `insert into rate_limit (id, key, count, last_request) values ($1, $2, 1, $3)
     on conflict (key) do update set
       count = case when rate_limit.last_request <= $3 - $4::bigint then 1 else rate_limit.count + 1 end,
       last_request = case when rate_limit.last_request <= $3 - $4::bigint then $3 else rate_limit.last_request end
     returning count, last_request as start`,
    [randomUUID(), key, nowMs, windowMs],
  );
  if (rows[0].count === 1) await db.query("delete from rate_limit where last_request < $1", [nowMs - KEPT_MS]);
  return { count: rows[0].count, windowStartMs: Number(rows[0].start) };
}

export async function forgetUses(db: Db, keys: readonly string[]): Promise<void> {
  await db.query("delete from rate_limit where key = any($1)", [keys]);
}
