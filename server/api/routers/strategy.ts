import { z } from "zod";
import { projectStrategy, strategyRef } from "@/contracts/project";
import { readGuidance, requestPreview } from "@/server/acquisition";
import { readAuditComparison, readLdm, readPreview, readTailor } from "@/server/dashboards";
import { projectProcedure, router } from "../trpc";

export const strategyRouter = router({
  /** What a strategy needs, whether the project has it, and what a round costs on its pool. */
  guidance: projectProcedure("read")
    .input(z.object({ main: strategyRef }))
    .query(({ ctx, input }) => readGuidance(ctx.db, ctx.project, input)),
  /** Runs a draft on the pool as it is, in the background; nothing enters the queue. */
  requestPreview: projectProcedure("manage")
    .input(z.object({ strategy: projectStrategy }))
    .mutation(({ ctx, input }) => requestPreview(ctx, input)),
  /** How far a preview is, and the first picks of the draft. */
  preview: projectProcedure("read")
    .input(z.object({ jobRunId: z.uuid() }))
    .query(({ ctx, input }) => readPreview(ctx.db, ctx.project.id, input.jobRunId)),
  /** TAILOR's memory: beliefs, chances, pulls, yield; null before its first round. */
  tailor: projectProcedure("read").query(({ ctx }) => readTailor(ctx.db, ctx.project.id)),
  /** The flip-flop score over the pool, round by round. */
  ldm: projectProcedure("read").query(({ ctx }) => readLdm(ctx.db, ctx.project.id)),
  /** The strategy's picks beside the random audits of the same rounds. */
  auditComparison: projectProcedure("read").query(({ ctx }) => readAuditComparison(ctx, ctx.project.id)),
});
