import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { makeMember, makeProject, makeUser } from "@/test/harness/factories";
import type { TestContext } from "@/test/harness/testContext";
import { createTestContext } from "@/test/harness/testContext";
import type { TestServer } from "@/test/security/webServer";
import { givePassword, makeKey, ORIGIN, PASSWORD, post, signIn, startTestServer } from "@/test/security/webServer";
import { signSessionCookie } from ".";
import { HASHES_AT_ONCE_MAX } from "./handleAuthRequest";

let context: TestContext;
let server: TestServer;

beforeAll(async () => {
  // Real time: the auth library reads the machine's clock for its sessions.
  context = await createTestContext({ now: new Date() });
  server = startTestServer(context);
});
afterAll(() => context.cleanup());
beforeEach(async () => {
  await context.db.query("delete from rate_limit");
});

async function person(options: Parameters<typeof makeUser>[1] = {}) {
  const user = await makeUser(context.db, options);
  await givePassword(context, user);
  return user;
}

async function me(headers: Record<string, string>): Promise<{ status: number; body: Record<string, unknown> }> {
  const response = await server.trpc("access.me", { headers });
  const json = await response.json();
  return { status: response.status, body: json.result?.data ?? json.error.data.winnow };
}

describe("signing in", () => {
  test("gives a cookie that scripts cannot read and the API takes, and the hash in the table is scrypt's", async () => {
    const user = await person();
    const response = await server.auth("/sign-in/email", post({ email: user.email.toUpperCase(), password: PASSWORD }));
    const [cookie] = response.headers.getSetCookie();
    expect(cookie).toMatch(/^winnow\.session_token=.*Max-Age=604800.*HttpOnly.*SameSite=Lax/i);
    expect(cookie).not.toMatch(/secure/i);
    const viewer = await me({ cookie: cookie.split(";")[0] });
    expect(viewer.body).toEqual({ id: user.id, name: user.name, email: user.email, role: "member" });
    const stored = await context.db.query("select password from account where user_id = $1", [user.id]);
    expect(stored.rows[0].password).toMatch(/^[0-9a-f]{32}:[0-9a-f]{128}$/);
  });

  test("over https gives a cookie for https only", async () => {
    const user = await person();
    const https = startTestServer(context, { publicUrl: "https://winnow.example.org" });
    const response = await https.auth(
      "/sign-in/email",
      post({ email: user.email, password: PASSWORD }, { origin: "https://winnow.example.org" }),
    );
    const [cookie] = response.headers.getSetCookie();
    expect(cookie).toMatch(/^__Secure-winnow\.session_token=.*Secure/i);
    const answer = await https.trpc("access.me", { headers: { cookie: cookie.split(";")[0] } });
    expect(answer.status).toBe(200);
    const planted = cookie.split(";")[0].replace("__Secure-", "");
    expect((await https.trpc("access.me", { headers: { cookie: planted } })).status).toBe(401);
  });

  test("says the same of a wrong password and an unknown account", async () => {
    const user = await person();
    const wrong = await server.auth("/sign-in/email", post({ email: user.email, password: "not the password" }));
    const unknown = await server.auth("/sign-in/email", post({ email: "no@example.org", password: PASSWORD }));
    expect([wrong.status, unknown.status]).toEqual([401, 401]);
    expect(await wrong.text()).toBe(await unknown.text());
  });

  test("a disabled person is refused, and a session from before is nobody at once", async () => {
    const user = await person();
    const cookie = await signIn(server, user);
    await context.db.query(`update "user" set disabled_at = now() where id = $1`, [user.id]);
    expect((await me({ cookie })).body).toMatchObject({ code: "E_UNAUTHENTICATED", message: /disabled/ });
    const response = await server.auth("/sign-in/email", post({ email: user.email, password: PASSWORD }));
    expect(response.status).toBe(403);
    expect(await response.text()).toMatch(/disabled/);
    expect((await context.db.query("select 1 from session where user_id = $1", [user.id])).rows).toHaveLength(1);
  });

  test("a simulated annotator cannot sign in even with a password", async () => {
    const user = await person({ isSimulated: true });
    const response = await server.auth("/sign-in/email", post({ email: user.email, password: PASSWORD }));
    expect(response.status).toBe(403);
  });

  test("signing out ends the session in the database", async () => {
    const user = await person();
    const cookie = await signIn(server, user);
    expect((await server.auth("/sign-out", post({}, { cookie }))).status).toBe(200);
    expect((await me({ cookie })).body).toMatchObject({ code: "E_UNAUTHENTICATED" });
  });

  test("a new password signs every other session out", async () => {
    const user = await person();
    const other = await signIn(server, user);
    const mine = await signIn(server, user);
    const changed = await server.auth(
      "/change-password",
      post(
        { currentPassword: PASSWORD, newPassword: "another long one", revokeOtherSessions: false },
        { cookie: mine },
      ),
    );
    expect(changed.status).toBe(200);
    expect((await me({ cookie: other })).status).toBe(401);
    await expect(signIn(server, user)).rejects.toThrow(/401/);
    await signIn(server, user, "another long one");
  });
});

