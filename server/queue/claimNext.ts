import { HOUR_MS, SECOND_MS } from "@/contracts/limits";
import type { AnnotatorProgress, ClaimResult } from "@/contracts/queue";
import { announceSoon } from "./announceSoon";
import type { ClaimedRow, ClaimParameters, ClaimTotals, WaitingRow } from "./claim.db";
import { claimEntries, readWaiting } from "./claim.db";
import { toClaimedItems } from "./claimedItem";
import { readProgress } from "./progress.db";
import type { QueueContext } from "./queueContext";
import { requireAnnotator, utcDay } from "./queueContext";
import { requestRefillWhenLow } from "./requestRefillWhenLow";

/** Longest a tab keeps one item by renewing: a page left open overnight gives its items back. */
export const LEASE_HELD_SECONDS_MAX = (8 * HOUR_MS) / SECOND_MS;

/** Tries when another claim took the same entry, or had everything locked, in the same moment. */
const CLAIM_TRIES_MAX = 5;
const CLAIM_PAUSE_MS = 10;

const UNIQUE_VIOLATION = "23505";
const DEADLOCK_DETECTED = "40P01";

export interface ClaimRequest {
  tab: string;
  /** Items the tab wants to hold in all. */
  n: number;
  holding?: readonly string[];
}

/**
 * Gives a tab items to label: first what it holds already (a reloaded tab finds its work), then new ones in serving
 * order until it holds n. Two tabs of one person get different items, and nobody gets an item twice.
 *
 * Locks the entries it takes for the length of one statement; waits for nobody. Writes the leases and their history.
 * Asks for the job queue.refill when the queue runs low. Called twice, the second call returns what the first gave.
 */
export async function claimNext(ctx: QueueContext, request: ClaimRequest): Promise<ClaimResult> {
  const userId = requireAnnotator(ctx.actor);
  const { db, project } = ctx;
  const now = ctx.clock.now();
  if (project.status !== "active" || ctx.frozenAt) {
    const progress = await readProgress(db, project.id, userId, utcDay(now));
    const status = project.status === "active" ? "frozen" : "paused";
    const { configVersion } = project;
    return { configVersion, status, isArchived: project.status === "archived", entries: [], progress, waiting: null };
  }
  const parameters: ClaimParameters = {
    projectId: project.id,
    userId,
    tab: request.tab,
    n: request.n,
    now,
    leaseSeconds: project.leaseSeconds,
    holding: request.holding ?? [],
    day: utcDay(now),
    leaseSecondsMax: LEASE_HELD_SECONDS_MAX,
  };
  const { totals, claimed, nNew, waiting } = await claim(ctx, parameters);
  if (nNew > 0) announceSoon(db, project.id, "queue");
  await requestRefillWhenLow(ctx, { isShort: totals.n_held + nNew < request.n });
  return {
    configVersion: project.configVersion,
    status: waiting ? "empty" : "ok",
    isArchived: false,
    entries: await toClaimedItems(ctx, claimed),
    progress: toProgress(totals),
    waiting: waiting && toWaiting(waiting, totals),
  };
}

interface Claim {
  totals: ClaimTotals;
  claimed: ClaimedRow[];
  nNew: number;
  /** Null when the tab holds something. */
  waiting: WaitingRow | null;
}

/**
 * Claims until the tab holds something or nothing can be had. A try can lose a race in two ways, both rare: two tabs of
 * one person reach two opinions on one item (the unique index refuses the second), or all that is left is locked by
 * others for the moment of their claims or of a refill.
 */
async function claim(ctx: QueueContext, parameters: ClaimParameters): Promise<Claim> {
  for (let n = 1; ; n++) {
    const isLastTry = n >= CLAIM_TRIES_MAX;
    let result: Omit<Claim, "waiting">;
    try {
      result = await claimEntries(ctx.db, parameters);
    } catch (error) {
      const code = (error as { code?: unknown } | null)?.code;
      if (isLastTry || (code !== UNIQUE_VIOLATION && code !== DEADLOCK_DETECTED)) throw error;
      continue;
    }
    if (result.totals.n_held > 0 || result.claimed.length > 0) return { ...result, waiting: null };
    const waiting = await readWaiting(ctx.db, parameters.projectId, parameters.userId, parameters.now);
    if (!waiting.is_claimable || isLastTry) return { ...result, waiting };
    await new Promise((done) => setTimeout(done, CLAIM_PAUSE_MS * 2 ** n));
  }
}

function toProgress(totals: ClaimTotals): AnnotatorProgress {
  return {
    mineToday: totals.mine_today ?? 0,
    mineTotal: totals.mine_total ?? 0,
    projectResolved: totals.n_resolved,
    projectItems: totals.n_items,
  };
}

function toWaiting(waiting: WaitingRow, totals: ClaimTotals): NonNullable<ClaimResult["waiting"]> {
  return {
    heldByOthers: waiting.held_by_others,
    nextExpiryAt: waiting.next_expiry_at?.toISOString() ?? null,
    openForOthers: waiting.open_for_others,
    refillRunning: waiting.is_refill_running,
    itemsLeft: Math.max(0, totals.n_items - totals.n_resolved),
  };
}
