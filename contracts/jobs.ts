import { z } from "zod";
import { projectStrategy } from "./project";

/** Every background job: its name and what travels with it. A handler lives in the feature that owns the job. */
export const JOBS = {
  /** Reads an uploaded file into items. One live run per import. */
  "ingestion.run": z.object({ projectId: z.int(), importRun: z.int() }),
  /** Brings new rows into the search index. */
  "items.index": z.object({ projectId: z.int() }),
  /** Learns features on the pool when needed and computes vectors for rows that lack them. */
  "features.build": z.object({ projectId: z.int(), relearn: z.boolean().default(false) }),
  /** Trains a model version on the labels up to now, predicts the pool, refills the queue. */
  "training.retrain": z.object({
    projectId: z.int(),
    trigger: z.enum(["labels", "time", "manual", "start"]),
    /** When the label that set it off was accepted. */
    triggeredAt: z.iso.datetime().optional(),
  }),
  /** Predicts rows that lack predictions of the active model (new items, rolled back versions). */
  "prediction.predict": z.object({ projectId: z.int(), modelVersion: z.int() }),
  /** Turns ingested prediction chunks into a model version with shards. */
  "prediction.assemble": z.object({ projectId: z.int(), name: z.string() }),
  /** Runs the acquisition strategy and writes queue entries. */
  "queue.refill": z.object({
    projectId: z.int(),
    trigger: z.enum(["model", "strategyChange", "newItems", "lowQueue", "start", "manual"]),
    triggeredAt: z.iso.datetime().optional(),
  }),
  /** Runs a draft strategy on the pool as it is, to be looked at; stores nothing in the queue. */
  "acquisition.preview": z.object({ projectId: z.int(), strategy: projectStrategy }),
  /** Measures model versions on the audit sample. */
  "evaluation.measure": z.object({ projectId: z.int() }),
  /** Lets simulated annotators answer a demonstration project. */
  "demo.simulate": z.object({
    projectId: z.int(),
    annotators: z.int().min(1).max(50),
    /** human: about one label in three seconds each; full: as fast as the API answers. */
    speed: z.enum(["human", "full"]),
    errorRate: z.number().min(0).max(1),
    maxLabels: z.int().min(1).max(1_000_000),
    seed: z.string(),
  }),
  /** Looks once in a while for projects whose time-based retraining is due or whose queue runs low. */
  "training.tick": z.object({}),
} as const;

export type JobName = keyof typeof JOBS;

/** What people call each job. */
export const JOB_TITLES: Record<JobName, string> = {
  "ingestion.run": "Import of a file",
  "items.index": "Search index",
  "features.build": "Features of items",
  "training.retrain": "Training",
  "prediction.predict": "Predictions",
  "prediction.assemble": "Outside predictions",
  "queue.refill": "Queue refill",
  "acquisition.preview": "Strategy preview",
  "evaluation.measure": "Measurement",
  "demo.simulate": "Simulated annotators",
  "training.tick": "Schedule",
};
export type JobPayload<N extends JobName> = z.infer<(typeof JOBS)[N]>;

export const JOB_STATES = ["queued", "running", "succeeded", "failed", "cancelled"] as const;
export type JobState = (typeof JOB_STATES)[number];

/** One line of the job list. */
export interface JobRunView {
  id: string;
  projectId: number | null;
  kind: JobName;
  state: JobState;
  progressDone: number;
  progressTotal: number | null;
  message: string;
  attempts: number;
  error: { code: string; message: string } | null;
  result: unknown;
  createdAt: string;
  startedAt: string | null;
  finishedAt: string | null;
  canCancel: boolean;
}
