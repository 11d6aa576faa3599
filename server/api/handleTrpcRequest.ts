import { fetchRequestHandler } from "@trpc/server/adapters/fetch";
import { requireActor } from "../access";
import type { ServerParts } from "./context";
import { createContext } from "./context";
import { declaredLength, limitBody } from "./limitBody";
import { appRouter } from "./root";
import type { ApiContext } from "./trpc";

export const TRPC_PATH = "/api/trpc";
/** An ingest call may carry 32 MiB of rows; JSON around it takes the rest. */
export const BODY_BYTES_MAX = 40 * 1024 * 1024;
/** Bodies above this are read only for callers that are somebody. */
export const ANONYMOUS_BODY_BYTES_MAX = 64 * 1024;
/** Calls in one batch. */
export const BATCH_CALLS_MAX = 50;

async function prepare(parts: ServerParts, request: Request): Promise<ApiContext> {
  const context = createContext(parts, request);
  const isSmall = (declaredLength(request) ?? Number.POSITIVE_INFINITY) <= ANONYMOUS_BODY_BYTES_MAX;
  if (request.body !== null && !isSmall) await requireActor(context);
  return context;
}

/**
 * Answers `/api/trpc/*`: calls, batches and event streams. Whatever is refused before a procedure runs (size, origin,
 * credential) is answered in tRPC's own envelope, for each call of a batch.
 */
export async function handleTrpcRequest(parts: ServerParts, request: Request): Promise<Response> {
  let limited = request;
  let refusal: unknown;
  try {
    limited = limitBody(request, BODY_BYTES_MAX);
  } catch (error) {
    refusal = error;
  }
  return fetchRequestHandler({
    endpoint: TRPC_PATH,
    req: limited,
    router: appRouter,
    maxBatchSize: BATCH_CALLS_MAX,
    createContext: () => {
      if (refusal !== undefined) throw refusal;
      return prepare(parts, limited);
    },
    responseMeta: () => ({
      headers: new Headers({ "cache-control": "no-store", "x-content-type-options": "nosniff" }),
    }),
  });
}
