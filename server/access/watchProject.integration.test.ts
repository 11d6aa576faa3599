import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import type { ProjectEvent } from "@/contracts/events";
import { Listener, listenProject, notifyProject } from "@/server/jobs";
import { makeMember, makeProject, makeUser } from "@/test/harness/factories";
import type { TestContext } from "@/test/harness/testContext";
import { createTestContext, silentLog } from "@/test/harness/testContext";
import { watchProject } from "./watchProject";

let context: TestContext;
let listener: Listener;

beforeAll(async () => {
  context = await createTestContext();
  listener = new Listener(context.url, silentLog);
});
afterAll(async () => {
  await listener.close();
  await context.cleanup();
});

async function watch(recheckEveryMs = 60_000) {
  const project = await makeProject(context.db);
  const user = await makeUser(context.db);
  await makeMember(context.db, project.id, user.id, "annotator");
  const leave = new AbortController();
  const credential = { kind: "actor", actor: { kind: "user", ...user, role: "member" } } as const;
  const listen: typeof listenProject = (projectId, signal) => listenProject(projectId, signal, listener);
  const stream = watchProject({ ...context, credential }, project.id, leave.signal, { recheckEveryMs, listen });
  const events: ProjectEvent[] = [];
  const end = (async () => {
    for await (const event of stream) events.push(event);
    return "ended";
  })().catch((error: { code: string }) => error.code);
  // The first event says that the stream listens.
  await vi.waitFor(async () => {
    await notifyProject(context.db, project.id, "queue");
    expect(events.length).toBeGreaterThan(0);
  });
  events.length = 0;
  return { project, user, events, end, leave };
}

describe("watching a project", () => {
  test("tells what changed in this project and in no other", async () => {
    const { project, events, end, leave } = await watch();
    const other = await makeProject(context.db);
    await notifyProject(context.db, other.id, "labels");
    await notifyProject(context.db, project.id, "labels");
    await vi.waitFor(() => expect(events).toContainEqual({ projectId: project.id, topic: "labels" }));
    expect(events.filter((e) => e.projectId !== project.id)).toEqual([]);
    leave.abort();
    expect(await end).toBe("ended");
  });

  test.each<[string, string, (projectId: number, userId: string) => [string, unknown[]]]>([
    ["lost the membership", "E_NOT_FOUND", (_p, u) => ["delete from project_member where user_id = $1", [u]]],
    ["was disabled", "E_UNAUTHENTICATED", (_p, u) => [`update "user" set disabled_at = now() where id = $1`, [u]]],
    ["lost the project", "E_NOT_FOUND", (p) => ["update project set deleted_at = now() where id = $1", [p]]],
  ])("ends for a reader who %s", async (_what, code, change) => {
    const { project, user, end } = await watch(50);
    const [sql, values] = change(project.id, user.id);
    await context.db.query(sql, values);
    expect(await end).toBe(code);
  });

  test("ends with a code that has the browser connect again when the process stops", async () => {
    const { end } = await watch();
    const { beginShutdown } = await import("@/server/shutdown");
    beginShutdown();
    expect(await end).toBe("E_UNAVAILABLE");
  });
});
