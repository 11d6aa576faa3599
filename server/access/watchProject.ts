import type { ProjectEvent } from "@/contracts/events";
import { SECOND_MS } from "@/contracts/limits";
import { AppError } from "../errors";
import { listenProject } from "../jobs";
import { shutdownSignal } from "../shutdown";
import type { AccessContext } from "./resolveAccess";
import { authorizeProject } from "./resolveAccess";

/** A stream asks this often whether its reader may still read. */
export const RECHECK_EVERY_MS = 30 * SECOND_MS;

/**
 * What changes in a project, for a reader who may view it. Ends when the reader leaves. Fails with E_NOT_FOUND,
 * E_FORBIDDEN or E_UNAUTHENTICATED within half a minute after the reader lost access, and with E_UNAVAILABLE when the
 * process stops, which tells the browser to connect again.
 */
export async function* watchProject(
  context: AccessContext,
  projectId: number,
  signal: AbortSignal,
  options: { recheckEveryMs?: number; listen?: typeof listenProject } = {},
): AsyncGenerator<ProjectEvent, void, undefined> {
  const lost = new AbortController();
  let refusal: unknown;
  const recheck = async (): Promise<void> => {
    try {
      await authorizeProject(context, { projectId }, "view");
    } catch (error) {
      refusal = error;
      lost.abort();
    }
  };
  const timer = setInterval(() => void recheck(), options.recheckEveryMs ?? RECHECK_EVERY_MS);
  const ends = AbortSignal.any([signal, shutdownSignal(), lost.signal]);
  try {
    yield* (options.listen ?? listenProject)(projectId, ends);
  } finally {
    clearInterval(timer);
  }
  if (refusal !== undefined) throw refusal;
  if (!signal.aborted) throw new AppError("E_UNAVAILABLE", "The server is restarting. Connect again.");
}