describe("sessions", () => {
  test("end after seven days without use, and are renewed by use", async () => {
    const user = await person();
    const cookie = await signIn(server, user);
    const moved = startTestServer(context, {
      clock: { ...context.clock, now: () => new Date(Date.now() + 8 * 86_400_000) },
    });
    const late = await moved.trpc("access.me", { headers: { cookie } });
    expect(late.status).toBe(401);
    expect((await late.json()).error.data.winnow.message).toMatch(/session has ended/);

    await context.db.query("update session set expires_at = now() + interval '2 days' where user_id = $1", [user.id]);
    const renewed = await server.auth("/get-session", { headers: { cookie } });
    expect(renewed.headers.getSetCookie().join()).toContain("winnow.session_token=");
    const { rows } = await context.db.query(
      "select extract(epoch from expires_at - now()) / 86400 as days from session where user_id = $1",
      [user.id],
    );
    expect(Number(rows[0].days)).toBeGreaterThan(6.9);
  });

  test("a cookie with another signature, or signed with another secret, is nobody", async () => {
    const user = await person();
    const cookie = await signIn(server, user);
    const broken = cookie.replace(/\.(?!session).(?=[^.]*$)/, (found) => (found === ".A" ? ".B" : ".A"));
    expect(broken).not.toBe(cookie);
    expect((await me({ cookie: broken })).status).toBe(401);
    const token = decodeURIComponent(cookie.split("=")[1]).split(".")[0];
    expect((await me({ cookie: `winnow.session_token=${token}` })).status).toBe(401);
    const other = startTestServer(context, { sessionSecret: "f".repeat(32) });
    const foreign = await signIn(other, user);
    expect((await me({ cookie: foreign })).status).toBe(401);
    expect((await me({ cookie })).status).toBe(200);
  });

  test("a session that the instance opens by itself is taken like any other, under http and https", async () => {
    const user = await person();
    await signIn(server, user);
    const { rows } = await context.db.query("select token from session where user_id = $1", [user.id]);
    for (const publicUrl of [ORIGIN, "https://winnow.example.org"]) {
      const web = startTestServer(context, { publicUrl });
      const cookie = signSessionCookie(rows[0].token, web.parts);
      expect((await web.trpc("access.me", { headers: { cookie } })).status).toBe(200);
    }
  });

  test("the sign-in page still opens with a session that has ended", async () => {
    const user = await person();
    const cookie = await signIn(server, user);
    await context.db.query("delete from session where user_id = $1", [user.id]);
    const response = await server.trpc("access.state", { headers: { cookie } });
    expect((await response.json()).result.data.user).toBeNull();
  });
});

