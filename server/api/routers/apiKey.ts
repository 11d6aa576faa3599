import { z } from "zod";
import { createApiKeyInput } from "@/contracts/access";
import { createApiKey, listApiKeys, revokeApiKey } from "../../access";
import { projectProcedure, router } from "../trpc";

export const apiKeyRouter = router({
  /** The project's keys, working ones first; never the keys themselves. */
  list: projectProcedure("manage").query(({ ctx, input }) => listApiKeys(ctx, input)),
  /** Makes a key; the answer holds it and nothing else does. */
  create: projectProcedure("manage")
    .input(createApiKeyInput)
    .mutation(({ ctx, input }) => createApiKey(ctx, input)),
  /** Ends a key at once. */
  revoke: projectProcedure("manage")
    .input(z.object({ id: z.uuid() }))
    .mutation(({ ctx, input }) => revokeApiKey(ctx, input)),
});
