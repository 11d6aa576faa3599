import type { MemberRow, Page } from "@/contracts/access";
import type { ProjectRole } from "@/contracts/permissions";
import { appendAuditLog } from "../audit";
import type { Actor } from "../auth";
import type { Clock } from "../clock";
import type { Db, Pool, Tx } from "../db";
import { withTransaction } from "../db";
import { AppError } from "../errors";
import { notifyProject } from "../jobs";
import type { QueueContext } from "../queue";
import { releaseAll } from "../queue";
import { readEmailCursor, writeEmailCursor } from "./emailCursor";
import type { MemberFacts } from "./members.db";
import {
  countOtherLeads,
  deleteMember,
  lockMembers,
  revokeInvitationsOf,
  selectMember,
  selectMembers,
  updateFrozen,
  upsertMember,
} from "./members.db";

interface MemberContext {
  db: Pool;
  clock: Clock;
  actor: Actor;
}
interface MemberInput {
  projectId: number;
  userId: string;
}

/** The project's people, by email. */
export async function listMembers(
  { db }: { db: Db },
  input: { projectId: number; cursor?: string; limit: number },
): Promise<Page<MemberRow>> {
  const rows = await selectMembers(db, input.projectId, readEmailCursor(input.cursor), input.limit + 1);
  const page = rows.slice(0, input.limit);
  return { rows: page, nextCursor: rows.length > input.limit ? writeEmailCursor(page[page.length - 1].email) : null };
}

async function findMember(tx: Tx, { projectId, userId }: MemberInput): Promise<MemberFacts> {
  await lockMembers(tx, projectId);
  const member = await selectMember(tx, projectId, userId);
  if (!member) throw new AppError("E_NOT_FOUND", "This person is not a member of the project.");
  return member;
}

async function refuseLastLead(tx: Tx, projectId: number, member: MemberFacts): Promise<void> {
  if (member.role !== "lead" || (await countOtherLeads(tx, projectId, member.userId)) > 0) return;
  throw new AppError(
    "E_CONFLICT",
    `${member.name} is the last lead of this project. Make another member a lead first.`,
  );
}

/** Changes a member's role. The last lead stays one. A lead who is demoted loses the invitations still open. */
export async function setMemberRole(
  { db, clock, actor }: MemberContext,
  input: MemberInput & { role: ProjectRole },
): Promise<{ userId: string; role: ProjectRole }> {
  const { projectId, userId, role } = input;
  return withTransaction(db, async (tx) => {
    const member = await findMember(tx, input);
    if (member.role === role) return { userId, role };
    const at = clock.now();
    await refuseLastLead(tx, projectId, member);
    await upsertMember(tx, { projectId, userId, role, at });
    if (member.role === "lead") await revokeInvitationsOf(tx, projectId, userId, at);
    await appendAuditLog(tx, {
      actor,
      projectId,
      action: "member.setRole",
      target: userId,
      details: { from: member.role, to: role },
      at,
    });
    await notifyProject(tx, projectId, "members");
    return { userId, role };
  });
}

/**
 * Takes someone out of the project; their annotations stay, what they hold returns to the queue. The release is a second
 * transaction: should the process die between them, the leases cannot be renewed and end by themselves.
 */
export async function removeMember(
  context: QueueContext,
  input: { userId: string },
): Promise<{ userId: string; released: number }> {
  const { db, clock, actor } = context;
  const projectId = context.project.id;
  const { userId } = input;
  await withTransaction(db, async (tx) => {
    const member = await findMember(tx, { projectId, userId });
    await refuseLastLead(tx, projectId, member);
    const at = clock.now();
    await revokeInvitationsOf(tx, projectId, userId, at);
    await deleteMember(tx, projectId, userId);
    await appendAuditLog(tx, {
      actor,
      projectId,
      action: "member.remove",
      target: userId,
      details: { role: member.role },
      at,
    });
    await notifyProject(tx, projectId, "members");
  });
  return { userId, ...(await releaseAll(context, { userId })) };
}

/** Freezes a member (no new leases; what is held may be finished) or lifts it. */
export async function setMemberFrozen(
  { db, clock, actor }: MemberContext,
  input: MemberInput & { frozen: boolean },
): Promise<{ userId: string; frozenAt: string | null }> {
  const { projectId, userId, frozen } = input;
  return withTransaction(db, async (tx) => {
    const member = await findMember(tx, input);
    if ((member.frozenAt !== null) === frozen) return { userId, frozenAt: member.frozenAt?.toISOString() ?? null };
    const at = clock.now();
    await updateFrozen(tx, projectId, userId, frozen ? at : null);
    await appendAuditLog(tx, { actor, projectId, action: "member.freeze", target: userId, details: { frozen }, at });
    await notifyProject(tx, projectId, "members");
    return { userId, frozenAt: frozen ? at.toISOString() : null };
  });
}
