import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ProjectOptions } from "@/test/harness/factories";
import { makeAnnotations, makeItems, makeProject, makeUser } from "@/test/harness/factories";
import { readOverview } from "../dashboards";
import { wordNotice } from "../dashboards/wordNotice";
import type { Example, ModelService } from "../training/test/modelService";
import {
  answerQueue,
  ask,
  createModelService,
  makeExampleProject,
  queuedRows,
  readExamples,
  withFrequentLabels,
} from "../training/test/modelService";
import { openRoundArray, readRound, readRoundManifest } from ".";

let service: ModelService;
let examples: Example[];
beforeAll(async () => {
  service = await createModelService();
  examples = withFrequentLabels(readExamples("banking77", 1_500), 4).slice(0, 200);
});
afterAll(() => service.cleanup());

async function refill(projectId: number, trigger = "manual", triggeredAt?: string): Promise<void> {
  const id = await ask(service, "queue.refill", { projectId, trigger, triggeredAt });
  await service.runNext(undefined, id);
}

/** A project of plain items without features: rounds are drawn at random. */
async function bareProject(n: number, options: ProjectOptions = {}) {
  const project = await makeProject(service.db, {
    ...options,
    strategy: { coldStart: { id: "random", options: {} }, batchSize: 10, auditShare: 0, ...options.strategy },
  });
  await makeItems(service.db, project.id, n);
  return project;
}

async function lease(projectId: number, row: number, expiresInSeconds: number): Promise<void> {
  const user = await makeUser(service.db);
  await service.db.query(
    `update queue_entry set state = 'leased', lease_token = gen_random_uuid(), lease_user_id = $3, leased_at = $4,
            lease_expires_at = $4::timestamptz + make_interval(secs => $5)
      where id = (select id from queue_entry where project_id = $1 and row = $2 and state = 'open' limit 1)`,
    [projectId, row, user.id, service.clock.now(), expiresInSeconds],
  );
}

describe("a round's candidates", () => {
  it("are open items that want an opinion: none that is resolved, excluded, deleted or a copy", async () => {
    const project = await bareProject(8, { strategy: { batchSize: 50 } });
    const set = (row: number, what: string) =>
      service.db.query(`update item set ${what} where project_id = $1 and row = $2`, [project.id, row]);
    await set(0, "status = 'resolved'");
    await set(1, "status = 'excluded'");
    await set(2, "deleted_at = now()");
    await set(3, "status = 'parked'");
    await set(4, "duplicate_of = 5");
    // The first of its kind was deleted: its copy stands in.
    await set(6, "duplicate_of = 2");
    await refill(project.id);
    expect((await queuedRows(service, project.id)).sort()).toEqual([5, 6, 7]);
    expect(await readRound(service.db, project.id, 1)).toMatchObject({
      nCandidates: 3,
      nPicked: 3,
      status: "degraded",
    });
  });

  it("are not those that somebody holds; what nobody holds is replaced", async () => {
    const project = await bareProject(30);
    await refill(project.id);
    const [first, second, third] = await queuedRows(service, project.id);
    await lease(project.id, first, 600);
    await lease(project.id, second, -1);
    await refill(project.id);
    const rows = await queuedRows(service, project.id);
    expect(rows).toHaveLength(10);
    expect(rows).not.toContain(first);
    const { rows: states } = await service.db.query<{ row: number; state: string }>(
      "select row, state from queue_entry where project_id = $1 and round = 1 and row = any($2) order by row",
      [project.id, [first, second, third]],
    );
    expect(Object.fromEntries(states.map(({ row, state }) => [row, state]))).toEqual({
      [first]: "leased",
      [second]: "superseded",
      [third]: "superseded",
    });
  });

  it("want as many opinions as are missing", async () => {
    const project = await bareProject(3, { overlap: 2, strategy: { batchSize: 50 } });
    await refill(project.id);
    await lease(project.id, 1, 600);
    await makeAnnotations(service.db, project.id, [{ row: 2, label: "yes" }]);
    await refill(project.id);
    expect((await queuedRows(service, project.id)).sort()).toEqual([0, 0, 1, 2]);
  });

  it("may be none: the round says that it is empty, and nothing breaks", async () => {
    const project = await bareProject(2, { strategy: { batchSize: 5 } });
    await service.db.query("update item set status = 'resolved' where project_id = $1", [project.id]);
    await refill(project.id);
    expect(await readRound(service.db, project.id, 1)).toMatchObject({ status: "empty", nPicked: 0, nCandidates: 0 });
    const nothing = await makeProject(service.db);
    await refill(nothing.id);
    expect(await readRound(service.db, nothing.id, 1)).toMatchObject({ status: "empty" });
  });
});

