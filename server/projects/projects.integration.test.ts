import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { CreateProjectInput } from "@/contracts/project";
import { createCaller } from "@/server/api/caller";
import type { MadeUser } from "@/test/harness/factories";
import { makeAnnotations, makeItems, makeMember, makeProject, makeUser } from "@/test/harness/factories";
import type { TestContext } from "@/test/harness/testContext";
import { createTestContext } from "@/test/harness/testContext";
import { slugOf } from ".";

let context: TestContext;
let administrator: MadeUser;

beforeAll(async () => {
  context = await createTestContext();
  administrator = await makeUser(context.db, { role: "administrator" });
});
afterAll(() => context.cleanup());

function as(user: MadeUser, role: "administrator" | "member" = "member") {
  return createCaller({ ...context, actor: { kind: "user", id: user.id, name: user.name, role } });
}
const admin = () => as(administrator, "administrator");
const failsWith = (code: string, message = /./, field?: string) =>
  expect.objectContaining({
    cause: expect.objectContaining({
      code,
      message: expect.stringMatching(message),
      ...(field === undefined ? {} : { details: expect.objectContaining({ field }) }),
    }),
  });

const labels = (...ids: string[]) => ({ labels: ids.map((id) => ({ id, title: id })) });
const minimal = (change: Partial<CreateProjectInput> = {}): CreateProjectInput => ({
  name: "Spam or ham",
  taskType: "choice",
  taskConfig: labels("spam", "ham"),
  ...change,
});
async function liveJobs(projectId: number) {
  const { rows } = await context.db.query(
    "select kind, payload, requested_by from job_run where project_id = $1 and state = 'queued' order by kind",
    [projectId],
  );
  return rows;
}

