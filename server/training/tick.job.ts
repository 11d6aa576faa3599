import type { JobPayload } from "@/contracts/jobs";
import type { JobHandler } from "../jobs";
import { tickProjects } from "./tickProjects";

const handler: JobHandler<JobPayload<"training.tick">> = (context) => tickProjects(context);

export default handler;
