import { prismaAdapter } from "better-auth/adapters/prisma";
import { APIError } from "better-auth/api";
import { betterAuth } from "better-auth/minimal";
import { DAY_MS, LIMITS, SECOND_MS } from "@/contracts/limits";
import type { Pool } from "../db";
import { createPrisma } from "../db";
import { getLogger } from "../log";
import { COOKIE_PREFIX } from "./credential";
import { isSameOrigin } from "./isSameOrigin";

/** A session ends this long after it was last renewed. */
export const SESSION_SECONDS = (7 * DAY_MS) / SECOND_MS;
/** A session in use is renewed at most this often. */
const SESSION_RENEW_SECONDS = DAY_MS / SECOND_MS;

export interface AuthOptions {
  pool: Pool;
  /** Prisma on that pool; made when absent. */
  prisma?: ReturnType<typeof createPrisma>;
  /** Signs session cookies. */
  secret: string;
  /** Address under which people reach the instance; decides whether cookies are for https only. */
  publicUrl: string;
}

/** What the database says about a person who is about to get a session. */
async function refuseSession(pool: Pool, userId: string): Promise<void> {
  const { rows } = await pool.query<{ refused: string | null }>(
    `select case when is_simulated then 'simulated' when disabled_at is not null then 'disabled' end as refused
     from "user" where id = $1`,
    [userId],
  );
  const refused = rows[0]?.refused;
  if (!refused) return;
  throw new APIError("FORBIDDEN", {
    code: "ACCOUNT_REFUSED",
    message:
      refused === "disabled"
        ? "This account is disabled. Ask an administrator to enable it."
        : "Simulated annotators cannot sign in.",
  });
}

/**
 * The auth library on our tables. It owns password hashing (scrypt), sessions and cookies. People are made by set-up and
 * invitations only, so its sign-up is off; which of its endpoints can be reached is decided by `handleAuthRequest`.
 */
export function createAuth(options: AuthOptions) {
  const { pool, secret, publicUrl } = options;
  const log = getLogger({ part: "auth" });
  return betterAuth({
    appName: "Winnow",
    baseURL: publicUrl,
    basePath: "/api/auth",
    secret,
    // Under the configured address, and under the one the browser used (127.0.0.1 or localhost).
    trustedOrigins: (request) => {
      const origin = request?.headers.get("origin");
      return origin && isSameOrigin(request?.headers as Headers, publicUrl) ? [origin] : [];
    },
    database: prismaAdapter(options.prisma ?? createPrisma(pool), { provider: "postgresql", transaction: true }),
    emailAndPassword: {
      enabled: true,
      disableSignUp: true,
      minPasswordLength: LIMITS.passwordMin,
      maxPasswordLength: LIMITS.passwordMax,
    },
    session: {
      expiresIn: SESSION_SECONDS,
      updateAge: SESSION_RENEW_SECONDS,
      // Sessions are looked up at every call, in the same statement as the project: an ended one counts at once.
      cookieCache: { enabled: false },
    },
    user: {
      additionalFields: {
        role: { type: "string", input: false, required: false },
        isSimulated: { type: "boolean", input: false, required: false },
        disabledAt: { type: "date", input: false, required: false },
      },
    },
    databaseHooks: { session: { create: { before: (session) => refuseSession(pool, session.userId) } } },
    // Ours stands in front (`handleAuthRequest`): it counts by account as well as by address.
    rateLimit: { enabled: false },
    advanced: {
      cookiePrefix: COOKIE_PREFIX,
      useSecureCookies: publicUrl.startsWith("https://"),
      ipAddress: { ipAddressHeaders: ["x-winnow-client-address"] },
    },
    telemetry: { enabled: false },
    logger: {
      level: "warn",
      log: (level, message) => (level === "error" ? log.error(message) : log.debug(message, { level })),
    },
  });
}

export type Auth = ReturnType<typeof createAuth>;
