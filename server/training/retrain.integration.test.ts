import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { ComputePool } from "@/server/compute";
import { readOverview } from "@/server/dashboards";
import { AppError } from "@/server/errors";
import { cancelJob } from "@/server/jobs";
import { loadProject } from "@/server/projects";
import type { MadeProject } from "@/test/harness/factories";
import { makeAnnotations, makeProject } from "@/test/harness/factories";
import { activateModel, listModelVersions, requestRetrain, requestRetrainIfDue, unpinModel } from ".";
import type { Example, ModelService } from "./test/modelService";
import {
  answerQueue,
  ask,
  createModelService,
  makeExampleProject,
  queuedRows,
  readExamples,
  versionsOf,
  withFrequentLabels,
} from "./test/modelService";

const STRATEGY = { minLabels: 20, batchSize: 30, auditShare: 0 };

let service: ModelService;
let examples: Example[];
beforeAll(async () => {
  service = await createModelService();
  examples = withFrequentLabels(readExamples("banking77", 1_500), 4).slice(0, 300);
});
afterAll(() => service.cleanup());

const labelOf = (row: number) => examples[row].label;

/** A pool that fails its n-th task as a crash would, before or after the work was done. */
function failingAt(pool: ComputePool, n: number, when: "before" | "after"): ComputePool & { nRuns: number } {
  const crash = () => new AppError("E_JOB_FAILED", "The compute process was ended by SIGKILL.");
  const failing = {
    nRuns: 0,
    async run(...args: Parameters<ComputePool["run"]>) {
      failing.nRuns++;
      const isFatal = failing.nRuns === n;
      if (isFatal && when === "before") throw crash();
      const outcome = await pool.run(...args);
      if (isFatal) throw crash();
      return outcome;
    },
  };
  return failing as unknown as ComputePool & { nRuns: number };
}

/** A pool that does something before each task. */
function withEffect(pool: ComputePool, act: () => Promise<void>): ComputePool {
  const wrapped = {
    async run(...args: Parameters<ComputePool["run"]>) {
      await act();
      return pool.run(...args);
    },
  };
  return wrapped as unknown as ComputePool;
}

/** Labels the first `n` items that have no label, in steps through the pool, so that all classes are met. */
async function labelFresh(project: MadeProject, n: number): Promise<void> {
  const { rows } = await service.db.query<{ row: number }>(
    "select row from item where project_id = $1 and n_labels = 0 order by (row * 97) % 300 limit $2",
    [project.id, n],
  );
  await makeAnnotations(
    service.db,
    project.id,
    rows.map(({ row }) => ({ row, label: labelOf(row) })),
  );
}

async function actorContext(project: MadeProject) {
  const { db, clock } = service;
  const actor = { kind: "user" as const, id: project.lead.id, name: project.lead.name, role: "member" as const };
  return { db, clock, actor, project: await loadProject(db, project.id) };
}

async function activeOf(project: MadeProject): Promise<[number | null, number | null]> {
  const { activeModelVersion, pinnedModelVersion } = await loadProject(service.db, project.id);
  return [activeModelVersion, pinnedModelVersion];
}

async function labelAndRetrain(project: MadeProject, n: number): Promise<void> {
  await answerQueue(service, project.id, n, labelOf);
  await ask(service, "training.retrain", { projectId: project.id, trigger: "labels" });
  await service.drain();
}

