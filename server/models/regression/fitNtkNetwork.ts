import { KeyedRandom } from "@/strategies";
import type { Activation, BoundNtkNetwork, Multiply, NtkNetwork } from "@/strategies/bmdal/door";
import { allocFloats, bindNtkNetwork, layerPlaces, normals, parameterCount } from "@/strategies/bmdal/door";
import type { Floats, Kernels } from "@/strategies/kernels";
import { adamStep } from "./adamStep";

/** Inputs (n×d) and targets (n×outputs), both standardised, in the element type of the parameters. */
export interface NumberRows {
  readonly x: Floats;
  readonly y: Floats;
  readonly n: number;
}

export interface NtkPlan {
  readonly widths: readonly number[];
  readonly activation: Activation;
  readonly weightGain: number;
  readonly biasGain: number;
  readonly learningRate: number;
  readonly epochs: number;
  readonly batchSize: number;
}

export interface NtkFit {
  /** Parameters of the best epoch on the validation rows, of the last epoch without them; an ordinary array. */
  readonly network: NtkNetwork;
  /** Counted from 1. */
  readonly bestEpoch: number;
  /** Mean squared error of every step on its own batch. */
  readonly stepLoss: number[];
  /** Validation root mean squared error after every epoch; empty without validation rows. */
  readonly validationRmse: number[];
}

export interface FitTools {
  readonly kernels: Kernels;
  readonly multiply: Multiply;
  /** Called between steps; may throw to stop. */
  beat?(): Promise<void> | void;
  /** Called after every epoch. */
  onEpoch?(epoch: number): void;
}

/** Weights N(0, 1), biases 0: the scale lies in the parametrisation. */
export function initialNtkParameters(widths: readonly number[], random: KeyedRandom): Float32Array {
  const parameters = new Float32Array(parameterCount(widths));
  const draws = normals(random, parameters.length);
  for (const { weights, biases } of layerPlaces(widths)) parameters.set(draws.subarray(weights, biases), weights);
  return parameters;
}

/**
 * Trains a network in NTK parametrisation with Adam on the mean squared error: batches in a new random order every
 * epoch, a last incomplete batch left out, learning rate lr·(1 − t/T) at step t of T. After every epoch the validation
 * error is taken, and the parameters of the best epoch (strictly better only) are kept.
 *
 * @param initial parameters to start from; its element type is that of all arithmetic.
 * @param orderOf rows of an epoch in order, counted from 0.
 * Source: Holzmüller, Zaverkin, Kästner & Steinwart 2023, §B.
 */
export async function fitNtkNetwork(
  tools: FitTools,
  plan: NtkPlan,
  train: NumberRows,
  validation: NumberRows | undefined,
  initial: Floats,
  orderOf: (epoch: number) => ArrayLike<number>,
): Promise<NtkFit> {
  const { kernels, multiply } = tools;
  const { widths, activation, weightGain, biasGain } = plan;
  const batchMax = Math.min(plan.batchSize, train.n);
  const precision = initial instanceof Float64Array ? "f64" : "f32";
  const mark = kernels.mark();
  try {
    const parameters = allocFloats(kernels, precision, initial.length);
    parameters.set(initial);
    const network: NtkNetwork = { widths, activation, weightGain, biasGain, parameters };
    const bound = bindNtkNetwork(network, { kernels, multiply, batchMax });
    const adam = { w: parameters, ...adamMoments(kernels, precision, initial.length) };
    const batch = batchBuffers(kernels, precision, batchMax, widths);
    const steps = Math.floor(train.n / batchMax);
    const stepLoss: number[] = [];
    const validationRmse: number[] = [];
    let best = { rmse: Number.POSITIVE_INFINITY, epoch: plan.epochs, parameters: undefined as Floats | undefined };
    for (let epoch = 0; epoch < plan.epochs; epoch++) {
      const order = orderOf(epoch);
      for (let step = 0; step < steps; step++) {
        fillBatch(batch, train, order, step * batchMax, batchMax, widths);
        const t = epoch * steps + step;
        const rate = plan.learningRate * (1 - t / (plan.epochs * steps));
        stepLoss.push(await takeStep(kernels, bound, batch, batchMax, adam, t + 1, rate));
        await tools.beat?.();
      }
      if (validation !== undefined) {
        const rmse = await rootMeanSquaredError(bound, validation, batchMax, widths);
        validationRmse.push(rmse);
        if (rmse < best.rmse) best = { rmse, epoch: epoch + 1, parameters: parameters.slice() };
      }
      tools.onEpoch?.(epoch + 1);
    }
    const kept = best.parameters ?? parameters.slice();
    return { network: { ...network, parameters: kept }, bestEpoch: best.epoch, stepLoss, validationRmse };
  } finally {
    kernels.release(mark);
  }
}

