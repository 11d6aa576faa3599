import { randomUUID } from "node:crypto";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { ProjectEvent } from "@/contracts/events";
import { withTransaction } from "@/server/db";
import { makeProject } from "@/test/harness/factories";
import type { TestContext } from "@/test/harness/testContext";
import { createTestContext, silentLog } from "@/test/harness/testContext";
import {
  cancelJob,
  getJobRun,
  isCancelRequested,
  Listener,
  listenProject,
  listJobRuns,
  notifyProject,
  reportProgress,
  requestJob,
} from "./index";

let context: TestContext;
let projectId: number;
const retrain = () => ({ kind: "training.retrain" as const, payload: { projectId, trigger: "manual" as const } });

beforeAll(async () => {
  context = await createTestContext();
  projectId = (await makeProject(context.db)).id;
});
afterEach(() => context.db.query("delete from job_run"));
afterAll(() => context.cleanup());

describe("requestJob", () => {
  test("leaves nothing behind when the caller's transaction is rolled back", async () => {
    const failing = withTransaction(context.db, async (tx) => {
      await requestJob(tx, context.clock, retrain());
      throw new Error("changed my mind");
    });
    await expect(failing).rejects.toThrow("changed my mind");
    expect(await listJobRuns(context.db, projectId)).toEqual([]);
  });

  test("returns the live run of the same project and kind instead of a second one", async () => {
    const first = await requestJob(context.db, context.clock, retrain());
    const second = await requestJob(context.db, context.clock, retrain());
    expect(first.isNew).toBe(true);
    expect(second).toEqual({ jobRunId: first.jobRunId, isNew: false });
  });

  test("makes exactly one run when twenty callers ask at once", async () => {
    const all = await Promise.all(Array.from({ length: 20 }, () => requestJob(context.db, context.clock, retrain())));
    expect(all.filter((run) => run.isNew)).toHaveLength(1);
    expect(new Set(all.map((run) => run.jobRunId)).size).toBe(1);
  });

  test("makes a new run once the last one has ended", async () => {
    const first = await requestJob(context.db, context.clock, retrain());
    await context.db.query("update job_run set state = 'succeeded' where id = $1", [first.jobRunId]);
    expect((await requestJob(context.db, context.clock, retrain())).isNew).toBe(true);
  });

  test("lets imports of different numbers, and other projects, run side by side", async () => {
    const other = await makeProject(context.db);
    const run = (id: number, importRun: number) =>
      requestJob(context.db, context.clock, { kind: "ingestion.run", payload: { projectId: id, importRun } });
    const made = [await run(projectId, 1), await run(projectId, 2), await run(other.id, 1), await run(projectId, 1)];
    expect(made.map((m) => m.isNew)).toEqual([true, true, true, false]);
  });

  test("refuses a payload that does not fit the job's contract", async () => {
    const bad = { kind: "training.retrain" as const, payload: { projectId, trigger: "whim" } };
    await expect(requestJob(context.db, context.clock, bad as never)).rejects.toMatchObject({ code: "E_INTERNAL" });
  });
});

describe("cancelJob", () => {
  test("cancels a queued run at once", async () => {
    const { jobRunId } = await requestJob(context.db, context.clock, retrain());
    expect(await cancelJob(context.db, context.clock, projectId, jobRunId)).toBe("cancelled");
    expect(await getJobRun(context.db, projectId, jobRunId)).toMatchObject({ state: "cancelled", canCancel: false });
    expect(await cancelJob(context.db, context.clock, projectId, jobRunId)).toBe("notLive");
  });

  test("asks a running run to stop and leaves its state to the worker", async () => {
    const { jobRunId } = await requestJob(context.db, context.clock, retrain());
    await context.db.query("update job_run set state = 'running' where id = $1", [jobRunId]);
    expect(await isCancelRequested(context.db, jobRunId)).toBe(false);
    expect(await cancelJob(context.db, context.clock, projectId, jobRunId)).toBe("stopping");
    expect(await isCancelRequested(context.db, jobRunId)).toBe(true);
    expect(await getJobRun(context.db, projectId, jobRunId)).toMatchObject({ state: "running", canCancel: false });
  });

  test("does not touch a run of another project", async () => {
    const other = await makeProject(context.db);
    const { jobRunId } = await requestJob(context.db, context.clock, retrain());
    expect(await cancelJob(context.db, context.clock, other.id, jobRunId)).toBe("notLive");
    expect(await getJobRun(context.db, other.id, jobRunId)).toBeUndefined();
    expect(await getJobRun(context.db, projectId, jobRunId)).toMatchObject({ state: "queued" });
  });
});

