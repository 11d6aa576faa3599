import { getPool, getPrisma } from "../db";
import { deriveSecret, getEnv } from "../env";
import type { Auth } from "./betterAuth";

const shared = globalThis as typeof globalThis & { __winnowAuth?: Promise<Auth> };

let sessionSecret: string | undefined;

/** Signs session cookies; derived from the instance's secret, so every process of an instance has the same. */
export function getSessionSecret(): string {
  sessionSecret ??= deriveSecret("session");
  return sessionSecret;
}

/** The process's auth library, loaded at first use: the worker and most calls never need it. */
export function getAuth(): Promise<Auth> {
  shared.__winnowAuth ??= import("./betterAuth").then(({ createAuth }) =>
    createAuth({
      pool: getPool(),
      prisma: getPrisma(),
      secret: getSessionSecret(),
      publicUrl: getEnv().publicUrl,
    }),
  );
  return shared.__winnowAuth;
}
