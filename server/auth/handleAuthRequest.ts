import { personName } from "@/contracts/access";
import { LIMITS, MINUTE_MS } from "@/contracts/limits";
import type { Clock } from "../clock";
import type { Pool } from "../db";
import { AppError } from "../errors";
import { hashToken } from "./apiKey";
import type { Auth } from "./betterAuth";
import { clientAddress } from "./clientAddress";
import type { RateLimit } from "./consumeRateLimit";
import { consumeRateLimit } from "./consumeRateLimit";
import { isSameOrigin } from "./isSameOrigin";
import { forgetUses } from "./rateLimit.db";

/** The library's endpoints that can be reached; all others (sign-up, reset, social, …) answer 404. */
const OPEN_ENDPOINTS: Readonly<Record<string, "GET" | "POST">> = {
  "/sign-in/email": "POST",
  "/sign-out": "POST",
  "/get-session": "GET",
  "/change-password": "POST",
  "/update-user": "POST",
  "/list-sessions": "GET",
  "/revoke-session": "POST",
  "/revoke-other-sessions": "POST",
};
const BASE_PATH = "/api/auth";
const BODY_BYTES_MAX = 16_384;

/** Wrong passwords for one account from one address, for one account from anywhere, and tries from one address. */
const ACCOUNT_AND_ADDRESS = { max: 10, windowMs: 5 * MINUTE_MS };
const ACCOUNT = { max: 50, windowMs: 60 * MINUTE_MS };
const ADDRESS = { max: 60, windowMs: 5 * MINUTE_MS };
/** Passwords hashed at the same time in this process: a flood of sign-ins must not slow down who labels. */
export const HASHES_AT_ONCE_MAX = 16;
let nHashing = 0;

export interface AuthRequestContext {
  db: Pool;
  clock: Clock;
  auth: Auth;
  publicUrl: string;
  trustedProxies: number;
}

function endpointOf(request: Request): string {
  const path = new URL(request.url).pathname.replace(/\/+$/, "");
  return path.startsWith(BASE_PATH) ? path.slice(BASE_PATH.length) : path;
}

async function readJson(request: Request): Promise<Record<string, unknown>> {
  const declared = Number(request.headers.get("content-length") ?? 0);
  const bytes = declared > BODY_BYTES_MAX ? null : new Uint8Array(await request.arrayBuffer());
  if (bytes === null || bytes.byteLength > BODY_BYTES_MAX) {
    throw new AppError("E_TOO_LARGE", `The body is longer than the ${BODY_BYTES_MAX} bytes allowed here.`);
  }
  const text = decodeBody(bytes);
  if (text === "") return {};
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch {
    // Refused below, like any other text that is not an object.
  }
  throw new AppError("E_BAD_INPUT", "The body must be a JSON object.");
}

function decodeBody(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    throw new AppError("E_BAD_INPUT", "The body is not valid UTF-8.", { details: { expected: "utf-8" }, cause: error });
  }
}

/** A person's name as set-up and invitations take it. */
function nameOf(value: unknown): string {
  const parsed = personName.safeParse(value);
  if (parsed.success && !parsed.data.includes("\0")) return parsed.data;
  throw new AppError("E_BAD_INPUT", "name: expected a text of 1 to 100 characters without U+0000.", {
    details: { field: "name" },
  });
}

/** Only what an endpoint of ours takes: nothing else reaches the library (no redirects, no other user fields). */
function allowedBody(endpoint: string, body: Record<string, unknown>): Record<string, unknown> {
  const text = (key: string, max: number): Record<string, unknown> => {
    const value = body[key];
    if (value === undefined) return {};
    if (typeof value !== "string" || value.length > max) {
      throw new AppError("E_BAD_INPUT", `${key}: expected a text of at most ${max} characters.`, {
        details: { field: key },
      });
    }
    return { [key]: value };
  };
  switch (endpoint) {
    case "/sign-in/email":
      return {
        ...text("email", 320),
        ...text("password", LIMITS.passwordMax),
        ...(body.rememberMe === false ? { rememberMe: false } : {}),
      };
    case "/change-password":
      return {
        ...text("currentPassword", LIMITS.passwordMax),
        ...text("newPassword", LIMITS.passwordMax),
        // Whoever else knew the old password is signed out.
        revokeOtherSessions: true,
      };
    case "/update-user":
      return { name: nameOf(body.name) };
    case "/revoke-session":
      return text("token", 200);
    default:
      return {};
  }
}

