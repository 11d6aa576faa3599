/**
 * Where to go after signing in: a path of this instance. Anything else ("https://…", "//host", "/\host") becomes "/", so that a
 * link to the sign-in page cannot lead somebody away.
 */
export function safeNext(value: string | string[] | undefined): string {
  if (typeof value !== "string" || !/^\/(?![/\\])/.test(value) || /\p{Cc}/u.test(value)) return "/";
  return value;
}

/** The value of a query parameter that should occur once. */
export function oneOf(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}
