import type { FeatureSpec } from "@/contracts/project";
import type { ListedPick, RoundSelection } from "@/strategies";
import type { ModelHead } from "../models";
import type { StorageAddress } from "../storage";

/**
 * What the worker and its compute children say to each other: plain JSON. Arrays of more than a few thousand numbers never
 * travel here; they lie in blobs or scratch files that are named here.
 */

/** One immutable float32 block of rows startRow … startRow + nRows − 1. */
export interface ShardRef {
  startRow: number;
  nRows: number;
  key: string;
}

/** A matrix of `dim` columns whose rows stand in shards, ascending and contiguous from row 0. */
export interface MatrixRef {
  dim: number;
  shards: ShardRef[];
}

export interface LearnPayload {
  spec: FeatureSpec;
  seed: string;
  /** Scratch file of items (see features/itemFile); absent for embeddings, which need none. */
  itemsPath?: string;
  /** Where the learnt parameters go. */
  parametersKey: string;
  /** Folder of an ONNX model, checked by the sender. */
  modelFolder?: string;
}
export interface LearnResult {
  dim: number;
  report: Record<string, unknown>;
}

export interface ApplyPayload {
  spec: FeatureSpec;
  dim: number;
  parametersKey: string | null;
  itemsPath?: string;
  /** Ingested vectors in order of arrival; later ones replace earlier ones. */
  chunks?: { key: string; nRows: number }[];
  modelFolder?: string;
  startRow: number;
  nRows: number;
  /** Prefix of the shard's key. */
  shardPrefix: string;
}
export interface ApplyResult {
  shardKey: string;
  /** Rows of the range without a vector: deleted, empty, or not ingested. */
  nMissing: number;
}

export interface TrainPayload {
  features: MatrixRef;
  /** int32 rows[n], then int32 classes[n], little endian. */
  trainSetKey: string;
  trainer: { id: string; options: unknown; classWeights: "none" | "balanced" };
  nClasses: number;
  seed: string;
  modelKey: string;
}
export interface TrainResult {
  backend: string;
  metrics: Record<string, unknown>;
  remarks: { code: string; message: string }[];
}

export interface PredictPayload {
  features: MatrixRef;
  modelKey: string;
  width: number;
  ranges: { startRow: number; nRows: number }[];
  /** Prefix of the shards' keys. */
  shardPrefix: string;
}
/** A range whose shard of probabilities, and beside it the most probable class of each row, are stored. */
export type FinishedRange = ShardRef;

export interface PredictResult {
  backend: string;
}

export interface HeadPayload {
  features: MatrixRef;
  modelKey: string;
  /** Prefix of everything that is stored. */
  prefix: string;
}
/** A model's last linear layer and what it reads, stored; null: this model has none. */
export interface StoredHead {
  reads: ModelHead["reads"];
  dim: number;
  nClasses: number;
  weights: { key: string; sha256: string };
  bias: { key: string; sha256: string };
  inputs: MatrixRef;
}

export interface SelectPayload {
  spec: unknown;
  seed: string;
  frameSeed: string;
  batchSize: number;
  n: number;
  nClasses: number;
  /** Raw arrays: one bit per row; uint32 rows; int32 classes; uint32 rows; uint32 rows. */
  eligibleKey: string;
  labelledRowsKey: string;
  labelledClassesKey: string;
  pendingKey: string;
  skippedKey: string;
  probabilities: MatrixRef | null;
  embeddings: MatrixRef | null;
  /** Float32 arrays of the model's last layer, which reads `embeddings`; null where no part asks for it. */
  head: { weightsKey: string; biasKey: string } | null;
  states: Record<string, unknown>;
  /** Scratch file that receives the selection as JSON. */
  outPath: string;
}
export interface SelectResult {
  nPicked: number;
}
/** What stands in `outPath`. */
export interface SelectedRound
  extends Pick<
    RoundSelection,
    "status" | "notices" | "summaries" | "states" | "eligible" | "spec" | "specHash" | "kernels"
  > {
  picks: ListedPick[];
  /** SHA-256 of the WASM kernels that ran; null for the reference. */
  kernelsSha256: string | null;
}

export interface MeasurePayload {
  nClasses: number;
  seed: string;
  level: number;
  /** The sample is everything there is: no intervals. */
  isExact: boolean;
  versions: number[];
  /** Scratch array file: "truth" (i32) and, for each version, "predicted-<version>" (i32, −1: not in its sample). */
  samplePath: string;
}
export interface MeasuredValue {
  value: number;
  low: number | null;
  high: number | null;
}
export interface MeasuredVersion {
  version: number;
  n: number;
  accuracy: MeasuredValue | null;
  macroF1: MeasuredValue | null;
}
export interface MeasureResult {
  versions: MeasuredVersion[];
}

export interface ComputeTasks {
  "features.learn": { payload: LearnPayload; result: LearnResult };
  "features.apply": { payload: ApplyPayload; result: ApplyResult };
  train: { payload: TrainPayload; result: TrainResult };
  predict: { payload: PredictPayload; result: PredictResult };
  head: { payload: HeadPayload; result: StoredHead | null };
  select: { payload: SelectPayload; result: SelectResult };
  measure: { payload: MeasurePayload; result: MeasureResult };
}
export type TaskKind = keyof ComputeTasks;

/** What one task cost the child. */
export interface TaskUsage {
  wallMs: number;
  cpuMs: number;
  /** Largest resident set of the child so far. */
  peakRssBytes: number;
}

export interface TaskProgress {
  done: number;
  total: number;
  message?: string;
  /** A part of the result that is durable already. */
  finishedRange?: FinishedRange;
}

export interface TaskRequest {
  id: number;
  kind: TaskKind;
  storage: StorageAddress;
  payload: unknown;
}

export type ChildMessage =
  | { type: "ready" }
  | { type: "progress"; id: number; progress: TaskProgress }
  | { type: "done"; id: number; result: unknown; usage: TaskUsage }
  | { type: "failed"; id: number; error: { code: string; message: string; details: Record<string, unknown> } };