describe("retraining", () => {
  let project: MadeProject;
  let healthy: ComputePool;
  beforeEach(async () => {
    project = await makeExampleProject(service, examples, { strategy: STRATEGY });
    healthy = service.compute;
  });
  afterEach(() => {
    service.compute = healthy;
  });

  it("trains one version, whatever crashes on the way", async () => {
    await answerQueue(service, project.id, 25, labelOf);
    for (const when of ["before", "after"] as const) {
      for (let n = 1; n <= 2; n++) {
        await labelFresh(project, 1);
        const id = await ask(service, "training.retrain", { projectId: project.id, trigger: "manual" });
        service.compute = failingAt(healthy, n, when);
        await expect(service.runNext(undefined, id)).rejects.toThrow(/SIGKILL/);
        expect((await versionsOf(service, project.id)).at(-1)?.state).toBe("training");
        service.compute = healthy;
        await service.runNext(undefined, id);
        await service.drain();
      }
    }
    const versions = await versionsOf(service, project.id);
    expect(versions.map((v) => [v.version, v.state])).toEqual([1, 2, 3, 4].map((v) => [v, "ready"]));
    expect(versions.map((v) => v.n_train)).toEqual([26, 27, 28, 29]);
    const { rows } = await service.db.query<{ covered: number }>(
      "select sum(n_rows)::int as covered from prediction_shard where project_id = $1 group by model_version",
      [project.id],
    );
    expect(rows.map((row) => row.covered)).toEqual([300, 300, 300, 300]);
  });

  it("does not train again what another attempt has trained: the model is kept", async () => {
    await answerQueue(service, project.id, 25, labelOf);
    const id = await ask(service, "training.retrain", { projectId: project.id, trigger: "manual" });
    service.compute = failingAt(healthy, 2, "before");
    await expect(service.runNext(undefined, id)).rejects.toThrow();
    const [interrupted] = await versionsOf(service, project.id);
    expect(interrupted.blob_key).not.toBeNull();
    const counting = failingAt(healthy, 0, "before");
    service.compute = counting;
    await service.runNext(undefined, id);
    service.compute = healthy;
    expect(counting.nRuns).toBe(1);
    expect((await versionsOf(service, project.id)).map((v) => v.state)).toEqual(["ready"]);
  });

  it("survives the real death of its compute process", async () => {
    await answerQueue(service, project.id, 25, labelOf);
    const id = await ask(service, "training.retrain", { projectId: project.id, trigger: "manual" });
    service.compute = withEffect(healthy, async () => {
      // The task is sent right after this; the child is killed as soon as it could have begun.
      setTimeout(() => healthy.pids.map((pid) => process.kill(pid, "SIGKILL")), 1);
    });
    await expect(service.runNext(undefined, id)).rejects.toMatchObject({ code: "E_JOB_FAILED" });
    service.compute = healthy;
    await service.drain();
    expect((await versionsOf(service, project.id)).map((v) => v.state)).toEqual(["ready"]);
    expect(await queuedRows(service, project.id)).toHaveLength(30);
  });

  it("closes the version of a cancelled run, and of one that another run has overtaken", async () => {
    await answerQueue(service, project.id, 25, labelOf);
    const id = await ask(service, "training.retrain", { projectId: project.id, trigger: "manual" });
    const controller = new AbortController();
    service.compute = withEffect(healthy, async () => {
      await cancelJob(service.db, service.clock, project.id, id);
      controller.abort(new AppError("E_CANCELLED", "The job was cancelled."));
    });
    await expect(service.runNext(controller.signal, id)).rejects.toMatchObject({ code: "E_CANCELLED" });
    service.compute = healthy;
    const [cancelled] = await versionsOf(service, project.id);
    expect(cancelled).toMatchObject({ state: "failed", error: { code: "E_CANCELLED" } });
    await service.db.query("update job_run set state = 'cancelled' where id = $1", [id]);

    const second = await ask(service, "training.retrain", { projectId: project.id, trigger: "manual" });
    service.compute = failingAt(healthy, 1, "before");
    await expect(service.runNext(undefined, second)).rejects.toThrow();
    service.compute = healthy;
    await service.db.query("update job_run set state = 'failed' where id = $1", [second]);
    await ask(service, "training.retrain", { projectId: project.id, trigger: "manual" });
    await service.drain();
    expect((await versionsOf(service, project.id)).map((v) => [v.state, v.error?.code ?? null])).toEqual([
      ["failed", "E_CANCELLED"],
      ["failed", "E_JOB_FAILED"],
      ["ready", null],
    ]);
  });

  it("goes on with its version when the worker was only stopped", async () => {
    await answerQueue(service, project.id, 25, labelOf);
    const id = await ask(service, "training.retrain", { projectId: project.id, trigger: "manual" });
    const controller = new AbortController();
    controller.abort(new AppError("E_CANCELLED", "The worker is stopping."));
    await expect(service.runNext(controller.signal, id)).rejects.toMatchObject({ code: "E_CANCELLED" });
    expect((await versionsOf(service, project.id)).map((v) => v.state)).toEqual(["training"]);
    await service.drain();
    expect((await versionsOf(service, project.id)).map((v) => v.state)).toEqual(["ready"]);
  });

  it("says that there are no items yet when asked without any", async () => {
    const empty = await makeProject(service.db);
    await expect(requestRetrain(await actorContext(empty))).rejects.toMatchObject({
      code: "E_PRECONDITION",
      message: expect.stringContaining("no items yet"),
    });
  });

  it("never trains twice on the same labels, but again with other settings", async () => {
    await labelAndRetrain(project, 25);
    await makeAnnotations(service.db, project.id, [{ row: 299, kind: "skip" }]);
    await ask(service, "training.retrain", { projectId: project.id, trigger: "manual" });
    const [finished, next] = await service.drain();
    expect(finished.result).toEqual({ skipped: "unchanged", version: 1 });
    expect(next.kind).toBe("evaluation.measure");
    const [version] = await versionsOf(service, project.id);
    expect(version.trained_through_seq).toBe(26);

    await service.db.query(`update project set trainer_spec = '{"id":"softmax","options":{"l2":0.1}}' where id = $1`, [
      project.id,
    ]);
    await ask(service, "training.retrain", { projectId: project.id, trigger: "manual" });
    await service.drain();
    const versions = await versionsOf(service, project.id);
    expect(versions).toHaveLength(2);
    expect(versions[1].data_hash).toBe(versions[0].data_hash);
  });

  it("waits for a second class, and is not asked for again before a newer label", async () => {
    const row = examples.findIndex((example) => example.label !== labelOf(0));
    const same = examples.flatMap((example, i) => (example.label === labelOf(0) ? [i] : [])).slice(0, 25);
    await makeAnnotations(
      service.db,
      project.id,
      same.map((r) => ({ row: r, label: labelOf(0) })),
    );
    const { project: loaded } = await actorContext(project);
    expect(await requestRetrainIfDue(service.db, service.clock, loaded)).toBe(true);
    const finished = await service.drain();
    expect(finished[0].result).toEqual({
      skipped: "oneClass",
      skippedAtSeq: 25,
      message: expect.stringContaining(`needs two classes; all 25 labels are "${labelOf(0)}"`),
    });
    const overview = await readOverview(service, project.id);
    expect(overview.warnings.find((w) => w.code === "oneClass")?.message).toBe(
      (finished[0].result as { message: string }).message,
    );
    expect(await requestRetrainIfDue(service.db, service.clock, loaded)).toBe(false);
    await makeAnnotations(service.db, project.id, [{ row, label: labelOf(row) }]);
    expect((await readOverview(service, project.id)).warnings.map((w) => w.code)).not.toContain("oneClass");
    expect(await requestRetrainIfDue(service.db, service.clock, loaded)).toBe(true);
    await service.drain();
    expect((await versionsOf(service, project.id)).map((v) => v.state)).toEqual(["ready"]);
  });

  it("is asked for again by the refill when labels came while it ran", async () => {
    await answerQueue(service, project.id, 25, labelOf);
    const id = await ask(service, "training.retrain", { projectId: project.id, trigger: "labels" });
    let nLate = 0;
    service.compute = withEffect(healthy, async () => {
      if (nLate++ > 0) return;
      await labelFresh(project, 30);
    });
    await service.runNext(undefined, id);
    service.compute = healthy;
    expect((await versionsOf(service, project.id)).map((v) => v.trained_through_seq)).toEqual([25]);
    const finished = await service.drain();
    expect(finished.map((job) => job.kind)).toContain("training.retrain");
    expect((await versionsOf(service, project.id)).map((v) => v.trained_through_seq)).toEqual([25, 55]);
  });

  it("leaves a withdrawn label out, and items that were excluded or deleted", async () => {
    const seqs = await makeAnnotations(
      service.db,
      project.id,
      Array.from({ length: 30 }, (_, i) => ({ row: 9 * i, label: labelOf(9 * i) })),
    );
    await makeAnnotations(service.db, project.id, [{ row: 0, kind: "retract", supersedes: seqs[0] }]);
    await service.db.query("update item set status = 'excluded' where project_id = $1 and row = 9", [project.id]);
    await service.db.query("update item set deleted_at = now() where project_id = $1 and row = 18", [project.id]);
    await ask(service, "training.retrain", { projectId: project.id, trigger: "manual" });
    await service.drain();
    expect((await versionsOf(service, project.id))[0].n_train).toBe(27);
  });
});

