import { z } from "zod";

/** Options of the TensorFlow.js trainer. Imports zod only. */

const weights = z.strictObject({
  /** As in the `weights` lists of a model.json, in order. */
  specs: z.array(
    z.object({
      name: z.string(),
      shape: z.array(z.int().min(0)),
      dtype: z.literal("float32").default("float32"),
    }),
  ),
  /** The float32 values one after the other, little-endian, as base64. */
  data: z.base64(),
});

export const tfjsOptions = z.strictObject({
  /**
   * The `modelTopology` of a LayersModel (what `model.toJSON()` or the model.json of `model.save` holds): one input whose
   * size is the number of features, one output with a column per class, label or target.
   */
  topology: z.record(z.string(), z.unknown()),
  /** Weights to start from; absent: drawn from the seed. */
  weights: weights.optional(),
  epochs: z.int().min(1).max(10_000).default(30),
  batchSize: z.int().min(1).max(4_096).default(32),
  optimizer: z.enum(["adam", "rmsprop", "momentum", "sgd"]).default("adam"),
  learningRate: z.number().positive().max(10).default(0.001),
  /** Epochs without a better held-out loss before training stops. */
  patience: z.int().min(1).max(1_000).default(8),
  holdOutShare: z.number().min(0).max(0.5).default(0.15),
  calibrate: z.boolean().default(true),
  /** Absent: `image` where the network's input has more than one axis, else `global`. */
  scaling: z.enum(["none", "global", "perFeature", "image"]).optional(),
  /** `auto`: tensorflow (tfjs-node, when installed), else wasm, else cpu. */
  backend: z.enum(["auto", "tensorflow", "wasm", "cpu"]).default("auto"),
});

export type TfjsOptions = z.infer<typeof tfjsOptions>;
