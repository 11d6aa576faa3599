import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { auditFrame, hasBit, wilsonInterval } from "@/strategies";
import type { MadeProject } from "@/test/harness/factories";
import { makeAnnotations } from "@/test/harness/factories";
import { AUDIT_FRAME_SHARE, frameSeedOf } from "../acquisition";
import { deletePredictionShards } from "../prediction/prediction.db";
import { loadProject } from "../projects";
import type { Example, ModelService } from "../training/test/modelService";
import {
  answerQueue,
  ask,
  createModelService,
  makeExampleProject,
  readExamples,
  withFrequentLabels,
} from "../training/test/modelService";

let service: ModelService;
let examples: Example[];
let project: MadeProject;
beforeAll(async () => {
  service = await createModelService();
  examples = withFrequentLabels(readExamples("banking77", 1_500), 4).slice(0, 400);
  project = await makeExampleProject(service, examples, {
    strategy: { minLabels: 20, batchSize: 40, auditShare: 0.4 },
    isDemo: true,
  });
  await labelAndRetrain(40);
  await labelAndRetrain(40);
}, 120_000);
afterAll(() => service.cleanup());

async function labelAndRetrain(n: number): Promise<void> {
  await answerQueue(service, project.id, n, (row) => examples[row].label);
  await ask(service, "training.retrain", { projectId: project.id, trigger: "manual" });
  await service.drain();
}

interface Point {
  model_version: number;
  metric: string;
  value: number;
  lower: number | null;
  upper: number | null;
  level: number | null;
  n: number;
  n_train: number;
}

async function pointsOf(sample: string): Promise<Point[]> {
  const { rows } = await service.db.query<Point>(
    `select model_version, metric, value, lower, upper, level, n, n_train from metric_point
      where project_id = $1 and sample = $2 order by id`,
    [project.id, sample],
  );
  return rows;
}

const newest = (points: Point[], version: number, metric: string) =>
  points.filter((p) => p.model_version === version && p.metric === metric).at(-1);

async function predictedClass(version: number, row: number): Promise<number> {
  const { rows } = await service.db.query<{ blob_key: string; width: number }>(
    "select blob_key, width from prediction_shard where project_id = $1 and model_version = $2",
    [project.id, version],
  );
  const values = new Float32Array((await service.storage.get(rows[0].blob_key)).buffer);
  const probabilities = values.subarray(row * rows[0].width, (row + 1) * rows[0].width);
  return probabilities.indexOf(Math.max(...probabilities));
}

async function measure(): Promise<{ measured: number[]; points: number }> {
  const id = await ask(service, "evaluation.measure", { projectId: project.id });
  const job = await service.runNext(undefined, id);
  return job?.result as { measured: number[]; points: number };
}

describe("measuring", () => {
  it("compares stored predictions with the audits, and gives Wilson's interval", async () => {
    const { rows: audits } = await service.db.query<{ row: number }>(
      "select row from annotation where project_id = $1 and purpose = 'audit'",
      [project.id],
    );
    expect(audits.length).toBeGreaterThan(20);
    const points = await pointsOf("audit");
    for (const version of [1, 2]) {
      let correct = 0;
      for (const { row } of audits) {
        if (project.labels[await predictedClass(version, row)] === examples[row].label) correct++;
      }
      const interval = wilsonInterval(correct, audits.length, 0.95);
      expect(newest(points, version, "accuracy")).toMatchObject({
        value: correct / audits.length,
        lower: interval.low,
        upper: interval.high,
        level: 0.95,
        n: audits.length,
      });
      const f1 = newest(points, version, "macroF1");
      expect(f1?.lower).toBeLessThanOrEqual(f1?.value ?? 0);
      expect(f1?.upper).toBeGreaterThanOrEqual(f1?.value ?? 1);
    }
  });

  it("measures earlier versions again on the grown sample, and appends only what changed", async () => {
    const before = await pointsOf("audit");
    const ofFirst = before.filter((p) => p.model_version === 1 && p.metric === "accuracy");
    expect(ofFirst.map((p) => p.n)).toEqual([...ofFirst.map((p) => p.n)].sort((a, b) => a - b));
    expect(ofFirst).toHaveLength(2);
    expect(await measure()).toEqual({ measured: [], points: 0 });
    expect(await pointsOf("audit")).toEqual(before);
  });

  it("gives demonstration projects the accuracy by hidden labels on the audit frame, which no strategy has picked over", async () => {
    const points = await pointsOf("demoTruth");
    const point = newest(points, 2, "accuracy");
    expect(point).toMatchObject({ lower: null, upper: null, level: null });
    const { rows } = await service.db.query<{ params: { trainSetKey: string } }>(
      "select params from model_version where project_id = $1 and version = 2",
      [project.id],
    );
    const trainSet = new Int32Array((await service.storage.get(rows[0].params.trainSetKey)).buffer);
    const trained = new Set(trainSet.subarray(0, trainSet.length / 2));
    const { strategy, seed } = await loadProject(service.db, project.id);
    expect(strategy.auditShare).toBeGreaterThan(0);
    const frame = auditFrame({ n: 400 }, frameSeedOf(seed), AUDIT_FRAME_SHARE);
    let correct = 0;
    let n = 0;
    for (let row = 0; row < 400; row++) {
      if (!hasBit(frame, row) || trained.has(row)) continue;
      n++;
      if (project.labels[await predictedClass(2, row)] === examples[row].label) correct++;
    }
    expect(point?.n).toBe(n);
    expect(point?.value).toBeCloseTo(correct / n, 12);
  });

  it("keeps what the trainer measured on the labels it held out", async () => {
    const { rows } = await service.db.query<{ accuracy: number; n: number }>(
      `select (metrics ->> 'heldOutAccuracy')::float8 as accuracy, (metrics ->> 'nHeldOut')::int as n
         from model_version where project_id = $1 and version = 2`,
      [project.id],
    );
    const point = newest(await pointsOf("heldOut"), 2, "accuracy");
    if (rows[0].n === 0) expect(point).toBeUndefined();
    else expect(point).toMatchObject({ value: rows[0].accuracy, n: rows[0].n });
  });

  it("still measures versions of which only the classes are kept", async () => {
    const last = newest(await pointsOf("audit"), 1, "accuracy");
    for (const shard of await deletePredictionShards(service.db, project.id, 1))
      await service.storage.delete(shard.key);
    const free = await service.db.query<{ row: number }>(
      "select row from item where project_id = $1 and n_labels = 0 order by row limit 30",
      [project.id],
    );
    await makeAnnotations(
      service.db,
      project.id,
      free.rows.map(({ row }) => ({ row, label: examples[row].label, purpose: "audit" as const })),
    );
    expect((await measure()).measured).toContain(1);
    expect(newest(await pointsOf("audit"), 1, "accuracy")?.n).toBe((last?.n ?? 0) + 30);
  });

  it("counts an audit out when its label is withdrawn", async () => {
    const { n } = newest(await pointsOf("audit"), 2, "accuracy") ?? { n: 0 };
    const { rows } = await service.db.query<{ row: number; seq: number }>(
      "select row, seq from annotation where project_id = $1 and purpose = 'audit' order by seq limit 1",
      [project.id],
    );
    await makeAnnotations(service.db, project.id, [{ row: rows[0].row, kind: "retract", supersedes: rows[0].seq }]);
    await measure();
    expect(newest(await pointsOf("audit"), 2, "accuracy")?.n).toBe(n - 1);
  });
});
