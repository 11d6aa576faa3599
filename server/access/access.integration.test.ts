import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { LIMITS } from "@/contracts/limits";
import { createCaller } from "@/server/api/caller";
import type { Actor } from "@/server/auth";
import { hashToken } from "@/server/auth";
import { makeItems, makeMember, makeProject, makeQueueEntries, makeUser } from "@/test/harness/factories";
import type { TestContext } from "@/test/harness/testContext";
import { createTestContext } from "@/test/harness/testContext";
import { completeSetup, ensureSetupToken } from ".";

let context: TestContext;

beforeAll(async () => {
  context = await createTestContext();
});
afterAll(() => context.cleanup());

function as(user: { id: string; name: string } | null, role: "administrator" | "member" = "member") {
  const actor: Actor | null = user && { kind: "user", id: user.id, name: user.name, role };
  return createCaller({ ...context, actor });
}
const failsWith = (code: string, message = /./) =>
  expect.objectContaining({ cause: expect.objectContaining({ code, message: expect.stringMatching(message) }) });

const PASSWORD = "a long enough password";
const account = (email: string) => ({ name: "New Person", email, password: PASSWORD });

describe("set-up", () => {
  test("makes exactly one administrator of ten calls that arrive together, then says that it is done", async () => {
    const fresh = await createTestContext();
    try {
      const old = (await ensureSetupToken(fresh.db, fresh.clock)) as string;
      const token = (await ensureSetupToken(fresh.db, fresh.clock)) as string;
      expect(token).toMatch(/^[A-Za-z0-9_-]{43}$/);
      const stored = await fresh.db.query("select value::text from instance_setting");
      expect(stored.rows[0].value).not.toContain(token);

      const caller = createCaller({ ...fresh, actor: null });
      expect(await caller.access.state()).toEqual({ needsSetup: true, user: null });
      await expect(caller.access.completeSetup({ token: old, ...account("a@example.org") })).rejects.toEqual(
        failsWith("E_FORBIDDEN", /current/),
      );
      const calls = Array.from({ length: 10 }, (_, i) =>
        caller.access.completeSetup({ token, ...account(`Admin${i}@Example.org`) }),
      );
      const results = await Promise.allSettled(calls);
      expect(results.filter((r) => r.status === "fulfilled")).toHaveLength(1);
      for (const r of results) if (r.status === "rejected") expect(r.reason).toEqual(failsWith("E_CONFLICT"));

      const users = await fresh.db.query(`select email, role from "user"`);
      expect(users.rows).toEqual([{ email: expect.stringMatching(/^admin\d@example\.org$/), role: "administrator" }]);
      expect(await ensureSetupToken(fresh.db, fresh.clock)).toBeNull();
      expect((await caller.access.state()).needsSetup).toBe(false);
      expect((await fresh.db.query("select * from instance_setting")).rows).toEqual([]);
      const log = await fresh.db.query("select action, actor_kind from audit_log");
      expect(log.rows).toEqual([{ action: "access.completeSetup", actor_kind: "user" }]);
    } finally {
      await fresh.cleanup();
    }
  });

  test("refuses a guessed token before it spends time on the password", async () => {
    const fresh = await createTestContext();
    try {
      await ensureSetupToken(fresh.db, fresh.clock);
      const input = { token: "x".repeat(43), ...account("a@example.org") };
      await expect(completeSetup(fresh, input)).rejects.toMatchObject({ code: "E_FORBIDDEN" });
      expect((await fresh.db.query(`select 1 from "user"`)).rows).toEqual([]);
    } finally {
      await fresh.cleanup();
    }
  });
});

