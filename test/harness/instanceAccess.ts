import { randomBytes } from "node:crypto";
import { createTRPCClient, httpLink } from "@trpc/client";
import { plainJson } from "@/contracts/wire";
import type { AppRouter } from "@/server/api/root";
import { signSessionCookie } from "@/server/auth";
import type { Db, Pool } from "@/server/db";
import { createPool } from "@/server/db";
import { deriveFrom, readOrCreateSecret } from "@/server/env";
import { runningDatabaseUrl } from "../../scripts/postgres/runningDatabaseUrl";
import type { LaunchedWinnow } from "./launchWinnow";

const SESSION_MS = 3_600_000;

/** Connection string of a launched instance's own database. */
export function instanceDatabaseUrl(winnow: LaunchedWinnow): string {
  return runningDatabaseUrl(winnow.dataDir);
}

/** A pool on it, for making rows and looking at them; it outlives a restart of the server. */
export function openInstancePool(winnow: LaunchedWinnow): Pool {
  return createPool({ connectionString: instanceDatabaseUrl(winnow), max: 4, applicationName: "winnow test" });
}

/** The Cookie header of a new session of a user, as signing in would give it. */
export async function openSession(db: Db, winnow: LaunchedWinnow, userId: string): Promise<string> {
  const token = randomBytes(24).toString("base64url");
  await db.query(
    `insert into session (id, token, user_id, expires_at, created_at, updated_at)
     values (gen_random_uuid()::text, $1, $2, $3, now(), now())`,
    [token, userId, new Date(Date.now() + SESSION_MS)],
  );
  const sessionSecret = deriveFrom(readOrCreateSecret(winnow.dataDir), "session");
  return signSessionCookie(token, { sessionSecret, publicUrl: winnow.url });
}

export type ApiClient = ReturnType<typeof createApiClient>;

/** The API as a browser with that session calls it. */
export function createApiClient(winnow: LaunchedWinnow, cookie: string) {
  return createTRPCClient<AppRouter>({
    links: [
      httpLink({ url: `${winnow.url}/api/trpc`, transformer: plainJson, headers: { cookie, origin: winnow.url } }),
    ],
  });
}
