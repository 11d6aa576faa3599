import { z } from "zod";
import { acceptInvitationInput, createInvitationInput, linkToken, pageInput } from "@/contracts/access";
import {
  acceptInvitation,
  createInvitation,
  findInvitationProject,
  listInvitations,
  peekInvitation,
  revokeInvitation,
} from "../../access";
import { projectOfProcedure, projectOrAdminProcedure, publicProcedure, router } from "../trpc";

export const invitationRouter = router({
  /** What an invitation link is for. */
  peek: publicProcedure.input(z.object({ token: linkToken })).query(({ ctx, input }) => peekInvitation(ctx, input)),
  /** Uses an invitation: a signed-in person joins, anyone else gets an account (name, email, password). */
  accept: publicProcedure.input(acceptInvitationInput).mutation(({ ctx, input }) => acceptInvitation(ctx, input)),
  /** Invitations of a project, or without one those into the instance. */
  list: projectOrAdminProcedure("manage")
    .input(pageInput)
    .query(({ ctx, input }) => listInvitations(ctx, { ...input, projectId: ctx.project?.id ?? null })),
  /** Makes a link for one person; the answer holds it and nothing else does. */
  create: projectOrAdminProcedure("manage")
    .input(createInvitationInput)
    .mutation(({ ctx, input }) => createInvitation(ctx, input)),
  /** Withdraws an open invitation. */
  revoke: projectOfProcedure("manage", z.object({ id: z.uuid() }), (db, { id }) =>
    findInvitationProject(db, id),
  ).mutation(({ ctx, input }) => revokeInvitation(ctx, { id: input.id, projectId: ctx.projectId })),
});
