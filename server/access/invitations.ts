import { randomUUID } from "node:crypto";
import type { z } from "zod";
import type {
  acceptInvitationInput,
  createInvitationInput,
  InvitationPeek,
  InvitationRow,
  Page,
} from "@/contracts/access";
import { DAY_MS, LIMITS } from "@/contracts/limits";
import type { ProjectRole } from "@/contracts/permissions";
import { PROJECT_ROLES } from "@/contracts/permissions";
import { appendAuditLog } from "../audit";
import type { Actor, UserActor } from "../auth";
import { hashPassword, hashToken, makeToken, userIdOf } from "../auth";
import type { Clock } from "../clock";
import { addMs } from "../clock";
import type { Db, Pool, Tx } from "../db";
import { withTransaction } from "../db";
import { getEnv } from "../env";
import { AppError } from "../errors";
import { notifyProject } from "../jobs";
import type { InvitationFacts } from "./invitations.db";
import {
  insertInvitation,
  lockInvitationByHash,
  markAccepted,
  markRevoked,
  selectInvitationByHash,
  selectInvitations,
} from "./invitations.db";
import { selectMember, upsertMember } from "./members.db";
import { insertUser, selectUser, updateUserRole } from "./users.db";

interface InvitationContext {
  db: Pool;
  clock: Clock;
  actor: Actor;
}

/** The invitation if it can still be accepted; says which of the ways to be useless it has met. */
function usable(invitation: InvitationFacts | undefined, now: Date): InvitationFacts {
  const refuse = (why: string): AppError =>
    new AppError("E_NOT_FOUND", `This invitation ${why}. Ask whoever sent it for a new one.`);
  if (!invitation) throw refuse("is not known; the link may be cut short");
  if (invitation.acceptedAt) throw refuse("has been used already");
  if (invitation.revokedAt) throw refuse("was withdrawn");
  if (invitation.expiresAt <= now) throw refuse(`expired on ${invitation.expiresAt.toISOString()}`);
  if (invitation.projectGone) throw refuse("is for a project that was deleted");
  return invitation;
}

/** What an invitation is for, for whoever holds its link. */
export async function peekInvitation(
  { db, clock }: { db: Db; clock: Clock },
  input: { token: string },
): Promise<InvitationPeek> {
  const found = usable(await selectInvitationByHash(db, hashToken(input.token)), clock.now());
  return {
    projectName: found.projectName,
    projectRole: found.projectRole,
    instanceRole: found.instanceRole,
    email: found.email,
    expiresAt: found.expiresAt.toISOString(),
  };
}

function checkRoles(actor: Actor, input: z.infer<typeof createInvitationInput>): void {
  const isAdministrator = actor.kind === "system" || (actor.kind === "user" && actor.role === "administrator");
  if (input.instanceRole !== "member" && !isAdministrator) {
    throw new AppError("E_FORBIDDEN", "Only administrators may invite administrators.", {
      details: { field: "instanceRole" },
    });
  }
  if ((input.projectId === undefined) !== (input.projectRole === undefined)) {
    throw new AppError(
      "E_BAD_INPUT",
      "projectRole: expected together with projectId, and absent for an invitation into the instance only.",
      { details: { field: "projectRole" } },
    );
  }
}

/**
 * Makes a link that lets one person join. Only its hash is kept: the address is in this answer and nowhere else. The
 * ladder has checked that the caller manages the project, or is an administrator where there is none.
 */
export async function createInvitation(
  { db, clock, actor }: InvitationContext,
  input: z.infer<typeof createInvitationInput>,
): Promise<{ id: string; url: string; token: string; expiresAt: string }> {
  checkRoles(actor, input);
  const token = makeToken();
  const createdAt = clock.now();
  const expiresAt = addMs(createdAt, LIMITS.invitationDays * DAY_MS);
  const id = randomUUID();
  const projectId = input.projectId ?? null;
  await withTransaction(db, async (tx) => {
    await insertInvitation(tx, {
      id,
      tokenHash: hashToken(token),
      email: input.email ?? null,
      instanceRole: input.instanceRole,
      projectId,
      projectRole: input.projectRole ?? null,
      createdBy: userIdOf(actor) ?? actor.kind,
      createdAt,
      expiresAt,
    });
    await appendAuditLog(tx, {
      actor,
      projectId,
      action: "invitation.create",
      target: id,
      details: { email: input.email, projectRole: input.projectRole, instanceRole: input.instanceRole },
      at: createdAt,
    });
  });
  return { id, url: `${getEnv().publicUrl}/join?token=${token}`, token, expiresAt: expiresAt.toISOString() };
}

/** Withdraws an open invitation of the project (null: of the instance). */
export async function revokeInvitation(
  { db, clock, actor }: InvitationContext,
  input: { id: string; projectId: number | null },
): Promise<{ id: string }> {
  const { id, projectId } = input;
  await withTransaction(db, async (tx) => {
    const at = clock.now();
    if (!(await markRevoked(tx, id, projectId, at))) {
      throw new AppError("E_NOT_FOUND", "There is no open invitation with this id; it may have been used already.");
    }
    await appendAuditLog(tx, { actor, projectId, action: "invitation.revoke", target: id, at });
  });
  return { id };
}

