import type { WireError } from "@/contracts/errors";
import { ERROR_CODES } from "@/contracts/errors";

/**
 * Calls an endpoint of the auth library. Rejects with a WireError: our own where the server answers one, else the library's
 * message under the code that fits the status.
 */
export async function callAuth(endpoint: "/sign-in/email" | "/sign-out", body: Record<string, unknown>): Promise<void> {
  const response = await fetch(`/api/auth${endpoint}`, {
    method: "POST",
    credentials: "same-origin",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  if (response.ok) return;
  const answer: unknown = await response.json().catch(() => null);
  throw toWireError(response.status, answer);
}

function toWireError(status: number, answer: unknown): WireError {
  const { error, message } = (answer ?? {}) as { error?: unknown; message?: unknown };
  if (typeof error === "object" && error !== null && "code" in error) return error as WireError;
  if (status === 401) {
    return { code: "E_BAD_INPUT", message: "The email or the password is wrong.", retryable: false };
  }
  const [code] = Object.entries(ERROR_CODES).find(([, entry]) => entry.http === status) ?? ["E_INTERNAL"];
  return {
    code: code as WireError["code"],
    message: typeof message === "string" && message !== "" ? message : `The server answered ${status}.`,
    retryable: status >= 500 || status === 429,
  };
}
