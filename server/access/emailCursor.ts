import { AppError } from "../errors";

const PREFIX = "after:";

/** The place behind which the next page of people goes on. */
export function writeEmailCursor(email: string): string {
  return Buffer.from(PREFIX + email).toString("base64url");
}

/** @throws E_BAD_INPUT for what is no nextCursor of an earlier page. */
export function readEmailCursor(cursor: string | undefined): string | null {
  if (cursor === undefined) return null;
  const text = Buffer.from(cursor, "base64url").toString("utf8");
  const email = text.startsWith(PREFIX) ? text.slice(PREFIX.length) : "";
  // Decoding is lenient: what does not encode to the same again was changed.
  if (email.includes("@") && !email.includes("\0") && writeEmailCursor(email) === cursor) return email;
  throw new AppError("E_BAD_INPUT", "cursor: expected the nextCursor of an earlier page, unchanged.", {
    details: { field: "cursor" },
  });
}
