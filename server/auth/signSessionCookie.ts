import { createHmac } from "node:crypto";
import type { CookieRules } from "./credential";
import { sessionCookieName } from "./credential";

/**
 * The Cookie header of a session token, signed the way `verifySessionCookie` checks it. For sessions that the instance
 * itself opens over the network: simulated annotators, who have no password to sign in with.
 */
export function signSessionCookie(token: string, { sessionSecret, publicUrl }: CookieRules): string {
  const signature = createHmac("sha256", sessionSecret).update(token, "utf8").digest("base64");
  return `${sessionCookieName(publicUrl)}=${encodeURIComponent(`${token}.${signature}`)}`;
}
