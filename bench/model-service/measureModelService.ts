import { setTimeout as pause } from "node:timers/promises";
import { systemClock } from "@/server/clock";
import type { Pool } from "@/server/db";
import { requestJob } from "@/server/jobs";
import type { MadeProject } from "@/test/harness/factories";
import { makeAnnotations, makeItems, makeProject } from "@/test/harness/factories";
import type { SyntheticItem } from "./syntheticPool";
import { syntheticPool } from "./syntheticPool";
import type { RunningWorker } from "./workerProcess";

const INSERT_ROWS = 5_000;
const POLL_MS = 5;
const MIB = 2 ** 20;

export interface BenchOptions {
  rows: number;
  /** Labels before the first model. */
  labelsFirst: number;
  /** Labels between retrainings, and how many of these. */
  labelsEach: number;
  repeats: number;
  /** Longest wait for one job. */
  timeoutMs: number;
}

export interface RefillFigure {
  labels: number;
  /** From the acceptance of the label that makes a retraining due to the committed round. */
  labelToQueueMs: number;
  trainMs: number;
  predictMs: number;
  roundMs: number;
  snapshotMs: number;
  selectMs: number;
  writeMs: number;
  /** Processor time of the compute child: what the load of the machine does not change. */
  cpu: { trainMs: number; predictMs: number; selectMs: number };
  peakRssMiB: number;
}

export interface ModelServiceFigures {
  rows: number;
  classes: number;
  meanCharacters: number;
  /** From the request to the end of features.build: reading, learning on a sample, computing and storing all vectors. */
  featurizeSeconds: number;
  featureDim: number;
  /** Processor seconds of the compute child. */
  featurizeCpu: { learnSeconds: number; applySeconds: number };
  coldStart: { strategy: string; roundMs: number; selectMs: number; selectCpuMs: number; peakRssMiB: number };
  refills: RefillFigure[];
  labelToQueueMs: { min: number; median: number; max: number };
  worker: { peakRssMiB: number };
  accuracyOnAudit: number | null;
}

/** Featurizes a synthetic pool, then labels and waits for retrained models and refilled queues, through the real worker. */
export async function measureModelService(
  db: Pool,
  worker: RunningWorker,
  options: BenchOptions,
  say: (line: string) => void,
): Promise<ModelServiceFigures> {
  const items = syntheticPool(options.rows, "bench");
  const project = await makePool(db, items, options);
  say(`${items.length} items inserted`);
  const featurizeMs = await timeFeatures(db, project, options.timeoutMs);
  say(`featurized in ${(featurizeMs / 1000).toFixed(1)} s`);
  const cold = await waitForRound(db, project, null, options.timeoutMs);
  say(`cold start round in ${cold.durationMs.toFixed(0)} ms`);
  const refills: RefillFigure[] = [];
  for (let n = 0; n <= options.repeats; n++) {
    const labels = n === 0 ? options.labelsFirst : options.labelsEach;
    const figure = await timeRefill(db, project, items, labels, options.timeoutMs);
    say(`label to queue in ${figure.labelToQueueMs.toFixed(0)} ms ${JSON.stringify(figure)}`);
    // The first also pays for cold caches; it is listed and not counted.
    refills.push(figure);
  }
  const times = refills
    .slice(1)
    .map((refill) => refill.labelToQueueMs)
    .sort((a, b) => a - b);
  return {
    rows: items.length,
    classes: project.labels.length,
    meanCharacters: items.reduce((sum, item) => sum + item.text.length, 0) / items.length,
    featurizeSeconds: featurizeMs / 1000,
    ...(await featureFiguresOf(db, project)),
    coldStart: {
      strategy: "typiclust",
      roundMs: cold.durationMs,
      selectMs: cold.report.timings.selectMs,
      selectCpuMs: cold.report.timings.selectCpuMs,
      peakRssMiB: cold.report.peakRssBytes / MIB,
    },
    refills,
    labelToQueueMs: { min: times[0], median: times[times.length >> 1], max: times[times.length - 1] },
    worker: { peakRssMiB: worker.memory().peakMiB },
    accuracyOnAudit: await accuracyOf(db, project),
  };
}

async function makePool(db: Pool, items: readonly SyntheticItem[], options: BenchOptions): Promise<MadeProject> {
  const project = await makeProject(db, {
    labels: [...new Set(items.map((item) => item.label))].sort(),
    seed: "bench",
    strategy: { coldStart: { id: "typiclust", options: {} }, minLabels: options.labelsFirst / 2, batchSize: 100 },
    // The bench asks for each retraining itself, as the submit of a label does.
    retrainPolicy: { automatic: false },
    // The worker's tick leaves it alone until all items are there.
    status: "paused",
  });
  for (let at = 0; at < items.length; at += INSERT_ROWS) {
    await makeItems(
      db,
      project.id,
      items.slice(at, at + INSERT_ROWS).map(({ text }) => ({ content: { text } })),
    );
  }
  await db.query("analyze");
  await db.query("update project set status = 'active' where id = $1", [project.id]);
  return project;
}

async function waitFor<T>(what: string, timeoutMs: number, look: () => Promise<T | undefined>): Promise<T> {
  const until = performance.now() + timeoutMs;
  while (performance.now() < until) {
    const found = await look();
    if (found !== undefined) return found;
    await pause(POLL_MS);
  }
  throw new Error(`waited ${timeoutMs / 1000} s for ${what}`);
}

