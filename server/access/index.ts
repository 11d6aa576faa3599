export {
  type AccessContext,
  authorizeProject,
  type ProjectAccess,
  type ProjectRef,
  requireActor,
  resolveActor,
} from "./resolveAccess";
