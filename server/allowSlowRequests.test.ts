import type { Server } from "node:http";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, expect, test } from "vitest";
import { allowSlowRequests } from "./allowSlowRequests";

const TIMEOUT_MS = 200;
const CHECK_MS = 40;

let server: Server;
let restore: (() => void) | undefined;
afterEach(async () => {
  restore?.();
  restore = undefined;
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

/** A server that answers with the length of the body, with Node's limit made small. */
async function listen(): Promise<number> {
  server = createServer({ requestTimeout: TIMEOUT_MS, connectionsCheckingInterval: CHECK_MS }, (request, response) => {
    let n = 0;
    request.on("data", (chunk: Buffer) => {
      n += chunk.length;
    });
    request.on("error", () => undefined);
    request.on("end", () => setTimeout(() => response.end(`got ${n}`), 100));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}

/** Sends ten bytes with a pause before each, on one connection, and returns what came back until it was closed. */
async function sendSlowly(
  port: number,
  pauseMs: number,
  head = "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\nConnection: close\r\n\r\n",
) {
  const socket = connect(port, "127.0.0.1");
  let answer = "";
  socket.on("data", (chunk) => {
    answer += chunk.toString();
  });
  socket.on("error", () => undefined);
  const closed = new Promise((resolve) => socket.once("close", resolve));
  socket.write(head);
  for (let i = 0; i < 10 && !socket.destroyed; i++) {
    await sleep(pauseMs);
    if (!socket.destroyed) socket.write("x");
  }
  await closed;
  return answer;
}

test("without it Node ends a request that takes longer than its limit", async () => {
  expect(await sendSlowly(await listen(), 80)).toContain("408 Request Timeout");
});

test("a slow sender's request arrives whole, however long the whole takes", async () => {
  restore = allowSlowRequests({ totalMs: 60_000, idleMs: 500 });
  expect(await sendSlowly(await listen(), 80)).toContain("got 10");
});

test("no limit at all is a limit of 0", async () => {
  restore = allowSlowRequests({ totalMs: 0, idleMs: 500 });
  expect(await sendSlowly(await listen(), 80)).toContain("got 10");
});

test("the limit given holds, and a sender that falls silent is given up", async () => {
  restore = allowSlowRequests({ totalMs: 300, idleMs: 60_000 });
  expect(await sendSlowly(await listen(), 80)).toContain("408 Request Timeout");
  restore();
  await new Promise((resolve) => server.close(resolve));
  restore = allowSlowRequests({ totalMs: 60_000, idleMs: 150 });
  expect(await sendSlowly(await listen(), 400)).toBe("");
});

test("an answer that takes longer than the silence allowed is waited for", async () => {
  restore = allowSlowRequests({ totalMs: 60_000, idleMs: 50 });
  expect(await sendSlowly(await listen(), 5)).toContain("got 10");
});

test("headers that do not come in time are still refused", async () => {
  restore = allowSlowRequests({ totalMs: 60_000, idleMs: 500 });
  const port = await listen();
  await sendSlowly(port, 1);
  server.headersTimeout = TIMEOUT_MS;
  expect(await sendSlowly(port, 80, "POST / HTTP/1.1\r\nHost: ")).toContain("408 Request Timeout");
});