describe("invitations", () => {
  test("a link makes an account with the role it names, once, and only its hash is stored", async () => {
    const project = await makeProject(context.db);
    const lead = as(project.lead);
    const made = await lead.invitation.create({ projectId: project.id, projectRole: "reviewer" });
    expect(made.url).toBe(`http://127.0.0.1:4300/join?token=${made.token}`);
    const stored = await context.db.query("select * from invitation where id = $1", [made.id]);
    expect(stored.rows[0].token_hash).toBe(hashToken(made.token));
    expect(JSON.stringify(stored.rows)).not.toContain(made.token);

    expect(await as(null).invitation.peek({ token: made.token })).toMatchObject({
      projectRole: "reviewer",
      instanceRole: "member",
      email: null,
    });
    const joins = await Promise.allSettled(
      ["one", "two", "three"].map((name) =>
        as(null).invitation.accept({ token: made.token, ...account(`${name}-${project.id}@example.org`) }),
      ),
    );
    const joined = joins.filter((j) => j.status === "fulfilled");
    expect(joined).toHaveLength(1);
    for (const j of joins) if (j.status === "rejected") expect(j.reason).toEqual(failsWith("E_NOT_FOUND", /used/));
    const members = await lead.member.list({ projectId: project.id });
    await expect(lead.member.list({ projectId: project.id, cursor: "not a cursor" })).rejects.toEqual(
      failsWith("E_BAD_INPUT", /cursor/),
    );
    expect(members.rows.map((m) => m.role).sort()).toEqual(["lead", "reviewer"]);
    const again = as(null).invitation.accept({ token: made.token, ...account("four@example.org") });
    await expect(again).rejects.toEqual(failsWith("E_NOT_FOUND", /used/));
    expect((await lead.invitation.list({ projectId: project.id })).rows[0]).toMatchObject({ state: "accepted" });
  });

  test("a signed-in person joins without a new account and keeps the higher role", async () => {
    const project = await makeProject(context.db);
    const person = await makeUser(context.db);
    await makeMember(context.db, project.id, person.id, "reviewer");
    const lead = as(project.lead);
    const lower = await lead.invitation.create({ projectId: project.id, projectRole: "annotator" });
    await as(person).invitation.accept({ token: lower.token });
    expect(await roleOf(project.id, person.id)).toBe("reviewer");
    const higher = await lead.invitation.create({ projectId: project.id, projectRole: "lead" });
    expect(await as(person).invitation.accept({ token: higher.token })).toMatchObject({ projectSlug: project.slug });
    expect(await roleOf(project.id, person.id)).toBe("lead");
  });

  test("an invitation for one email refuses every other account", async () => {
    const project = await makeProject(context.db);
    const wanted = await makeUser(context.db);
    const other = await makeUser(context.db);
    const made = await as(project.lead).invitation.create({
      projectId: project.id,
      projectRole: "annotator",
      email: wanted.email.toUpperCase(),
    });
    await expect(as(other).invitation.accept({ token: made.token })).rejects.toEqual(failsWith("E_FORBIDDEN"));
    await as(wanted).invitation.accept({ token: made.token });
    expect(await roleOf(project.id, wanted.id)).toBe("annotator");
  });

  test("a lead cannot invite an administrator, into the instance, or into a foreign project", async () => {
    const project = await makeProject(context.db);
    const foreign = await makeProject(context.db);
    const lead = as(project.lead);
    await expect(
      lead.invitation.create({ projectId: project.id, projectRole: "lead", instanceRole: "administrator" }),
    ).rejects.toEqual(failsWith("E_FORBIDDEN", /administrators/));
    await expect(lead.invitation.create({ instanceRole: "member" })).rejects.toEqual(failsWith("E_FORBIDDEN"));
    await expect(lead.invitation.create({ projectId: foreign.id, projectRole: "annotator" })).rejects.toEqual(
      failsWith("E_NOT_FOUND"),
    );
    await expect(lead.invitation.create({ projectId: project.id })).rejects.toEqual(failsWith("E_BAD_INPUT"));
  });

  test("expired, withdrawn and mutilated links say what is wrong with them", async () => {
    const project = await makeProject(context.db);
    const lead = as(project.lead);
    const make = () => lead.invitation.create({ projectId: project.id, projectRole: "annotator" });
    const withdrawn = await make();
    await lead.invitation.revoke({ id: withdrawn.id });
    await expect(as(null).invitation.peek({ token: withdrawn.token })).rejects.toEqual(
      failsWith("E_NOT_FOUND", /withdrawn/),
    );
    await expect(lead.invitation.revoke({ id: withdrawn.id })).rejects.toEqual(failsWith("E_NOT_FOUND"));
    const expired = await make();
    await expect(as(null).invitation.peek({ token: expired.token.slice(1) })).rejects.toEqual(
      failsWith("E_NOT_FOUND", /not known/),
    );
    context.clock.advanceSeconds(LIMITS.invitationDays * 86_400);
    await expect(as(null).invitation.accept({ token: expired.token, ...account("late@example.org") })).rejects.toEqual(
      failsWith("E_NOT_FOUND", /expired/),
    );
  });

  test("someone removed or disabled leaves no open invitation behind", async () => {
    const project = await makeProject(context.db);
    const second = await makeUser(context.db);
    await makeMember(context.db, project.id, second.id, "lead");
    const made = await as(second).invitation.create({ projectId: project.id, projectRole: "lead" });
    await as(project.lead).member.remove({ projectId: project.id, userId: second.id });
    await expect(as(null).invitation.peek({ token: made.token })).rejects.toEqual(failsWith("E_NOT_FOUND"));
  });

  test("only who manages its project can withdraw an invitation", async () => {
    const project = await makeProject(context.db);
    const foreign = await makeProject(context.db);
    const made = await as(project.lead).invitation.create({ projectId: project.id, projectRole: "annotator" });
    await expect(as(foreign.lead).invitation.revoke({ id: made.id })).rejects.toEqual(failsWith("E_NOT_FOUND"));
    await expect(as(null).invitation.revoke({ id: made.id })).rejects.toEqual(failsWith("E_UNAUTHENTICATED"));
    await as(project.lead).invitation.revoke({ id: made.id });
  });
});

