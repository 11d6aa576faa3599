import { timingSafeEqual } from "node:crypto";
import type { z } from "zod";
import type { AccessState, completeSetupInput, ViewerView } from "@/contracts/access";
import { appendAuditLog } from "../audit";
import type { Actor } from "../auth";
import { hashPassword, hashToken, makeToken } from "../auth";
import type { Clock } from "../clock";
import type { Db, Pool } from "../db";
import { withTransaction } from "../db";
import { AppError } from "../errors";
import { deleteSetupHash, selectSetupHash, upsertSetupHash } from "./setup.db";
import { hasAdministrator, insertUser, lockAdministrators, selectUser } from "./users.db";

/**
 * While no administrator exists, makes a fresh one-time set-up token, keeps only its hash and returns it for the console;
 * a token made before stops working. Null once an administrator exists. Called at each start.
 */
export async function ensureSetupToken(db: Db, clock: Clock): Promise<string | null> {
  if (await hasAdministrator(db)) return null;
  const token = makeToken();
  await upsertSetupHash(db, hashToken(token), clock.now());
  return token;
}

function refuseSetup(isDone: boolean): AppError {
  return isDone
    ? new AppError("E_CONFLICT", "This instance is set up already. Sign in, or ask an administrator for an invitation.")
    : new AppError(
        "E_FORBIDDEN",
        "This set-up link is not the current one. Use the link that the console printed at the last start.",
      );
}

async function checkToken(db: Db, token: string): Promise<void> {
  if (await hasAdministrator(db)) throw refuseSetup(true);
  const expected = await selectSetupHash(db);
  const isRight = expected !== undefined && timingSafeEqual(Buffer.from(expected), Buffer.from(hashToken(token)));
  if (!isRight) throw refuseSetup(false);
}

/**
 * Makes the first administrator and uses the token up, in one transaction under the lock of administrators: of calls that
 * arrive together exactly one succeeds. The caller signs in afterwards.
 */
export async function completeSetup(
  { db, clock }: { db: Pool; clock: Clock },
  input: z.infer<typeof completeSetupInput>,
): Promise<ViewerView> {
  const { token, name, email, password } = input;
  // Checked before the slow hash too, so that guesses cost us nothing.
  await checkToken(db, token);
  const passwordHash = await hashPassword(password);
  return withTransaction(db, async (tx) => {
    await lockAdministrators(tx);
    await checkToken(tx, token);
    const id = await insertUser(tx, { name, email, role: "administrator", passwordHash, at: clock.now() });
    if (id === undefined) throw new AppError("E_CONFLICT", `There is an account with the email ${email} already.`);
    await deleteSetupHash(tx);
    const actor: Actor = { kind: "user", id, name, role: "administrator" };
    await appendAuditLog(tx, { actor, projectId: null, action: "access.completeSetup", target: id, at: clock.now() });
    return { id, name, email, role: "administrator" };
  });
}

/** The caller as a person; null for nobody, keys and the system. */
export async function readViewer(db: Db, actor: Actor | null): Promise<ViewerView | null> {
  if (actor?.kind !== "user") return null;
  const user = await selectUser(db, actor.id);
  return user ? { id: user.id, name: user.name, email: user.email, role: user.role } : null;
}

export async function readAccessState({ db, actor }: { db: Db; actor: Actor | null }): Promise<AccessState> {
  const [isSetUp, user] = await Promise.all([hasAdministrator(db), readViewer(db, actor)]);
  return { needsSetup: !isSetUp, user };
}