describe("what is closed", () => {
  test.each([
    "/sign-up/email",
    "/sign-in/social",
    "/request-password-reset",
    "/reset-password",
    "/delete-user",
    "/change-email",
    "/link-social",
    "/verify-email",
    "/send-verification-email",
    "/constructor",
    "/__proto__",
    "/sign-in/email/../../sign-up/email",
    "//sign-up/email",
    "/sign%2Dup/email",
  ])("%s does not exist", async (path) => {
    const before = await context.db.query(`select count(*)::int as n from "user"`);
    const body = { name: "X", email: "intruder@example.org", password: PASSWORD };
    const response = await server.auth(path, post(body));
    expect(response.status).toBe(404);
    const after = await context.db.query(`select count(*)::int as n from "user"`);
    expect(after.rows).toEqual(before.rows);
  });

  test("nobody raises their own role through the account endpoints", async () => {
    const user = await person();
    const cookie = await signIn(server, user);
    const response = await server.auth(
      "/update-user",
      post({ name: "Renamed", role: "administrator", isSimulated: true, disabledAt: null, image: "x" }, { cookie }),
    );
    expect(response.status).toBe(200);
    const { rows } = await context.db.query(`select name, role, is_simulated, image from "user" where id = $1`, [
      user.id,
    ]);
    expect(rows[0]).toEqual({ name: "Renamed", role: "member", is_simulated: false, image: null });
  });

  test.each([
    ["nothing", undefined],
    ["an empty text", ""],
    ["blanks", "   "],
    ["NUL", "a\0b"],
    ["too much", "x".repeat(101)],
    ["a number", 7],
  ])("a name cannot be %s", async (_what, name) => {
    const user = await person();
    const cookie = await signIn(server, user);
    const response = await server.auth("/update-user", post({ name }, { cookie }));
    expect([response.status, (await response.json()).error]).toMatchObject([
      400,
      { code: "E_BAD_INPUT", field: "name" },
    ]);
    const { rows } = await context.db.query(`select name from "user" where id = $1`, [user.id]);
    expect(rows[0].name).toBe(user.name);
  });

  test("a body that is not UTF-8 is refused, not mended", async () => {
    const user = await person();
    const cookie = await signIn(server, user);
    const body = Buffer.concat([Buffer.from('{"name":"M'), Buffer.from([0xfc]), Buffer.from('ller"}')]);
    const response = await server.auth("/update-user", { ...post("", { cookie }), body });
    expect([response.status, (await response.json()).error.message]).toEqual([400, expect.stringMatching(/UTF-8/)]);
  });

  test("a sign-in sends nobody anywhere", async () => {
    const user = await person();
    const response = await server.auth(
      "/sign-in/email",
      post({ email: user.email, password: PASSWORD, callbackURL: "https://evil.example" }),
    );
    expect(response.headers.get("location")).toBeNull();
    expect((await response.json()).redirect).toBe(false);
  });
});

