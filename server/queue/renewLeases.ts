import type { RenewResult } from "@/contracts/queue";
import { LEASE_HELD_SECONDS_MAX } from "./claimNext";
import { renewLeaseRows } from "./leases.db";
import type { QueueContext } from "./queueContext";
import { requireAnnotator } from "./queueContext";

/**
 * Moves the end of the caller's leases to now plus the project's lease time, at most {@link LEASE_HELD_SECONDS_MAX}
 * after they were taken. A lease that has expired but that nobody else took is the caller's still and is renewed. A
 * token that is not the caller's lease any more comes back with expiresAt null: the item may be with someone else now.
 */
export async function renewLeases(ctx: QueueContext, tokens: readonly string[]): Promise<RenewResult> {
  const userId = requireAnnotator(ctx.actor);
  const rows = await renewLeaseRows(ctx.db, {
    projectId: ctx.project.id,
    userId,
    tokens,
    now: ctx.clock.now(),
    leaseSeconds: ctx.project.leaseSeconds,
    leaseSecondsMax: LEASE_HELD_SECONDS_MAX,
  });
  const endOf = new Map(rows.map((row) => [row.lease_token, row.lease_expires_at.toISOString()]));
  return { leases: tokens.map((token) => ({ token, expiresAt: endOf.get(token.toLowerCase()) ?? null })) };
}
