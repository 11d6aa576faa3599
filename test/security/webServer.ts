import type { ServerParts } from "@/server/api/context";
import { handleTrpcRequest } from "@/server/api/handleTrpcRequest";
import { errorResponse } from "@/server/api/rest/responses";
import type { Auth } from "@/server/auth";
import { handleAuthRequest, hashPassword, makeApiKey } from "@/server/auth";
import { createAuth } from "@/server/auth/betterAuth";
import type { MadeUser } from "../harness/factories";
import type { TestContext } from "../harness/testContext";

/** The routes of the web process on a test's own database, called with Request objects as the browser would. */
export interface TestServer {
  parts: ServerParts;
  auth: (path: string, init?: RequestInit) => Promise<Response>;
  trpc: (path: string, init?: RequestInit) => Promise<Response>;
}

export const ORIGIN = "http://127.0.0.1:4300";
export const PASSWORD = "correct horse battery";

export function startTestServer(context: TestContext, options: Partial<ServerParts> = {}): TestServer {
  const parts: ServerParts = {
    db: context.db,
    clock: context.clock,
    storage: context.storage,
    publicUrl: ORIGIN,
    sessionSecret: "0123456789abcdef0123456789abcdef",
    trustedProxies: 0,
    ...options,
  };
  const auth: Auth = createAuth({ pool: context.db, secret: parts.sessionSecret, publicUrl: parts.publicUrl });
  return {
    parts,
    auth: async (path, init) => {
      const request = new Request(`${parts.publicUrl}/api/auth${path}`, init);
      try {
        return await handleAuthRequest({ ...parts, auth }, request);
      } catch (error) {
        return errorResponse(error, path);
      }
    },
    trpc: (path, init) => handleTrpcRequest(parts, new Request(`${parts.publicUrl}/api/trpc/${path}`, init)),
  };
}

/** Lets a made user sign in with PASSWORD. */
export async function givePassword(context: TestContext, user: MadeUser): Promise<void> {
  await context.db.query(
    `insert into account (id, account_id, provider_id, user_id, password, created_at, updated_at)
     values ($1, $1, 'credential', $1, $2, now(), now())`,
    [user.id, await hashPassword(PASSWORD)],
  );
}

/** A request with a JSON body, from a page of the instance unless other headers are given. */
export function post(body: unknown, headers: Record<string, string> = {}): RequestInit {
  return {
    method: "POST",
    headers: { "content-type": "application/json", origin: ORIGIN, ...headers },
    body: typeof body === "string" ? body : JSON.stringify(body),
  };
}

/** Signs in and returns the Cookie header of the session. */
export async function signIn(server: TestServer, user: MadeUser, password = PASSWORD): Promise<string> {
  const response = await server.auth("/sign-in/email", post({ email: user.email, password }));
  if (!response.ok) throw new Error(`sign-in answered ${response.status}: ${await response.text()}`);
  return response.headers
    .getSetCookie()
    .map((cookie) => cookie.split(";")[0])
    .join("; ");
}

/** An API key written straight to the table. */
export async function makeKey(
  context: TestContext,
  projectId: number,
  scopes: readonly string[],
  options: { expiresAt?: Date; revokedAt?: Date } = {},
): Promise<{ id: string; key: string }> {
  const { key, hash, prefix } = makeApiKey();
  const id = crypto.randomUUID();
  await context.db.query(
    `insert into api_key (id, project_id, name, prefix, key_hash, scopes, created_by, expires_at, revoked_at)
     values ($1, $2, 'test', $3, $4, $5, 'test', $6, $7)`,
    [id, projectId, prefix, hash, scopes, options.expiresAt ?? null, options.revokedAt ?? null],
  );
  return { id, key };
}
