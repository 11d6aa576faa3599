import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { AppError } from "@/server/errors";
import type { MadeProject } from "@/test/harness/factories";
import { makeMember, makeProject, makeUser } from "@/test/harness/factories";
import type { TestContext } from "@/test/harness/testContext";
import { createTestContext } from "@/test/harness/testContext";
import type { TestServer } from "@/test/security/webServer";
import { givePassword, makeKey, ORIGIN, signIn, startTestServer } from "@/test/security/webServer";
import { answerHealth, jsonResponse, restRoute } from ".";

let context: TestContext;
let server: TestServer;
let project: MadeProject;
let cookie: string;

beforeAll(async () => {
  context = await createTestContext({ now: new Date() });
  server = startTestServer(context);
  project = await makeProject(context.db);
  await givePassword(context, project.lead);
  cookie = await signIn(server, project.lead);
});
afterAll(() => context.cleanup());

const route = restRoute<{ id: string }>("ingest", async ({ actor, project: found, role, url }) => {
  if (url.searchParams.has("fail")) throw new AppError("E_TOO_LARGE", "too much", { details: { field: "file", n: 3 } });
  if (url.searchParams.has("crash")) throw new Error("secret of the server");
  return jsonResponse({ actor: actor.kind, project: found.id, role });
});
async function call(id: string | number, headers: Record<string, string>, query = "", method = "POST") {
  const request = new Request(`${ORIGIN}/api/v1/projects/${id}/x${query}`, { method, headers });
  const response = await route.handle(server.parts, request, { id: String(id) });
  return { status: response.status, body: await response.json(), headers: response.headers };
}

describe("a REST route", () => {
  test("gives the handler caller, project and role, by session or by key", async () => {
    const bySession = await call(project.id, { cookie, origin: ORIGIN });
    expect(bySession.body).toEqual({ actor: "user", project: project.id, role: "lead" });
    const { key } = await makeKey(context, project.id, ["ingest"]);
    const byKey = await call(project.id, { authorization: `Bearer ${key}` });
    expect(byKey.body).toEqual({ actor: "key", project: project.id, role: null });
    expect(byKey.headers.get("cache-control")).toBe("no-store");
  });

  test("refuses nobody, other roles, other scopes and other projects before the handler runs", async () => {
    const other = await makeProject(context.db);
    const reviewer = await makeUser(context.db);
    await makeMember(context.db, project.id, reviewer.id, "reviewer");
    await givePassword(context, reviewer);
    const asReviewer = { cookie: await signIn(server, reviewer), origin: ORIGIN };
    const { key } = await makeKey(context, project.id, ["read", "export"]);
    const { key: foreign } = await makeKey(context, other.id, ["ingest"]);
    const answers = [
      await call(project.id, {}),
      await call(project.id, asReviewer),
      await call(project.id, { authorization: `Bearer ${key}` }),
      await call(project.id, { authorization: `Bearer ${foreign}` }),
      await call(other.id, { cookie, origin: ORIGIN }),
      await call(project.id, { authorization: "Bearer nonsense" }),
    ];
    expect(answers.map((a) => [a.status, a.body.error.code])).toEqual([
      [401, "E_UNAUTHENTICATED"],
      [403, "E_FORBIDDEN"],
      [403, "E_FORBIDDEN"],
      [404, "E_NOT_FOUND"],
      [404, "E_NOT_FOUND"],
      [401, "E_UNAUTHENTICATED"],
    ]);
  });

  test("refuses a session's change from another site, not its reading, and not a key's change", async () => {
    expect((await call(project.id, { cookie, origin: "https://evil.example" })).status).toBe(403);
    expect((await call(project.id, { cookie })).status).toBe(403);
    expect((await call(project.id, { cookie }, "", "GET")).status).toBe(200);
    const { key } = await makeKey(context, project.id, ["ingest"]);
    expect((await call(project.id, { authorization: `Bearer ${key}` })).status).toBe(200);
  });

  test.each(["abc", "1e3", "-1", "../1", "99999999999", "1;drop table project", "%31", ""])(
    "does not take %j for a project",
    async (id) => {
      const request = new Request(`${ORIGIN}/x`, { method: "POST", headers: { cookie, origin: ORIGIN } });
      const response = await route.handle(server.parts, request, { id });
      expect([response.status, (await response.json()).error.code]).toEqual([404, "E_NOT_FOUND"]);
    },
  );

  test("answers errors with their code, status and field, and hides what is not ours to tell", async () => {
    const failed = await call(project.id, { cookie, origin: ORIGIN }, "?fail");
    expect([failed.status, failed.body]).toEqual([
      413,
      { error: { code: "E_TOO_LARGE", message: "too much", field: "file", details: { n: 3 }, retryable: false } },
    ]);
    const crashed = await call(project.id, { cookie, origin: ORIGIN }, "?crash");
    expect(crashed.status).toBe(500);
    expect(JSON.stringify(crashed.body)).not.toContain("secret of the server");
  });
});

describe("health", () => {
  test("is 200 while the database answers and 503 when it does not", async () => {
    expect((await answerHealth(context)).status).toBe(200);
    const { createPool } = await import("@/server/db");
    const db = createPool({ connectionString: "postgres://nobody@127.0.0.1:1/none", max: 1 });
    const away = await answerHealth({ db });
    expect([away.status, await away.json()]).toEqual([503, { status: "degraded", database: "unreachable" }]);
    await db.end();
  });
});
