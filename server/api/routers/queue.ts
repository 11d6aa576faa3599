import { z } from "zod";
import { claimInput, leaseTokensInput } from "@/contracts/queue";
import {
  claimNext,
  leaveLeases,
  readQueueStatus,
  releaseAll,
  releaseLeases,
  renewLeases,
  requestRefill,
} from "../../queue";
import { projectProcedure, router } from "../trpc";

export const queueRouter = router({
  /** Gives a tab items to label, until it holds n: first what it holds already, then new ones. */
  claim: projectProcedure("annotate")
    .input(claimInput)
    .mutation(({ ctx, input }) => claimNext(ctx, input)),
  /** Moves the end of the caller's leases; expiresAt is null for those that are gone. */
  renew: projectProcedure("annotate")
    .input(leaseTokensInput)
    .mutation(({ ctx, input }) => renewLeases(ctx, input.tokens)),
  /** Gives the caller's items back unanswered. */
  release: projectProcedure("annotate")
    .input(leaseTokensInput)
    .mutation(({ ctx, input }) => releaseLeases(ctx, input.tokens)),
  /** A page is being closed or reloaded: its leases end in a few seconds unless it comes back and renews them. */
  leave: projectProcedure("annotate")
    .input(leaseTokensInput)
    .mutation(({ ctx, input }) => leaveLeases(ctx, input.tokens)),
  /** How full the queue is and who holds what. */
  status: projectProcedure("manage").query(({ ctx }) => readQueueStatus(ctx)),
  /** Ends every lease, or those of one person. */
  releaseAll: projectProcedure("manage")
    .input(z.object({ userId: z.string().min(1).max(100).optional() }))
    .mutation(({ ctx, input }) => releaseAll(ctx, input)),
  /** Asks for an acquisition round now. */
  refill: projectProcedure("manage").mutation(({ ctx }) => requestRefill(ctx)),
});
