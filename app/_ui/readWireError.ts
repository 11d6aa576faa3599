import type { ErrorCode, WireError } from "@/contracts/errors";
import { ERROR_CODES } from "@/contracts/errors";

/** What to do about an error, by its code; shown under the server's own message. */
const ADVICE: Partial<Record<ErrorCode, string>> = {
  E_UNAUTHENTICATED: "Sign in again; what you have entered stays on this page.",
  E_FORBIDDEN: "Ask a lead of the project for the role that allows this.",
  E_NOT_FOUND: "It may have been deleted, or the link may belong to another project.",
  E_CONFLICT: "Load the page again to see the present state, then repeat the change.",
  E_RATE_LIMITED: "Wait a minute and try again.",
  E_UNAVAILABLE: "The server is starting or overloaded. Try again in a moment.",
  E_INTERNAL: "Try again. If it stays, the server's log has the details.",
};

/**
 * The wire form of whatever a call threw: the server's own error where there is one, else a network error in the same
 * shape (code E_UNAVAILABLE, retryable).
 */
export function readWireError(error: unknown): WireError {
  const found = wireErrorIn(error);
  if (found) return found;
  if (isNetworkError(error)) {
    return {
      code: "E_UNAVAILABLE",
      message: "The server could not be reached. Check the connection.",
      retryable: true,
    };
  }
  const message = error instanceof Error && error.message !== "" ? error.message : "Something unexpected happened.";
  return { code: "E_INTERNAL", message, retryable: true };
}

/** One sentence on what to do, or null when the message says it all. */
export function adviceFor(error: WireError): string | null {
  return ADVICE[error.code] ?? null;
}

function wireErrorIn(error: unknown): WireError | null {
  if (typeof error !== "object" || error === null) return null;
  for (const candidate of [dig(error, "data", "winnow"), dig(error, "shape", "data", "winnow"), error]) {
    if (isWireError(candidate)) return candidate;
  }
  return null;
}

function dig(value: unknown, ...path: string[]): unknown {
  let at = value;
  for (const key of path) {
    if (typeof at !== "object" || at === null) return undefined;
    at = (at as Record<string, unknown>)[key];
  }
  return at;
}

function isWireError(value: unknown): value is WireError {
  if (typeof value !== "object" || value === null) return false;
  const { code, message } = value as Record<string, unknown>;
  return typeof code === "string" && Object.hasOwn(ERROR_CODES, code) && typeof message === "string";
}

/**
 * fetch rejects with a TypeError when no answer came, and tRPC wraps it as the cause of an error without `data`. An answer
 * that is not JSON (a proxy's error page) is a SyntaxError inside tRPC: also no answer of ours.
 */
function isNetworkError(error: unknown): boolean {
  if (error instanceof TypeError || error instanceof SyntaxError) return true;
  if (error instanceof DOMException) return error.name === "AbortError" || error.name === "TimeoutError";
  return error instanceof Error && error.cause !== undefined && isNetworkError(error.cause);
}
