import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ensureKernelsBuilt } from "@/scripts/buildKernels";
import { systemClock } from "@/server/clock";
import { closeComputePool, getComputePool } from "@/server/compute";
import { requestJob } from "@/server/jobs";
import { HANDLERS } from "@/server/worker/handlers";
import { JobWorker } from "@/server/worker/worker";
import { makeAnnotations, makeItems, makeProject } from "@/test/harness/factories";
import type { TestContext } from "@/test/harness/testContext";
import { createTestContext } from "@/test/harness/testContext";
import { readExamples, withFrequentLabels } from "./test/modelService";

let context: TestContext;
let worker: JobWorker;
beforeAll(async () => {
  await ensureKernelsBuilt();
  context = await createTestContext();
  worker = new JobWorker({
    connectionString: context.url,
    db: context.db,
    clock: systemClock,
    storage: context.storage,
    log: context.log,
    handlers: HANDLERS,
  });
  await worker.start();
}, 60_000);
afterAll(async () => {
  await worker.stop();
  closeComputePool();
  await context.cleanup();
});

async function until<T>(what: string, look: () => Promise<T | undefined>): Promise<T> {
  for (let n = 0; n < 600; n++) {
    const found = await look();
    if (found !== undefined) return found;
    await pause(100);
  }
  throw new Error(`waited a minute for ${what}`);
}

interface Run {
  kind: string;
  state: string;
  attempts: number;
}

async function runsOf(projectId: number): Promise<Run[]> {
  const { rows } = await context.db.query<Run>(
    "select kind, state, attempts from job_run where project_id = $1 order by created_at",
    [projectId],
  );
  return rows;
}

const isQuiet = (runs: readonly Run[]) => runs.length > 0 && runs.every((run) => !/queued|running/.test(run.state));

describe("the worker", () => {
  it("trains one version and refills the queue although its compute process is killed on the way", async () => {
    const examples = withFrequentLabels(readExamples("banking77", 1_500), 4).filter((_, i) => i % 3 === 0);
    const project = await makeProject(context.db, {
      labels: [...new Set(examples.map((example) => example.label))].sort(),
      strategy: { minLabels: 20, batchSize: 20, auditShare: 0 },
    });
    await makeItems(
      context.db,
      project.id,
      examples.map(({ text }) => ({ content: { text } })),
    );
    const ask = (kind: "features.build" | "training.retrain", payload: object) =>
      requestJob(context.db, systemClock, { kind, payload: { projectId: project.id, ...payload } as never });
    await ask("features.build", {});
    await until("features", async () => (isQuiet(await runsOf(project.id)) ? true : undefined));

    await makeAnnotations(
      context.db,
      project.id,
      Array.from({ length: 40 }, (_, i) => 5 * i).map((row) => ({ row, label: examples[row].label })),
    );
    const { jobRunId } = await ask("training.retrain", { trigger: "manual" });
    await until("the version to be begun", async () => {
      const { rows } = await context.db.query("select 1 from model_version where project_id = $1", [project.id]);
      return rows[0];
    });
    for (const pid of getComputePool().pids) process.kill(pid, "SIGKILL");
    await until("quiet", async () => (isQuiet(await runsOf(project.id)) ? true : undefined));

    const { rows: versions } = await context.db.query(
      "select version, state, n_train from model_version where project_id = $1",
      [project.id],
    );
    expect(versions).toEqual([{ version: 1, state: "ready", n_train: 40 }]);
    const { rows: runs } = await context.db.query<Run>("select kind, state, attempts from job_run where id = $1", [
      jobRunId,
    ]);
    expect(runs[0].state).toBe("succeeded");
    const { rows: queue } = await context.db.query<{ model_version: number; n: number }>(
      "select model_version, count(*)::int as n from queue_entry where project_id = $1 and state = 'open' group by 1",
      [project.id],
    );
    expect(queue).toEqual([{ model_version: 1, n: 20 }]);
    expect((await runsOf(project.id)).filter((run) => run.state === "failed")).toEqual([]);
  }, 120_000);
});
