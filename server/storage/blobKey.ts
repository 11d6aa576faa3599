import { AppError } from "../errors";
import type { BlobKey } from "./port";

const SEGMENT = /^[A-Za-z0-9_=-][A-Za-z0-9._=-]*$/;
const SEGMENTS_MAX = 12;
const SEGMENT_LENGTH_MAX = 200;
const CONTENT_KEY = /^sha256\/([0-9a-f]{2})\/([0-9a-f]{64})$/;

/**
 * Checks a key and returns its segments. The grammar leaves no way to name anything outside the store: no empty, dot or
 * dot-dot segment, no backslash, no drive, no control character.
 */
export function parseBlobKey(key: BlobKey): string[] {
  const segments = key.split("/");
  const isValid =
    segments.length <= SEGMENTS_MAX && segments.every((s) => s.length <= SEGMENT_LENGTH_MAX && SEGMENT.test(s));
  if (!isValid) {
    throw new AppError(
      "E_BAD_INPUT",
      `Not a blob key: ${JSON.stringify(key.slice(0, 100))}. Expected segments of letters, digits, ".", "_", "-", "=" joined by "/", none starting with a dot.`,
    );
  }
  return segments;
}

/** The key of bytes with this SHA-256. */
export function contentKey(sha256: string): BlobKey {
  return `sha256/${sha256.slice(0, 2)}/${sha256}`;
}

/** The SHA-256 that a content key promises; undefined for a named key. */
export function hashOfContentKey(key: BlobKey): string | undefined {
  return CONTENT_KEY.exec(key)?.[2];
}