describe("making a project", () => {
  test("fills in strategy, policies, counters and a seed of its own, and makes the creator its lead", async () => {
    const made = await admin().project.create(minimal());
    const view = await admin().project.get({ slug: made.slug });
    expect(view).toMatchObject({
      id: made.id,
      slug: "spam-or-ham",
      contentKind: "text",
      guidelinesVersion: 1,
      status: "active",
      overlap: 1,
      strategy: {
        main: { id: "margin" },
        coldStart: { id: "typiclust" },
        minLabels: 20,
        auditShare: 0.1,
      },
      retrainPolicy: { automatic: true },
      featureSpec: { kind: "text" },
      myRole: "lead",
      activeModelVersion: null,
    });
    expect(view.seed).toMatch(/^[0-9a-f]{32}$/);
    const other = await admin().project.create(minimal());
    expect((await admin().project.get({ projectId: other.id })).seed).not.toBe(view.seed);
    const counters = await context.db.query(
      "select l.label_seq, r.next_row from label_counter l join row_counter r using (project_id) where project_id = $1",
      [made.id],
    );
    expect(counters.rows).toEqual([{ label_seq: 0, next_row: 0 }]);
    const members = await admin().member.list({ projectId: made.id });
    expect(members.rows.map((m) => [m.userId, m.role])).toEqual([[administrator.id, "lead"]]);
  });

  test("many of one name at once each get an address of their own", async () => {
    const made = await Promise.all(
      Array.from({ length: 25 }, () => admin().project.create(minimal({ name: "Ähnlich!" }))),
    );
    const slugs = made.map((m) => m.slug);
    expect(new Set(slugs).size).toBe(25);
    expect(slugs).toContain("ahnlich");
    expect(slugs).toContain("ahnlich-2");
    for (const slug of slugs) expect(slug).toMatch(/^[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?$/);
  });

  test.each([
    ["  Größe & Maß — 2  ", "grosse-mass-2"],
    ["日本語", "project"],
    ["--- ", "project"],
    [`${"x".repeat(51)} tail`, "x".repeat(51)],
    ["Ünïcode ２０２６", "unicode-2026"],
  ])("an address is what ASCII leaves of %s", (name, expected) => {
    expect(slugOf(name)).toBe(expected);
  });

  test("is for administrators, and for everyone once the instance says so", async () => {
    const person = await makeUser(context.db);
    await expect(as(person).project.create(minimal())).rejects.toEqual(failsWith("E_FORBIDDEN", /administrators/));
    expect(await as(person).project.creation()).toEqual({ who: "administrators", mayCreate: false });
    const admin = as(administrator, "administrator");
    expect(await admin.project.creation()).toEqual({ who: "administrators", mayCreate: true });
    await admin.project.setCreation({ who: "everyone" });
    await admin.project.setCreation({ who: "everyone" });
    expect(await as(person).project.creation()).toEqual({ who: "everyone", mayCreate: true });
    const made = await as(person).project.create(minimal());
    expect((await as(person).project.get({ projectId: made.id })).myRole).toBe("lead");

    await admin.project.setCreation({ who: "administrators" });
    await expect(as(person).project.create(minimal())).rejects.toEqual(failsWith("E_FORBIDDEN", /administrators/));
    expect((await as(person).project.get({ projectId: made.id })).myRole).toBe("lead");
    const log = (await admin.auditLog.listInstance({})).rows.filter((r) => r.action === "project.setCreation");
    expect(log.map((entry) => entry.details)).toEqual([
      { from: "everyone", to: "administrators" },
      { from: "administrators", to: "everyone" },
    ]);
  });

  test.each<[string, Partial<CreateProjectInput>, RegExp, string]>([
    ["an unknown task type", { taskType: "chocie" }, /known ones: choice/, "taskType"],
    ["a label twice", { taskConfig: labels("a", "b", "a") }, /used twice/, "taskConfig.labels.2.id"],
    ["one label", { taskConfig: labels("a") }, /2/, "taskConfig.labels"],
    ["labels of another shape", { taskConfig: "a,b" }, /object/, "taskConfig"],
    ["an unknown strategy", { strategy: { main: { id: "magic" } } }, /known ones: .*margin/, "strategy.main.id"],
    [
      "an unknown option",
      { strategy: { main: { id: "margin", options: { depth: 3 } } } },
      /strategy.main.options.depth/,
      "strategy.main.options",
    ],
    ["column features of texts", { featureSpec: { kind: "record", numeric: ["a"] } }, /records/, "featureSpec.kind"],
    ["a model outside the folder", { featureSpec: { kind: "onnx", path: "a/../../x" } }, /inside/, "featureSpec.path"],
    ["a model at an absolute path", { featureSpec: { kind: "onnx", path: "/etc" } }, /inside/, "featureSpec.path"],
    ["a model on another drive", { featureSpec: { kind: "onnx", path: "C:\\models" } }, /inside/, "featureSpec.path"],
    ["an unknown trainer", { trainerSpec: { id: "oracle" } }, /known ones: .*softmax/, "trainerSpec.id"],
  ])("refuses %s and names the field", async (_what, change, message, field) => {
    const before = await context.db.query("select count(*)::int as n from project");
    await expect(admin().project.create(minimal(change))).rejects.toEqual(failsWith("E_BAD_INPUT", message, field));
    expect((await context.db.query("select count(*)::int as n from project")).rows).toEqual(before.rows);
  });

  test("refuses a taken address", async () => {
    await admin().project.create(minimal({ slug: "taken" }));
    await expect(admin().project.create(minimal({ slug: "taken" }))).rejects.toEqual(
      failsWith("E_CONFLICT", /taken/, "slug"),
    );
  });

  test("fields that nobody may set are ignored", async () => {
    const input = { ...minimal(), id: 1, createdBy: "someone", demo: "x", activeModelVersion: 7, deletedAt: "now" };
    const made = await admin().project.create(input);
    const view = await admin().project.get({ projectId: made.id });
    expect(view).toMatchObject({ demo: null, activeModelVersion: null });
    const { rows } = await context.db.query("select created_by from project where id = $1", [made.id]);
    expect(rows[0].created_by).toBe(administrator.id);
  });
});

describe("changing a project", () => {
  test("labels may be added and renamed; one that was ever given cannot go, even if it was withdrawn", async () => {
    const project = await makeProject(context.db, { labels: ["cat", "dog", "owl"] });
    await makeItems(context.db, project.id, 2);
    const [seq] = await makeAnnotations(context.db, project.id, [
      { row: 0, label: "cat", annotatorId: project.lead.id },
      { row: 1, label: "dog", annotatorId: project.lead.id },
    ]);
    await makeAnnotations(context.db, project.id, [{ row: 0, kind: "retract", supersedes: seq }]);
    const lead = as(project.lead);
    const change = (taskConfig: unknown) => lead.project.update({ projectId: project.id, taskConfig });
    await expect(change(labels("owl", "dog"))).rejects.toEqual(
      failsWith("E_CONFLICT", /"cat" is in use/, "taskConfig"),
    );
    await expect(change(labels("cat", "owl"))).rejects.toEqual(failsWith("E_CONFLICT", /"dog" is in use/));
    const renamed = {
      labels: [
        { id: "dog", title: "Hound" },
        { id: "cat", title: "Cat" },
        { id: "emu", title: "Emu" },
      ],
    };
    expect(await change(renamed)).toEqual({ projectId: project.id, changed: ["taskConfig"] });
    expect((await lead.project.get({ projectId: project.id })).taskConfig).toMatchObject(renamed);
  });

  test("changes only what was sent, logs from what to what, and does nothing when nothing changes", async () => {
    const project = await makeProject(context.db);
    const lead = as(project.lead);
    const input = { projectId: project.id, overlap: 3, description: "New" };
    expect((await lead.project.update(input)).changed.sort()).toEqual(["description", "overlap"]);
    expect((await lead.project.update(input)).changed).toEqual([]);
    const view = await lead.project.get({ projectId: project.id });
    expect(view).toMatchObject({ overlap: 3, description: "New", leaseSeconds: 600 });
    const log = await lead.auditLog.list({ projectId: project.id });
    expect(log.rows).toHaveLength(1);
    expect(log.rows[0]).toMatchObject({
      action: "project.update",
      actorId: project.lead.id,
      details: { overlap: { from: 1, to: 3 }, description: { from: "", to: "New" } },
    });
    expect((await liveJobs(project.id)).map((j) => j.kind)).toEqual(["queue.refill"]);
  });

  test("another strategy is stored with its options filled in and has the queue refilled, once", async () => {
    const project = await makeProject(context.db);
    const lead = as(project.lead);
    const strategy = { main: { id: "entropy" }, coldStart: { id: "typiclust" }, auditShare: 0.25 };
    const first = await lead.project.updateStrategy({ projectId: project.id, strategy });
    expect(first.jobRunId).toMatch(/^[0-9a-f-]{36}$/);
    expect(first.strategy.coldStart.options).not.toEqual({});
    const again = await lead.project.updateStrategy({ projectId: project.id, strategy });
    expect(again).toEqual({ strategy: first.strategy, jobRunId: null });
    expect(await liveJobs(project.id)).toEqual([
      {
        kind: "queue.refill",
        payload: {
          projectId: project.id,
          trigger: "strategyChange",
          triggeredAt: context.clock.now().toISOString(),
        },
        requested_by: project.lead.id,
      },
    ]);
    const { rows } = await context.db.query("select audit_share from project where id = $1", [project.id]);
    expect(rows[0].audit_share).toBe(0.25);
  });

  test("guidelines get a new version with each new text", async () => {
    const project = await makeProject(context.db);
    const lead = as(project.lead);
    const store = (guidelines: string) => lead.project.updateGuidelines({ projectId: project.id, guidelines });
    expect(await store("one")).toEqual({ guidelinesVersion: 2 });
    expect(await store("one")).toEqual({ guidelinesVersion: 2 });
    expect(await store("two")).toEqual({ guidelinesVersion: 3 });
    expect(await lead.project.get({ projectId: project.id })).toMatchObject({
      guidelines: "two",
      guidelinesVersion: 3,
    });
  });

  test("what one process changes, the next call of another sees", async () => {
    const project = await makeProject(context.db);
    const lead = as(project.lead);
    await lead.project.get({ projectId: project.id });
    await context.db.query("update project set status = 'paused' where id = $1", [project.id]);
    expect((await lead.project.get({ projectId: project.id })).status).toBe("paused");
    expect(await lead.project.setStatus({ projectId: project.id, status: "active" })).toEqual({ status: "active" });
    expect((await lead.project.get({ projectId: project.id })).status).toBe("active");
  });
});

describe("deleting a project", () => {
  test("needs its address, hides it from everyone, stops keys, links and jobs, and frees the address", async () => {
    const project = await makeProject(context.db);
    const lead = as(project.lead);
    const key = await lead.apiKey.create({ projectId: project.id, name: "k", scopes: ["read"] });
    const invitation = await lead.invitation.create({ projectId: project.id, projectRole: "annotator" });
    await lead.project.updateStrategy({ projectId: project.id, strategy: { main: { id: "random" } } });
    await expect(lead.project.delete({ projectId: project.id, confirmSlug: "other" })).rejects.toEqual(
      failsWith("E_BAD_INPUT", /Nothing was deleted/, "confirmSlug"),
    );
    await lead.project.delete({ projectId: project.id, confirmSlug: project.slug });

    for (const caller of [lead, admin()]) {
      await expect(caller.project.get({ projectId: project.id })).rejects.toEqual(failsWith("E_NOT_FOUND"));
      await expect(caller.project.get({ slug: project.slug })).rejects.toEqual(failsWith("E_NOT_FOUND"));
    }
    expect((await lead.project.list({})).rows).toEqual([]);
    await expect(lead.invitation.peek({ token: invitation.token })).rejects.toEqual(
      failsWith("E_NOT_FOUND", /deleted/),
    );
    const states = await context.db.query("select distinct state from job_run where project_id = $1", [project.id]);
    expect(states.rows).toEqual([{ state: "cancelled" }]);
    const { hashToken } = await import("@/server/auth");
    const byKey = createCaller({ ...context, credential: { kind: "key", keyHash: hashToken(key.key) } });
    await expect(byKey.project.get({ projectId: project.id })).rejects.toEqual(
      failsWith("E_UNAUTHENTICATED", /deleted/),
    );
    const again = await admin().project.create(minimal({ slug: project.slug }));
    expect(again.slug).toBe(project.slug);
    const log = await admin().auditLog.listInstance({});
    expect(log.rows.find((r) => r.action === "project.delete")).toMatchObject({ target: project.slug });
  });
});

describe("listing projects", () => {
  test("shows a person theirs with their role, an administrator all, in pages that miss none", async () => {
    const fresh = await createTestContext();
    try {
      const boss = await makeUser(fresh.db, { role: "administrator" });
      const person = await makeUser(fresh.db);
      const ids: number[] = [];
      for (let i = 0; i < 5; i++) ids.push((await makeProject(fresh.db)).id);
      await makeMember(fresh.db, ids[1], person.id, "annotator");
      await makeMember(fresh.db, ids[3], person.id, "reviewer");
      await makeItems(fresh.db, ids[1], 7);
      const callerOf = (user: MadeUser) => createCaller({ ...fresh, actor: { kind: "user", ...user, role: "member" } });
      const mine = await callerOf(person).project.list({});
      expect(mine.rows.map((r) => [r.id, r.myRole, r.nItems])).toEqual([
        [ids[3], "reviewer", 0],
        [ids[1], "annotator", 7],
      ]);
      const seen: number[] = [];
      let cursor: string | undefined;
      do {
        const page = await callerOf(boss).project.list({ cursor, limit: 2 });
        for (const row of page.rows) {
          seen.push(row.id);
          expect(row.myRole).toBe("lead");
        }
        cursor = page.nextCursor ?? undefined;
      } while (cursor);
      expect(seen).toEqual([...ids].reverse());
      await expect(callerOf(boss).project.list({ cursor: "1 or 1=1" })).rejects.toEqual(failsWith("E_BAD_INPUT"));
    } finally {
      await fresh.cleanup();
    }
  });
});

test("the strategies come with all that a form needs", async () => {
  const person = await makeUser(context.db);
  const list = await as(person).project.strategies();
  expect(list.map((s) => s.id)).toEqual(expect.arrayContaining(["margin", "random", "typiclust", "entropy"]));
  for (const s of list) {
    for (const text of [s.title, s.summary, s.whenToUse, s.whenNot, s.costFormula]) expect(text).not.toBe("");
    expect(s.options.type).toBe("object");
    expect(Array.isArray(s.needs.arrays)).toBe(true);
    for (const value of Object.values(s)) expect(typeof value).not.toBe("function");
  }
});

test("the trainers come with the schema of their options", async () => {
  const person = await makeUser(context.db);
  const list = await as(person).project.trainers();
  expect(list.map((t) => t.id)).toEqual(expect.arrayContaining(["softmax", "mlp"]));
  for (const t of list) expect(t.options).toMatchObject({ type: "object", properties: expect.any(Object) });
});

test("the audit log takes neither changes nor deletions, and its pages go back to the first entry", async () => {
  const project = await makeProject(context.db);
  const lead = as(project.lead);
  for (const guidelines of ["a", "b", "c", "d", "e"]) {
    await lead.project.updateGuidelines({ projectId: project.id, guidelines });
  }
  const versions: unknown[] = [];
  let cursor: string | undefined;
  do {
    const page = await lead.auditLog.list({ projectId: project.id, cursor, limit: 2 });
    versions.push(...page.rows.map((r) => r.details.version));
    cursor = page.nextCursor ?? undefined;
  } while (cursor);
  expect(versions).toEqual([6, 5, 4, 3, 2]);
  for (const sql of ["update audit_log set action = 'x'", "delete from audit_log"]) {
    await expect(context.db.query(sql)).rejects.toThrow(/append-only/);
  }
});
