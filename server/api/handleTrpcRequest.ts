import { fetchRequestHandler } from "@trpc/server/adapters/fetch";
import { requireActor, resolveActor } from "../access";
import { AppError } from "../errors";
import type { ServerParts } from "./context";
import { createContext } from "./context";
import type { BodyLimit } from "./limitBody";
import { countBody, declaredLength, refuseDeclared, withBody } from "./limitBody";
import { appRouter } from "./root";
import { checkedUtf8, refuseOtherCharset } from "./strictUtf8";
import type { ApiContext } from "./trpc";

export const TRPC_PATH = "/api/trpc";
/** An ingest call may carry 32 MiB of rows; JSON around it takes the rest. */
export const BODY_BYTES_MAX = 40 * 1024 * 1024;
/** More is read only from callers that are somebody. */
export const ANONYMOUS_BODY_BYTES_MAX = 64 * 1024;
/** Calls in one batch. */
export const BATCH_CALLS_MAX = 50;
const JSON_TYPE = /^application\/json(;|$)/i;

/** Checks what can be checked before the body is read, cheapest first, and says how much of it may be. */
async function prepare(parts: ServerParts, request: Request, limit: BodyLimit): Promise<ApiContext> {
  refuseDeclared(request, BODY_BYTES_MAX);
  const context = createContext(parts, request);
  if (request.body === null) return context;
  if (!JSON_TYPE.test(request.headers.get("content-type") ?? "")) {
    throw new AppError("E_UNSUPPORTED_FORMAT", "The body must be JSON, sent as content-type application/json.");
  }
  refuseOtherCharset(request.headers.get("content-type"));
  const declared = declaredLength(request);
  if (declared === undefined) {
    if ((await resolveActor(context)) !== null) limit.bytesMax = BODY_BYTES_MAX;
  } else if (declared > ANONYMOUS_BODY_BYTES_MAX) {
    await requireActor(context);
  }
  return context;
}

function checkUtf8(request: Request): Request {
  // A stream in between reads ahead: not of a body that is refused for its length.
  const isRefused = (declaredLength(request) ?? 0) > BODY_BYTES_MAX;
  return request.body === null || isRefused ? request : withBody(request, request.body.pipeThrough(checkedUtf8()));
}

/**
 * Answers `/api/trpc/*`: calls, batches and event streams. Whatever is refused before a procedure runs (size, type,
 * origin, credential) is answered in tRPC's own envelope, for each call of a batch.
 */
export async function handleTrpcRequest(parts: ServerParts, request: Request): Promise<Response> {
  const limit: BodyLimit = { bytesMax: ANONYMOUS_BODY_BYTES_MAX };
  return fetchRequestHandler({
    endpoint: TRPC_PATH,
    req: checkUtf8(countBody(request, limit)),
    router: appRouter,
    maxBatchSize: BATCH_CALLS_MAX,
    createContext: () => prepare(parts, request, limit),
    responseMeta: () => ({
      headers: new Headers({ "cache-control": "no-store", "x-content-type-options": "nosniff" }),
    }),
  });
}
