import { z } from "zod";
import { pageInput } from "@/contracts/access";
import { PROJECT_ROLES } from "@/contracts/permissions";
import { listMembers, removeMember, setMemberFrozen, setMemberRole } from "../../access";
import { projectProcedure, router } from "../trpc";

const memberInput = z.object({ userId: z.string().min(1).max(100) });

export const memberRouter = router({
  /** The project's people, by email. */
  list: projectProcedure("manage")
    .input(pageInput)
    .query(({ ctx, input }) => listMembers(ctx, input)),
  /** Gives a member another role; the last lead stays one. */
  setRole: projectProcedure("manage")
    .input(memberInput.extend({ role: z.enum(PROJECT_ROLES) }))
    .mutation(({ ctx, input }) => setMemberRole(ctx, input)),
  /** Takes a member out of the project; their annotations stay. */
  remove: projectProcedure("manage")
    .input(memberInput)
    .mutation(({ ctx, input }) => removeMember(ctx, input)),
  /** Stops a member from taking new items, or lets them again. */
  freeze: projectProcedure("manage")
    .input(memberInput.extend({ frozen: z.boolean() }))
    .mutation(({ ctx, input }) => setMemberFrozen(ctx, input)),
});
