import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { JobRunView, JobState } from "@/contracts/jobs";
import { systemClock } from "@/server/clock";
import { AppError } from "@/server/errors";
import type { JobContext } from "@/server/jobs";
import { cancelJob, getJobRun, listJobRuns, requestJob } from "@/server/jobs";
import { makeProject } from "@/test/harness/factories";
import type { TestContext } from "@/test/harness/testContext";
import { createTestContext, silentLog } from "@/test/harness/testContext";
import type { JobHandlers } from "./handlers";
import { JobWorker } from "./worker";

type AnyContext = JobContext<Record<string, unknown>>;
type Handler = (context: AnyContext) => Promise<unknown>;

let context: TestContext;
let projectId: number;
const workers: JobWorker[] = [];

beforeAll(async () => {
  context = await createTestContext();
  projectId = (await makeProject(context.db)).id;
});
afterEach(async () => {
  await Promise.all(workers.splice(0).map((worker) => worker.stop()));
  await context.db.query("delete from job_run");
});
afterAll(() => context.cleanup());

async function startWorker(handler: Handler): Promise<JobWorker> {
  const handlers = new Proxy({} as JobHandlers, { get: () => async () => ({ default: handler }) });
  const { db, storage, url } = context;
  const worker = new JobWorker({ connectionString: url, db, clock: systemClock, storage, log: silentLog, handlers });
  workers.push(worker);
  await worker.start();
  return worker;
}

async function request(): Promise<string> {
  const payload = { projectId, trigger: "manual" as const };
  return (await requestJob(context.db, systemClock, { kind: "training.retrain", payload })).jobRunId;
}

async function untilState(jobRunId: string, state: JobState, timeout = 15_000): Promise<JobRunView> {
  await expect
    .poll(async () => (await getJobRun(context.db, projectId, jobRunId))?.state, { timeout, interval: 25 })
    .toBe(state);
  return (await getJobRun(context.db, projectId, jobRunId)) as JobRunView;
}

/** Resolves when the signal is aborted, then throws its reason: a handler that heeds its signal. */
function untilAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}

/** Kills the database sessions that hold a worker's locks, as the death of its process would. */
async function killLockSessions(): Promise<void> {
  await context.db.query(
    "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'winnow run locks' and datname = current_database()",
  );
}

test("an attempt whose files were deleted under it is repeated, and reads what holds then", async () => {
  const newest = `projects/${projectId}/newest`;
  const keys = [`projects/${projectId}/older`, newest];
  await context.storage.put(newest, new TextEncoder().encode("vectors"));
  await startWorker(async ({ attempt, storage }) =>
    new TextDecoder().decode((await storage.get(keys[attempt - 1])) as Uint8Array),
  );
  const run = await untilState(await request(), "succeeded");
  expect(run).toMatchObject({ result: "vectors", attempts: 2 });
});

describe("a worker", () => {
  test("runs a requested job with its parsed payload and keeps the result", async () => {
    let seen: AnyContext | undefined;
    await startWorker(async (c) => {
      seen = c;
      await c.progress({ done: 1, total: 2, message: "half" });
      await c.progress({ done: 2 });
      return { version: 7 };
    });
    const run = await untilState(await request(), "succeeded");
    expect(seen?.payload).toEqual({ projectId, trigger: "manual" });
    expect(run).toMatchObject({
      result: { version: 7 },
      progressDone: 2,
      progressTotal: 2,
      attempts: 1,
      message: "half",
    });
    expect(run.finishedAt).not.toBeNull();
  });

  test("begins a job when the request is committed, not at the next poll", async () => {
    let begunMs = 0;
    await startWorker(async () => {
      begunMs = performance.now();
    });
    await untilState(await request(), "succeeded");
    const askedMs = performance.now();
    await untilState(await request(), "succeeded");
    expect(begunMs - askedMs).toBeLessThan(900);
  });

  test("repeats a failed attempt and keeps the error until it succeeds", async () => {
    const attempts: number[] = [];
    await startWorker(async ({ attempt }) => {
      attempts.push(attempt);
      if (attempt === 1) throw new Error("the first try always fails");
    });
    const run = await untilState(await request(), "succeeded");
    expect(attempts).toEqual([1, 2]);
    expect(run.error).toBeNull();
  });

  test("fails at once on an error that a repetition cannot mend, with its code and message", async () => {
    await startWorker(async () => {
      throw new AppError("E_PRECONDITION", "Two classes are needed; label more.");
    });
    const run = await untilState(await request(), "failed");
    expect(run).toMatchObject({
      attempts: 1,
      error: { code: "E_PRECONDITION", message: "Two classes are needed; label more." },
    });
  });

  test("stops a running job that is cancelled, and does not begin it again", async () => {
    let begun = 0;
    await startWorker(async ({ signal }) => {
      begun++;
      await untilAborted(signal);
    });
    const jobRunId = await request();
    await expect.poll(() => begun, { timeout: 10_000 }).toBe(1);
    const askedMs = performance.now();
    expect(await cancelJob(context.db, systemClock, projectId, jobRunId)).toBe("stopping");
    await untilState(jobRunId, "cancelled");
    expect(performance.now() - askedMs).toBeLessThan(3_000);
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    expect(begun).toBe(1);
  });

  test("never runs a job that was cancelled while it waited", async () => {
    const jobRunId = await request();
    await cancelJob(context.db, systemClock, projectId, jobRunId);
    let begun = 0;
    await startWorker(async () => {
      begun++;
    });
    await untilState(await request(), "succeeded");
    expect(begun).toBe(1);
    expect((await getJobRun(context.db, projectId, jobRunId))?.state).toBe("cancelled");
  });

  test("does not begin a job before its time", async () => {
    await startWorker(async () => undefined);
    const startAfter = new Date(Date.now() + 2_000);
    const payload = { projectId, trigger: "manual" as const };
    const { jobRunId } = await requestJob(context.db, systemClock, { kind: "training.retrain", payload, startAfter });
    const run = await untilState(jobRunId, "succeeded");
    expect(new Date(run.startedAt as string).getTime()).toBeGreaterThanOrEqual(startAfter.getTime());
  });
});

