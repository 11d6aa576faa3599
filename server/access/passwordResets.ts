import { randomUUID } from "node:crypto";
import type { z } from "zod";
import type { PasswordResetPeek, resetPasswordInput } from "@/contracts/access";
import { HOUR_MS, LIMITS } from "@/contracts/limits";
import { appendAuditLog } from "../audit";
import type { Actor, UserActor } from "../auth";
import { hashPassword, hashToken, makeToken, userIdOf } from "../auth";
import type { Clock } from "../clock";
import { addMs } from "../clock";
import type { Db, Pool } from "../db";
import { withTransaction } from "../db";
import { getEnv } from "../env";
import { AppError } from "../errors";
import type { PasswordResetFacts } from "./passwordResets.db";
import {
  insertPasswordReset,
  lockPasswordResetByHash,
  markPasswordResetUsed,
  revokePasswordResets,
  selectPasswordResetByHash,
} from "./passwordResets.db";
import { selectUser, updatePassword } from "./users.db";

interface AdminContext {
  db: Pool;
  clock: Clock;
  actor: Actor;
}

/** The reset if it can still be used; says which of the ways to be useless it has met. */
function usable(reset: PasswordResetFacts | undefined, now: Date): PasswordResetFacts {
  const refuse = (why: string): AppError =>
    new AppError("E_NOT_FOUND", `This link ${why}. Ask an administrator for a new one.`);
  if (!reset) throw refuse("is not known; it may be cut short");
  if (reset.usedAt) throw refuse("has been used already");
  if (reset.revokedAt) throw refuse("was withdrawn, or a newer one was made");
  if (reset.expiresAt <= now) throw refuse(`expired on ${reset.expiresAt.toISOString()}`);
  if (reset.disabledAt) throw refuse("is for an account that is disabled");
  return reset;
}

/**
 * Makes a link with which a person chooses a new password; links made before stop working. Only its hash is kept: the
 * address is in this answer and nowhere else, to be handed over by the administrator. The old password and the sessions
 * stay until the link is used.
 *
 * Not for oneself: a session left open at a desk must not be enough to take an account over.
 */
export async function createPasswordReset(
  { db, clock, actor }: AdminContext,
  input: { userId: string },
): Promise<{ url: string; token: string; expiresAt: string }> {
  const { userId } = input;
  if (userIdOf(actor) === userId) {
    throw new AppError("E_FORBIDDEN", "Another administrator has to make a reset link for your own account.");
  }
  const token = makeToken();
  const createdAt = clock.now();
  const expiresAt = addMs(createdAt, LIMITS.passwordResetHours * HOUR_MS);
  await withTransaction(db, async (tx) => {
    const user = await selectUser(tx, userId);
    if (!user) throw new AppError("E_NOT_FOUND", "There is no account with this id.");
    if (user.isSimulated) throw new AppError("E_CONFLICT", "A simulated annotator has no password and cannot sign in.");
    if (user.disabledAt) throw new AppError("E_CONFLICT", `The account of ${user.name} is disabled. Enable it first.`);
    const id = randomUUID();
    await revokePasswordResets(tx, userId, createdAt);
    await insertPasswordReset(tx, {
      id,
      tokenHash: hashToken(token),
      userId,
      createdBy: userIdOf(actor) ?? actor.kind,
      createdAt,
      expiresAt,
    });
    await appendAuditLog(tx, {
      actor,
      projectId: null,
      action: "access.createPasswordReset",
      target: userId,
      details: { email: user.email, reset: id, expiresAt: expiresAt.toISOString() },
      at: createdAt,
    });
  });
  return { url: `${getEnv().publicUrl}/reset?token=${token}`, token, expiresAt: expiresAt.toISOString() };
}

/** Whose password a link is for, for whoever holds it. */
export async function peekPasswordReset(
  { db, clock }: { db: Db; clock: Clock },
  input: { token: string },
): Promise<PasswordResetPeek> {
  const { name, email, expiresAt } = usable(await selectPasswordResetByHash(db, hashToken(input.token)), clock.now());
  return { name, email, expiresAt: expiresAt.toISOString() };
}

/**
 * Sets the new password and uses the link up, in one transaction; every session of the person ends, and so do other open
 * links. They sign in afterwards. The row is locked: of two who use one link together, one is told that it has been used.
 */
export async function resetPassword(
  { db, clock }: { db: Pool; clock: Clock },
  input: z.infer<typeof resetPasswordInput>,
): Promise<{ email: string }> {
  const tokenHash = hashToken(input.token);
  // Checked before the slow hash too, so that guesses cost us nothing.
  usable(await selectPasswordResetByHash(db, tokenHash), clock.now());
  const passwordHash = await hashPassword(input.password);
  return withTransaction(db, async (tx) => {
    const at = clock.now();
    const reset = usable(await lockPasswordResetByHash(tx, tokenHash), at);
    await markPasswordResetUsed(tx, reset.id, at);
    await revokePasswordResets(tx, reset.userId, at);
    await updatePassword(tx, reset.userId, passwordHash, at);
    const actor: UserActor = { kind: "user", id: reset.userId, name: reset.name, role: reset.role };
    await appendAuditLog(tx, {
      actor,
      projectId: null,
      action: "access.resetPassword",
      target: reset.userId,
      details: { email: reset.email, reset: reset.id },
      at,
    });
    return { email: reset.email };
  });
}
