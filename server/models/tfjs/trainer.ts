import type { LayersModel } from "@tensorflow/tfjs-layers";
import { AppError } from "@/server/errors";
import { checkInput, targetWidth } from "../checkInput";
import { exclusive } from "../exclusive";
import { targetLoss } from "../hybrid/fit";
import { fitTemperature } from "../hybrid/fitTemperature";
import { heldOutAccuracy } from "../hybrid/heldOutAccuracy";
import { prepareRows } from "../hybrid/prepareRows";
import { weightSum } from "../hybrid/rows";
import type { Trainer, TrainingContext, TrainingInput, TrainingMetrics } from "../port";
import { fitLayersModel, forEachBatch, setParameters } from "./fitLayersModel";
import { linearTopology } from "./linearTopology";
import { drawWeights, loadNetwork, networkShape, storeNetwork } from "./loadNetwork";
import type { Tensorflow } from "./openTensorflow";
import { openTensorflow } from "./openTensorflow";
import type { TfjsOptions } from "./options";
import { tfjsOptions } from "./options";
import type { TfjsParts } from "./tfjsModel";
import { openTfjsModel, readTfjsModel } from "./tfjsModel";

/** Trains a LayersModel that a lead supplies, on TensorFlow.js. */
export const tfjsTrainer: Trainer = {
  id: "tfjs",
  async train(input, context) {
    const options = checkInput(input, tfjsOptions, ["classes", "multiLabel", "number"], context.kernels);
    const tensorflow = await openTensorflow(options.backend, context.kernels);
    const parts = await trainOnBackend(tensorflow, options, input, context).catch(async (error: unknown) => {
      // The WASM backend lacks some gradients (embedding, depthwise convolution); plain JavaScript has them all.
      if (options.backend !== "auto" || tensorflow.backendName === "cpu" || !isMissingKernel(error)) throw error;
      const cpu = await openTensorflow("cpu", context.kernels);
      const result = await trainOnBackend(cpu, { ...options, backend: "cpu" }, input, context);
      const message = `TensorFlow.js ran on its cpu backend, which is slow: ${(error as Error).message}`;
      return { ...result, remarks: [...result.remarks, { code: "backend-fallback", message } as const] };
    });
    return openTfjsModel(parts, context);
  },
  deserialize: readTfjsModel,
};

function isMissingKernel(error: unknown): boolean {
  return error instanceof Error && /not registered/.test(error.message);
}

function trainOnBackend(
  tensorflow: Tensorflow,
  options: TfjsOptions,
  input: TrainingInput,
  context: TrainingContext,
): Promise<TfjsParts> {
  return exclusive(context.kernels, async () => {
    const topology = linearTopology(options.topology, input.target.kind === "number");
    const network = await loadNetwork(tensorflow, topology, suppliedWeights(options));
    try {
      return await trainNetwork(tensorflow, network, topology, options, input, context);
    } finally {
      network.dispose();
    }
  });
}

function suppliedWeights({ weights }: TfjsOptions) {
  if (weights === undefined) return undefined;
  const bytes = Buffer.from(weights.data, "base64");
  const expected =
    4 * weights.specs.reduce((total, { shape }) => total + shape.reduce((size, axis) => size * axis, 1), 0);
  if (bytes.length !== expected) {
    throw new AppError(
      "E_BAD_INPUT",
      `The network's weights are wrong: their shapes need ${expected} bytes, got ${bytes.length}.`,
      { details: { field: "options.weights" } },
    );
  }
  return { specs: weights.specs, data: new Uint8Array(bytes).buffer };
}

async function trainNetwork(
  tensorflow: Tensorflow,
  network: LayersModel,
  topology: Record<string, unknown>,
  options: TfjsOptions,
  input: TrainingInput,
  context: TrainingContext,
): Promise<TfjsParts> {
  const startMs = context.monotonicMs();
  const { kernels } = context;
  const seed = String(input.seed);
  const shape = networkShape(network, input.d, targetWidth(input.target));
  const scaling = options.scaling ?? (shape.length > 1 ? "image" : "global");
  const prepared = prepareRows(kernels, input, { holdOutShare: options.holdOutShare, scaling });
  if (options.weights === undefined) drawWeights(tensorflow, network, seed);
  const { train, heldOut, scale, targetScale, remarks } = prepared;
  const fitted = await fitLayersModel(tensorflow, network, shape, { train, heldOut, options, seed, context });
  setParameters(tensorflow, network, fitted.parameters);
  const metrics: TrainingMetrics = {
    nTrain: train.n,
    nHeldOut: heldOut?.n ?? 0,
    trainLoss: fitted.trainLoss,
    heldOutLossCurve: fitted.heldOutLossCurve,
    heldOutLoss: null,
    heldOutAccuracy: null,
    temperature: 1,
    epochs: fitted.trainLoss.length,
    earlyStopped: fitted.earlyStopped,
    durationMs: null,
  };
  if (heldOut !== undefined) {
    const c = targetWidth(heldOut.target);
    const logits = kernels.allocF32(heldOut.n * c);
    await forEachBatch(tensorflow, network, shape, heldOut, (outputs, start) => logits.set(outputs, start * c));
    if (options.calibrate && heldOut.target.kind !== "number") {
      metrics.temperature = fitTemperature(kernels, logits, c, heldOut);
    }
    metrics.heldOutAccuracy = heldOutAccuracy(logits, heldOut);
    kernels.scale(1 / metrics.temperature, logits);
    const { n, target, rowWeights } = heldOut;
    const total = targetLoss(kernels, { logits, n, c, rowWeights, gradientScale: 0 }, target);
    metrics.heldOutLoss = total / weightSum(kernels, heldOut);
  }
  const stored = await storeNetwork(tensorflow, network);
  metrics.durationMs = context.monotonicMs() - startMs;
  const { backend: backendChoice } = options;
  return { taskKind: input.target.kind, backendChoice, scale, targetScale, metrics, remarks, ...stored, topology };
}