/** The worker's tick may have asked before: the run that is live is the one that is timed. */
async function timeFeatures(db: Pool, project: MadeProject, timeoutMs: number): Promise<number> {
  const startedMs = performance.now();
  const { jobRunId } = await requestJob(db, systemClock, {
    kind: "features.build",
    payload: { projectId: project.id },
  });
  await waitFor("the features", timeoutMs, async () => {
    const { rows } = await db.query<{ state: string; error: unknown }>(
      "select state, error from job_run where id = $1",
      [jobRunId],
    );
    if (rows[0].state === "failed") throw new Error(`features.build failed: ${JSON.stringify(rows[0].error)}`);
    return rows[0].state === "succeeded" ? true : undefined;
  });
  return performance.now() - startedMs;
}

interface RoundRow {
  number: number;
  durationMs: number;
  finishedAt: Date;
  modelVersion: number | null;
  report: {
    timings: { snapshotMs: number; selectMs: number; selectCpuMs: number; writeMs: number };
    peakRssBytes: number;
  };
}

/** The first round that ranks by a newer model than this one; null: the first of all. */
function waitForRound(db: Pool, project: MadeProject, newerThan: number | null, timeoutMs: number): Promise<RoundRow> {
  return waitFor(`a round by a model newer than ${newerThan}`, timeoutMs, async () => {
    const { rows } = await db.query<RoundRow>(
      `select number, duration_ms as "durationMs", finished_at as "finishedAt", model_version as "modelVersion", report
         from round where project_id = $1 and ($2::int is null or model_version > $2) order by number limit 1`,
      [project.id, newerThan],
    );
    return rows[0];
  });
}

async function timeRefill(
  db: Pool,
  project: MadeProject,
  items: readonly SyntheticItem[],
  nLabels: number,
  timeoutMs: number,
): Promise<RefillFigure> {
  const before = await db.query<{ version: number }>(
    "select coalesce(max(version), 0) as version from model_version where project_id = $1",
    [project.id],
  );
  await label(db, project, items, nLabels);
  const triggeredAt = systemClock.now();
  await requestJob(db, systemClock, {
    kind: "training.retrain",
    payload: { projectId: project.id, trigger: "manual", triggeredAt: triggeredAt.toISOString() },
  });
  const round = await waitForRound(db, project, before.rows[0].version, timeoutMs);
  const { rows } = await db.query<{
    trainMs: number;
    predictMs: number;
    trainCpuMs: number;
    predictCpuMs: number;
    nTrain: number;
    peak: number;
  }>(
    `select duration_ms as "trainMs", (metrics ->> 'predictMs')::float8 as "predictMs", n_train as "nTrain",
            (metrics ->> 'trainCpuMs')::float8 as "trainCpuMs", (metrics ->> 'predictCpuMs')::float8 as "predictCpuMs",
            (metrics ->> 'trainPeakRssBytes')::float8 as peak
       from model_version where project_id = $1 and version = $2`,
    [project.id, round.modelVersion],
  );
  const [model] = rows;
  return {
    labels: model.nTrain,
    labelToQueueMs: round.finishedAt.getTime() - triggeredAt.getTime(),
    trainMs: model.trainMs,
    predictMs: model.predictMs,
    roundMs: round.durationMs,
    snapshotMs: round.report.timings.snapshotMs,
    selectMs: round.report.timings.selectMs,
    writeMs: round.report.timings.writeMs,
    cpu: { trainMs: model.trainCpuMs, predictMs: model.predictCpuMs, selectMs: round.report.timings.selectCpuMs },
    peakRssMiB: Math.max(round.report.peakRssBytes, model.peak) / MIB,
  };
}

/** Answers what the queue serves and, where it serves fewer, further items. */
async function label(db: Pool, project: MadeProject, items: readonly SyntheticItem[], n: number): Promise<void> {
  const served = await db.query<{ row: number; purpose: "train" | "audit" }>(
    `with next as (select id from queue_entry where project_id = $1 and state = 'open' order by priority limit $2)
     update queue_entry e set state = 'done' from next where e.project_id = $1 and e.id = next.id returning row, purpose`,
    [project.id, n],
  );
  const more = await db.query<{ row: number }>(
    `select row from item i where project_id = $1 and n_labels = 0
        and not exists (select 1 from queue_entry q where q.project_id = $1 and q.row = i.row) limit $2`,
    [project.id, n - served.rows.length],
  );
  const answers = [...served.rows, ...more.rows.map(({ row }) => ({ row, purpose: "train" as const }))];
  await makeAnnotations(
    db,
    project.id,
    answers.map((a) => ({ ...a, label: items[a.row].label })),
  );
  await db.query("update item set status = 'resolved' where project_id = $1 and row = any($2)", [
    project.id,
    answers.map((answer) => answer.row),
  ]);
}

async function featureFiguresOf(db: Pool, project: MadeProject) {
  const { rows } = await db.query<{ dim: number; report: { learnCpuMs: number; applyCpuMs: number } }>(
    "select dim, report from feature_version where project_id = $1 order by version desc limit 1",
    [project.id],
  );
  const { dim, report } = rows[0];
  return {
    featureDim: dim,
    featurizeCpu: { learnSeconds: report.learnCpuMs / 1000, applySeconds: report.applyCpuMs / 1000 },
  };
}

async function accuracyOf(db: Pool, project: MadeProject): Promise<number | null> {
  const { rows } = await db.query<{ value: number }>(
    `select value from metric_point where project_id = $1 and metric = 'accuracy' and sample = 'audit'
      order by model_version desc, id desc limit 1`,
    [project.id],
  );
  return rows[0]?.value ?? null;
}
