import type { JobPayload } from "@/contracts/jobs";
import { getComputePool } from "../compute";
import type { JobHandler } from "../jobs";
import { refillQueue } from "./refillQueue";

const handler: JobHandler<JobPayload<"queue.refill">> = ({ payload, ...context }) =>
  refillQueue({ ...context, compute: getComputePool() }, payload);

export default handler;