describe("limits on signing in", () => {
  const wrong = (email: string, address: string) =>
    server.auth("/sign-in/email", post({ email, password: "wrong password!" }, { "x-forwarded-for": address }));

  test("ten wrong passwords close the account for that address, in every process, until the time told has passed", async () => {
    const user = await person();
    const tries = await Promise.all(Array.from({ length: 10 }, () => wrong(user.email, "192.0.2.1")));
    expect(new Set(tries.map((r) => r.status))).toEqual(new Set([401]));
    const another = startTestServer(context);
    const right = post({ email: user.email.toUpperCase(), password: PASSWORD }, { "x-forwarded-for": "192.0.2.1" });
    const refused = await another.auth("/sign-in/email", right);
    expect(refused.status).toBe(429);
    const { error } = await refused.json();
    expect(error).toMatchObject({ code: "E_RATE_LIMITED", retryable: true, message: /Wait \d+ seconds/ });
    expect(refused.headers.get("retry-after")).toBe(String(error.details.retryAfterSeconds));
    expect((await wrong(user.email, "192.0.2.2")).status).toBe(401);
    context.clock.advanceSeconds(error.details.retryAfterSeconds);
    const later = await server.auth("/sign-in/email", right);
    expect(later.status).toBe(200);
  });

  test("changing addresses does not help beyond fifty tries an hour", async () => {
    const email = "target@example.org";
    await context.db.query("delete from rate_limit");
    const statuses: number[] = [];
    for (let i = 0; i < 52; i++) statuses.push((await wrong(email, `192.0.2.${i}`)).status);
    expect(statuses.slice(0, 50)).toEqual(Array(50).fill(401));
    expect(statuses.slice(50)).toEqual([429, 429]);
  });

  test("a flood of sign-ins is cut to what a process hashes at once, and ends with the flood", async () => {
    const tries = Array.from({ length: 40 }, (_, i) => wrong(`flood-${i}@example.org`, `198.51.100.${i}`));
    const statuses = (await Promise.all(tries)).map((r) => r.status);
    expect(statuses.filter((s) => s === 401)).toHaveLength(HASHES_AT_ONCE_MAX);
    expect(statuses.filter((s) => s === 429)).toHaveLength(40 - HASHES_AT_ONCE_MAX);
    expect((await wrong("after@example.org", "198.51.100.200")).status).toBe(401);
  });

  test("guesses at the present password with a stolen session are counted with those at sign-in", async () => {
    const user = await person();
    const cookie = await signIn(server, user);
    const change = async (currentPassword: string) =>
      (await server.auth("/change-password", post({ currentPassword, newPassword: "another long one" }, { cookie })))
        .status;
    const statuses: number[] = [];
    for (let i = 0; i < 12; i++) statuses.push(await change(`not the password ${i}`));
    expect(statuses.slice(0, 10)).toEqual(Array(10).fill(400));
    expect(statuses.slice(10)).toEqual([429, 429]);
    expect(await change(PASSWORD)).toBe(429);
    await expect(signIn(server, user)).rejects.toThrow(/429/);
    await context.db.query("delete from rate_limit");
    await signIn(server, user);
    const words = { currentPassword: PASSWORD, newPassword: "another long one" };
    expect((await server.auth("/change-password", post(words))).status).toBe(401);
  });

  test("a right password clears the count of wrong ones", async () => {
    const user = await person();
    for (let round = 0; round < 3; round++) {
      for (let i = 0; i < 6; i++) expect((await wrong(user.email, "192.0.2.9")).status).toBe(401);
      const right = post({ email: user.email, password: PASSWORD }, { "x-forwarded-for": "192.0.2.9" });
      expect((await server.auth("/sign-in/email", right)).status).toBe(200);
    }
  });
});

