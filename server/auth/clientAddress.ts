/**
 * Address of the caller as far as it can be known: the entry of X-Forwarded-For that the outermost trusted proxy wrote.
 * Without a proxy the web server itself fills the header from the socket when a caller sent none, so the value can be
 * forged then; limits that matter are therefore also counted by account.
 */
export function clientAddress(headers: Headers, trustedProxies: number): string {
  const hops = (headers.get("x-forwarded-for") ?? "")
    .split(",")
    .map((hop) => hop.trim())
    .filter((hop) => hop !== "");
  return hops[Math.max(0, hops.length - Math.max(1, trustedProxies))]?.slice(0, 64) ?? "unknown";
}
