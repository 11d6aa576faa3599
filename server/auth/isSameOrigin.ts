/**
 * Whether a request was sent by a page of this instance, as the browser itself says: `Sec-Fetch-Site` where it is sent
 * (https and localhost), else `Origin` against the configured address and the Host header. Absent both, it is not a
 * browser's own request and the answer is no. Cross-site pages can set neither header.
 */
export function isSameOrigin(headers: Headers, publicUrl: string): boolean {
  const site = headers.get("sec-fetch-site");
  if (site !== null) return site === "same-origin";
  const origin = headers.get("origin");
  if (origin === null) return false;
  const parsed = parseOrigin(origin);
  if (!parsed) return false;
  const configured = new URL(publicUrl);
  if (parsed.origin === configured.origin) return true;
  return parsed.host === headers.get("host") && (configured.protocol !== "https:" || parsed.protocol === "https:");
}

function parseOrigin(text: string): URL | undefined {
  // "null" is what sandboxed and opaque origins send.
  return URL.canParse(text) ? new URL(text) : undefined;
}
