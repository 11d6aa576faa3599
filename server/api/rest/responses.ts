import { toAppError, toWireError } from "../toWireError";

/** `{ error: WireError }` with the status its code stands for. */
export function errorResponse(error: unknown, where: string): Response {
  const appError = toAppError(error, where);
  const headers = new Headers({ "cache-control": "no-store" });
  const { retryAfterSeconds } = appError.details;
  if (typeof retryAfterSeconds === "number") headers.set("retry-after", String(retryAfterSeconds));
  return Response.json({ error: toWireError(appError) }, { status: appError.http, headers });
}

/** A JSON answer that no cache keeps. */
export function jsonResponse(body: unknown, status = 200): Response {
  return Response.json(body, { status, headers: { "cache-control": "no-store", "x-content-type-options": "nosniff" } });
}
