import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { replayRound } from "@/bin/replay/replayRound";
import { readRound, readRoundManifest } from "@/server/acquisition";
import { loadKernels } from "@/server/models";
import type { MadeProject } from "@/test/harness/factories";
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

const STRATEGY = {
  main: { id: "margin", options: {} },
  coldStart: { id: "typiclust", options: {} },
  minLabels: 30,
  batchSize: 60,
  auditShare: 0.1,
};
const N_CLASSES = 10;

let service: ModelService;
let examples: Example[];
beforeAll(async () => {
  service = await createModelService();
  examples = withFrequentLabels(readExamples("banking77", 3_000), N_CLASSES);
});
afterAll(() => service.cleanup());

const labelOf = (row: number) => examples[row].label;

async function labelAndRetrain(project: MadeProject, n: number): Promise<void> {
  await answerQueue(service, project.id, n, labelOf);
  await ask(service, "training.retrain", { projectId: project.id, trigger: "manual" });
  await service.drain();
}

async function metricOf(project: MadeProject, version: number, sample: string): Promise<number | undefined> {
  const { rows } = await service.db.query<{ value: number }>(
    `select value from metric_point where project_id = $1 and model_version = $2 and metric = 'accuracy' and sample = $3
      order by id desc limit 1`,
    [project.id, version, sample],
  );
  return rows[0]?.value;
}

describe("the loop on real texts", () => {
  let project: MadeProject;
  beforeAll(async () => {
    project = await makeExampleProject(service, examples, { strategy: STRATEGY, seed: "loop", isDemo: true });
  }, 120_000);

  it("fills the queue before there is any label, with representatives and some audits", async () => {
    const first = await readRound(service.db, project.id, 1);
    expect(first).toMatchObject({ status: "ok", nPicked: 60, modelVersion: null, featureVersion: 1, trigger: "start" });
    const { rows } = await service.db.query<{ purpose: string; strategy: string; n: number }>(
      "select purpose, strategy, count(*)::int as n from queue_entry where project_id = $1 group by 1, 2 order by 1",
      [project.id],
    );
    expect(rows.map(({ purpose, strategy }) => [purpose, strategy])).toEqual([
      ["audit", "random"],
      ["train", "typiclust"],
    ]);
    expect([5, 6, 7]).toContain(rows[0].n);
  });

  it("learns: the model beats the majority by far, and more labels make it better", async () => {
    await labelAndRetrain(project, 60);
    await labelAndRetrain(project, 60);
    await labelAndRetrain(project, 60);
    const versions = await versionsOf(service, project.id);
    expect(versions.map((v) => v.state)).toEqual(["ready", "ready", "ready"]);
    const [first, , third] = await Promise.all([1, 2, 3].map((v) => metricOf(project, v, "demoTruth")));
    const majority = 0.2;
    expect(first).toBeGreaterThan(2 * majority);
    expect(third).toBeGreaterThan(first ?? 1);
    expect(third).toBeGreaterThan(0.8);
  });

  it("serves what the model doubts: the margin of the picks is far below that of the pool", async () => {
    const round = await readRound(service.db, project.id, 4);
    const report = round.report as {
      scores: { median: number; distinct: number };
      summaries: Record<string, { mean: number; scored: number }>;
    };
    const [summary] = Object.values(report.summaries);
    expect(report.scores.median).toBeLessThan(summary.mean / 3);
    expect(report.scores.distinct).toBeGreaterThan(40);
    expect(round.modelVersion).toBe(3);
  });

  it("replays every round byte for byte from its manifest", async () => {
    const kernels = await loadKernels({ memoryBytes: 256 * 2 ** 20 });
    for (const number of [1, 2, 3, 4]) {
      const manifest = await readRoundManifest(service, project.id, number);
      const report = await replayRound(manifest, (key) => service.storage.get(key), kernels);
      expect(report, report.differences.join("\n")).toMatchObject({ isIdentical: true, picks: 60 });
    }
  });

  it("never trains on an audit that serves, nor serves one that was trained on", async () => {
    const { rows } = await service.db.query<{ row: number }>(
      "select distinct row from annotation where project_id = $1 and purpose = 'audit'",
      [project.id],
    );
    expect(rows.length).toBeGreaterThan(12);
    const newest = (await versionsOf(service, project.id)).at(-1);
    const trainSet = new Int32Array((await service.storage.get(newest?.params.trainSetKey ?? "")).buffer);
    const trained = new Set(trainSet.subarray(0, trainSet.length / 2));
    expect(rows.filter(({ row }) => trained.has(row))).toEqual([]);
    expect(newest?.n_train).toBe(180 - rows.length);
  });

  it("measures without bias: the audit's interval holds the exact accuracy", async () => {
    const { rows } = await service.db.query<{ lower: number; upper: number; n: number }>(
      `select lower, upper, n from metric_point where project_id = $1 and model_version = 3 and metric = 'accuracy'
          and sample = 'audit' order by id desc limit 1`,
      [project.id],
    );
    const exact = (await metricOf(project, 3, "demoTruth")) ?? 0;
    expect(rows[0].lower).toBeLessThanOrEqual(exact);
    expect(rows[0].upper).toBeGreaterThanOrEqual(exact);
  });
});

describe("two projects of the same seed and labels", () => {
  it("get the same data hash, the same model bytes and the same picks", async () => {
    const some = examples.slice(0, 500);
    const outcome = async () => {
      const project = await makeExampleProject(service, some, { strategy: STRATEGY, seed: "twin" });
      await labelAndRetrain(project, 60);
      const [version] = await versionsOf(service, project.id);
      const { rows } = await service.db.query<{ blob_key: string }>(
        "select blob_key from feature_shard where project_id = $1",
        [project.id],
      );
      return {
        dataHash: version.data_hash,
        model: Buffer.from(await service.storage.get(version.blob_key ?? "")).toString("base64"),
        features: rows.map((row) => row.blob_key.split("/").at(-1)),
        picks: await queuedRows(service, project.id),
      };
    };
    const one = await outcome();
    expect(await outcome()).toEqual(one);
    expect(one.picks).toHaveLength(60);
  }, 120_000);
});
