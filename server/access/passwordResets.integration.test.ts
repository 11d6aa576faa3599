import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { LIMITS } from "@/contracts/limits";
import { createCaller } from "@/server/api/caller";
import type { Actor } from "@/server/auth";
import { hashToken } from "@/server/auth";
import type { MadeUser } from "@/test/harness/factories";
import { makeUser } from "@/test/harness/factories";
import type { TestContext } from "@/test/harness/testContext";
import { createTestContext } from "@/test/harness/testContext";
import type { TestServer } from "@/test/security/webServer";
import { givePassword, PASSWORD, signIn, startTestServer } from "@/test/security/webServer";

const NEW_PASSWORD = "quite another sentence";

let context: TestContext;
let server: TestServer;
let administrator: MadeUser;

beforeAll(async () => {
  // Real time: the auth library reads the machine's clock for its sessions.
  context = await createTestContext({ now: new Date() });
  server = startTestServer(context);
  administrator = await makeUser(context.db, { role: "administrator" });
});
afterAll(() => context.cleanup());
beforeEach(async () => {
  await context.db.query("delete from rate_limit");
});

function as(user: MadeUser | null, role: "administrator" | "member" = "member") {
  const actor: Actor | null = user && { kind: "user", id: user.id, name: user.name, role };
  return createCaller({ ...context, actor }).access;
}
const admin = () => as(administrator, "administrator");
const failsWith = (code: string, message = /./) =>
  expect.objectContaining({ cause: expect.objectContaining({ code, message: expect.stringMatching(message) }) });

async function person(): Promise<MadeUser> {
  const user = await makeUser(context.db);
  await givePassword(context, user);
  return user;
}

describe("a reset link", () => {
  test("sets another password, once, ends every session, and only its hash is stored", async () => {
    const user = await person();
    const cookie = await signIn(server, user);
    const made = await admin().createPasswordReset({ userId: user.id });
    expect(made.url).toBe(`http://127.0.0.1:4300/reset?token=${made.token}`);
    const stored = await context.db.query("select * from password_reset where user_id = $1", [user.id]);
    expect(stored.rows[0].token_hash).toBe(hashToken(made.token));
    expect(JSON.stringify(stored.rows)).not.toContain(made.token);

    // Until it is used nothing changes: a link that was lost locks nobody out.
    expect((await server.trpc("access.me", { headers: { cookie } })).status).toBe(200);
    expect(await as(null).peekPasswordReset({ token: made.token })).toEqual({
      name: user.name,
      email: user.email,
      expiresAt: made.expiresAt,
    });

    const uses = await Promise.allSettled(
      [1, 2, 3].map(() => as(null).resetPassword({ token: made.token, password: NEW_PASSWORD })),
    );
    expect(uses.filter((use) => use.status === "fulfilled")).toHaveLength(1);
    for (const use of uses) {
      if (use.status === "rejected") expect(use.reason).toEqual(failsWith("E_NOT_FOUND", /used/));
    }
    expect((await server.trpc("access.me", { headers: { cookie } })).status).toBe(401);
    await expect(signIn(server, user, PASSWORD)).rejects.toThrow(/401/);
    await signIn(server, user, NEW_PASSWORD);
    await expect(as(null).peekPasswordReset({ token: made.token })).rejects.toEqual(failsWith("E_NOT_FOUND", /used/));
  });

  test("is in the audit log when it is made and when it is used, without the token", async () => {
    const user = await person();
    const { token } = await admin().createPasswordReset({ userId: user.id });
    await as(null).resetPassword({ token, password: NEW_PASSWORD });
    const { rows } = await context.db.query(
      "select action, actor_id, details from audit_log where target = $1 order by id",
      [user.id],
    );
    expect(rows).toEqual([
      {
        action: "access.createPasswordReset",
        actor_id: administrator.id,
        details: expect.objectContaining({ email: user.email }),
      },
      { action: "access.resetPassword", actor_id: user.id, details: expect.objectContaining({ email: user.email }) },
    ]);
    expect(JSON.stringify(rows)).not.toContain(token);
  });

  test("works no more when it has expired, a newer one was made, or the account was disabled", async () => {
    const user = await person();
    const first = await admin().createPasswordReset({ userId: user.id });
    const second = await admin().createPasswordReset({ userId: user.id });
    const use = (token: string) => as(null).resetPassword({ token, password: NEW_PASSWORD });
    await expect(use(first.token)).rejects.toEqual(failsWith("E_NOT_FOUND", /newer/));
    await expect(use(second.token.slice(1))).rejects.toEqual(failsWith("E_NOT_FOUND", /not known/));

    await admin().setUserDisabled({ userId: user.id, disabled: true });
    await admin().setUserDisabled({ userId: user.id, disabled: false });
    await expect(use(second.token)).rejects.toEqual(failsWith("E_NOT_FOUND", /withdrawn/));

    const third = await admin().createPasswordReset({ userId: user.id });
    context.clock.advanceSeconds(LIMITS.passwordResetHours * 3_600);
    await expect(use(third.token)).rejects.toEqual(failsWith("E_NOT_FOUND", /expired/));
    await signIn(server, user, PASSWORD);
  });

  test("is made by administrators for others who can sign in, and for nobody else", async () => {
    const user = await person();
    const simulated = await makeUser(context.db, { isSimulated: true });
    await expect(as(user).createPasswordReset({ userId: user.id })).rejects.toEqual(failsWith("E_FORBIDDEN"));
    await expect(admin().createPasswordReset({ userId: administrator.id })).rejects.toEqual(
      failsWith("E_FORBIDDEN", /Another administrator/),
    );
    await expect(admin().createPasswordReset({ userId: simulated.id })).rejects.toEqual(failsWith("E_CONFLICT"));
    await expect(admin().createPasswordReset({ userId: "nobody" })).rejects.toEqual(failsWith("E_NOT_FOUND"));
    await admin().setUserDisabled({ userId: user.id, disabled: true });
    await expect(admin().createPasswordReset({ userId: user.id })).rejects.toEqual(
      failsWith("E_CONFLICT", /Enable it first/),
    );
    expect((await context.db.query("select 1 from password_reset where user_id = $1", [user.id])).rows).toEqual([]);
  });

  test("takes no password that an account could not have", async () => {
    const user = await person();
    const { token } = await admin().createPasswordReset({ userId: user.id });
    await expect(as(null).resetPassword({ token, password: "short" })).rejects.toEqual(failsWith("E_BAD_INPUT"));
    await as(null).resetPassword({ token, password: NEW_PASSWORD });
  });
});
