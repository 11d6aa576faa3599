import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { MadeProject } from "@/test/harness/factories";
import { makeAnnotations, makeItems, makeProject } from "@/test/harness/factories";
import type { Example, ModelService } from "./test/modelService";
import {
  ask,
  createModelService,
  makeExampleProject,
  readExamples,
  versionsOf,
  withFrequentLabels,
} from "./test/modelService";
import { tickProjects } from "./tickProjects";

let service: ModelService;
let examples: Example[];
beforeAll(async () => {
  service = await createModelService();
  // The set is sorted by label: every fifth, so that a few items show several.
  examples = withFrequentLabels(readExamples("banking77", 1_500), 4).filter((_, i) => i % 5 === 0);
});
afterAll(() => service.cleanup());

const tick = () => tickProjects({ ...service, signal: new AbortController().signal });

/** Kinds of the jobs that wait or run. */
async function liveJobs(project: MadeProject): Promise<string[]> {
  const { rows } = await service.db.query<{ kind: string }>(
    "select kind from job_run where project_id = $1 and state in ('queued', 'running') order by kind",
    [project.id],
  );
  return rows.map((row) => row.kind);
}

async function label(project: MadeProject, from: number, to: number): Promise<void> {
  const rows = Array.from({ length: to - from }, (_, i) => (37 * (from + i)) % examples.length);
  await makeAnnotations(
    service.db,
    project.id,
    rows.map((row) => ({ row, label: examples[row].label })),
  );
}

async function quietProject(): Promise<MadeProject> {
  const project = await makeExampleProject(service, examples, {
    strategy: { batchSize: 20 },
    retrainPolicy: { everyLabels: 25, everySeconds: 120, minLabels: 20 },
  });
  await tick();
  expect(await liveJobs(project)).toEqual([]);
  return project;
}

