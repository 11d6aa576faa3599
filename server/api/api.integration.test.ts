import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { MadeProject, MadeUser } from "@/test/harness/factories";
import { makeProject, makeUser } from "@/test/harness/factories";
import type { TestContext } from "@/test/harness/testContext";
import { createTestContext } from "@/test/harness/testContext";
import type { TestServer } from "@/test/security/webServer";
import { givePassword, makeKey, ORIGIN, post, signIn, startTestServer } from "@/test/security/webServer";
import { ANONYMOUS_BODY_BYTES_MAX, BATCH_CALLS_MAX, BODY_BYTES_MAX } from "./handleTrpcRequest";

let context: TestContext;
let server: TestServer;
let project: MadeProject;
let lead: MadeUser;
let cookie: string;
let bearer: string;

beforeAll(async () => {
  context = await createTestContext({ now: new Date() });
  server = startTestServer(context);
  project = await makeProject(context.db);
  lead = project.lead;
  await givePassword(context, lead);
  cookie = await signIn(server, lead);
  const { key } = await makeKey(context, project.id, ["ingest", "read", "export"]);
  bearer = `Bearer ${key}`;
});
afterAll(() => context.cleanup());

interface Answer {
  status: number;
  data: unknown;
  error: { code: string; message: string; field?: string; details?: Record<string, unknown>; retryable: boolean };
}
async function call(path: string, init?: RequestInit): Promise<Answer> {
  const response = await server.trpc(path, init);
  const json = await response.json();
  return { status: response.status, data: json.result?.data, error: json.error?.data.winnow };
}
const query = (path: string, input: unknown) => `${path}?input=${encodeURIComponent(JSON.stringify(input))}`;
const guidelines = (text = "changed") => ({ projectId: project.id, guidelines: text });
async function stored(): Promise<string> {
  const { rows } = await context.db.query("select guidelines from project where id = $1", [project.id]);
  return rows[0].guidelines;
}

describe("changes with a session cookie", () => {
  test.each<[string, Record<string, string>]>([
    ["another origin", { origin: "https://evil.example" }],
    ["an opaque origin", { origin: "null" }],
    ["another port of the same machine", { origin: "http://127.0.0.1:4301" }],
    ["another scheme in front of the same host", { origin: "ftp://127.0.0.1:4300" }],
    ["a sister site", { origin: ORIGIN, "sec-fetch-site": "same-site" }],
    ["another site that repeats our origin", { origin: ORIGIN, "sec-fetch-site": "cross-site" }],
  ])("are refused from %s, batched too", async (_what, headers) => {
    const before = await stored();
    const single = await call("project.updateGuidelines", post(guidelines(), { cookie, ...headers }));
    expect([single.status, single.error.code]).toEqual([403, "E_FORBIDDEN"]);
    const batch = await server.trpc("project.setStatus,project.updateGuidelines?batch=1", {
      ...post({ 0: { projectId: project.id, status: "paused" }, 1: guidelines() }, { cookie, ...headers }),
    });
    expect(batch.status).toBe(403);
    for (const part of await batch.json()) expect(part.error.data.winnow.code).toBe("E_FORBIDDEN");
    expect(await stored()).toBe(before);
  });

  test("are refused without any sign of the page they come from", async () => {
    const init = post(guidelines(), { cookie });
    delete (init.headers as Record<string, string>).origin;
    expect((await call("project.updateGuidelines", init)).error.code).toBe("E_FORBIDDEN");
  });

  test("are refused as a form or as plain text, which another site could send", async () => {
    const before = await stored();
    for (const type of ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"]) {
      const answer = await call("project.updateGuidelines", post(guidelines(), { cookie, "content-type": type }));
      expect([answer.status, answer.error.code]).toEqual([415, "E_UNSUPPORTED_FORMAT"]);
    }
    expect(await stored()).toBe(before);
  });

  test("are taken from our pages, whichever name of the machine the browser used", async () => {
    const other = post(guidelines("by another name"), {
      cookie,
      origin: "http://localhost:4300",
      host: "localhost:4300",
    });
    expect((await call("project.updateGuidelines", other)).status).toBe(200);
    const fetched = post(guidelines("by fetch"), { cookie, "sec-fetch-site": "same-origin" });
    expect((await call("project.updateGuidelines", fetched)).status).toBe(200);
    expect(await stored()).toBe("by fetch");
  });

  test("do not go by GET, and answers allow no other origin to read them", async () => {
    const get = await call(query("project.updateGuidelines", guidelines()), { headers: { cookie } });
    expect([get.status, get.error.code]).toEqual([400, "E_BAD_INPUT"]);
    const response = await server.trpc(query("project.get", { projectId: project.id }), {
      headers: { cookie, origin: "https://evil.example" },
    });
    expect([...response.headers.keys()].filter((name) => name.startsWith("access-control"))).toEqual([]);
    expect(response.headers.get("cache-control")).toBe("no-store");
  });

  test("a cookie beside a key changes nothing: the key decides", async () => {
    const headers = { cookie, authorization: bearer };
    const answer = await call("project.updateGuidelines", post(guidelines(), headers));
    expect([answer.status, answer.error.code]).toEqual([403, "E_FORBIDDEN"]);
  });
});