async function roleOf(projectId: number, userId: string): Promise<string | undefined> {
  const { rows } = await context.db.query("select role from project_member where project_id = $1 and user_id = $2", [
    projectId,
    userId,
  ]);
  return rows[0]?.role;
}

describe("members", () => {
  test("the last lead can neither be demoted nor removed, also when two leads remove each other at once", async () => {
    const project = await makeProject(context.db);
    const lead = as(project.lead);
    const id = { projectId: project.id, userId: project.lead.id };
    await expect(lead.member.setRole({ ...id, role: "annotator" })).rejects.toEqual(
      failsWith("E_CONFLICT", /last lead/),
    );
    await expect(lead.member.remove(id)).rejects.toEqual(failsWith("E_CONFLICT", /last lead/));

    const second = await makeUser(context.db);
    await makeMember(context.db, project.id, second.id, "lead");
    const both = await Promise.allSettled([
      lead.member.remove({ projectId: project.id, userId: second.id }),
      as(second).member.remove(id),
    ]);
    expect(both.filter((b) => b.status === "fulfilled")).toHaveLength(1);
    const left = await context.db.query("select user_id from project_member where project_id = $1 and role = 'lead'", [
      project.id,
    ]);
    expect(left.rows).toHaveLength(1);
  });

  test("a changed role counts at the next call, and the change is in the audit log", async () => {
    const project = await makeProject(context.db);
    const person = await makeUser(context.db);
    await makeMember(context.db, project.id, person.id, "lead");
    const target = { projectId: project.id, userId: person.id };
    expect((await as(person).member.list({ projectId: project.id })).rows).toHaveLength(2);
    await as(project.lead).member.setRole({ ...target, role: "annotator" });
    await expect(as(person).member.list({ projectId: project.id })).rejects.toEqual(failsWith("E_FORBIDDEN"));
    await as(project.lead).member.freeze({ ...target, frozen: true });
    expect(await as(project.lead).member.remove(target)).toEqual({ userId: person.id, released: 0 });
    await expect(as(person).project.get({ projectId: project.id })).rejects.toEqual(failsWith("E_NOT_FOUND"));
    const log = await as(project.lead).auditLog.list({ projectId: project.id });
    expect(log.rows.map((r) => [r.action, r.target, r.details])).toEqual([
      ["queue.releaseAll", person.id, { released: 0 }],
      ["member.remove", person.id, { role: "annotator" }],
      ["member.freeze", person.id, { frozen: true }],
      ["member.setRole", person.id, { from: "lead", to: "annotator" }],
    ]);
  });
});