function signInLimits(email: string, address: string): { account: RateLimit[]; all: RateLimit[] } {
  const account = hashToken(email.trim().toLowerCase()).slice(0, 32);
  const from = hashToken(address).slice(0, 32);
  const perAccount = [
    { key: `sign-in:${account}:${from}`, ...ACCOUNT_AND_ADDRESS },
    { key: `sign-in:${account}`, ...ACCOUNT },
  ];
  return { account: perAccount, all: [...perAccount, { key: `sign-in:from:${from}`, ...ADDRESS }] };
}

function forward(request: Request, body: Record<string, unknown> | null, address: string): Request {
  const headers = new Headers(request.headers);
  headers.set("x-winnow-client-address", address);
  headers.delete("content-length");
  if (body === null) return new Request(request.url, { method: request.method, headers });
  headers.set("content-type", "application/json");
  return new Request(request.url, { method: request.method, headers, body: JSON.stringify(body) });
}

/**
 * The account whose password an endpoint checks, by sign-in or by the present one when it is changed: guesses at both are
 * counted together. Undefined where no password is checked.
 */
async function emailAtStake(
  auth: Auth,
  endpoint: string,
  request: Request,
  body: Record<string, unknown>,
): Promise<string | undefined> {
  if (endpoint === "/sign-in/email") return String(body.email ?? "");
  if (endpoint !== "/change-password") return undefined;
  const session = await auth.api.getSession({ headers: request.headers });
  // Without a session the library refuses before it looks at a password.
  return session?.user.email;
}

/**
 * Answers `/api/auth/*`. Lets through the endpoints we use, with the fields we use; refuses cross-site writes; counts
 * tries at passwords by account and address in the database. A right password clears the account's count.
 */
export async function handleAuthRequest(context: AuthRequestContext, request: Request): Promise<Response> {
  const { db, clock, auth, publicUrl, trustedProxies } = context;
  const endpoint = endpointOf(request);
  if (!Object.hasOwn(OPEN_ENDPOINTS, endpoint) || OPEN_ENDPOINTS[endpoint] !== request.method) {
    throw new AppError("E_NOT_FOUND", `There is no ${request.method} ${BASE_PATH}${endpoint}.`);
  }
  const address = clientAddress(request.headers, trustedProxies);
  if (request.method === "GET") return auth.handler(forward(request, null, address));
  if (!isSameOrigin(request.headers, publicUrl)) {
    throw new AppError("E_FORBIDDEN", "This request did not come from a page of this instance.");
  }
  const body = allowedBody(endpoint, await readJson(request));
  const email = await emailAtStake(auth, endpoint, request, body);
  if (email === undefined) return auth.handler(forward(request, body, address));
  if (nHashing >= HASHES_AT_ONCE_MAX) {
    throw new AppError("E_RATE_LIMITED", "Too many passwords are checked at once. Try again in a moment.", {
      details: { retryAfterSeconds: 1 },
    });
  }
  const limits = signInLimits(email, address);
  let response: Response;
  nHashing++;
  try {
    for (const limit of limits.all) await consumeRateLimit(db, clock, limit);
    response = await auth.handler(forward(request, body, address));
  } finally {
    nHashing--;
  }
  if (response.ok)
    await forgetUses(
      db,
      limits.account.map((limit) => limit.key),
    );
  return response;
}
