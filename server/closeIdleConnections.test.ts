import { Agent, createServer, get } from "node:http";
import type { AddressInfo } from "node:net";
import { performance } from "node:perf_hooks";
import { expect, test } from "vitest";
import { closeIdleConnections } from "./closeIdleConnections";

test("a server closes at once although a stream that was open has just ended on a kept-alive connection", async () => {
  const stopping = new AbortController();
  const end = closeIdleConnections(stopping.signal);
  const server = createServer((_request, response) => {
    response.write("first part");
    stopping.signal.addEventListener("abort", () => setTimeout(() => response.end(), 100));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const agent = new Agent({ keepAlive: true });
  const { port } = server.address() as AddressInfo;
  await new Promise<void>((resolve) =>
    get({ port, host: "127.0.0.1", agent }, (answer) => answer.once("data", () => resolve()).resume()),
  );
  const startedMs = performance.now();
  stopping.abort();
  await new Promise((resolve) => server.close(resolve));
  expect(performance.now() - startedMs).toBeLessThan(2_000);
  end();
  agent.destroy();
});
