import { createHmac } from "node:crypto";
import { COOKIE_PREFIX } from "./credential";

/**
 * The Cookie header of a session token, signed the way `verifySessionCookie` checks it. For sessions that the instance
 * itself opens over the network: simulated annotators, who have no password to sign in with.
 */
export function signSessionCookie(token: string, secret: string): string {
  const signature = createHmac("sha256", secret).update(token, "utf8").digest("base64");
  return `${COOKIE_PREFIX}.session_token=${encodeURIComponent(`${token}.${signature}`)}`;
}
