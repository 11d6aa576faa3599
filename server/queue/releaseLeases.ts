import { SECOND_MS } from "@/contracts/limits";
import { appendAuditLog } from "../audit";
import { addMs } from "../clock";
import { withTransaction } from "../db";
import { announceSoon } from "./announceSoon";
import { releaseAllLeases, releaseOwnLeases, shortenOwnLeases } from "./leases.db";
import type { QueueContext } from "./queueContext";
import { requireAnnotator } from "./queueContext";

/** Gives the caller's own items back unanswered. Tokens that are not the caller's leases change nothing. */
export async function releaseLeases(ctx: QueueContext, tokens: readonly string[]): Promise<{ released: number }> {
  const userId = requireAnnotator(ctx.actor);
  const released = await releaseOwnLeases(ctx.db, { projectId: ctx.project.id, userId, tokens });
  if (released > 0) announceSoon(ctx.db, ctx.project.id, "queue");
  return { released };
}

/** Time in which a page that was only reloaded finds its items still its own. */
export const LEAVING_GRACE_MS = 15 * SECOND_MS;

/**
 * A page is being closed or reloaded, which nobody can tell apart: its leases end in a few seconds. A page that comes back
 * renews them; else others get the items then, not when the whole lease is over. Tokens that are not the caller's leases
 * change nothing.
 */
export async function leaveLeases(ctx: QueueContext, tokens: readonly string[]): Promise<{ shortened: number }> {
  const userId = requireAnnotator(ctx.actor);
  const until = addMs(ctx.clock.now(), LEAVING_GRACE_MS);
  return { shortened: await shortenOwnLeases(ctx.db, { projectId: ctx.project.id, userId, tokens, until }) };
}

/**
 * For leads: ends every lease of the project, or of one person. What these people are answering at the moment is not
 * lost: a label under an ended lease is accepted as late.
 */
export async function releaseAll(ctx: QueueContext, options: { userId?: string }): Promise<{ released: number }> {
  const { db, project, actor } = ctx;
  const released = await withTransaction(db, async (tx) => {
    const count = await releaseAllLeases(tx, project.id, options.userId ?? null);
    await appendAuditLog(tx, {
      actor,
      projectId: project.id,
      action: "queue.releaseAll",
      target: options.userId ?? null,
      details: { released: count },
      at: ctx.clock.now(),
    });
    return count;
  });
  announceSoon(db, project.id, "queue");
  return { released };
}