test("what a removed member holds goes back to the queue", async () => {
  const project = await makeProject(context.db);
  const rows = await makeItems(context.db, project.id, 3);
  await makeQueueEntries(context.db, project.id, rows);
  const person = await makeUser(context.db);
  await makeMember(context.db, project.id, person.id, "annotator");
  const claimed = await as(person).queue.claim({ projectId: project.id, tab: "t", n: 2 });
  expect(claimed.entries).toHaveLength(2);
  const removed = await as(project.lead).member.remove({ projectId: project.id, userId: person.id });
  expect(removed.released).toBe(2);
  expect(await as(project.lead).queue.status({ projectId: project.id })).toMatchObject({ open: 3, leased: 0 });
});

describe("administering users", () => {
  test("the last administrator stays one, also when two demote each other at once", async () => {
    const fresh = await createTestContext();
    try {
      const first = await makeUser(fresh.db, { role: "administrator" });
      const second = await makeUser(fresh.db, { role: "administrator" });
      const call = (by: typeof first, whom: typeof first) =>
        createCaller({ ...fresh, actor: { kind: "user", ...by, role: "administrator" } }).access.setUserRole({
          userId: whom.id,
          role: "member",
        });
      const both = await Promise.allSettled([call(first, second), call(second, first)]);
      expect(both.filter((b) => b.status === "fulfilled")).toHaveLength(1);
      const { rows } = await fresh.db.query(`select id from "user" where role = 'administrator'`);
      expect(rows).toHaveLength(1);
      const last = createCaller({ ...fresh, actor: { kind: "user", id: rows[0].id, name: "", role: "administrator" } });
      await expect(last.access.setUserDisabled({ userId: rows[0].id, disabled: true })).rejects.toEqual(
        failsWith("E_CONFLICT", /last administrator/),
      );
    } finally {
      await fresh.cleanup();
    }
  });

  test("a disabled person is nobody from the next call on", async () => {
    const administrator = await makeUser(context.db, { role: "administrator" });
    const project = await makeProject(context.db);
    const caller = as(administrator, "administrator");
    await caller.access.setUserDisabled({ userId: project.lead.id, disabled: true });
    await expect(as(project.lead).project.get({ projectId: project.id })).rejects.toEqual(
      failsWith("E_UNAUTHENTICATED", /disabled/),
    );
    await caller.access.setUserDisabled({ userId: project.lead.id, disabled: false });
    expect((await as(project.lead).project.get({ projectId: project.id })).slug).toBe(project.slug);
  });

  test("an actor's claimed role counts for nothing: the database's does", async () => {
    const pretender = await makeUser(context.db);
    await expect(as(pretender, "administrator").access.listUsers({})).rejects.toEqual(failsWith("E_FORBIDDEN"));
  });

  test("users are listed by email in pages that miss and repeat nobody", async () => {
    const fresh = await createTestContext();
    try {
      const administrator = await makeUser(fresh.db, { role: "administrator", email: "m@example.org" });
      for (const c of "zqaxb") await makeUser(fresh.db, { email: `${c}@example.org` });
      const caller = createCaller({ ...fresh, actor: { kind: "user", ...administrator, role: "administrator" } });
      const seen: string[] = [];
      let cursor: string | undefined;
      do {
        const page = await caller.access.listUsers({ cursor, limit: 2 });
        seen.push(...page.rows.map((r) => r.email[0]));
        cursor = page.nextCursor ?? undefined;
      } while (cursor);
      expect(seen).toEqual(["a", "b", "m", "q", "x", "z"]);
      for (const wrong of ["z", "a@example.org", "YWZ0ZXI6", "\0"]) {
        await expect(caller.access.listUsers({ cursor: wrong, limit: 2 })).rejects.toEqual(failsWith("E_BAD_INPUT"));
      }
      expect((await caller.access.listUsers({ search: "Q@EX" })).rows.map((r) => r.email)).toEqual(["q@example.org"]);
    } finally {
      await fresh.cleanup();
    }
  });
});
