import { router } from "./trpc";

/** One line per router. */
export const appRouter = router({});

export type AppRouter = typeof appRouter;
