import { join } from "node:path";
import type { JobPayload } from "@/contracts/jobs";
import { getComputePool } from "../compute";
import { getEnv } from "../env";
import type { JobHandler } from "../jobs";
import { buildFeatures } from "./buildFeatures";

const handler: JobHandler<JobPayload<"features.build">> = ({ payload, ...context }) =>
  buildFeatures({ ...context, compute: getComputePool(), modelsRoot: join(getEnv().dataDir, "models") }, payload);

export default handler;