describe("refusals", () => {
  test.each<[string, string, string, RegExp, string | undefined]>([
    ["a wrong type", "project.setStatus", `{"projectId":1,"status":5}`, /active/, "status"],
    ["a missing project", "project.setStatus", `{"status":"active"}`, /projectId/, "projectId"],
    ["a fraction for a number", "project.setStatus", `{"projectId":1.5,"status":"active"}`, /1\.5/, "projectId"],
    ["an array for an object", "project.setStatus", `[1,2]`, /object/, undefined],
    ["null", "project.setStatus", "null", /object/, undefined],
    [
      "a nested fault",
      "project.updateStrategy",
      `{"projectId":PID,"strategy":{"main":{"id":7}}}`,
      /string/,
      "strategy.main.id",
    ],
  ])("%s is E_BAD_INPUT that names the field", async (_what, path, body, message, field) => {
    const answer = await call(path, post(body.replace("PID", String(project.id)), { cookie }));
    expect(answer.status).toBe(400);
    expect(answer.error).toMatchObject({
      code: "E_BAD_INPUT",
      retryable: false,
      message: expect.stringMatching(message),
    });
    expect(answer.error.field).toBe(field);
  });

  test.each([
    ["cut short", `{"projectId": 1`],
    ["not JSON at all", "\u0000\u0001"],
    ["empty", ""],
    ["a lone surrogate as a key", `{"\\ud800": 1`],
  ])("a body that is %s is E_BAD_INPUT", async (_what, body) => {
    const answer = await call("project.setStatus", post(body, { cookie }));
    expect([answer.status, answer.error.code]).toEqual([400, "E_BAD_INPUT"]);
  });

  test("a malformed query string is E_BAD_INPUT, an unknown procedure E_NOT_FOUND", async () => {
    expect((await call("project.get?input=%7B", { headers: { cookie } })).error.code).toBe("E_BAD_INPUT");
    expect((await call("project.nothing", { headers: { cookie } })).error.code).toBe("E_NOT_FOUND");
    expect((await call("__proto__", { headers: { cookie } })).error.code).toBe("E_NOT_FOUND");
    expect((await call("project.constructor", { headers: { cookie } })).error.code).toBe("E_NOT_FOUND");
  });

  test("a password is not repeated in the answer that refuses it", async () => {
    const body = { token: "t".repeat(43), name: "A", email: "a@example.org", password: "geheim" };
    const answer = await call("access.completeSetup", post(body));
    expect(answer.error).toMatchObject({ code: "E_BAD_INPUT", field: "password" });
    expect(JSON.stringify(answer.error)).not.toContain("geheim");
  });

  test("numbers beyond any project, row or slug are not found rather than an error of the database", async () => {
    for (const projectId of [0, -1, 2_147_483_648, Number.MAX_SAFE_INTEGER]) {
      const answer = await call(query("project.get", { projectId }), { headers: { cookie } });
      expect([projectId, answer.error.code]).toEqual([projectId, "E_NOT_FOUND"]);
    }
    const slug = await call(query("project.get", { slug: "' or 1=1 --" }), { headers: { cookie } });
    expect(slug.error.code).toBe("E_NOT_FOUND");
  });

  test("a NUL character, which PostgreSQL cannot store, is E_BAD_INPUT and nothing is changed", async () => {
    const before = await stored();
    const answer = await call("project.updateGuidelines", post(guidelines("a\u0000b"), { cookie }));
    expect(answer.error).toMatchObject({ code: "E_BAD_INPUT", message: expect.stringContaining("U+0000") });
    const json = await call(
      "project.update",
      post(
        {
          projectId: project.id,
          taskConfig: {
            labels: [
              { id: "a\u0000", title: "a" },
              { id: "b", title: "b" },
            ],
          },
        },
        { cookie },
      ),
    );
    expect(json.error.code).toBe("E_BAD_INPUT");
    expect(await stored()).toBe(before);
  });

  test("half a character is E_BAD_INPUT and nothing is changed", async () => {
    const labels = [
      { id: "a", title: "\ud800" },
      { id: "b", title: "b" },
    ];
    const answer = await call("project.update", post({ projectId: project.id, taskConfig: { labels } }, { cookie }));
    expect(answer.error).toMatchObject({ code: "E_BAD_INPUT", message: expect.stringContaining("surrogate") });
  });

  test("an error of ours tells a reference and nothing of what happened", async () => {
    const broken = startTestServer(context, {
      db: new Proxy(context.db, {
        get: (target, key) =>
          key === "query"
            ? () => Promise.reject(new Error('relation "secret_table" does not exist'))
            : Reflect.get(target, key),
      }),
    });
    const response = await broken.trpc(query("project.get", { projectId: project.id }), { headers: { cookie } });
    const text = await response.text();
    expect(response.status).toBe(500);
    expect(text).not.toMatch(/secret_table|stack|node_modules/);
    expect(JSON.parse(text).error.data.winnow).toMatchObject({
      code: "E_INTERNAL",
      retryable: true,
      details: { reference: expect.stringMatching(/^[0-9a-f]{12}$/) },
    });
  });

  test("a database that is away is E_UNAVAILABLE, worth another try", async () => {
    const { createPool } = await import("@/server/db");
    const db = createPool({ connectionString: "postgres://nobody@127.0.0.1:1/none", max: 2 });
    const away = startTestServer(context, { db });
    const response = await away.trpc(query("project.get", { projectId: project.id }), { headers: { cookie } });
    expect(response.status).toBe(503);
    expect((await response.json()).error.data.winnow).toMatchObject({ code: "E_UNAVAILABLE", retryable: true });
    await db.end();
  });
});

