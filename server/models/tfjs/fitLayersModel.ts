import type { NamedTensorMap, Optimizer, Scalar, Tensor, Tensor2D } from "@tensorflow/tfjs-core";
import type { LayersModel } from "@tensorflow/tfjs-layers";
import { KeyedRandom } from "@/strategies";
import { targetWidth } from "../checkInput";
import { FitProgress, targetLoss } from "../hybrid/fit";
import type { Rows } from "../hybrid/rows";
import { allocBatch, gatherBatch, weightSum } from "../hybrid/rows";
import { shuffleRows } from "../hybrid/shuffleRows";
import type { TrainingContext } from "../port";
import { Pulse } from "../pulse";
import type { Tensorflow } from "./openTensorflow";
import type { TfjsOptions } from "./options";
import { networkOutputs } from "./tfjsModel";

export interface FitInput {
  train: Rows;
  heldOut: Rows | undefined;
  options: TfjsOptions;
  seed: string;
  context: TrainingContext;
}

/**
 * Trains all trainable weights on shuffled batches with early stopping on the held-out rows; the result's parameters are
 * those of the best epoch, as {@link setParameters} takes them.
 */
export async function fitLayersModel(
  tensorflow: Tensorflow,
  network: LayersModel,
  shape: number[],
  { train, heldOut, options, seed, context }: FitInput,
): Promise<FitProgress> {
  const { kernels } = context;
  const parameters = kernels.allocF32(network.countParams());
  const result = new FitProgress(kernels, parameters.length, options.patience);
  const optimizer = createOptimizer(tensorflow, options);
  const batchMax = Math.min(options.batchSize, train.n);
  const batch = allocBatch(kernels, train, batchMax);
  const order = kernels.allocI32(train.n);
  const shuffle = new KeyedRandom(seed, "order");
  const noise = new KeyedRandom(seed, "dropout");
  const pulse = new Pulse(context);
  let step = 0;
  try {
    for (let epoch = 0; epoch < options.epochs && !result.earlyStopped; epoch++) {
      shuffleRows(order, shuffle, epoch);
      let total = 0;
      for (let start = 0; start < train.n; start += batchMax) {
        const chosen = order.subarray(start, Math.min(train.n, start + batchMax));
        seedDropout(network, noise, step++);
        const rows = gatherBatch(kernels, train, chosen, batch);
        total += rows.n * (await trainStep(tensorflow, network, optimizer, shape, rows));
        await pulse.beat();
      }
      let heldOutLoss: number | undefined;
      if (heldOut !== undefined) heldOutLoss = await meanLoss(tensorflow, network, shape, heldOut, context);
      readParameters(network, parameters);
      result.record(parameters, total / train.n, heldOutLoss);
      context.progress(epoch + 1, options.epochs, result.message());
    }
  } finally {
    optimizer.dispose();
  }
  return result;
}

function createOptimizer({ core }: Tensorflow, { optimizer, learningRate }: TfjsOptions): Optimizer {
  if (optimizer === "adam") return core.train.adam(learningRate);
  if (optimizer === "rmsprop") return core.train.rmsprop(learningRate);
  return optimizer === "momentum" ? core.train.momentum(learningRate, 0.9) : core.train.sgd(learningRate);
}

/** One optimiser step on a batch; returns its mean loss with the layers' own penalties. */
async function trainStep(
  { core }: Tensorflow,
  network: LayersModel,
  optimizer: Optimizer,
  shape: number[],
  rows: Rows,
): Promise<number> {
  const loss = core.tidy(() => {
    const x = core.tensor(rows.x.slice(0, rows.n * rows.d), [rows.n, ...shape]);
    const compute = (): Scalar => {
      const outputs = network.apply(x, { training: true }) as Tensor2D;
      const penalties = network.calculateLosses();
      return penalties.reduce((sum, penalty) => core.add(sum, penalty), batchLoss(core, outputs, rows));
    };
    const variables = network.trainableWeights.map((weight) => weight.read() as ReturnType<typeof core.variable>);
    const { value, grads } = core.variableGrads(compute, variables);
    optimizer.applyGradients(grads as NamedTensorMap);
    return value;
  });
  const [mean] = await loss.data();
  loss.dispose();
  return mean;
}

function batchLoss(core: Tensorflow["core"], outputs: Tensor2D, { n, target, rowWeights }: Rows): Scalar {
  const { Reduction } = core;
  const weights = core.tensor1d(rowWeights?.slice(0, n) ?? new Float32Array(n).fill(1));
  const c = targetWidth(target);
  let losses: Tensor;
  if (target.kind === "classes") {
    const labels = core.oneHot(core.tensor1d(target.labels.slice(0, n), "int32"), c);
    losses = core.losses.softmaxCrossEntropy(core.cast(labels, "float32"), outputs, undefined, 0, Reduction.NONE);
  } else if (target.kind === "multiLabel") {
    const labels = core.tensor2d(target.labels.slice(0, n * c), [n, c]);
    losses = core.sum(core.losses.sigmoidCrossEntropy(labels, outputs, undefined, 0, Reduction.NONE), 1);
  } else {
    const values = core.tensor2d(target.values.slice(0, n * c), [n, c]);
    losses = core.mul(core.sum(core.squaredDifference(outputs, values), 1), 0.5);
  }
  return core.div(core.sum(core.mul(losses, weights)), n);
}

/** Dropout layers read their seed at every call: a new one per step draws a new mask that the training seed decides. */
function seedDropout(network: LayersModel, noise: KeyedRandom, step: number): void {
  network.layers.forEach((layer, index) => {
    if (!/Dropout/.test(layer.getClassName())) return;
    (layer as unknown as { seed: number }).seed = 1 + noise.below(2 ** 30, step, index);
  });
}

async function meanLoss(
  tensorflow: Tensorflow,
  network: LayersModel,
  shape: number[],
  rows: Rows,
  { kernels }: TrainingContext,
): Promise<number> {
  const c = targetWidth(rows.target);
  const mark = kernels.mark();
  const logits = kernels.allocF32(rows.n * c);
  await forEachBatch(tensorflow, network, shape, rows, (outputs, start) => logits.set(outputs, start * c));
  const { n, target, rowWeights } = rows;
  const total = targetLoss(kernels, { logits, n, c, rowWeights, gradientScale: 0 }, target);
  kernels.release(mark);
  return total / weightSum(kernels, rows);
}

const HELD_OUT_BATCH = 256;

export async function forEachBatch(
  tensorflow: Tensorflow,
  network: LayersModel,
  shape: number[],
  { x, n, d }: Rows,
  use: (outputs: Float32Array, start: number) => void,
): Promise<void> {
  for (let start = 0; start < n; start += HELD_OUT_BATCH) {
    const count = Math.min(HELD_OUT_BATCH, n - start);
    use(await networkOutputs(tensorflow, network, x.slice(start * d, (start + count) * d), count, shape), start);
  }
}

/** All weights, trainable or not, one after the other. */
function readParameters(network: LayersModel, out: Float32Array): void {
  let at = 0;
  for (const weight of network.getWeights()) {
    out.set(weight.dataSync(), at);
    at += weight.size;
  }
}

export function setParameters({ core }: Tensorflow, network: LayersModel, parameters: Float32Array): void {
  let at = 0;
  const tensors = network.getWeights().map((weight) => {
    const tensor = core.tensor(parameters.slice(at, at + weight.size), weight.shape);
    at += weight.size;
    return tensor;
  });
  network.setWeights(tensors);
  core.dispose(tensors);
}