describe("reportProgress and listJobRuns", () => {
  test("shows progress of a running run and refuses it for an ended one", async () => {
    const { jobRunId } = await requestJob(context.db, context.clock, retrain());
    await context.db.query("update job_run set state = 'running' where id = $1", [jobRunId]);
    const report = { done: 3, total: 10, message: "epoch 3" };
    expect(await reportProgress(context.db, context.clock, jobRunId, report)).toMatchObject({ isRunning: true });
    expect(await listJobRuns(context.db, projectId)).toMatchObject([
      { id: jobRunId, progressDone: 3, progressTotal: 10, message: "epoch 3", canCancel: true },
    ]);
    await context.db.query("update job_run set state = 'failed' where id = $1", [jobRunId]);
    expect(await reportProgress(context.db, context.clock, jobRunId, { done: 4 })).toMatchObject({ isRunning: false });
  });

  test("filters by kind and state", async () => {
    await requestJob(context.db, context.clock, retrain());
    await requestJob(context.db, context.clock, { kind: "evaluation.measure", payload: { projectId } });
    expect(await listJobRuns(context.db, projectId, { kinds: ["evaluation.measure"] })).toHaveLength(1);
    expect(await listJobRuns(context.db, projectId, { states: ["running"] })).toHaveLength(0);
  });
});

describe("listenProject", () => {
  async function takeOne(events: AsyncGenerator<ProjectEvent>): Promise<ProjectEvent> {
    const next = await events.next();
    if (next.done) throw new Error("the stream ended");
    return next.value;
  }

  test("hears its project's events after commit, not another's and none of a roll-back", async () => {
    const listener = new Listener(context.url, silentLog);
    const abort = new AbortController();
    const events = listenProject(projectId, abort.signal, listener);
    const first = takeOne(events);
    // Give the LISTEN time to reach the server before anything is said.
    await new Promise((resolve) => setTimeout(resolve, 200));
    await notifyProject(context.db, projectId + 1000, "queue");
    await withTransaction(context.db, async (tx) => {
      await notifyProject(tx, projectId, "models");
      throw new Error("rolled back");
    }).catch(() => undefined);
    await notifyProject(context.db, projectId, "labels");
    expect(await first).toEqual({ projectId, topic: "labels" });
    abort.abort();
    expect((await events.next()).done).toBe(true);
    await listener.close();
  });

  test("merges what a slow reader has not taken yet", async () => {
    const listener = new Listener(context.url, silentLog);
    const abort = new AbortController();
    const events = listenProject(projectId, abort.signal, listener);
    const first = takeOne(events);
    await new Promise((resolve) => setTimeout(resolve, 200));
    await notifyProject(context.db, projectId, "labels");
    await first;
    for (let i = 0; i < 50; i++) await notifyProject(context.db, projectId, "jobs");
    await notifyProject(context.db, projectId, "queue");
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect([await takeOne(events), await takeOne(events)].map((e) => e.topic)).toEqual(["jobs", "queue"]);
    abort.abort();
    await listener.close();
  });

  test("reports every topic once after its connection was lost, and goes on listening", async () => {
    const listener = new Listener(context.url, silentLog);
    const abort = new AbortController();
    const events = listenProject(projectId, abort.signal, listener);
    const first = takeOne(events);
    await new Promise((resolve) => setTimeout(resolve, 200));
    await notifyProject(context.db, projectId, "labels");
    await first;
    await context.db.query(
      "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'winnow listen'",
    );
    const topics = new Set<string>();
    while (topics.size < 9) topics.add((await takeOne(events)).topic);
    expect(topics).toContain("models");
    const last = takeOne(events);
    await notifyProject(context.db, projectId, "settings");
    expect(await last).toEqual({ projectId, topic: "settings" });
    abort.abort();
    await listener.close();
  });

  test("carries any number of channels over one connection", async () => {
    const listener = new Listener(context.url, silentLog);
    const heard: string[] = [];
    const channels = ["one", "two", randomUUID()];
    for (const channel of channels) {
      await listener.subscribe(channel, { onPayload: (p) => heard.push(`${channel} ${p}`), onGap: () => undefined });
    }
    for (const channel of channels) await context.db.query("select pg_notify($1, 'x')", [channel]);
    await expect.poll(() => heard.length).toBe(3);
    const { rows } = await context.db.query(
      "select count(*)::int as n from pg_stat_activity where application_name = 'winnow listen' and datname = current_database()",
    );
    expect(rows[0].n).toBe(1);
    await listener.close();
  });
});
