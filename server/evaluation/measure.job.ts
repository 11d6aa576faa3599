import type { JobPayload } from "@/contracts/jobs";
import { getComputePool } from "../compute";
import type { JobHandler } from "../jobs";
import { measureVersions } from "./measureVersions";

const handler: JobHandler<JobPayload<"evaluation.measure">> = ({ payload, ...context }) =>
  measureVersions({ ...context, compute: getComputePool() }, payload);

export default handler;
