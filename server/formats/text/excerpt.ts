/** Longest excerpt of a refused record, in characters. */
export const EXCERPT_LENGTH = 200;

const CONTROL = /[\p{Cc}\p{Surrogate}\u2028\u2029]/gu;

/** The beginning of a text on one line, for error lists: control characters become spaces, lone surrogates U+FFFD. */
export function excerptOf(text: string): string {
  const start = text
    .slice(0, EXCERPT_LENGTH + 1)
    .replace(CONTROL, (c) => (c >= "\ud800" && c <= "\udfff" ? "\ufffd" : " "));
  return start.length > EXCERPT_LENGTH
    ? `${start.slice(0, EXCERPT_LENGTH - 1).replace(/[\ud800-\udbff]$/, "")}…`
    : start;
}

/** The same for bytes; bytes that are not UTF-8 show as U+FFFD. */
export function excerptOfBytes(bytes: Uint8Array): string {
  // Four bytes are the most that one character takes.
  const start = bytes.subarray(0, EXCERPT_LENGTH * 4);
  return excerptOf(Buffer.from(start.buffer, start.byteOffset, start.byteLength).toString("utf8"));
}
