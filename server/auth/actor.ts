import type { ApiScope, InstanceRole } from "@/contracts/permissions";

/** A person, signed in or acting through the process itself (simulated annotators). */
export interface UserActor {
  kind: "user";
  id: string;
  name: string;
  role: InstanceRole;
}

/** An API key: acts in its own project only, with its scopes only. */
export interface KeyActor {
  kind: "key";
  id: string;
  name: string;
  projectId: number;
  scopes: readonly ApiScope[];
}

/** The instance itself: jobs, start-up, the demonstration. Cannot be reached over the network. */
export interface SystemActor {
  kind: "system";
  id?: string;
}

/** Who does something. Every mutating service is told, and the audit log keeps it. */
export type Actor = UserActor | KeyActor | SystemActor;

/** The id of the person behind an actor; null for keys and the system. */
export function userIdOf(actor: Actor): string | null {
  return actor.kind === "user" ? actor.id : null;
}