describe("API keys", () => {
  test("work as a bearer token; a revoked, expired, unknown or mutilated one is refused with the reason", async () => {
    const project = await makeProject(context.db);
    const call = async (authorization: string) => {
      const input = encodeURIComponent(JSON.stringify({ projectId: project.id }));
      const response = await server.trpc(`project.get?input=${input}`, { headers: { authorization } });
      const json = await response.json();
      return { status: response.status, data: json.result?.data, error: json.error?.data.winnow };
    };
    const good = await makeKey(context, project.id, ["read"]);
    expect((await call(`Bearer ${good.key}`)).data).toMatchObject({ id: project.id, myRole: null });
    expect((await call(`bearer  ${good.key}`)).status).toBe(200);
    const now = context.clock.now();
    const revoked = await makeKey(context, project.id, ["read"], { revokedAt: now });
    const expired = await makeKey(context, project.id, ["read"], { expiresAt: now });
    const messages = [
      await call(`Bearer ${revoked.key}`),
      await call(`Bearer ${expired.key}`),
      await call(`Bearer wnw_${"a".repeat(43)}`),
      await call(`Bearer ${good.key.slice(0, -1)}`),
      await call(`Basic ${good.key}`),
      await call(good.key),
    ];
    expect(messages.map((m) => m.status)).toEqual([401, 401, 401, 401, 401, 401]);
    expect(messages.map((m) => m.error.message)).toEqual([
      expect.stringMatching(/was revoked on/),
      expect.stringMatching(/expired on/),
      expect.stringMatching(/not known/),
      expect.stringMatching(/43 characters/),
      expect.stringMatching(/43 characters/),
      expect.stringMatching(/43 characters/),
    ]);
    for (const m of messages) expect(JSON.stringify(m.error)).not.toContain(good.key.slice(4, -1));
  });

  test("the last use is written once a minute at most", async () => {
    const project = await makeProject(context.db);
    const { id, key } = await makeKey(context, project.id, ["read"]);
    const use = async () => {
      const input = encodeURIComponent(JSON.stringify({ projectId: project.id }));
      await server.trpc(`project.get?input=${input}`, { headers: { authorization: `Bearer ${key}` } });
      const { rows } = await context.db.query("select last_used_at, xmin::text from api_key where id = $1", [id]);
      return { at: (rows[0].last_used_at as Date).getTime(), xmin: rows[0].xmin };
    };
    const first = await use();
    expect(first.at).toBe(context.clock.now().getTime());
    context.clock.advanceSeconds(59);
    expect(await use()).toEqual(first);
    context.clock.advanceSeconds(2);
    expect((await use()).at).toBe(context.clock.now().getTime());
  });

  test("a key made through the API is shown once, and the tables hold only its hash", async () => {
    const user = await person();
    const project = await makeProject(context.db);
    await makeMember(context.db, project.id, user.id, "lead");
    const cookie = await signIn(server, user);
    const created = await server.trpc(
      "apiKey.create",
      post({ projectId: project.id, name: "CI", scopes: ["ingest", "read", "read"] }, { cookie }),
    );
    const { key, scopes } = (await created.json()).result.data;
    expect(key).toMatch(/^wnw_[A-Za-z0-9_-]{43}$/);
    expect(scopes).toEqual(["ingest", "read"]);
    const tables = await context.db.query(
      "select (select json_agg(k) from api_key k)::text || (select json_agg(l) from audit_log l)::text as all",
    );
    expect(tables.rows[0].all).not.toContain(key.slice(12));
    const input = encodeURIComponent(JSON.stringify({ projectId: project.id }));
    const list = await (await server.trpc(`apiKey.list?input=${input}`, { headers: { cookie } })).json();
    expect(list.result.data.rows[0]).toMatchObject({ name: "CI", prefix: key.slice(0, 10), lastUsedAt: null });
    const id = list.result.data.rows[0].id;
    const revoke = () => server.trpc("apiKey.revoke", post({ projectId: project.id, id }, { cookie }));
    expect((await revoke()).status).toBe(200);
    expect((await revoke()).status).toBe(404);
    const after = await server.trpc(`project.get?input=${input}`, { headers: { authorization: `Bearer ${key}` } });
    expect(after.status).toBe(401);
  });

  test("no key acts in another project, signs in as a person, or makes projects", async () => {
    const project = await makeProject(context.db);
    const other = await makeProject(context.db);
    const { key } = await makeKey(context, project.id, ["ingest", "read", "export"]);
    const headers = { authorization: `Bearer ${key}` };
    const input = encodeURIComponent(JSON.stringify({ projectId: other.id }));
    const absent = encodeURIComponent(JSON.stringify({ projectId: 2_000_000_000 }));
    const foreign = await (await server.trpc(`project.get?input=${input}`, { headers })).json();
    const missing = await (await server.trpc(`project.get?input=${absent}`, { headers })).json();
    expect(foreign.error.data.winnow).toEqual(missing.error.data.winnow);
    expect(foreign.error.data.httpStatus).toBe(404);
    expect((await server.trpc("access.me", { headers })).status).toBe(403);
    const create = await server.trpc(
      "project.create",
      post({ name: "x", taskType: "choice", taskConfig: {} }, headers),
    );
    expect(create.status).toBe(403);
  });
});
