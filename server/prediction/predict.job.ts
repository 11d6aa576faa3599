import type { JobPayload } from "@/contracts/jobs";
import { getComputePool } from "../compute";
import type { JobHandler } from "../jobs";
import { requestJob } from "../jobs";
import { selectVersionsInUse } from "./prediction.db";
import { predictMissing } from "./predictMissing";

/** Predicts what a version lacks; when it is the one in use, the queue is then refilled from its predictions. */
const handler: JobHandler<JobPayload<"prediction.predict">> = async ({ payload, ...context }) => {
  const outcome = await predictMissing({ ...context, compute: getComputePool() }, payload);
  const [active] = await selectVersionsInUse(context.db, payload.projectId);
  if (active === payload.modelVersion) {
    const trigger = outcome.nPredicted > 0 ? "newItems" : "model";
    await requestJob(context.db, context.clock, {
      kind: "queue.refill",
      payload: { projectId: payload.projectId, trigger },
    });
  }
  return outcome;
};

export default handler;
