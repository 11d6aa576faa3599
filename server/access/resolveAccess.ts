import { MINUTE_MS } from "@/contracts/limits";
import type { ProjectPermission, ProjectRole } from "@/contracts/permissions";
import { roleAllows, scopesAllow } from "@/contracts/permissions";
import type { Actor, Credential, KeyActor, UserActor } from "../auth";
import type { Clock } from "../clock";
import { addMs } from "../clock";
import type { Db } from "../db";
import { AppError } from "../errors";
import type { ProjectRow } from "../projects";
import { loadProjectAt, projectNotFound } from "../projects";
import type { KeyFacts, ProjectFacts, ProjectRef, UserFacts } from "./resolve.db";
import { selectByKey, selectBySession, selectByUser, selectProjectVersion, touchApiKey } from "./resolve.db";

export type { ProjectRef } from "./resolve.db";

/** A key's last use is written at most this often. */
export const LAST_USED_EVERY_MS = MINUTE_MS;
/** Project ids are int4: a larger number is nobody's and must not reach PostgreSQL as an overflow. */
const PROJECT_ID_MAX = 2_147_483_647;

export interface AccessContext {
  db: Db;
  clock: Clock;
  credential: Credential;
}

export interface ProjectAccess {
  actor: Actor;
  project: ProjectRow;
  /** The caller's role here. Administrators and the system count as lead; null for keys. */
  role: ProjectRole | null;
  /** Since when a lead has frozen this member: no new leases. */
  frozenAt: Date | null;
}

interface Resolved {
  actor: Actor | null;
  facts: ProjectFacts | null;
}

function refuseSession(): AppError {
  return new AppError("E_UNAUTHENTICATED", "Your session has ended. Sign in again.");
}

function userActor(facts: UserFacts, now: Date): UserActor {
  if (facts.disabledAt !== null) {
    throw new AppError("E_UNAUTHENTICATED", "This account is disabled. Ask an administrator to enable it.");
  }
  if (facts.sessionExpiresAt !== null && facts.sessionExpiresAt <= now) throw refuseSession();
  return { kind: "user", id: facts.id, name: facts.name, role: facts.role };
}

function keyActor(facts: KeyFacts, now: Date): KeyActor {
  const dead = facts.revokedAt
    ? `was revoked on ${facts.revokedAt.toISOString()}`
    : facts.expiresAt && facts.expiresAt <= now
      ? `expired on ${facts.expiresAt.toISOString()}`
      : facts.projectDeleted
        ? "belongs to a project that was deleted"
        : null;
  if (dead !== null) {
    throw new AppError("E_UNAUTHENTICATED", `This API key ${dead}. Ask a lead of the project for a new one.`);
  }
  return { kind: "key", id: facts.id, name: facts.name, projectId: facts.projectId, scopes: facts.scopes };
}

async function resolveKey({ db, clock }: AccessContext, keyHash: string, ref: ProjectRef): Promise<Resolved> {
  const found = await selectByKey(db, keyHash, ref);
  if (!found) {
    throw new AppError("E_UNAUTHENTICATED", "This API key is not known. Ask a lead of the project for a new one.");
  }
  const now = clock.now();
  const actor = keyActor(found, now);
  const staleBefore = addMs(now, -LAST_USED_EVERY_MS);
  if (found.lastUsedAt === null || found.lastUsedAt < staleBefore) await touchApiKey(db, found.id, now, staleBefore);
  return { actor, facts: found.version === null ? null : found };
}

async function resolve(context: AccessContext, ref: ProjectRef): Promise<Resolved> {
  const { db, clock, credential } = context;
  if (credential.kind === "anonymous") return { actor: null, facts: null };
  if (credential.kind === "key") return resolveKey(context, credential.keyHash, ref);
  if (credential.kind === "session") {
    const found = await selectBySession(db, credential.token, ref);
    if (!found) throw refuseSession();
    return { actor: userActor(found, clock.now()), facts: found.projectId === null ? null : found };
  }
  const { actor } = credential;
  if (actor.kind === "user") {
    const found = await selectByUser(db, actor.id, ref);
    if (!found) throw new AppError("E_UNAUTHENTICATED", "This account does not exist any more.");
    return { actor: userActor(found, clock.now()), facts: found.projectId === null ? null : found };
  }
  const facts = await selectProjectVersion(db, ref);
  if (actor.kind === "key" && facts?.projectId !== actor.projectId) return { actor, facts: null };
  return { actor, facts: facts ?? null };
}

function unauthenticated(): AppError {
  return new AppError("E_UNAUTHENTICATED", "Sign in first, or send an API key as `Authorization: Bearer wnw_…`.");
}

/** Who calls; null for nobody. Throws E_UNAUTHENTICATED for a credential that is not good any more. */
export async function resolveActor(context: AccessContext): Promise<Actor | null> {
  return (await resolve(context, null)).actor;
}

/** Who calls, or E_UNAUTHENTICATED. */
export async function requireActor(context: AccessContext): Promise<Actor> {
  const actor = await resolveActor(context);
  if (!actor) throw unauthenticated();
  return actor;
}

function roleIn(actor: Actor, facts: ProjectFacts): ProjectRole | null {
  if (actor.kind === "key") return null;
  if (actor.kind === "system" || actor.role === "administrator") return "lead";
  return facts.memberRole;
}

function requireOneOf(actor: Actor, role: ProjectRole | null, permissions: readonly ProjectPermission[]): void {
  const wanted = permissions.map((permission) => `"${permission}"`).join(" or ");
  if (actor.kind === "key") {
    if (permissions.some((permission) => scopesAllow(actor.scopes, permission))) return;
    throw new AppError(
      "E_FORBIDDEN",
      `This API key has the scopes ${actor.scopes.join(", ") || "(none)"}, which do not include the permission ${wanted}.`,
      { details: { permissions } },
    );
  }
  if (role === null) throw projectNotFound();
  if (permissions.some((permission) => roleAllows(role, permission))) return;
  throw new AppError(
    "E_FORBIDDEN",
    `Your role in this project (${role}) does not include the permission ${wanted}. Ask a lead of the project.`,
    { details: { permissions } },
  );
}

/**
 * Caller, project, membership and the decision of the permission table, in one statement (two when the project's row has
 * changed since this process read it last).
 *
 * @param permission one permission, or several of which one suffices.
 * @throws E_UNAUTHENTICATED without a good credential; E_NOT_FOUND for a project that does not exist, was deleted or is
 *         not the caller's, all alike, so that numbers of foreign projects tell nothing; E_FORBIDDEN for a member whose
 *         role, or a key whose scopes, do not include the permission.
 */
export async function authorizeProject(
  context: AccessContext,
  ref: NonNullable<ProjectRef>,
  permission: ProjectPermission | readonly ProjectPermission[],
): Promise<ProjectAccess> {
  const isPossible = "slug" in ref || (ref.projectId >= 1 && ref.projectId <= PROJECT_ID_MAX);
  const { actor, facts } = await resolve(context, isPossible ? ref : null);
  if (!actor) throw unauthenticated();
  if (!facts || facts.projectId === null || facts.version === null) throw projectNotFound();
  const role = roleIn(actor, facts);
  requireOneOf(actor, role, typeof permission === "string" ? [permission] : permission);
  const project = await loadProjectAt(context.db, facts.projectId, facts.version);
  return { actor, project, role, frozenAt: facts.frozenAt };
}
