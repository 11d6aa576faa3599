import type { QueueStatus } from "@/contracts/queue";
import { readLeaseHolders, readQueueTotals } from "./leases.db";
import type { QueueContext } from "./queueContext";

/** How full the queue is and who holds what. An expired lease counts as open: the next claim may take it. */
export async function readQueueStatus(ctx: QueueContext): Promise<QueueStatus> {
  const { db, project } = ctx;
  const now = ctx.clock.now();
  const [totals, holders] = await Promise.all([
    readQueueTotals(db, project.id, now),
    readLeaseHolders(db, project.id, now),
  ]);
  return {
    open: totals.open,
    leased: totals.leased,
    generation: totals.generation,
    round: totals.round,
    leases: holders.map((holder) => ({
      userId: holder.user_id,
      userName: holder.user_name,
      tab: holder.tab,
      count: holder.count,
      oldestAt: holder.oldest_at.toISOString(),
      nextExpiryAt: holder.next_expiry_at.toISOString(),
    })),
  };
}
