import { SECOND_MS } from "@/contracts/limits";
import type { Pool } from "../db";
import { requestJob } from "../jobs";
import type { QueueContext } from "./queueContext";
import { hasItemOutsideQueue, readQueueLevel } from "./refill.db";

/** A process looks at the level of one project's queue at most this often. */
export const LEVEL_CHECK_EVERY_MS = SECOND_MS;
/** Least open entries worth having, however few annotators there are. */
export const OPEN_ENTRIES_MIN = 20;
/** Time between two refills when someone got less than they wanted, when the queue is low, and when the last found nothing. */
const REFILL_PAUSE_SHORT_MS = SECOND_MS;
const REFILL_PAUSE_LOW_MS = 5 * SECOND_MS;
const REFILL_PAUSE_EMPTY_MS = 15 * SECOND_MS;

const lastChecks = new WeakMap<Pool, Map<number, number>>();

function isCheckDue(ctx: QueueContext): boolean {
  const checks = lastChecks.get(ctx.db) ?? new Map<number, number>();
  lastChecks.set(ctx.db, checks);
  const nowMs = ctx.clock.monotonicMs();
  const last = checks.get(ctx.project.id);
  if (last !== undefined && nowMs - last < LEVEL_CHECK_EVERY_MS) return false;
  checks.set(ctx.project.id, nowMs);
  return true;
}

/**
 * Asks for the job queue.refill when fewer entries are open than the active annotators take in two visits, or when
 * someone just got less than they wanted. At most one refill per project is live (the job's own key); pauses keep a
 * queue that cannot be filled from being refilled for ever; nothing is asked for while every open item is in the queue.
 * Returns whether it asked.
 */
export async function requestRefillWhenLow(ctx: QueueContext, { isShort }: { isShort: boolean }): Promise<boolean> {
  if (!isCheckDue(ctx)) return false;
  const { db, clock, project } = ctx;
  const now = clock.now();
  const level = await readQueueLevel(db, {
    projectId: project.id,
    now,
    perAnnotator: 2 * project.prefetch,
    markMin: OPEN_ENTRIES_MIN,
    // A mark near the size of a round would ask for the next round as soon as one is written.
    markMax: Math.max(1, Math.ceil(project.strategy.batchSize / 2)),
  });
  if (level.is_running || (!isShort && level.n_open >= level.low_mark)) return false;
  const pauseMs = level.was_last_empty ? REFILL_PAUSE_EMPTY_MS : isShort ? REFILL_PAUSE_SHORT_MS : REFILL_PAUSE_LOW_MS;
  const sinceMs =
    level.last_asked_at === null ? Number.POSITIVE_INFINITY : now.getTime() - level.last_asked_at.getTime();
  // A negative age means that the clock was set back: then asking is right.
  if (sinceMs >= 0 && sinceMs < pauseMs) return false;
  if (!(await hasItemOutsideQueue(db, project.id))) return false;
  const { isNew } = await requestJob(db, clock, {
    kind: "queue.refill",
    payload: { projectId: project.id, trigger: "lowQueue", triggeredAt: now.toISOString() },
  });
  return isNew;
}