function adamMoments(kernels: Kernels, precision: "f32" | "f64", n: number): { g: Floats; m: Floats; v: Floats } {
  const [g, m, v] = [0, 1, 2].map(() => allocFloats(kernels, precision, n));
  return { g, m, v };
}

interface Batch {
  readonly x: Floats;
  readonly y: Floats;
}

function batchBuffers(kernels: Kernels, precision: "f32" | "f64", n: number, widths: readonly number[]): Batch {
  return {
    x: allocFloats(kernels, precision, n * widths[0]),
    y: allocFloats(kernels, precision, n * widths[widths.length - 1]),
  };
}

function fillBatch(
  batch: Batch,
  from: NumberRows,
  order: ArrayLike<number>,
  start: number,
  n: number,
  widths: readonly number[],
): void {
  const d = widths[0];
  const outputs = widths[widths.length - 1];
  for (let i = 0; i < n; i++) {
    const row = order[start + i];
    batch.x.set(from.x.subarray(row * d, (row + 1) * d), i * d);
    batch.y.set(from.y.subarray(row * outputs, (row + 1) * outputs), i * outputs);
  }
}

async function takeStep(
  kernels: Kernels,
  bound: BoundNtkNetwork,
  batch: Batch,
  n: number,
  adam: { w: Floats; g: Floats; m: Floats; v: Floats },
  step: number,
  learningRate: number,
): Promise<number> {
  const outputs = await bound.forward(batch.x, n);
  const gradient = bound.gradients[bound.gradients.length - 1];
  const count = batch.y.length;
  let loss = 0;
  for (let i = 0; i < count; i++) {
    const error = outputs[i] - batch.y[i];
    loss += error * error;
    gradient[i] = (2 * error) / count;
  }
  await bound.backward(n);
  await bound.parameterGradient(n, adam.g);
  adamStep(kernels, { ...adam, step, learningRate });
  return loss / count;
}

async function rootMeanSquaredError(
  bound: BoundNtkNetwork,
  rows: NumberRows,
  batchMax: number,
  widths: readonly number[],
): Promise<number> {
  const d = widths[0];
  const outputs = widths[widths.length - 1];
  let sum = 0;
  for (let start = 0; start < rows.n; start += batchMax) {
    const n = Math.min(batchMax, rows.n - start);
    const predicted = await bound.forward(rows.x.subarray(start * d, (start + n) * d), n);
    for (let i = 0; i < n * outputs; i++) sum += (predicted[i] - rows.y[start * outputs + i]) ** 2;
  }
  return Math.sqrt(sum / (rows.n * outputs));
}

/** A new order of n rows for every epoch, keyed by seed and epoch. */
export function keyedOrders(n: number, seed: string): (epoch: number) => Int32Array {
  const order = Int32Array.from({ length: n }, (_, i) => i);
  const random = new KeyedRandom(seed, "order");
  return (epoch) => {
    for (let i = n - 1; i > 0; i--) {
      const j = random.below(i + 1, i, epoch);
      const moved = order[i];
      order[i] = order[j];
      order[j] = moved;
    }
    return order;
  };
}
