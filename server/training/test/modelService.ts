import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import type { JobName } from "@/contracts/jobs";
import { ensureKernelsBuilt } from "@/scripts/buildKernels";
import { ComputePool } from "@/server/compute";
import { buildFeatures } from "@/server/features/buildFeatures";
import { requestJob } from "@/server/jobs";
import type { MadeProject, ProjectOptions } from "@/test/harness/factories";
import { makeAnnotations, makeItems, makeProject } from "@/test/harness/factories";
import type { TestContext } from "@/test/harness/testContext";
import { createTestContext } from "@/test/harness/testContext";
import { previewStrategy } from "../../acquisition/previewStrategy";
import { refillQueue } from "../../acquisition/refillQueue";
import { measureVersions } from "../../evaluation/measureVersions";
import { assemblePredictions } from "../../prediction/assemblePredictions";
import predictJob from "../../prediction/predict.job";
import type { RetrainContext } from "../retrainModel";
import { retrainModel } from "../retrainModel";

export interface Example {
  text: string;
  label: string;
}

/** Texts and labels of a bundled data set, the first `n` of them. */
export function readExamples(name: "banking77" | "sms-spam", n: number): Example[] {
  const path = join(process.cwd(), "server", "demo", "data", `${name}.jsonl.gz`);
  const lines = gunzipSync(readFileSync(path)).toString("utf8").trim().split("\n").slice(0, n);
  return lines.map((line) => {
    const { text, label } = JSON.parse(line) as Record<string, string>;
    return { text, label };
  });
}

/** Examples of the `nClasses` most frequent labels. */
export function withFrequentLabels(examples: readonly Example[], nClasses: number): Example[] {
  const counts = new Map<string, number>();
  for (const { label } of examples) counts.set(label, (counts.get(label) ?? 0) + 1);
  const kept = new Set(
    [...counts]
      .sort((a, b) => b[1] - a[1])
      .slice(0, nClasses)
      .map(([label]) => label),
  );
  return examples.filter(({ label }) => kept.has(label));
}

export interface FinishedJob {
  kind: JobName;
  id: string;
  result: unknown;
}

export interface ModelService extends TestContext {
  compute: ComputePool;
  modelsRoot: string;
  /** Runs queued jobs of the model service one by one, oldest first, until none is left; throws what a job throws. */
  drain: (signal?: AbortSignal) => Promise<FinishedJob[]>;
  /** Runs one attempt of the oldest queued job (or of the one given) and writes its outcome. */
  runNext: (signal?: AbortSignal, jobRunId?: string) => Promise<FinishedJob | undefined>;
}

/** A database, storage and compute pool of the test file's own, and a worker that runs jobs when asked. */
export async function createModelService(): Promise<ModelService> {
  await ensureKernelsBuilt();
  const context = await createTestContext();
  const compute = new ComputePool({ childrenMax: 1 });
  const modelsRoot = join(context.dataDir, "models");
  const runNext: ModelService["runNext"] = (signal, jobRunId) => runOne(service, signal, jobRunId);
  const service: ModelService = {
    ...context,
    compute,
    modelsRoot,
    runNext,
    async drain(signal) {
      const finished: FinishedJob[] = [];
      for (;;) {
        const job = await runNext(signal);
        if (!job) return finished;
        finished.push(job);
      }
    },
    cleanup: async () => {
      compute.close();
      await context.cleanup();
    },
  };
  return service;
}

interface JobRow {
  id: string;
  kind: JobName;
  payload: never;
}

const KINDS: JobName[] = [
  "features.build",
  "training.retrain",
  "prediction.predict",
  "prediction.assemble",
  "queue.refill",
  "acquisition.preview",
  "evaluation.measure",
];

