import { createHmac, timingSafeEqual } from "node:crypto";
import { AppError } from "../errors";
import type { Actor } from "./actor";
import { hashToken, isApiKey } from "./apiKey";

/**
 * What a caller showed, before anyone looked it up. Reading it costs no query; the ladder resolves it together with the
 * project in one statement, so a revoked key, an ended session or a lost membership counts from the next call on.
 */
export type Credential =
  | { kind: "anonymous" }
  /** Token of a session cookie whose signature was right. */
  | { kind: "session"; token: string }
  | { kind: "key"; keyHash: string }
  /** Calls from inside the process: jobs, pages rendered on the server, tests. */
  | { kind: "actor"; actor: Actor };

export const ANONYMOUS: Credential = { kind: "anonymous" };

export const COOKIE_PREFIX = "winnow";
const SESSION_COOKIE = `${COOKIE_PREFIX}.session_token`;
const BEARER = /^Bearer +(\S+)$/i;

function readCookie(header: string, name: string): string | undefined {
  for (const part of header.split(";")) {
    const at = part.indexOf("=");
    if (at > 0 && part.slice(0, at).trim() === name) return part.slice(at + 1).trim();
  }
  return undefined;
}

function decode(value: string): string | undefined {
  try {
    return decodeURIComponent(value);
  } catch {
    return undefined;
  }
}

/**
 * The token inside a session cookie, if its signature is right. The auth library writes
 * `encodeURIComponent(token + "." + base64(HMAC-SHA-256(secret, token)))`; checking it here, without the library's
 * session call, saves a query per request.
 */
export function verifySessionCookie(value: string, secret: string): string | undefined {
  const text = decode(value);
  const dot = text?.lastIndexOf(".") ?? -1;
  if (text === undefined || dot < 1) return undefined;
  const token = text.slice(0, dot);
  const expected = createHmac("sha256", secret).update(token, "utf8").digest();
  const got = Buffer.from(text.slice(dot + 1), "base64");
  return got.length === expected.length && timingSafeEqual(got, expected) ? token : undefined;
}

/** How this instance reads cookies. */
export interface CookieRules {
  sessionSecret: string;
  /** Address under which people reach the instance. */
  publicUrl: string;
}

/** Name of the session cookie: under https one that browsers accept over https only. */
export function sessionCookieName(publicUrl: string): string {
  return publicUrl.startsWith("https://") ? `__Secure-${SESSION_COOKIE}` : SESSION_COOKIE;
}

/**
 * What the request's headers show. An Authorization header wins over a cookie. A malformed one is refused rather than
 * read as "nobody": the caller meant to be somebody. Under https only the cookie that browsers accept over https counts:
 * the other name could have been planted over http by whoever sits in between.
 */
export function readCredential(headers: Headers, { sessionSecret, publicUrl }: CookieRules): Credential {
  const authorization = headers.get("authorization");
  if (authorization !== null) {
    const key = BEARER.exec(authorization.trim())?.[1];
    if (key === undefined || !isApiKey(key)) {
      throw new AppError(
        "E_UNAUTHENTICATED",
        "The Authorization header is not an API key: expected `Bearer wnw_` followed by 43 characters. Copy the key again, or make a new one in the project's settings.",
      );
    }
    return { kind: "key", keyHash: hashToken(key) };
  }
  const cookies = headers.get("cookie");
  if (cookies === null) return ANONYMOUS;
  const value = readCookie(cookies, sessionCookieName(publicUrl));
  const token = value === undefined ? undefined : verifySessionCookie(value, sessionSecret);
  return token === undefined ? ANONYMOUS : { kind: "session", token };
}