describe("the tick", () => {
  it("finds nothing to do where nothing is missing, and asks for nothing twice", async () => {
    const project = await quietProject();
    await makeItems(service.db, project.id, [{ content: { text: "one more" } }]);
    await tick();
    await tick();
    expect(await liveJobs(project)).toEqual(["features.build"]);
    await service.drain();
    await tick();
    expect(await liveJobs(project)).toEqual([]);
  });

  it("brings the features of a project up to date that nobody asked for", async () => {
    const project = await makeProject(service.db, { strategy: { batchSize: 20 } });
    await makeItems(service.db, project.id, 30);
    await tick();
    expect(await liveJobs(project)).toContain("features.build");
    await service.drain();
    await service.db.query(`update project set feature_spec = jsonb_set(feature_spec, '{dim}', '16') where id = $1`, [
      project.id,
    ]);
    await tick();
    expect(await liveJobs(project)).toContain("features.build");
    await service.drain();
  });

  it("does not ask for vectors that nobody ingested", async () => {
    const project = await makeProject(service.db, { strategy: { batchSize: 20 } });
    await makeItems(service.db, project.id, 10);
    await service.db.query(`update project set feature_spec = '{"kind": "embedding", "name": "x"}' where id = $1`, [
      project.id,
    ]);
    await tick();
    expect(await liveJobs(project)).toEqual(["queue.refill"]);
    await service.drain();
    await tick();
    expect(await liveJobs(project)).toEqual([]);
  });

  it("retrains by labels, and by time when a single one is new", async () => {
    const project = await quietProject();
    await label(project, 0, 19);
    await tick();
    expect(await liveJobs(project)).toEqual([]);
    await label(project, 19, 20);
    await tick();
    expect(await liveJobs(project)).toEqual(["training.retrain"]);
    await service.drain();
    expect(await versionsOf(service, project.id)).toHaveLength(1);

    await label(project, 20, 21);
    service.clock.advanceSeconds(119);
    await tick();
    expect(await liveJobs(project)).toEqual([]);
    service.clock.advanceSeconds(1);
    await tick();
    expect(await liveJobs(project)).toEqual(["training.retrain"]);
    const { rows } = await service.db.query<{ payload: { trigger: string } }>(
      "select payload from job_run where project_id = $1 and state = 'queued'",
      [project.id],
    );
    expect(rows[0].payload.trigger).toBe("time");
    await service.drain();
    expect((await versionsOf(service, project.id)).map((v) => v.trained_through_seq)).toEqual([20, 21]);
  });

  it("leaves paused and deleted projects alone", async () => {
    const paused = await makeProject(service.db, { status: "paused" });
    const deleted = await makeProject(service.db);
    for (const project of [paused, deleted]) await makeItems(service.db, project.id, 5);
    await service.db.query("update project set deleted_at = now() where id = $1", [deleted.id]);
    await tick();
    expect(await liveJobs(paused)).toEqual([]);
    expect(await liveJobs(deleted)).toEqual([]);
  });

  it("refills a queue that ran empty, and gives up for a while when that brings nothing", async () => {
    const project = await quietProject();
    await service.db.query("update queue_entry set state = 'superseded' where project_id = $1", [project.id]);
    await tick();
    expect(await liveJobs(project)).toEqual([]);
    service.clock.advanceSeconds(16);
    await tick();
    expect(await liveJobs(project)).toEqual(["queue.refill"]);
    await service.drain();
    await service.db.query("update queue_entry set state = 'done' where project_id = $1", [project.id]);
    await service.db.query("update item set status = 'resolved' where project_id = $1", [project.id]);
    service.clock.advanceSeconds(16);
    await tick();
    expect(await liveJobs(project)).toEqual([]);
  });

  it("waits a minute after a job of the kind failed for good", async () => {
    const project = await quietProject();
    await label(project, 0, 20);
    const id = await ask(service, "training.retrain", { projectId: project.id, trigger: "labels" });
    await service.db.query("update job_run set state = 'failed', finished_at = $2 where id = $1", [
      id,
      service.clock.now(),
    ]);
    service.clock.advanceSeconds(30);
    await tick();
    expect(await liveJobs(project)).toEqual([]);
    service.clock.advanceSeconds(31);
    await tick();
    expect(await liveJobs(project)).toEqual(["training.retrain"]);
    await service.drain();
  });

  it("closes versions that no run stands behind any more", async () => {
    const project = await quietProject();
    await label(project, 0, 20);
    const id = await ask(service, "training.retrain", { projectId: project.id, trigger: "manual" });
    const { compute } = service;
    service.compute = { run: async () => Promise.reject(new Error("died")) } as unknown as typeof compute;
    await expect(service.runNext(undefined, id)).rejects.toThrow("died");
    service.compute = compute;
    await tick();
    expect((await versionsOf(service, project.id)).map((v) => v.state)).toEqual(["training"]);
    await service.db.query("update job_run set state = 'failed', finished_at = $2 where id = $1", [
      id,
      service.clock.now(),
    ]);
    await tick();
    expect((await versionsOf(service, project.id)).map((v) => [v.state, v.error?.code])).toEqual([
      ["failed", "E_JOB_FAILED"],
    ]);
  });

  it("predicts what the model in use has missed", async () => {
    const project = await quietProject();
    await label(project, 0, 20);
    await tick();
    await service.drain();
    await service.db.query("delete from prediction_shard where project_id = $1", [project.id]);
    await tick();
    expect(await liveJobs(project)).toEqual(["prediction.predict"]);
    await service.drain();
    await tick();
    expect(await liveJobs(project)).toEqual([]);
  });

  it("assembles predictions of an outside model that no version holds", async () => {
    const project = await quietProject();
    await service.db.query(
      `insert into prediction_chunk (project_id, name, width, n_rows, blob_key) values ($1, 'outside', 4, 1, 'none')`,
      [project.id],
    );
    await tick();
    expect(await liveJobs(project)).toEqual(["prediction.assemble"]);
    await service.db.query("update job_run set state = 'failed', finished_at = $2 where project_id = $1", [
      project.id,
      service.clock.now(),
    ]);
    await tick();
    expect(await liveJobs(project)).toEqual([]);
  });
});
