import { z } from "zod";
import { completeSetupInput, linkToken, pageInput, resetPasswordInput } from "@/contracts/access";
import { INSTANCE_ROLES } from "@/contracts/permissions";
import {
  completeSetup,
  createPasswordReset,
  listUsers,
  peekPasswordReset,
  readAccessState,
  readViewer,
  resetPassword,
  setUserDisabled,
  setUserRole,
} from "../../access";
import { AppError } from "../../errors";
import { adminProcedure, publicProcedure, router, userProcedure } from "../trpc";

const userId = z.string().min(1).max(100);

export const accessRouter = router({
  /** Whether the instance still needs its first administrator, and who the visitor is. */
  state: publicProcedure.query(({ ctx }) => readAccessState(ctx)),
  /** Makes the first administrator with the one-time token from the console. Works once. */
  completeSetup: publicProcedure.input(completeSetupInput).mutation(({ ctx, input }) => completeSetup(ctx, input)),
  /** The signed-in person. */
  me: userProcedure.query(async ({ ctx }) => {
    const viewer = await readViewer(ctx.db, ctx.actor);
    if (!viewer) throw new AppError("E_UNAUTHENTICATED", "This account does not exist any more.");
    return viewer;
  }),
  /** Everyone on the instance, by email. */
  listUsers: adminProcedure
    .input(pageInput.extend({ search: z.string().max(200).optional() }))
    .query(({ ctx, input }) => listUsers(ctx, input)),
  /** Disables an account (ending its sessions) or enables it again. */
  setUserDisabled: adminProcedure
    .input(z.object({ userId, disabled: z.boolean() }))
    .mutation(({ ctx, input }) => setUserDisabled(ctx, input)),
  /** Makes someone an administrator or a member of the instance. */
  setUserRole: adminProcedure
    .input(z.object({ userId, role: z.enum(INSTANCE_ROLES) }))
    .mutation(({ ctx, input }) => setUserRole(ctx, input)),
  /** Makes a link with which someone chooses a new password; the answer holds it and nothing else does. */
  createPasswordReset: adminProcedure
    .input(z.object({ userId }))
    .mutation(({ ctx, input }) => createPasswordReset(ctx, input)),
  /** Whose password a reset link is for. */
  peekPasswordReset: publicProcedure
    .input(z.object({ token: linkToken }))
    .query(({ ctx, input }) => peekPasswordReset(ctx, input)),
  /** Sets a new password with a reset link. Works once, and ends every session of the account. */
  resetPassword: publicProcedure.input(resetPasswordInput).mutation(({ ctx, input }) => resetPassword(ctx, input)),
});
