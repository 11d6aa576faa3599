import type { JobPayload } from "@/contracts/jobs";
import type { JobHandler } from "../jobs";
import { assemblePredictions } from "./assemblePredictions";

const handler: JobHandler<JobPayload<"prediction.assemble">> = ({ payload, ...context }) =>
  assemblePredictions(context, payload);

export default handler;
