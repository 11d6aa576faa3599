import { z } from "zod";
import type { JobName } from "@/contracts/jobs";
import { JOBS } from "@/contracts/jobs";
import { LIMITS } from "@/contracts/limits";
import { cancelJobRun, pageJobRuns, readJobRun, retryJobRun } from "../../jobs";
import { projectProcedure, router } from "../trpc";

const jobKind = z.enum(Object.keys(JOBS) as [JobName, ...JobName[]]);
const jobId = z.object({ id: z.uuid() });

export const jobRouter = router({
  /** Background jobs of the project, newest first. */
  list: projectProcedure("read")
    .input(
      z.object({
        kinds: z.array(jobKind).max(20).optional(),
        cursor: z.string().max(100).optional(),
        limit: z.int().min(1).max(LIMITS.pageRows).default(50),
      }),
    )
    .query(({ ctx, input }) => pageJobRuns(ctx, input)),
  /** One job. */
  get: projectProcedure("read")
    .input(jobId)
    .query(({ ctx, input }) => readJobRun(ctx, input)),
  /** Cancels a job: at once while it is queued, as soon as it can stop while it runs. */
  cancel: projectProcedure("manage")
    .input(jobId)
    .mutation(({ ctx, input }) => cancelJobRun(ctx, input)),
  /** Asks for a failed or cancelled job again. */
  retry: projectProcedure("manage")
    .input(jobId)
    .mutation(({ ctx, input }) => retryJobRun(ctx, input)),
});
