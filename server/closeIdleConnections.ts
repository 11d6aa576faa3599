import { subscribe } from "node:diagnostics_channel";
import type { Server } from "node:http";

/** Node publishes every request here as it begins: https://nodejs.org/api/diagnostics_channel.html#http */
const REQUEST_STARTS = "http.server.request.start";
const CHECK_MS = 50;

/**
 * Closes the kept-alive connections of this process's HTTP servers once `signal` aborts, again and again until the process
 * ends. A server that closes drops the connections that are idle at that moment; one whose last answer ends later, such as
 * a live page's stream, is kept for the keep-alive time, and the server waits for it.
 * @returns ends it, for tests.
 */
export function closeIdleConnections(signal: AbortSignal): () => void {
  const servers = new Set<Server>();
  const controller = new AbortController();
  const onStart = (message: unknown): void => {
    servers.add((message as { server: Server }).server);
  };
  subscribe(REQUEST_STARTS, onStart);
  signal.addEventListener(
    "abort",
    () => {
      const timer = setInterval(() => {
        for (const server of servers) server.closeIdleConnections();
      }, CHECK_MS);
      timer.unref();
      controller.signal.addEventListener("abort", () => clearInterval(timer));
    },
    { signal: controller.signal },
  );
  return () => controller.abort();
}
