import { subscribe, unsubscribe } from "node:diagnostics_channel";
import type { IncomingMessage, Server, ServerResponse } from "node:http";

/** Node publishes every request here as it begins: https://nodejs.org/api/diagnostics_channel.html#http */
const REQUEST_STARTS = "http.server.request.start";

interface RequestStart {
  request: IncomingMessage;
  response: ServerResponse;
  server: Server;
}

export interface SlowRequestLimits {
  /** A request, its body included, may take this long to arrive; 0 = no limit. */
  totalMs: number;
  /** A body of which nothing arrives for this long is given up. */
  idleMs: number;
}

/**
 * Lets large files arrive over slow lines: Node ends any request that takes longer than 300 s. The limit is raised on the
 * HTTP servers of this process, whoever made them, with their first request; in exchange a body that stops arriving is
 * given up. Headers keep Node's limit of a minute.
 * @returns ends it, for tests.
 */
export function allowSlowRequests({ totalMs, idleMs }: SlowRequestLimits): () => void {
  const onStart = (message: unknown): void => {
    const { request, response, server } = message as RequestStart;
    server.requestTimeout = totalMs;
    if (!hasBody(request)) return;
    const { socket } = request;
    // Node's own answer to a socket's timeout: nobody listens for it, so the connection is closed.
    socket.setTimeout(idleMs);
    request.once("end", () => {
      // Once the answer is out, the socket's timeout is that of a connection kept alive.
      if (!response.writableFinished) socket.setTimeout(server.timeout);
    });
  };
  subscribe(REQUEST_STARTS, onStart);
  return () => unsubscribe(REQUEST_STARTS, onStart);
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) > 0;
}
