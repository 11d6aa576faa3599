import { hkdfSync, randomBytes } from "node:crypto";
import { chmodSync, linkSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { z } from "zod";

/**
 * The only reader of process.env in the server. Values are read once, checked, and kept; nothing is read on import, so
 * that a build or a test can load any module without an environment.
 */

const text = z.string().trim().min(1);
const port = z.coerce.number().int().min(0).max(65_535);
const url = z.url({ protocol: /^https?$/ });
const databaseUrl = z.string().regex(/^postgres(ql)?:\/\//, "must start with postgres:// or postgresql://");

const envSchema = z.object({
  /** PostgreSQL to use. The supervisor sets it to the embedded server's when the operator gave none. */
  DATABASE_URL: databaseUrl.optional(),
  /** Folder of everything that must survive: embedded database, blobs, the instance's secret. */
  WINNOW_DATA_DIR: text.default(".winnow"),
  PORT: port.default(4300),
  HOST: text.default("127.0.0.1"),
  /** Address under which people reach the instance; needed behind a proxy, for links and cookies. */
  WINNOW_URL: url.optional(),
  /** Secret shared by every process of an instance that has no common data folder; at least 32 characters. */
  WINNOW_SECRET: z.string().min(32, "must have at least 32 characters").optional(),
  WINNOW_LOG_LEVEL: z.enum(["debug", "info", "warn", "error", "silent"]).default("info"),
  WINNOW_LOG_FORMAT: z.enum(["json", "human"]).optional(),
  /** Connections that one process may hold. */
  WINNOW_DB_POOL: z.coerce.number().int().min(2).max(200).default(20),
  /** Number of proxies in front whose X-Forwarded-For is believed. */
  WINNOW_TRUSTED_PROXIES: z.coerce.number().int().min(0).max(10).default(0),
  /** Days that a file which was sent and never imported is kept. */
  WINNOW_UPLOADS_KEPT_DAYS: z.coerce.number().int().min(1).max(3_650).default(7),
  /** Seconds that a request may take to arrive, its body included; 0 = as long as it sends. For slow uploads. */
  WINNOW_REQUEST_TIMEOUT_S: z.coerce.number().int().min(0).max(604_800).default(86_400),
  /** Set by the supervisor for its children: they end when it is gone. */
  WINNOW_SUPERVISED: z.enum(["0", "1"]).default("0"),
  NODE_ENV: z.enum(["development", "production", "test"]).default("production"),
});

export interface Env {
  databaseUrl: string | undefined;
  /** Absolute path. */
  dataDir: string;
  port: number;
  host: string;
  /** Without a slash at the end. */
  publicUrl: string;
  secretOverride: string | undefined;
  logLevel: "debug" | "info" | "warn" | "error" | "silent";
  logFormat: "json" | "human";
  dbPoolMax: number;
  trustedProxies: number;
  uploadsKeptDays: number;
  requestTimeoutSeconds: number;
  isSupervised: boolean;
  mode: "development" | "production" | "test";
}

/** Checks an environment. Throws an Error that names each wrong variable and what it must be. */
export function parseEnv(source: Record<string, string | undefined>): Env {
  // An empty variable means "not set": shells and compose files write FOO= for that.
  const given = Object.fromEntries(Object.entries(source).filter(([, value]) => value !== ""));
  const parsed = envSchema.safeParse(given);
  if (!parsed.success) {
    const lines = parsed.error.issues.map((issue) => `  ${issue.path.join(".")}: ${issue.message}`);
    throw new Error(`The environment is not usable:\n${lines.join("\n")}`);
  }
  const v = parsed.data;
  const isAnyAddress = v.HOST === "0.0.0.0" || v.HOST === "::";
  const shownHost = isAnyAddress ? "localhost" : v.HOST.includes(":") ? `[${v.HOST}]` : v.HOST;
  return {
    databaseUrl: v.DATABASE_URL,
    dataDir: resolve(v.WINNOW_DATA_DIR),
    port: v.PORT,
    host: v.HOST,
    publicUrl: (v.WINNOW_URL ?? `http://${shownHost}:${v.PORT}`).replace(/\/+$/, ""),
    secretOverride: v.WINNOW_SECRET,
    logLevel: v.WINNOW_LOG_LEVEL,
    logFormat: v.WINNOW_LOG_FORMAT ?? (process.stderr.isTTY ? "human" : "json"),
    dbPoolMax: v.WINNOW_DB_POOL,
    trustedProxies: v.WINNOW_TRUSTED_PROXIES,
    uploadsKeptDays: v.WINNOW_UPLOADS_KEPT_DAYS,
    requestTimeoutSeconds: v.WINNOW_REQUEST_TIMEOUT_S,
    isSupervised: v.WINNOW_SUPERVISED === "1",
    mode: v.NODE_ENV,
  };
}

let env: Env | undefined;

export function getEnv(): Env {
  env ??= parseEnv(process.env);
  return env;
}

/** The database's address, or an error that says how to give one. */
export function getDatabaseUrl(): string {
  const { databaseUrl: address } = getEnv();
  if (!address)
    throw new Error("DATABASE_URL is not set. Run `npm start`, which brings its own PostgreSQL, or set it.");
  return address;
}

const SECRET_FILE = "secret.key";

/**
 * Reads the instance's secret from the data folder, making it on first start (32 random bytes as hex, mode 0600).
 * Two processes that start at once agree: the file appears whole by a hard link, and the loser reads the winner's.
 */
export function readOrCreateSecret(dataDir: string): string {
  const path = resolve(dataDir, SECRET_FILE);
  const read = (): string | undefined => {
    try {
      if ((statSync(path).mode & 0o077) !== 0) chmodSync(path, 0o600);
      return readFileSync(path, "utf8").trim();
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
      throw error;
    }
  };
  const existing = read();
  if (existing !== undefined) {
    if (existing.length < 32)
      throw new Error(`${path} is damaged: expected 64 hex characters. Restore it from a backup.`);
    return existing;
  }
  mkdirSync(dataDir, { recursive: true });
  const draft = `${path}.${process.pid}.${randomBytes(4).toString("hex")}`;
  writeFileSync(draft, `${randomBytes(32).toString("hex")}\n`, { mode: 0o600, flag: "wx" });
  try {
    linkSync(draft, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  } finally {
    rmSync(draft, { force: true });
  }
  return read() as string;
}

let secret: string | undefined;

/** HKDF-SHA-256 (RFC 5869) of a secret for one purpose: what is derived for one tells nothing about another. */
export function deriveFrom(instanceSecret: string, purpose: string): string {
  return Buffer.from(hkdfSync("sha256", instanceSecret, "winnow", purpose, 32)).toString("hex");
}

/**
 * A secret for one purpose (for example "session"), derived from the instance's secret: 64 hex characters, the same at
 * every start.
 */
export function deriveSecret(purpose: string): string {
  const { secretOverride, dataDir } = getEnv();
  secret ??= secretOverride ?? readOrCreateSecret(dataDir);
  return deriveFrom(secret, purpose);
}
