import type { JobPayload } from "@/contracts/jobs";
import type { JobHandler } from "../jobs";
import { assemblePredictions } from "./assemblePredictions";

/** Times in one run: chunks that came meanwhile are taken in by the next. */
const PASSES_MAX = 20;

const handler: JobHandler<JobPayload<"prediction.assemble">> = async ({ payload, ...context }) => {
  let assembled = await assemblePredictions(context, payload);
  for (let n = 1; n < PASSES_MAX && assembled.isNew; n++) {
    const next = await assemblePredictions(context, payload);
    if (!next.isNew) break;
    assembled = next;
  }
  return assembled;
};

export default handler;