describe("when workers come and go", () => {
  test("a job whose worker lost its session is stopped, and begun again within seconds", async () => {
    const begun: number[] = [];
    const dying = await startWorker(async ({ attempt, signal }) => {
      begun.push(attempt);
      if (begun.length === 1) await untilAborted(signal);
    });
    const jobRunId = await request();
    await expect.poll(() => begun.length, { timeout: 10_000 }).toBe(1);
    const killedMs = performance.now();
    await killLockSessions();
    const run = await untilState(jobRunId, "succeeded");
    expect(performance.now() - killedMs).toBeLessThan(10_000);
    // A lost session is not the job's fault: the attempt does not count.
    expect(begun).toEqual([1, 1]);
    expect(run.attempts).toBe(1);
    expect(dying.runningCount).toBe(0);
  });

  test("a run left over from a killed process is taken up by the next worker", async () => {
    const jobRunId = await request();
    // What a process that was killed in the middle leaves: a running row, and no session with its lock.
    await context.db.query(
      "update job_run set state = 'running', attempts = 1, boss_id = gen_random_uuid(), started_at = now() where id = $1",
      [jobRunId],
    );
    await startWorker(async () => "picked up");
    const run = await untilState(jobRunId, "succeeded", 10_000);
    expect(run).toMatchObject({ result: "picked up", attempts: 2 });
  });

  test("a run that has taken too many workers with it fails with words about it", async () => {
    const jobRunId = await request();
    await context.db.query(
      "update job_run set state = 'running', attempts = 4, boss_id = gen_random_uuid(), started_at = now() where id = $1",
      [jobRunId],
    );
    await startWorker(async () => undefined);
    const run = await untilState(jobRunId, "failed", 10_000);
    expect(run.error?.code).toBe("E_JOB_FAILED");
    expect(run.error?.message).toContain("died 4 times");
  });

  test("a worker that is stopped hands its job to another, without counting the attempt", async () => {
    const begunBy: string[] = [];
    const make = (name: string) =>
      startWorker(async ({ signal }) => {
        begunBy.push(name);
        if (name === "first") await untilAborted(signal);
      });
    const first = await make("first");
    const jobRunId = await request();
    await expect.poll(() => begunBy, { timeout: 10_000 }).toEqual(["first"]);
    await make("second");
    await first.stop();
    const run = await untilState(jobRunId, "succeeded");
    expect(begunBy).toEqual(["first", "second"]);
    expect(run.attempts).toBe(1);
  });

  test("two workers share the jobs and no run is begun twice", async () => {
    const begun = new Map<string, number>();
    const handler: Handler = async ({ jobRunId }) => {
      begun.set(jobRunId, (begun.get(jobRunId) ?? 0) + 1);
      await new Promise((resolve) => setTimeout(resolve, 10));
    };
    await startWorker(handler);
    await startWorker(handler);
    const ids: string[] = [];
    for (let importRun = 0; importRun < 30; importRun++) {
      const made = await requestJob(context.db, systemClock, {
        kind: "ingestion.run",
        payload: { projectId, importRun },
      });
      ids.push(made.jobRunId);
    }
    const states = async () => new Set((await listJobRuns(context.db, projectId)).map((run) => run.state));
    await expect.poll(states, { timeout: 30_000 }).toEqual(new Set(["succeeded"]));
    expect([...begun.values()]).toEqual(ids.map(() => 1));
  });

  test("an attempt that lost its place cannot overwrite the outcome of the one that took it", async () => {
    let release = (): void => undefined;
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    let begun = 0;
    await startWorker(async () => {
      begun++;
      await gate;
      return "late";
    });
    const jobRunId = await request();
    await expect.poll(() => begun, { timeout: 10_000 }).toBe(1);
    // Another worker took the run over and finished it.
    await context.db.query(
      `update job_run set state = 'succeeded', attempts = attempts + 1, result = '"first"', finished_at = now() where id = $1`,
      [jobRunId],
    );
    release();
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(await getJobRun(context.db, projectId, jobRunId)).toMatchObject({ state: "succeeded", result: "first" });
  });
});
