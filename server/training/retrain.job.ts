import type { JobPayload } from "@/contracts/jobs";
import { getComputePool } from "../compute";
import type { JobHandler } from "../jobs";
import { retrainModel } from "./retrainModel";

const handler: JobHandler<JobPayload<"training.retrain">> = ({ payload, ...context }) =>
  retrainModel({ ...context, compute: getComputePool() }, payload);

export default handler;