async function runOne(service: ModelService, given?: AbortSignal, jobRunId?: string): Promise<FinishedJob | undefined> {
  const { db } = service;
  const { rows } = await db.query<JobRow>(
    `update job_run set state = 'running', attempts = attempts + 1 where id = (
       select id from job_run where state = 'queued' and kind = any($1) and ($2::uuid is null or id = $2)
        order by created_at, array_position($1, kind), id limit 1) returning id, kind, payload`,
    [KINDS, jobRunId ?? null],
  );
  const job = rows[0];
  if (!job) return undefined;
  const signal = given ?? new AbortController().signal;
  const context: RetrainContext = {
    ...service,
    signal,
    jobRunId: job.id,
    progress: async () => signal.throwIfAborted(),
  };
  try {
    const result = await callHandler(service, context, job);
    await db.query("update job_run set state = 'succeeded', finished_at = now(), result = $2 where id = $1", [
      job.id,
      JSON.stringify(result),
    ]);
    return { kind: job.kind, id: job.id, result };
  } catch (error) {
    await db.query("update job_run set state = 'queued' where id = $1 and state = 'running'", [job.id]);
    throw error;
  }
}

function callHandler(service: ModelService, context: RetrainContext, { kind, payload }: JobRow): Promise<unknown> {
  switch (kind) {
    case "features.build":
      return buildFeatures({ ...context, modelsRoot: service.modelsRoot }, payload);
    case "training.retrain":
      return retrainModel(context, payload);
    case "queue.refill":
      return refillQueue(context, payload);
    case "acquisition.preview":
      return previewStrategy(context, payload);
    case "evaluation.measure":
      return measureVersions(context, payload);
    case "prediction.assemble":
      return assemblePredictions(context, payload);
    case "prediction.predict":
      return predictJob({ ...context, payload, attempt: 1, log: service.log });
    default:
      throw new Error(`no handler for ${kind}`);
  }
}

/** Asks for a job as a feature would. */
export async function ask(service: ModelService, kind: JobName, payload: Record<string, unknown>): Promise<string> {
  return (await requestJob(service.db, service.clock, { kind, payload: payload as never })).jobRunId;
}

export interface ServedEntry {
  row: number;
  purpose: "train" | "audit";
  round: number;
  score: number | null;
}

/** Answers the first `n` open entries in serving order, as people would. */
export async function answerQueue(
  { db }: ModelService,
  projectId: number,
  n: number,
  labelOf: (row: number) => string,
): Promise<ServedEntry[]> {
  const { rows } = await db.query<ServedEntry>(
    `with next as (
       select id from queue_entry where project_id = $1 and state = 'open' order by priority, id limit $2)
     update queue_entry e set state = 'done' from next where e.project_id = $1 and e.id = next.id
     returning e.row, e.purpose, e.round, e.score`,
    [projectId, n],
  );
  const answers = rows.map(({ row, purpose, round }) => ({ row, purpose, round, label: labelOf(row) }));
  await makeAnnotations(db, projectId, answers);
  await db.query("update item set status = 'resolved' where project_id = $1 and n_labels > 0", [projectId]);
  return rows;
}

/** A project whose items are these examples, with their labels as hidden truth, and its features built. */
export async function makeExampleProject(
  service: ModelService,
  examples: readonly Example[],
  options: ProjectOptions & { isDemo?: boolean } = {},
): Promise<MadeProject> {
  const { isDemo, ...given } = options;
  const labels = [...new Set(examples.map((example) => example.label))].sort();
  const project = await makeProject(service.db, { labels, ...given });
  if (isDemo) await service.db.query("update project set demo = 'test' where id = $1", [project.id]);
  const items = examples.map(({ text, label }) => ({ content: { text }, truth: { choice: label } }));
  await makeItems(service.db, project.id, items);
  await ask(service, "features.build", { projectId: project.id });
  await service.drain();
  return project;
}

/** Rows of the open entries in serving order. */
export async function queuedRows({ db }: ModelService, projectId: number): Promise<number[]> {
  const { rows } = await db.query<{ row: number }>(
    "select row from queue_entry where project_id = $1 and state = 'open' order by priority, id",
    [projectId],
  );
  return rows.map((entry) => entry.row);
}

export interface VersionRow {
  version: number;
  state: string;
  data_hash: string;
  n_train: number;
  trained_through_seq: number;
  blob_key: string | null;
  params: { trainSetKey: string };
  error: { code: string } | null;
}

export async function versionsOf({ db }: ModelService, projectId: number): Promise<VersionRow[]> {
  const { rows } = await db.query<VersionRow>(
    `select version, state, data_hash, n_train, trained_through_seq, blob_key, params, error
       from model_version where project_id = $1 order by version`,
    [projectId],
  );
  return rows;
}
