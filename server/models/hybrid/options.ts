import { z } from "zod";

/** Options of the hybrid trainers. Imports zod only, so that forms and checks need no compute library. */

const shared = {
  /** Share of the labels held out for early stopping and calibration (at most 2,000 rows); 0 turns both off. */
  holdOutShare: z.number().min(0).max(0.5).default(0.15),
  /** Divide logits by the temperature that fits the held-out part best. */
  calibrate: z.boolean().default(true),
  /**
   * Train once more on all labels for as long as the first run found best; `auto` does where labels are few and it is
   * quick.
   */
  refit: z.enum(["auto", "always", "never"]).default("auto"),
  /** Matrix products: `auto` takes onnxruntime-node where it loads. */
  gemm: z.enum(["auto", "wasm", "ort"]).default("auto"),
};

const scaling = z.enum(["none", "global", "perFeature"]);

const gradientTraining = {
  learningRate: z.number().positive().max(1).default(0.004),
  epochs: z.int().min(1).max(10_000).default(60),
  /** Epochs without a better held-out loss before training stops. */
  patience: z.int().min(1).max(1_000).default(8),
  /** Rows per step; absent: a twentieth of the labels, 16 … 256. */
  batchSize: z.int().min(1).max(4_096).optional(),
  /** Decoupled weight decay per step, on weights only. */
  l2: z.number().min(0).max(10).default(0.05),
};

export const softmaxOptions = z.strictObject({
  ...shared,
  scaling: scaling.default("global"),
  /** Penalty ½·l2·‖W‖² beside the mean loss, in units of scaled features. */
  l2: z.number().min(0).max(100).default(0.001),
  maxIterations: z.int().min(1).max(10_000).default(100),
  /** Iterations without a better held-out loss before training stops. */
  patience: z.int().min(1).max(1_000).default(10),
});

export const mlpOptions = z.strictObject({
  ...shared,
  ...gradientTraining,
  scaling: scaling.default("global"),
  /** Sizes of the hidden layers; an empty list gives a linear model. */
  hidden: z.array(z.int().min(1).max(4_096)).max(8).default([256]),
});

export const convnetOptions = z.strictObject({
  ...shared,
  ...gradientTraining,
  epochs: gradientTraining.epochs.default(30),
  /** Each item's features are one image, NHWC: height·width·channels values. */
  image: z.strictObject({
    height: z.int().min(1).max(1_024),
    width: z.int().min(1).max(1_024),
    channels: z.int().min(1).max(16).default(1),
  }),
  /** Filters of each block: convolution, relu, and 2×2 pooling while the image is large enough. */
  filters: z.array(z.int().min(1).max(512)).min(1).max(6).default([16, 32]),
  filterSize: z.union([z.literal(1), z.literal(3), z.literal(5), z.literal(7)]).default(3),
  hidden: z.array(z.int().min(1).max(4_096)).max(4).default([64]),
});

export type SoftmaxOptions = z.infer<typeof softmaxOptions>;
export type MlpOptions = z.infer<typeof mlpOptions>;
export type ConvnetOptions = z.infer<typeof convnetOptions>;
