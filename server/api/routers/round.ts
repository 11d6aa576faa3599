import { z } from "zod";
import { readRound, readRoundManifest } from "../../acquisition";
import { projectProcedure, router } from "../trpc";

const roundNumber = z.object({ round: z.int().min(1) });

export const roundRouter = router({
  /** One acquisition round in full: spec, seed, counts, warnings, timings. */
  get: projectProcedure("read")
    .input(roundNumber)
    .query(({ ctx, input }) => readRound(ctx.db, ctx.project.id, input.round)),
  /** What `winnow replay` needs to select the same items again. */
  manifest: projectProcedure("export")
    .input(roundNumber)
    .query(({ ctx, input }) => readRoundManifest(ctx, ctx.project.id, input.round)),
});
