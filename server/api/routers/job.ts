import { z } from "zod";
import { pageInput } from "@/contracts/access";
import type { JobName } from "@/contracts/jobs";
import { JOBS } from "@/contracts/jobs";
import { cancelJobRun, pageJobRuns, readJobRun, retryJobRun } from "../../jobs";
import { projectProcedure, router } from "../trpc";

const KINDS = Object.keys(JOBS) as [JobName, ...JobName[]];
const runInput = z.object({ id: z.uuid() });

export const jobRouter = router({
  /** The project's background jobs, newest first. */
  list: projectProcedure("read")
    .input(pageInput.extend({ kinds: z.array(z.enum(KINDS)).max(KINDS.length).optional() }))
    .query(({ ctx, input }) => pageJobRuns(ctx, input)),
  /** One job. */
  get: projectProcedure("read")
    .input(runInput)
    .query(({ ctx, input }) => readJobRun(ctx, input)),
  /** Cancels a job: at once while it is queued, as soon as it can stop while it runs. */
  cancel: projectProcedure("manage")
    .input(runInput)
    .mutation(({ ctx, input }) => cancelJobRun(ctx, input)),
  /** Asks again for what a failed or cancelled job was to do. */
  retry: projectProcedure("manage")
    .input(runInput)
    .mutation(({ ctx, input }) => retryJobRun(ctx, input)),
});
