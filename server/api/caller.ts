import type { Actor } from "../auth";
import { appRouter } from "./root";
import type { ApiContext } from "./trpc";
import { createCallerFactory } from "./trpc";

const factory = createCallerFactory(appRouter);

export type ApiCaller = ReturnType<typeof factory>;

/**
 * Calls procedures from inside the process, through the same ladder as over the network. With an `actor`, that person,
 * key or the system acts; null is nobody.
 */
export function createCaller(
  context: Omit<ApiContext, "credential"> & ({ actor: Actor | null } | { credential: ApiContext["credential"] }),
): ApiCaller {
  const { db, clock, storage } = context;
  const credential: ApiContext["credential"] =
    "credential" in context
      ? context.credential
      : context.actor === null
        ? { kind: "anonymous" }
        : { kind: "actor", actor: context.actor };
  return factory({ db, clock, storage, credential });
}
