import { createHash, randomBytes } from "node:crypto";

/** Every key starts with it, so that scanners and people recognise one that leaked. */
export const API_KEY_PREFIX = "wnw_";
const KEY_BYTES = 32;
const KEY_PATTERN = /^wnw_[A-Za-z0-9_-]{43}$/;
/** Characters of a key that lists show. */
const SHOWN_CHARACTERS = 10;

/** SHA-256 of a secret as hex: what the database keeps of API keys and of set-up and invitation tokens. */
export function hashToken(token: string): string {
  return createHash("sha256").update(token, "utf8").digest("hex");
}

/** 256 random bits, base64url without padding: 43 characters. */
export function makeToken(): string {
  return randomBytes(KEY_BYTES).toString("base64url");
}

/**
 * A new key of 256 random bits. Only `hash` and `prefix` are stored. A plain SHA-256 suffices: the key has no structure
 * that could be guessed, so slow hashing would cost every request and protect nothing.
 */
export function makeApiKey(): { key: string; hash: string; prefix: string } {
  const key = API_KEY_PREFIX + makeToken();
  return { key, hash: hashToken(key), prefix: key.slice(0, SHOWN_CHARACTERS) };
}

export function isApiKey(text: string): boolean {
  return KEY_PATTERN.test(text);
}