describe("prototype pollution", () => {
  test.each(["__proto__", "constructor", "prototype"])("%s in an input pollutes nothing", async (key) => {
    const payload = `{"${key}":{"isAdmin":true,"role":"administrator","polluted":1},"projectId":${project.id},"guidelines":"x"}`;
    expect((await call("project.updateGuidelines", post(payload, { cookie }))).status).toBe(200);
    const options = `{"projectId":${project.id},"strategy":{"main":{"id":"margin","options":{"${key}":{"polluted":1}}}}}`;
    const answer = await call("project.updateStrategy", post(options, { cookie }));
    // Refused as an unknown option, or dropped by the parser: never taken.
    if (answer.status !== 200) expect(answer.error.code).toBe("E_BAD_INPUT");
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
    expect(({} as Record<string, unknown>).isAdmin).toBeUndefined();
    const view = (await call(query("project.get", { projectId: project.id }), { headers: { cookie } })).data;
    expect(JSON.stringify(view)).not.toContain("polluted");
  });

  test("a label called __proto__ is a label like any other or refused, and a batch keyed by it is refused", async () => {
    const taskConfig = `{"labels":[{"id":"__proto__","title":"p"},{"id":"constructor","title":"c"},{"id":"yes","title":"y"},{"id":"no","title":"n"}]}`;
    const answer = await call(
      "project.update",
      post(`{"projectId":${project.id},"taskConfig":${taskConfig}}`, { cookie }),
    );
    expect(answer.status).toBe(200);
    const batch = await server.trpc("access.me?batch=1", { headers: { cookie } });
    expect((await batch.json())[0].result.data.id).toBe(lead.id);
    expect(({} as Record<string, unknown>).title).toBeUndefined();
  });
});

