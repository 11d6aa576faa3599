import { afterAll, beforeAll, expect, test } from "vitest";
import { createCaller } from "@/server/api/caller";
import type { MadeProject } from "@/test/harness/factories";
import { makeProject } from "@/test/harness/factories";
import type { TestContext } from "@/test/harness/testContext";
import { createTestContext } from "@/test/harness/testContext";
import { requestJob } from ".";

let context: TestContext;
beforeAll(async () => {
  context = await createTestContext();
});
afterAll(() => context.cleanup());

function leadOf(project: MadeProject) {
  return createCaller({ ...context, actor: { kind: "user", ...project.lead, role: "member" } });
}
async function request(projectId: number, importRun: number): Promise<string> {
  context.clock.advanceMs(1);
  const payload = { projectId, importRun };
  return (await requestJob(context.db, context.clock, { kind: "ingestion.run", payload })).jobRunId;
}

test("jobs are listed newest first, in pages that miss and repeat none, also where several began at once", async () => {
  const project = await makeProject(context.db);
  const ids: string[] = [];
  for (let n = 0; n < 4; n++) ids.push(await request(project.id, n));
  await context.db.query("update job_run set created_at = $2 where project_id = $1", [project.id, context.clock.now()]);
  await request((await makeProject(context.db)).id, 9);
  ids.push(await request(project.id, 5));
  const seen: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await leadOf(project).job.list({ projectId: project.id, limit: 2, cursor });
    seen.push(...page.rows.map((run) => run.id));
    cursor = page.nextCursor ?? undefined;
  } while (cursor);
  expect(seen[0]).toBe(ids[4]);
  expect([...seen].sort()).toEqual([...ids].sort());
  const none = await leadOf(project).job.list({ projectId: project.id, kinds: ["queue.refill"] });
  expect(none.rows).toEqual([]);
});

test("cancelling is logged once and leaves what has ended alone", async () => {
  const project = await makeProject(context.db);
  const id = await request(project.id, 1);
  const cancel = () => leadOf(project).job.cancel({ projectId: project.id, id });
  expect(await cancel()).toEqual({ state: "cancelled" });
  expect(await cancel()).toEqual({ state: "notLive" });
  expect((await leadOf(project).job.get({ projectId: project.id, id })).state).toBe("cancelled");
  const log = await leadOf(project).auditLog.list({ projectId: project.id });
  expect(log.rows.map((r) => [r.action, r.target, r.details])).toEqual([["job.cancel", id, { kind: "ingestion.run" }]]);
});

test("retrying asks for the same work anew, once, and only after a failure", async () => {
  const project = await makeProject(context.db);
  const id = await request(project.id, 7);
  const retry = () => leadOf(project).job.retry({ projectId: project.id, id });
  await expect(retry()).rejects.toMatchObject({
    cause: { code: "E_CONFLICT", message: expect.stringMatching(/queued/) },
  });
  await context.db.query("update job_run set state = 'failed' where id = $1", [id]);
  const [first, second] = await Promise.all([retry(), retry()]);
  expect(second).toEqual(first);
  expect(first.jobRunId).not.toBe(id);
  const { rows } = await context.db.query("select kind, payload, state, requested_by from job_run where id = $1", [
    first.jobRunId,
  ]);
  expect(rows).toEqual([
    {
      kind: "ingestion.run",
      payload: { projectId: project.id, importRun: 7 },
      state: "queued",
      requested_by: project.lead.id,
    },
  ]);
});