/** Invitations of the project (null: into the instance only), newest first. */
export async function listInvitations(
  { db, clock }: { db: Db; clock: Clock },
  input: { projectId: number | null; cursor?: string; limit: number },
): Promise<Page<InvitationRow>> {
  const rows = await selectInvitations(db, {
    projectId: input.projectId,
    before: input.cursor === undefined ? null : readCursor(input.cursor),
    now: clock.now(),
    limit: input.limit + 1,
  });
  const page = rows.slice(0, input.limit);
  const last = page[page.length - 1];
  return { rows: page, nextCursor: rows.length > input.limit ? `${last.createdAt}_${last.id}` : null };
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

function readCursor(cursor: string): { createdAt: Date; id: string } {
  const [at, id] = cursor.split("_");
  const createdAt = new Date(at);
  if (id !== undefined && UUID.test(id) && !Number.isNaN(createdAt.getTime())) return { createdAt, id };
  throw new AppError("E_BAD_INPUT", "cursor: expected the nextCursor of the page before.", {
    details: { field: "cursor" },
  });
}

interface Joined {
  userId: string;
  email: string;
  projectId: number | null;
  projectSlug: string | null;
}

/** Checks what a new account needs, before the slow hash. */
function newAccount(input: z.infer<typeof acceptInvitationInput>) {
  const { name, email, password } = input;
  if (name === undefined || email === undefined || password === undefined) {
    const field = name === undefined ? "name" : email === undefined ? "email" : "password";
    throw new AppError("E_BAD_INPUT", `${field}: expected with a new account. Who has one signs in first.`, {
      details: { field },
    });
  }
  return { name, email, password };
}

async function joinAs(
  tx: Tx,
  invitation: InvitationFacts,
  user: { id: string; name: string; email: string; role: "administrator" | "member" },
  at: Date,
): Promise<Joined> {
  if (invitation.email !== null && invitation.email !== user.email.toLowerCase()) {
    throw new AppError("E_FORBIDDEN", `This invitation is for ${invitation.email}; you are ${user.email}.`);
  }
  if (invitation.instanceRole === "administrator" && user.role !== "administrator") {
    await updateUserRole(tx, user.id, "administrator", at);
  }
  const { projectId, projectRole } = invitation;
  if (projectId !== null && projectRole !== null) {
    const known = await selectMember(tx, projectId, user.id);
    if (!known || rankOf(projectRole) > rankOf(known.role)) {
      await upsertMember(tx, { projectId, userId: user.id, role: projectRole, at });
    }
    await notifyProject(tx, projectId, "members");
  }
  await markAccepted(tx, invitation.id, user.id, at);
  const actor: UserActor = { kind: "user", id: user.id, name: user.name, role: user.role };
  await appendAuditLog(tx, {
    actor,
    projectId,
    action: "invitation.accept",
    target: invitation.id,
    details: { projectRole, instanceRole: invitation.instanceRole, invitedBy: invitation.createdBy },
    at,
  });
  return { userId: user.id, email: user.email, projectId, projectSlug: invitation.projectSlug };
}

/** An invitation never takes a role away: it gives the higher one. */
function rankOf(role: ProjectRole): number {
  return PROJECT_ROLES.length - PROJECT_ROLES.indexOf(role);
}

/**
 * Uses an invitation up. A signed-in person joins; anyone else gets a new account and signs in afterwards. The link works
 * once: the row is locked, so of two who use it together one is told that it has been used.
 */
export async function acceptInvitation(
  { db, clock, actor }: { db: Pool; clock: Clock; actor: Actor | null },
  input: z.infer<typeof acceptInvitationInput>,
): Promise<Joined> {
  const tokenHash = hashToken(input.token);
  usable(await selectInvitationByHash(db, tokenHash), clock.now());
  if (actor !== null && actor.kind !== "user") {
    throw new AppError("E_FORBIDDEN", "Invitations are for people; an API key cannot accept one.");
  }
  const account = actor === null ? newAccount(input) : null;
  const passwordHash = account === null ? "" : await hashPassword(account.password);
  return withTransaction(db, async (tx) => {
    const at = clock.now();
    const invitation = usable(await lockInvitationByHash(tx, tokenHash), at);
    if (account === null) {
      const user = actor && (await selectUser(tx, actor.id));
      if (!user) throw new AppError("E_UNAUTHENTICATED", "This account does not exist any more.");
      return joinAs(tx, invitation, user, at);
    }
    const { name, email } = account;
    const id = await insertUser(tx, { name, email, role: invitation.instanceRole, passwordHash, at });
    if (id === undefined) {
      throw new AppError(
        "E_CONFLICT",
        `There is an account with the email ${email} already. Sign in with it, then open the invitation again.`,
      );
    }
    return joinAs(tx, invitation, { id, name, email, role: invitation.instanceRole }, at);
  });
}
