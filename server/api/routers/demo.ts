import { z } from "zod";
import { createDemo, DEMO_DATASETS, requestSimulation } from "@/server/demo";
import { adminProcedure, projectProcedure, router, userProcedure } from "../trpc";

export const demoRouter = router({
  /** The real data sets that ship with the product, with their sources and licences. */
  list: userProcedure.query(() =>
    DEMO_DATASETS.map(({ id, title, description, nItems, nClasses, source, licence }) => ({
      id,
      title,
      description,
      nItems,
      nClasses,
      source,
      licence,
    })),
  ),
  /** Makes a demonstration project, with a randomly filled twin if wanted. */
  create: adminProcedure
    .input(
      z.object({
        dataset: z.string().max(100),
        strategyId: z.string().max(100).default("margin"),
        compareWithRandom: z.boolean().default(true),
      }),
    )
    .mutation(({ ctx, input }) => createDemo(ctx, input)),
  /** Lets simulated annotators label a demonstration project over the real API. */
  simulate: projectProcedure("manage")
    .input(
      z.object({
        annotators: z.int().min(1).max(50).default(4),
        speed: z.enum(["human", "full"]).default("full"),
        errorRate: z.number().min(0).max(1).default(0),
        maxLabels: z.int().min(1).max(1_000_000).default(1_000),
      }),
    )
    .mutation(({ ctx, input }) => requestSimulation(ctx, input)),
});