describe("size", () => {
  const spaces = (bytes: number) => `{"projectId":${project.id},"guidelines":"x"${" ".repeat(bytes)}}`;
  const init = (body: BodyInit, headers: Record<string, string>, extra = {}) =>
    ({
      ...post(""),
      body,
      headers: { "content-type": "application/json", origin: ORIGIN, ...headers },
      ...extra,
    }) as RequestInit;
  function endless(chunk: Uint8Array, chunks: number): { stream: ReadableStream<Uint8Array>; read: () => number } {
    let n = 0;
    const stream = new ReadableStream<Uint8Array>({
      pull(controller) {
        if (n++ < chunks) controller.enqueue(chunk);
        else controller.close();
      },
    });
    return { stream, read: () => n };
  }

  test("a body declared too large is refused before it is read", async () => {
    const { stream, read } = endless(new Uint8Array(1), 5);
    const headers = { cookie, "content-length": String(BODY_BYTES_MAX + 1) };
    const answer = await call("project.updateGuidelines", init(stream, headers, { duplex: "half" }));
    expect([answer.status, answer.error.code]).toEqual([413, "E_TOO_LARGE"]);
    expect(answer.error.details).toEqual({ bytesMax: BODY_BYTES_MAX });
    expect(read()).toBeLessThanOrEqual(1);
  });

  test("a body that grows too large without saying so is cut off", async () => {
    const mib = new Uint8Array(1024 * 1024).fill(32);
    const { stream, read } = endless(mib, 500);
    const answer = await call("project.updateGuidelines", init(stream, { cookie }, { duplex: "half" }));
    expect([answer.status, answer.error.code]).toEqual([413, "E_TOO_LARGE"]);
    expect(read()).toBeLessThan(60);
  });

  test("a body that is not UTF-8 is refused, whole or in pieces, and nothing is stored", async () => {
    const before = await stored();
    const latin1 = Buffer.from(JSON.stringify(guidelines("Grüße")), "latin1");
    const cut = Buffer.from(JSON.stringify(guidelines("€"))).subarray(0, -4);
    const pieces = (bytes: Uint8Array) => new Blob([bytes.slice()]).stream();
    for (const body of [latin1, pieces(latin1), cut]) {
      const answer = await call("project.updateGuidelines", init(body, { cookie }, { duplex: "half" }));
      expect([answer.status, answer.error.code]).toEqual([400, "E_BAD_INPUT"]);
      expect(answer.error.message).toMatch(/not valid UTF-8/);
    }
    expect(await stored()).toBe(before);
    const halves = new ReadableStream<Uint8Array>({
      start(controller) {
        for (const byte of Buffer.from(JSON.stringify(guidelines("Grüße €")))) controller.enqueue(Uint8Array.of(byte));
        controller.close();
      },
    });
    expect((await call("project.updateGuidelines", init(halves, { cookie }, { duplex: "half" }))).status).toBe(200);
    expect(await stored()).toBe("Grüße €");
  });

  test.each([
    ["application/json; charset=iso-8859-1", 415],
    ['application/json;charset="UTF-16"', 415],
    ["application/json; charset=utf-8", 200],
    ['application/json; charset="UTF8"', 200],
  ])("of type %s are answered with %i", async (type, status) => {
    const answer = await call("project.updateGuidelines", post(guidelines(), { cookie, "content-type": type }));
    expect(answer.status).toBe(status);
    if (status === 415) expect(answer.error).toMatchObject({ code: "E_UNSUPPORTED_FORMAT" });
  });

  test("from nobody only small bodies are read, declared or not", async () => {
    const setup = { token: "t".repeat(43), name: "A", email: "a@example.org", password: "long enough, this one" };
    expect((await call("access.completeSetup", post(setup))).error.code).toBe("E_FORBIDDEN");
    const undeclared = await call(
      "access.completeSetup",
      post({ ...setup, more: "x".repeat(ANONYMOUS_BODY_BYTES_MAX) }),
    );
    expect([undeclared.status, undeclared.error.code]).toEqual([413, "E_TOO_LARGE"]);
    const body = spaces(ANONYMOUS_BODY_BYTES_MAX);
    const headers = { "content-length": String(body.length) };
    const answer = await call("project.updateGuidelines", init(body, headers));
    expect([answer.status, answer.error.code]).toEqual([401, "E_UNAUTHENTICATED"]);
    const known = await call("project.updateGuidelines", init(body, { ...headers, cookie }));
    expect(known.status).toBe(200);
  });

  test("a batch has a largest size", async () => {
    const names = (n: number) => Array(n).fill("access.state").join(",");
    expect((await server.trpc(`${names(BATCH_CALLS_MAX)}?batch=1&input={}`)).status).toBe(200);
    const tooMany = await server.trpc(`${names(BATCH_CALLS_MAX + 1)}?batch=1&input={}`);
    expect(tooMany.status).toBe(400);
  });
});

