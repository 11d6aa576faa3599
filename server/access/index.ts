export { setUserDisabled, setUserRole } from "./administerUsers";
export { type CreatedApiKey, createApiKey, LIVE_KEYS_MAX, listApiKeys, revokeApiKey } from "./apiKeys";
export {
  acceptInvitation,
  createInvitation,
  listInvitations,
  peekInvitation,
  revokeInvitation,
} from "./invitations";
export { selectInvitationProject as findInvitationProject } from "./invitations.db";
export { listUsers } from "./listUsers";
export { listMembers, removeMember, setMemberFrozen, setMemberRole } from "./manageMembers";
export { createPasswordReset, peekPasswordReset, resetPassword } from "./passwordResets";
export {
  type AccessContext,
  authorizeProject,
  type ProjectAccess,
  type ProjectRef,
  requireActor,
  resolveActor,
} from "./resolveAccess";
export { completeSetup, ensureSetupToken, readAccessState, readViewer } from "./setup";
export { selectUserByEmail as findUserByEmail } from "./users.db";
export { watchProject } from "./watchProject";
