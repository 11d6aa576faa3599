import { z } from "zod";
import { LIMITS } from "@/contracts/limits";
import { authorizeProject } from "@/server/access";
import { userIdOf } from "@/server/auth";
import {
  readAnnotators,
  readClassBalance,
  readComparable,
  readComparison,
  readLearningCurve,
  readOverview,
  readRounds,
  readSelectionWorks,
  readThroughput,
} from "@/server/dashboards";
import { projectProcedure, router } from "../trpc";

const MAX_COMPARED = 5;
const MAX_HOURS = 24 * 90;

export const dashboardRouter = router({
  /** Totals, pace, accuracy with its interval, and what needs the lead's attention. */
  overview: projectProcedure("read").query(({ ctx }) => readOverview(ctx, ctx.project.id)),
  /** A metric against labels, with intervals; other projects that the caller may read can be laid over it. */
  learningCurve: projectProcedure("read")
    .input(
      z.object({
        metric: z.enum(["accuracy", "macroF1"]).default("accuracy"),
        compareWith: z.array(z.int()).max(MAX_COMPARED).default([]),
      }),
    )
    .query(async ({ ctx, input }) => {
      const others = input.compareWith.filter((id) => id !== ctx.project.id);
      // Each compared project is decided by the same table as a call on it would be.
      for (const projectId of others) {
        await authorizeProject({ ...ctx, credential: { kind: "actor", actor: ctx.actor } }, { projectId }, "read");
      }
      return readLearningCurve(ctx.db, [ctx.project.id, ...others], input.metric);
    }),
  /** Projects whose curve the caller may lay over this one's. */
  comparable: projectProcedure("read").query(async ({ ctx }) => {
    if (ctx.actor.kind === "key") return [];
    const isAdministrator = ctx.actor.kind === "system" || ctx.actor.role === "administrator";
    const rows = await readComparable(ctx.db, ctx.project.id, isAdministrator ? null : userIdOf(ctx.actor));
    return rows.map((r) => ({
      id: r.id,
      slug: r.slug,
      name: r.name,
      strategy: r.strategy_spec.main?.id ?? "unknown",
      isTwin: r.is_twin,
    }));
  }),
  /** The difference between two learning curves where both have data; null while there is nothing to compare. */
  comparison: projectProcedure("read")
    .input(z.object({ otherId: z.int() }))
    .query(async ({ ctx, input }) => {
      const { otherId } = input;
      await authorizeProject(
        { ...ctx, credential: { kind: "actor", actor: ctx.actor } },
        { projectId: otherId },
        "read",
      );
      return readComparison(ctx.db, ctx.project.id, otherId);
    }),
  /** Labels and skips over time. */
  throughput: projectProcedure("read")
    .input(z.object({ hours: z.number().min(1).max(MAX_HOURS).default(24) }))
    .query(({ ctx, input }) => readThroughput(ctx, ctx.project.id, input.hours)),
  /** Labels per class, beside the unbiased share and what the model predicts. */
  classBalance: projectProcedure("read").query(({ ctx }) => readClassBalance(ctx.db, ctx.project.id)),
  /** Who labelled how much, how fast, and how well they agree. */
  annotators: projectProcedure("read").query(({ ctx }) => readAnnotators(ctx, ctx.project.id)),
  /** Acquisition rounds, newest first. */
  rounds: projectProcedure("read")
    .input(z.object({ cursor: z.int().optional(), limit: z.int().min(1).max(LIMITS.pageRows).default(25) }))
    .query(({ ctx, input }) => readRounds(ctx.db, ctx.project.id, input)),
  /** Whether a round served what its strategy ranked highest: spread, order and fallbacks. */
  selectionWorks: projectProcedure("read")
    .input(z.object({ round: z.int().optional() }))
    .query(({ ctx, input }) => readSelectionWorks(ctx.db, ctx.project.id, input.round)),
});
