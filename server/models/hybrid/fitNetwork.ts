import { KeyedRandom } from "@/strategies";
import type { Kernels } from "@/strategies/kernels";
import { Pulse } from "../pulse";
import type { Fit } from "./fit";
import { FitProgress, forEachOutput, targetLoss } from "./fit";
import type { LayerSpec } from "./layers";
import { outputSize } from "./layers";
import { bindNetwork, initialParameters, parameterLayout, valuesPerRow } from "./network";
import { allocBatch, gatherBatch, weightSum } from "./rows";
import { shuffleRows } from "./shuffleRows";

const ADAM = { beta1: 0.9, beta2: 0.999, epsilon: 1e-7 };
/** Buffers of one batch in kernel memory. */
const BATCH_BYTES_MAX = 256 * 1024 * 1024;

export interface NetworkFitOptions {
  learningRate: number;
  epochs: number;
  patience: number;
  batchSize?: number;
  l2: number;
}

/**
 * Trains a network by Adam with decoupled weight decay on shuffled batches; the learning rate falls to 0 along a
 * half-cosine over `epochs`, also in a refit that ends before. With held-out rows the parameters of the best epoch are
 * returned, without them those of the last. Everything random (initial weights, order of each epoch) follows from the
 * seed.
 */
export function networkFit(layers: readonly LayerSpec[], options: NetworkFitOptions): Fit {
  return async ({ train, heldOut, length, seed, context, gemm }) => {
    const { kernels } = context;
    const layout = parameterLayout(layers);
    const parameters = kernels.allocF32(layout.nParameters);
    parameters.set(initialParameters(layers, new KeyedRandom(seed, "initial")));
    const gradient = kernels.allocF32(layout.nParameters);
    const step = createStep(kernels, parameters, gradient, layout.nWeights, options.l2);
    const batchMax = batchRows(layers, train.n, options.batchSize);
    const network = bindNetwork(layers, parameters, gradient, { kernels, gemm, batchMax });
    const batch = allocBatch(kernels, train, batchMax);
    const order = kernels.allocI32(train.n);
    const shuffle = new KeyedRandom(seed, "order");
    const pulse = new Pulse(context);
    const c = outputSize(layers[layers.length - 1]);
    const epochs = length ?? options.epochs;
    const stepsPerEpoch = Math.ceil(train.n / batchMax);
    const result = new FitProgress(kernels, layout.nParameters, options.patience);
    for (let epoch = 0; epoch < epochs && !result.earlyStopped; epoch++) {
      shuffleRows(order, shuffle, epoch);
      let total = 0;
      for (let index = 0; index < stepsPerEpoch; index++) {
        const chosen = order.subarray(index * batchMax, Math.min(train.n, (index + 1) * batchMax));
        const { x, n, target, rowWeights } = gatherBatch(kernels, train, chosen, batch);
        const logits = await network.forward(x, n);
        const loss = { logits, n, c, rowWeights, gradient: network.outputGradient, gradientScale: 1 / n };
        total += targetLoss(kernels, loss, target);
        await network.backward(x, n);
        step(options.learningRate * halfCosine((epoch + index / stepsPerEpoch) / options.epochs));
        await pulse.beat();
      }
      let heldOutTotal = 0;
      if (heldOut !== undefined) {
        await forEachOutput(network, heldOut, batchMax, (logits, part) => {
          const { n, rowWeights, target } = part;
          heldOutTotal += targetLoss(kernels, { logits, n, c, rowWeights, gradientScale: 0 }, target);
        });
      }
      const heldOutLoss = heldOut && heldOutTotal / weightSum(kernels, heldOut);
      result.record(parameters, total / weightSum(kernels, train), heldOutLoss);
      context.progress(epoch + 1, epochs, result.message());
    }
    return result;
  };
}

function halfCosine(progress: number): number {
  return 0.5 * (1 + Math.cos(Math.PI * Math.min(1, progress)));
}

/** Adam over weights (with decay) and biases (without); its moments lie in kernel memory. */
function createStep(
  kernels: Kernels,
  parameters: Float32Array,
  gradient: Float32Array,
  nWeights: number,
  l2: number,
): (learningRate: number) => void {
  const m = kernels.allocF32(parameters.length);
  const v = kernels.allocF32(parameters.length);
  const range = (start: number, end?: number) => {
    const [w, g, first, second] = [parameters, gradient, m, v].map((vector) => vector.subarray(start, end));
    return { w, g, m: first, v: second };
  };
  const weights = range(0, nWeights);
  const biases = range(nWeights);
  let step = 0;
  return (learningRate) => {
    step++;
    kernels.adam({ ...weights, ...ADAM, step, learningRate, weightDecay: l2 });
    kernels.adam({ ...biases, ...ADAM, step, learningRate, weightDecay: 0 });
  };
}

/** Small sets need many small steps, large ones long rows of arithmetic; the buffers must fit as well. */
function batchRows(layers: readonly LayerSpec[], n: number, batchSize: number | undefined): number {
  const wanted = batchSize ?? Math.min(256, Math.max(16, 2 ** Math.round(Math.log2(n / 20))));
  const fitting = Math.floor(BATCH_BYTES_MAX / (4 * valuesPerRow(layers, true)));
  return Math.max(1, Math.min(wanted, fitting, n));
}
