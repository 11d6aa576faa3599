import type { JobPayload } from "@/contracts/jobs";
import type { JobHandler } from "../jobs";
import { runImport } from "./runImport";

/** Reads an uploaded file into items; resumes behind the last batch after any interruption. */
const handler: JobHandler<JobPayload<"ingestion.run">> = (context) =>
  runImport(context, context.payload.projectId, context.payload.importRun);

export default handler;