describe("rolling back", () => {
  it("pins a version, refills from it, and keeps newer ones waiting until it is unpinned", async () => {
    const project = await makeExampleProject(service, examples, { strategy: STRATEGY });
    await labelAndRetrain(project, 25);
    const ofFirst = await queuedRows(service, project.id);
    await labelAndRetrain(project, 25);
    expect(await activeOf(project)).toEqual([2, null]);

    const ctx = await actorContext(project);
    await activateModel(ctx, { version: 1 });
    expect(await activeOf(project)).toEqual([1, 1]);
    const finished = await service.drain();
    expect(finished.map((job) => job.kind)).toEqual(["prediction.predict", "queue.refill"]);
    const { rows } = await service.db.query<{ model_version: number }>(
      "select distinct model_version from queue_entry where project_id = $1 and state = 'open'",
      [project.id],
    );
    expect(rows).toEqual([{ model_version: 1 }]);
    const again = await queuedRows(service, project.id);
    expect(again.filter((row) => ofFirst.includes(row)).length).toBeGreaterThan(0);

    await labelAndRetrain(project, 25);
    expect((await versionsOf(service, project.id)).map((v) => v.state)).toEqual(["ready", "ready", "ready"]);
    expect(await activeOf(project)).toEqual([1, 1]);

    await activateModel(ctx, { version: 1 });
    expect(await unpinModel(ctx)).toEqual({ version: 3 });
    expect(await unpinModel(ctx)).toEqual({ version: 3 });
    expect(await activeOf(project)).toEqual([3, null]);
    const { rows: log } = await service.db.query<{ action: string; target: string }>(
      "select action, target from audit_log where project_id = $1 order by id",
      [project.id],
    );
    expect(log).toEqual([
      { action: "model.activate", target: "1" },
      { action: "model.unpin", target: "3" },
    ]);
  });

  it("refuses versions that do not exist or are not ready", async () => {
    const project = await makeExampleProject(service, examples, { strategy: STRATEGY });
    await labelAndRetrain(project, 25);
    const ctx = await actorContext(project);
    await expect(activateModel(ctx, { version: 9 })).rejects.toMatchObject({ code: "E_NOT_FOUND" });
    await service.db.query("update model_version set state = 'failed' where project_id = $1", [project.id]);
    await expect(activateModel(ctx, { version: 1 })).rejects.toMatchObject({ code: "E_PRECONDITION" });
  });
});

