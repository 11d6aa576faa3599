import type { JobPayload } from "@/contracts/jobs";
import type { JobHandler } from "../jobs";
import { indexItems } from "./indexItems";

/** Brings new items into the search index. */
const handler: JobHandler<JobPayload<"items.index">> = (context) => indexItems(context, context.payload.projectId);

export default handler;
