import { z } from "zod";
import { LIMITS } from "./limits";
import type { ApiScope, InstanceRole, ProjectRole } from "./permissions";
import { API_SCOPES, INSTANCE_ROLES, PROJECT_ROLES } from "./permissions";

const EMAIL_LENGTH_MAX = 254;
const NAME_LENGTH_MAX = 100;

/** Emails are compared and stored in lower case. */
export const emailAddress = z.string().trim().toLowerCase().max(EMAIL_LENGTH_MAX).pipe(z.email());
export const personName = z.string().trim().min(1).max(NAME_LENGTH_MAX);
export const password = z.string().min(LIMITS.passwordMin).max(LIMITS.passwordMax);
/** Set-up and invitation tokens: 43 characters of base64url; anything else is simply not found. */
export const linkToken = z.string().min(1).max(200);

/** Pages of lists. `cursor` is opaque, from the previous page. */
export const pageInput = z.object({
  cursor: z.string().max(500).optional(),
  limit: z.int().min(1).max(LIMITS.pageRows).default(50),
});
export interface Page<Row> {
  rows: Row[];
  nextCursor: string | null;
}

export const completeSetupInput = z.object({ token: linkToken, name: personName, email: emailAddress, password });
export const acceptInvitationInput = z.object({
  token: linkToken,
  /** These three make a new account; a signed-in person who only joins sends none. */
  name: personName.optional(),
  email: emailAddress.optional(),
  password: password.optional(),
});
export const createInvitationInput = z.object({
  /** Absent: into the instance only, by administrators. */
  projectId: z.int().optional(),
  projectRole: z.enum(PROJECT_ROLES).optional(),
  /** Administrators only may give "administrator". */
  instanceRole: z.enum(INSTANCE_ROLES).default("member"),
  /** Only an account with this address may accept. */
  email: emailAddress.optional(),
});
/** A new password through a reset link. */
export const resetPasswordInput = z.object({ token: linkToken, password });
export const createApiKeyInput = z.object({
  projectId: z.int(),
  name: z.string().trim().min(1).max(NAME_LENGTH_MAX),
  scopes: z.array(z.enum(API_SCOPES)).min(1).max(API_SCOPES.length),
  expiresAt: z.iso.datetime().optional(),
});

export interface ViewerView {
  id: string;
  name: string;
  email: string;
  role: InstanceRole;
}
/** Answer of `access.state`: what the first page needs to know. */
export interface AccessState {
  /** No administrator exists yet: the set-up link on the console makes the first. */
  needsSetup: boolean;
  user: ViewerView | null;
}
export interface UserRow extends ViewerView {
  isSimulated: boolean;
  disabledAt: string | null;
  createdAt: string;
  nProjects: number;
}
export interface MemberRow {
  userId: string;
  name: string;
  email: string;
  role: ProjectRole;
  instanceRole: InstanceRole;
  isSimulated: boolean;
  disabledAt: string | null;
  frozenAt: string | null;
  joinedAt: string;
}
export interface InvitationPeek {
  projectName: string | null;
  projectRole: ProjectRole | null;
  instanceRole: InstanceRole;
  email: string | null;
  expiresAt: string;
}
/** What a reset link is for: shown to whoever holds it, so that they see that it is theirs. */
export interface PasswordResetPeek {
  name: string;
  email: string;
  expiresAt: string;
}
export interface InvitationRow {
  id: string;
  projectId: number | null;
  projectRole: ProjectRole | null;
  instanceRole: InstanceRole;
  email: string | null;
  state: "open" | "accepted" | "revoked" | "expired";
  createdBy: string;
  createdByName: string | null;
  acceptedByName: string | null;
  createdAt: string;
  expiresAt: string;
}
export interface ApiKeyRow {
  id: string;
  name: string;
  /** First characters, to tell keys apart. */
  prefix: string;
  scopes: ApiScope[];
  createdByName: string | null;
  createdAt: string;
  lastUsedAt: string | null;
  expiresAt: string | null;
  revokedAt: string | null;
}
export interface AuditRow {
  id: number;
  at: string;
  actorKind: "user" | "key" | "system";
  actorId: string | null;
  actorName: string | null;
  action: string;
  target: string | null;
  details: Record<string, unknown>;
}
