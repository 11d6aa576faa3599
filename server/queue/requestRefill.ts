import { appendAuditLog } from "../audit";
import { userIdOf } from "../auth";
import { withTransaction } from "../db";
import { requestJob } from "../jobs";
import type { QueueContext } from "./queueContext";

/** For leads: asks for a new round now. While one is queued or running, that run is returned and none is added. */
export async function requestRefill(ctx: QueueContext): Promise<{ jobRunId: string }> {
  const { db, clock, project, actor } = ctx;
  const now = clock.now();
  return withTransaction(db, async (tx) => {
    const { jobRunId } = await requestJob(tx, clock, {
      kind: "queue.refill",
      payload: { projectId: project.id, trigger: "manual", triggeredAt: now.toISOString() },
      requestedBy: userIdOf(actor) ?? undefined,
    });
    await appendAuditLog(tx, { actor, projectId: project.id, action: "queue.refill", target: jobRunId, at: now });
    return { jobRunId };
  });
}
