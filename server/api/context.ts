import type { Credential } from "../auth";
import { getSessionSecret, isSameOrigin, readCredential } from "../auth";
import type { Clock } from "../clock";
import { systemClock } from "../clock";
import type { Pool } from "../db";
import { getPool } from "../db";
import { getEnv } from "../env";
import { AppError } from "../errors";
import type { BlobStore } from "../storage";
import { getStorage } from "../storage";
import type { ApiContext } from "./trpc";

/** What the web process answers requests with. Tests hand in their own. */
export interface ServerParts {
  db: Pool;
  clock: Clock;
  storage: BlobStore;
  /** Address under which people reach the instance. */
  publicUrl: string;
  sessionSecret: string;
  /** Proxies in front whose X-Forwarded-For is believed. */
  trustedProxies: number;
}

export function getServerParts(): ServerParts {
  const { publicUrl, trustedProxies } = getEnv();
  return {
    db: getPool(),
    clock: systemClock,
    storage: getStorage(),
    publicUrl,
    sessionSecret: getSessionSecret(),
    trustedProxies,
  };
}

const SAFE_METHODS: readonly string[] = ["GET", "HEAD", "OPTIONS"];

/**
 * Refuses a change that a page of another site makes a signed-in browser send. Cookies travel by themselves, so the
 * browser must also say that the page is ours; an API key is put in by hand and needs no such proof.
 */
export function refuseCrossSite(request: Request, credential: Credential, publicUrl: string): void {
  if (credential.kind !== "session" || SAFE_METHODS.includes(request.method)) return;
  if (isSameOrigin(request.headers, publicUrl)) return;
  throw new AppError(
    "E_FORBIDDEN",
    "This change was refused: with a session cookie it must come from a page of this instance (Origin or Sec-Fetch-Site header). Programs use an API key.",
  );
}

/** Context of a network call. Throws E_UNAUTHENTICATED or E_FORBIDDEN; costs no query. */
export function createContext(parts: ServerParts, request: Request): ApiContext {
  const credential = readCredential(request.headers, parts);
  refuseCrossSite(request, credential, parts.publicUrl);
  return { db: parts.db, clock: parts.clock, storage: parts.storage, credential };
}

/** Context of a page rendered on the server: the visitor's cookies, for reading. */
export function createPageContext(parts: ServerParts, headers: Headers): ApiContext {
  const cookies = new Headers();
  const cookie = headers.get("cookie");
  if (cookie !== null) cookies.set("cookie", cookie);
  return {
    db: parts.db,
    clock: parts.clock,
    storage: parts.storage,
    credential: readCredential(cookies, parts),
  };
}