describe("a round", () => {
  it("says so when it drew at random because cold start has no vectors yet", async () => {
    const project = await bareProject(30, { strategy: { coldStart: { id: "typiclust", options: {} } } });
    await refill(project.id);
    const round = await readRound(service.db, project.id, 1);
    expect(round).toMatchObject({ status: "degraded", nPicked: 10, nFallback: 10 });
    expect(round.report.warnings).toContainEqual({ code: "COLD_START_AT_RANDOM", missing: "embeddings" });
  });

  it("says so when the main strategy is due but has no model to go by", async () => {
    const project = await makeExampleProject(service, examples, {
      strategy: { coldStart: { id: "typiclust", options: {} }, minLabels: 5, batchSize: 10, auditShare: 0 },
    });
    const rows = Array.from({ length: 12 }, (_, i) => 16 * i);
    await makeAnnotations(
      service.db,
      project.id,
      rows.map((row) => ({ row, label: examples[row].label })),
    );
    await refill(project.id);
    const round = await readRound(service.db, project.id, 2);
    expect(round).toMatchObject({ status: "degraded", nFallback: 10, modelVersion: null });
    expect(round.report.warnings).toMatchObject([{ code: "MAIN_NOT_READY" }]);
  });

  it("is drawn at random at once, with the reason, when the strategy refuses the pool", async () => {
    const project = await bareProject(60, {
      strategy: { coldStart: { id: "typiclust", options: {} }, batchSize: 10, auditShare: 0.2 },
    });
    const { db, storage } = service;
    // Vectors as an older release took them in: finite, and too long for distances.
    const vectors = Float32Array.from({ length: 60 * 2 }, (_, i) => ((i % 7) + 1) * 1e20);
    const key = `projects/${project.id}/vectors`;
    await storage.put(key, new Uint8Array(vectors.buffer));
    await db.query(
      `insert into feature_version (project_id, version, spec, spec_hash, dim, state, n_rows, seed)
       values ($1, 1, '{}', '', 2, 'ready', 60, '')`,
      [project.id],
    );
    await db.query(
      "insert into feature_shard (project_id, version, start_row, n_rows, blob_key) values ($1, 1, 0, 60, $2)",
      [project.id, key],
    );
    await db.query("update project set active_feature_version = 1 where id = $1", [project.id]);
    await refill(project.id);
    const round = await readRound(db, project.id, 1);
    expect(round).toMatchObject({ status: "degraded", nPicked: 10, nFallback: 8 });
    const [warning] = round.report.warnings as { code: string }[];
    expect(warning).toMatchObject({ code: "STRATEGY_REFUSED", error: "E_EMBEDDING_ROWS" });
    expect(wordNotice(warning)).toMatch(/drawn at random instead\. Row \d+ of the embeddings holds/);
    const manifest = await readRoundManifest(service, project.id, 1);
    expect(manifest.picks.map((pick) => pick.row)).toEqual(await queuedRows(service, project.id));
    expect(new Set(manifest.picks.map((pick) => pick.purpose))).toEqual(new Set(["train", "audit"]));
    const overview = await readOverview({ db, clock: service.clock }, project.id);
    expect(overview.warnings.find((each) => each.code === "fallback")?.message).toMatch(/8 of 10 .* Row \d+/);
  });

  it("spreads audits evenly, draws them from a frame that no strategy touches, with their probability", async () => {
    const project = await bareProject(400, { strategy: { batchSize: 40, auditShare: 0.25 }, seed: "audits" });
    const seen = { train: new Set<number>(), audit: new Set<number>() };
    for (let n = 0; n < 3; n++) {
      await refill(project.id);
      const { rows } = await service.db.query<{
        row: number;
        purpose: "train" | "audit";
        inclusion: number | null;
        priority: number;
      }>(
        "select row, purpose, inclusion, priority from queue_entry where project_id = $1 and state = 'open' order by priority",
        [project.id],
      );
      for (const entry of rows) seen[entry.purpose].add(entry.row);
      const audits = rows.filter((entry) => entry.purpose === "audit");
      expect(audits).toHaveLength(10);
      expect(new Set(audits.map((entry) => entry.inclusion)).size).toBe(1);
      const gaps = audits.slice(1).map((entry, i) => entry.priority - audits[i].priority);
      expect(Math.max(...gaps)).toBeLessThanOrEqual(5);
      await answerQueue(service, project.id, 40, () => "yes");
    }
    expect([...seen.audit].filter((row) => seen.train.has(row))).toEqual([]);
    expect(seen.audit.size).toBe(30);
  });

  it("is numbered without gaps, seeded by its number, and keeps when its label came", async () => {
    const project = await bareProject(30, { seed: "numbers" });
    await refill(project.id);
    service.clock.advanceSeconds(4);
    await refill(project.id, "lowQueue", new Date(service.clock.now().getTime() - 2_500).toISOString());
    const [one, two] = await Promise.all([1, 2].map((n) => readRound(service.db, project.id, n)));
    expect([one.seed, two.seed]).toEqual(["numbers/round/1", "numbers/round/2"]);
    expect([one.generation, two.generation]).toEqual([1, 2]);
    expect([one.secondsFromLabel, two.secondsFromLabel]).toEqual([null, 2.5]);
    await expect(readRound(service.db, project.id, 3)).rejects.toMatchObject({ code: "E_NOT_FOUND" });
  });

  it("that another run has written meanwhile begins again, and picks the same on the same state", async () => {
    const project = await bareProject(50, { seed: "twice" });
    const twin = await bareProject(50, { seed: "twice" });
    const { compute } = service;
    const id = await ask(service, "queue.refill", { projectId: project.id, trigger: "manual" });
    service.compute = {
      run: async (...args: Parameters<typeof compute.run>) => {
        await service.db.query(
          `insert into series_counter (project_id, name, value) values ($1, 'round', 1)
           on conflict (project_id, name) do update set value = 1`,
          [project.id],
        );
        return compute.run(...args);
      },
    } as unknown as typeof compute;
    await expect(service.runNext(undefined, id)).rejects.toMatchObject({ code: "E_UNAVAILABLE" });
    service.compute = compute;
    expect(await queuedRows(service, project.id)).toEqual([]);
    await service.db.query("update series_counter set value = 0 where project_id = $1 and name = 'round'", [
      project.id,
    ]);
    await service.runNext(undefined, id);
    await refill(twin.id);
    expect(await queuedRows(service, project.id)).toEqual(await queuedRows(service, twin.id));
  });

  it("runs again when the strategy was changed while it ran", async () => {
    const project = await bareProject(50);
    const { compute } = service;
    const id = await ask(service, "queue.refill", { projectId: project.id, trigger: "manual" });
    service.compute = {
      run: async (...args: Parameters<typeof compute.run>) => {
        await service.db.query(
          `update project set strategy_spec = jsonb_set(strategy_spec, '{batchSize}', '7') where id = $1`,
          [project.id],
        );
        return compute.run(...args);
      },
    } as unknown as typeof compute;
    await service.runNext(undefined, id);
    service.compute = compute;
    expect(await queuedRows(service, project.id)).toHaveLength(7);
    expect(await readRound(service.db, project.id, 2)).toMatchObject({ nPicked: 7 });
  });

  it("ranks by the classes its model knows when a label was added since", async () => {
    const project = await makeExampleProject(service, examples, {
      strategy: { minLabels: 20, batchSize: 20, auditShare: 0 },
    });
    await answerQueue(service, project.id, 20, (row) => examples[row].label);
    await ask(service, "training.retrain", { projectId: project.id, trigger: "manual" });
    await service.drain();
    await service.db.query(
      `update project set task_config = jsonb_set(task_config, '{labels}',
         (task_config -> 'labels') || '[{"id": "new", "title": "New"}]') where id = $1`,
      [project.id],
    );
    const [row] = await queuedRows(service, project.id);
    await makeAnnotations(service.db, project.id, [{ row, label: "new" }]);
    await refill(project.id);
    expect(await readRound(service.db, project.id, 3)).toMatchObject({ status: "ok", nPicked: 20 });
    await ask(service, "training.retrain", { projectId: project.id, trigger: "manual" });
    await service.drain();
    const { rows } = await service.db.query<{ n: number }>(
      "select jsonb_array_length(classes) as n from model_version where project_id = $1 order by version",
      [project.id],
    );
    expect(rows.map((version) => version.n)).toEqual([project.labels.length, project.labels.length + 1]);
  });
});

describe("a round's manifest", () => {
  it("names its arrays, which can be read, and no others", async () => {
    const project = await bareProject(30);
    await refill(project.id);
    const manifest = await readRoundManifest(service, project.id, 1);
    expect(manifest).toMatchObject({ round: 1, batchSize: 10, taskKind: "single-label", status: "ok" });
    expect(manifest.picks.map((pick) => pick.row)).toEqual(await queuedRows(service, project.id));
    const { key } = manifest.arrays.eligible;
    const { size, bytes } = await openRoundArray(service, project.id, 1, key);
    let nRead = 0;
    for await (const chunk of bytes) nRead += chunk.length;
    expect([size, nRead]).toEqual([4, 4]);
    const foreign = `projects/${project.id}/features/1/parameters`;
    await expect(openRoundArray(service, project.id, 1, foreign)).rejects.toMatchObject({ code: "E_NOT_FOUND" });
  });
});
