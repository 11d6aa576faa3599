import type { inferRouterOutputs } from "@trpc/server";
import type { AppRouter } from "@/server/api/root";

/** A strategy as the API describes it. */
export type StrategyView = inferRouterOutputs<AppRouter>["project"]["strategies"][number];
