import { z } from "zod";
import { LIMITS } from "@/contracts/limits";
import { activateModel, getModelVersion, listModelVersions, requestRetrain, unpinModel } from "../../training";
import { projectProcedure, router } from "../trpc";

const modelVersion = z.object({ version: z.int().min(1) });

export const modelRouter = router({
  /** Model versions, newest first, with their accuracy on audits. */
  list: projectProcedure("read")
    .input(z.object({ cursor: z.int().min(1).optional(), limit: z.int().min(1).max(LIMITS.pageRows).default(50) }))
    .query(({ ctx, input }) => listModelVersions(ctx.db, ctx.project.id, input)),
  /** One model version. */
  get: projectProcedure("read")
    .input(modelVersion)
    .query(({ ctx, input }) => getModelVersion(ctx.db, ctx.project.id, input.version)),
  /** Rolls back (or forward) to a version and pins it; the queue is refilled from its predictions. */
  activate: projectProcedure("manage")
    .input(modelVersion)
    .mutation(({ ctx, input }) => activateModel(ctx, input)),
  /** Ends a roll-back: the newest version is used again, as are those to come. */
  unpin: projectProcedure("manage").mutation(({ ctx }) => unpinModel(ctx)),
  /** Trains now, whatever the retraining policy says. */
  retrain: projectProcedure("manage").mutation(({ ctx }) => requestRetrain(ctx)),
});
