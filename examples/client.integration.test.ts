import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Readable } from "node:stream";
import { afterAll, beforeAll, expect, test } from "vitest";
import { GET as getExport } from "@/app/api/v1/projects/[id]/export/route";
import { handleTrpcRequest } from "@/server/api/handleTrpcRequest";
import { makeProject } from "@/test/harness/factories";
import type { TestContext } from "@/test/harness/testContext";
import { createTestContext } from "@/test/harness/testContext";
import type { TestServer } from "@/test/security/webServer";
import { makeKey, startTestServer } from "@/test/security/webServer";
import { createClient, run, wireErrorOf } from "./client";

let context: TestContext;
let web: TestServer;
let url: string;

/** The API behind a real socket, as the web process serves it. */
const server = createServer(async (incoming, outgoing) => {
  const address = `${url}${incoming.url}`;
  const hasBody = incoming.method === "POST";
  const init: RequestInit & { duplex: "half" } = {
    method: incoming.method,
    headers: incoming.headers as Record<string, string>,
    body: hasBody ? (Readable.toWeb(incoming) as unknown as ReadableStream) : undefined,
    duplex: "half",
  };
  const request = new Request(address, init);
  const id = /^\/api\/v1\/projects\/(\d+)\/export/.exec(incoming.url ?? "")?.[1];
  const response = id
    ? await getExport.handle(web.parts, request, { id })
    : await handleTrpcRequest(web.parts, request);
  outgoing.writeHead(response.status, Object.fromEntries(response.headers));
  outgoing.end(Buffer.from(await response.arrayBuffer()));
});

beforeAll(async () => {
  context = await createTestContext();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  web = startTestServer(context, { publicUrl: url });
});
afterAll(async () => {
  server.close();
  await context.cleanup();
});

test("the example does what it says, with a key of the three scopes", async () => {
  const project = await makeProject(context.db, { name: "Messages" });
  const { key } = await makeKey(context, project.id, ["ingest", "read", "export"]);
  const lines: string[] = [];
  await run(url, project.id, key, (line) => lines.push(line));
  expect(lines).toEqual([
    'project "Messages" asks for choice',
    "added 2 items as rows 0, 1",
    "sent again: 0 added, 2 were there",
    expect.stringMatching(/^row 1 refused at content\.text: /),
    "the project holds 3 items",
    "0 labels; the model was trained on 0",
    "pausing: E_FORBIDDEN",
    "exported 3 lines",
  ]);
});

test("an error of the network is told apart from one of the server", async () => {
  const away = createClient("http://127.0.0.1:1", `wnw_${"a".repeat(43)}`);
  const error = await away.project.get.query({ projectId: 1 }).catch((e: unknown) => e);
  expect(error).toBeInstanceOf(Error);
  expect(wireErrorOf(error)).toBeUndefined();
  const bad = createClient(url, `wnw_${"a".repeat(43)}`);
  const refused = await bad.project.get.query({ projectId: 1 }).catch((e: unknown) => e);
  expect(wireErrorOf(refused)).toMatchObject({ code: "E_UNAUTHENTICATED" });
});