describe("a batch", () => {
  test("answers each call on its own: one refused call leaves the others be", async () => {
    const other = await makeProject(context.db);
    const input = { 0: { projectId: project.id }, 1: { projectId: other.id }, 2: { projectId: project.id } };
    const response = await server.trpc(
      `project.get,project.get,member.list?batch=1&input=${encodeURIComponent(JSON.stringify(input))}`,
      { headers: { cookie } },
    );
    expect(response.status).toBe(207);
    const [first, second, third] = await response.json();
    expect(first.result.data.id).toBe(project.id);
    expect(second.error.data.winnow.code).toBe("E_NOT_FOUND");
    expect(third.result.data.rows).toHaveLength(1);
  });
});

test("the ladder costs one statement per call, a second only after the project changed", async () => {
  const statements: string[] = [];
  const db = new Proxy(context.db, {
    get(target, key) {
      if (key !== "query") return Reflect.get(target, key);
      return (...args: Parameters<typeof target.query>) => {
        const [first] = args as unknown[];
        statements.push(typeof first === "string" ? first : (first as { name: string }).name);
        return target.query(...args);
      };
    },
  });
  const counted = startTestServer(context, { db });
  const member = await makeUser(context.db);
  await context.db.query("insert into project_member (project_id, user_id, role) values ($1, $2, 'annotator')", [
    project.id,
    member.id,
  ]);
  await givePassword(context, member);
  const mine = await signIn(server, member);
  const get = () => counted.trpc(query("member.list", { projectId: project.id }), { headers: { cookie: mine } });
  const run = async () => {
    statements.length = 0;
    await get();
    return [...statements];
  };
  // An annotator may not list members: refused after the one statement that decides.
  expect(await run()).toEqual(["winnow_access_session_id"]);
  await context.db.query("update project_member set role = 'lead' where user_id = $1", [member.id]);
  await context.db.query("update project set name = 'changed' where id = $1", [project.id]);
  expect((await run()).slice(0, 2)).toEqual(["winnow_access_session_id", "winnow_project_row"]);
  const third = await run();
  expect(third[0]).toBe("winnow_access_session_id");
  expect(third).not.toContain("winnow_project_row");
});