describe("the list of versions", () => {
  it("comes in pages, newest first, with accuracy, use and errors", async () => {
    const project = await makeExampleProject(service, examples, { strategy: { ...STRATEGY, auditShare: 0.3 } });
    for (let n = 0; n < 3; n++) await labelAndRetrain(project, 25);
    const first = await listModelVersions(service.db, project.id, { limit: 2 });
    expect(first.rows.map((row) => [row.version, row.isActive, row.isPinned])).toEqual([
      [3, true, false],
      [2, false, false],
    ]);
    expect(first.rows[0].accuracy).toMatchObject({ unit: "share", sample: "audit", level: 0.95 });
    expect(first.rows[0].backend).toContain("hybrid");
    const second = await listModelVersions(service.db, project.id, { limit: 2, cursor: first.nextCursor ?? 0 });
    expect(second.rows.map((row) => row.version)).toEqual([1]);
    expect(second.nextCursor).toBeNull();
  });

  it("asks for a training when a lead does, once", async () => {
    const project = await makeExampleProject(service, examples, { strategy: STRATEGY });
    await answerQueue(service, project.id, 25, labelOf);
    const ctx = await actorContext(project);
    const { jobRunId } = await requestRetrain(ctx);
    expect(await requestRetrain(ctx)).toEqual({ jobRunId });
    await service.drain();
    expect(await versionsOf(service, project.id)).toHaveLength(1);
  });
});
