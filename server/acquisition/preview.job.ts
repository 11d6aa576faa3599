import type { JobPayload } from "@/contracts/jobs";
import { getComputePool } from "../compute";
import type { JobHandler } from "../jobs";
import { previewStrategy } from "./previewStrategy";

const handler: JobHandler<JobPayload<"acquisition.preview">> = ({ payload, ...context }) =>
  previewStrategy({ ...context, compute: getComputePool() }, payload);

export default handler;
