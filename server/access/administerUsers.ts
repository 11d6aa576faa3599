import type { InstanceRole } from "@/contracts/permissions";
import { appendAuditLog } from "../audit";
import type { Actor } from "../auth";
import type { Clock } from "../clock";
import type { Pool, Tx } from "../db";
import { withTransaction } from "../db";
import { AppError } from "../errors";
import type { UserFactsRow } from "./users.db";
import {
  countOtherAdministrators,
  lockAdministrators,
  selectUser,
  updateUserDisabled,
  updateUserRole,
} from "./users.db";

interface AdminContext {
  db: Pool;
  clock: Clock;
  actor: Actor;
}

async function findPerson(tx: Tx, userId: string): Promise<UserFactsRow> {
  const user = await selectUser(tx, userId);
  if (!user) throw new AppError("E_NOT_FOUND", "There is no account with this id.");
  return user;
}

async function refuseLastAdministrator(tx: Tx, user: UserFactsRow): Promise<void> {
  if (user.role !== "administrator" || user.disabledAt !== null) return;
  if ((await countOtherAdministrators(tx, user.id)) > 0) return;
  throw new AppError(
    "E_CONFLICT",
    `${user.name} is the last administrator of this instance. Make someone else an administrator first.`,
  );
}

/** Makes someone an administrator or an ordinary member. The last administrator stays one. Repeating it changes nothing. */
export async function setUserRole(
  { db, clock, actor }: AdminContext,
  input: { userId: string; role: InstanceRole },
): Promise<{ userId: string; role: InstanceRole }> {
  const { userId, role } = input;
  return withTransaction(db, async (tx) => {
    await lockAdministrators(tx);
    const user = await findPerson(tx, userId);
    if (user.role === role) return { userId, role };
    if (user.isSimulated) throw new AppError("E_CONFLICT", "A simulated annotator cannot be an administrator.");
    if (role === "member") await refuseLastAdministrator(tx, user);
    const at = clock.now();
    await updateUserRole(tx, userId, role, at);
    await appendAuditLog(tx, {
      actor,
      projectId: null,
      action: "access.setUserRole",
      target: userId,
      details: { email: user.email, from: user.role, to: role },
      at,
    });
    return { userId, role };
  });
}

/**
 * Disables or enables an account. Disabling ends its sessions and open invitations at once; its work stays. The last
 * administrator cannot be disabled.
 */
export async function setUserDisabled(
  { db, clock, actor }: AdminContext,
  input: { userId: string; disabled: boolean },
): Promise<{ userId: string; disabledAt: string | null }> {
  const { userId, disabled } = input;
  return withTransaction(db, async (tx) => {
    await lockAdministrators(tx);
    const user = await findPerson(tx, userId);
    if ((user.disabledAt !== null) === disabled) return { userId, disabledAt: user.disabledAt?.toISOString() ?? null };
    if (disabled) await refuseLastAdministrator(tx, user);
    const at = clock.now();
    await updateUserDisabled(tx, userId, disabled ? at : null, at);
    await appendAuditLog(tx, {
      actor,
      projectId: null,
      action: "access.setUserDisabled",
      target: userId,
      details: { email: user.email, disabled },
      at,
    });
    return { userId, disabledAt: disabled ? at.toISOString() : null };
  });
}
