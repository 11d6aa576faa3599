import type { z } from "zod";
import type { Kernels } from "@/strategies/kernels";

/** What is learnt: one class per item, several labels per item, or numbers. The same words as a task type's `target`. */
export type TaskKind = "classes" | "multiLabel" | "number";

export type TrainingTarget =
  /** labels: n class numbers in 0 … nClasses − 1. Classes without a label are allowed and get small probabilities. */
  | { kind: "classes"; labels: Int32Array; nClasses: number }
  /** labels: n×nLabels, each 0 or 1. */
  | { kind: "multiLabel"; labels: Float32Array; nLabels: number }
  /** values: n×nOutputs. */
  | { kind: "number"; values: Float32Array; nOutputs: number };

export interface TrainingInput {
  /** n×d features, row-major float32; read, never changed. It may lie in kernel memory. */
  x: Float32Array;
  n: number;
  d: number;
  target: TrainingTarget;
  /**
   * classes only (anything but "none" is refused elsewhere): `balanced` weighs class c by n / (nPresent·n_c); a list
   * gives one factor ≥ 0 per class.
   */
  classWeights: "none" | "balanced" | readonly number[];
  /** One factor ≥ 0 per row. */
  sampleWeights?: Float32Array;
  /** Everything random (initial weights, order, hold-out) follows from it. */
  seed: string | number;
  /** Checked by the trainer's `optionsSchema`; missing fields take its defaults. */
  options: unknown;
}

/**
 * What a trainer needs from the process it runs in. Work on one `kernels` is done one job after the other, because their
 * memory is a stack; give each parallel job its own process.
 */
export interface ComputeContext {
  kernels: Kernels;
  /** Threads for large matrix products, 1 unless said; results do not depend on it. */
  threads?: number;
  /** Milliseconds of a clock that never goes back (such as performance.now). */
  monotonicMs(): number;
}

export interface TrainingContext extends ComputeContext {
  /** Called at least once per epoch; `total` may shrink when training stops early. */
  progress(done: number, total: number, message: string): void;
  /** Looked at between batches; training then stops with AppError E_CANCELLED. */
  signal: { readonly aborted: boolean };
}

/** A remark on how a model came to be that a person should see; nothing is done silently. */
export interface TrainingRemark {
  code:
    | "no-held-out"
    | "single-class"
    | "classes-without-labels"
    | "constant-target"
    | "gemm-on-wasm"
    | "backend-fallback";
  message: string;
}

export interface TrainingMetrics {
  nTrain: number;
  nHeldOut: number;
  /** Mean weighted loss (with L2) per epoch or solver iteration. */
  trainLoss: number[];
  /** Mean weighted loss on the held-out part per epoch; empty without one. */
  heldOutLossCurve: number[];
  /** Loss of the chosen weights on the held-out part, after calibration; null without one. */
  heldOutLoss: number | null;
  /** Share right (classes), mean share of labels right (multiLabel), R² (number); null without a held-out part. */
  heldOutAccuracy: number | null;
  /** Logits are divided by it; 1 when not calibrated. */
  temperature: number;
  /** Epochs or solver iterations run. */
  epochs: number;
  earlyStopped: boolean;
  /** Wall time of the training; null on a deserialized model, because equal models have equal bytes. */
  durationMs: number | null;
}

/** The last linear layer, calibrated: softmax (or sigmoid) of inputs · weights + bias are the model's probabilities. */
export interface ModelHead {
  /** What its inputs are; "features": the vectors as they are stored. */
  readonly reads: "features" | "standardised features" | "last hidden layer";
  readonly dim: number;
  /** dim × nOutputs, row-major. */
  readonly weights: Float32Array;
  readonly bias: Float32Array;
}

export interface TrainedModel {
  readonly trainerId: string;
  readonly taskKind: TaskKind;
  readonly inputDim: number;
  /** Columns of `predict`'s output. */
  readonly nOutputs: number;
  /** What actually computes, with versions, such as "hybrid: wasm-simd + onnxruntime-node 1.30.0". */
  readonly backend: string;
  readonly metrics: TrainingMetrics;
  readonly remarks: readonly TrainingRemark[];
  /**
   * Writes n×nOutputs values for n rows of inputDim features: calibrated class probabilities (rows sum to 1), label
   * probabilities, or numbers. Streams in blocks; needs a fixed amount of kernel memory whatever n is.
   */
  predict(x: Float32Array, n: number, out: Float32Array): Promise<void>;
  /** Uncalibrated n×nOutputs logits; absent for numbers. */
  logits?(x: Float32Array, n: number, out: Float32Array): Promise<void>;
  /** Last hidden layer, n×embeddingDim; present for networks that have one. */
  embed?(x: Float32Array, n: number, out: Float32Array): Promise<void>;
  readonly embeddingDim?: number;
  /** Present where the last step is linear in something this model can show. */
  readonly head?: ModelHead;
  /** What the head reads, n×head.dim; present with {@link head}. */
  headInputs?(x: Float32Array, n: number, out: Float32Array): Promise<void>;
  /** Self-contained bytes for {@link Trainer.deserialize}; the same model gives the same bytes. */
  serialize(): Uint8Array;
  /** Frees native memory (sessions, tensors). The model must not be used afterwards. */
  dispose(): void;
}

export interface Trainer {
  readonly id: string;
  /** Deterministic: the same input, seed and backend give the same bytes. @throws AppError on bad input or cancellation. */
  train(input: TrainingInput, context: TrainingContext): Promise<TrainedModel>;
  deserialize(bytes: Uint8Array, context: ComputeContext): Promise<TrainedModel>;
}

/** A line of the registry: what can be shown and checked without loading any compute library. */
export interface TrainerEntry {
  readonly id: string;
  readonly title: string;
  readonly description: string;
  readonly taskKinds: readonly TaskKind[];
  readonly optionsSchema: z.ZodType;
  load(): Promise<Trainer>;
}
