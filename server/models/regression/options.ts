import { z } from "zod";

/** Options of the regression network. Imports zod only, so that forms and checks need no compute library. */

/** Gains and learning rate of the published benchmark, tuned there with random selection. */
export const ACTIVATION_DEFAULTS = {
  relu: { weightGain: 0.2, biasGain: 0.2, learningRate: 0.375 },
  silu: { weightGain: 0.5, biasGain: 1, learningRate: 0.15 },
} as const;

export const regressionOptions = z.strictObject({
  /** Sizes of the hidden layers. */
  hidden: z.array(z.int().min(1).max(4_096)).min(1).max(8).default([512, 512]),
  activation: z.enum(["relu", "silu"]).default("relu"),
  /** σ_w, σ_b and learning rate; absent: the benchmark's for the activation. The rate belongs to this parametrisation. */
  weightGain: z.number().positive().max(100).optional(),
  biasGain: z.number().min(0).max(100).optional(),
  learningRate: z.number().positive().max(10).optional(),
  epochs: z.int().min(1).max(10_000).default(256),
  /** Rows per step; a last incomplete batch is left out. */
  batchSize: z.int().min(1).max(4_096).default(256),
  /** Networks that differ in their initial weights and order of rows; predictions are averaged. */
  members: z.int().min(1).max(16).default(1),
  /** Share of the labels held out to choose the best epoch (at most 2,000 rows); 0 takes the last epoch. */
  holdOutShare: z.number().min(0).max(0.5).default(0.15),
  /** Standardise every feature over the labelled rows and bend outliers, x ← 5·tanh(x/5); or take them as they are. */
  scaling: z.enum(["standardize", "none"]).default("standardize"),
  /** What `embed` gives: a random sketch of the parameter gradient, or the last hidden layer. */
  embedding: z.enum(["gradient-sketch", "last-layer"]).default("gradient-sketch"),
  sketchDim: z.int().min(8).max(4_096).default(512),
  /** Matrix products: `auto` takes onnxruntime-node where it loads. */
  gemm: z.enum(["auto", "wasm", "ort"]).default("auto"),
});

export type RegressionOptions = z.infer<typeof regressionOptions>;
