import { KeyedRandom } from "@/strategies";
import { checkInput, targetWidth } from "../checkInput";
import { exclusive } from "../exclusive";
import type { GemmProvider } from "../hybrid/gemmProvider";
import { openGemm } from "../hybrid/gemmProvider";
import type { Trainer, TrainingContext, TrainingInput, TrainingRemark } from "../port";
import { Pulse } from "../pulse";
import { splitHeldOut } from "../splitHeldOut";
import type { NtkFit, NumberRows } from "./fitNtkNetwork";
import { fitNtkNetwork, initialNtkParameters, keyedOrders } from "./fitNtkNetwork";
import { openMultiply } from "./openMultiply";
import type { RegressionOptions } from "./options";
import { ACTIVATION_DEFAULTS, regressionOptions } from "./options";
import type { RegressionParts } from "./regressionModel";
import { openRegressionModel, readRegressionModel } from "./regressionModel";
import { applyScale, inputScale } from "./standardize";

const TRAINER_ID = "regression";

/**
 * A network for numbers in NTK parametrisation, whose gradients are the features that batch selection for regression
 * works on. Its features come from the parameters that predict.
 */
export const regressionTrainer: Trainer = {
  id: TRAINER_ID,
  async train(input, context) {
    const options = checkInput(input, regressionOptions, ["number"], context.kernels);
    const provider = await openGemm(context, options.gemm);
    const parts = await exclusive(context.kernels, () => trainParts(input, options, provider, context));
    return openRegressionModel(parts, context);
  },
  deserialize: (bytes, context) => readRegressionModel(TRAINER_ID, bytes, context),
};

async function trainParts(
  input: TrainingInput,
  options: RegressionOptions,
  provider: GemmProvider,
  context: TrainingContext,
): Promise<RegressionParts> {
  const startMs = context.monotonicMs();
  const seed = String(input.seed);
  const { n, d, target } = input;
  const split = splitHeldOut(target, n, options.holdOutShare, new KeyedRandom(seed, "held-out"));
  const rows = standardized(input, options, split.order);
  const train = part(rows, d, 0, split.nTrain);
  const validation = split.nHeldOut > 0 ? part(rows, d, split.nTrain, n) : undefined;
  const remarks: TrainingRemark[] = split.remark === undefined ? [] : [split.remark];
  if (rows.targets.deviation.every((value) => value === 0)) {
    remarks.push({ code: "constant-target", message: "All labels are the same number; the model predicts it." });
  }
  const fits = await fitMembers(options, provider, context, {
    seed,
    d,
    outputs: targetWidth(target),
    train,
    validation,
  });
  const best = fits[0];
  const rmse = best.validationRmse[best.bestEpoch - 1];
  return {
    trainerId: TRAINER_ID,
    ...shapeOf(best),
    inputs: rows.inputs,
    targets: rows.targets,
    embedding: options.embedding,
    sketchDim: options.sketchDim,
    sketchSeed: seed,
    gemm: options.gemm,
    remarks,
    parameters: fits.map((fit) => fit.network.parameters as Float32Array),
    metrics: {
      nTrain: split.nTrain,
      nHeldOut: split.nHeldOut,
      trainLoss: epochMeans(best, options.epochs),
      heldOutLossCurve: best.validationRmse.map((value) => value * value),
      heldOutLoss: rmse === undefined ? null : rmse * rmse,
      heldOutAccuracy: rmse === undefined ? null : 1 - (rmse * rmse) / varianceOf(validation!.y),
      temperature: 1,
      epochs: options.epochs,
      earlyStopped: best.bestEpoch < options.epochs,
      durationMs: context.monotonicMs() - startMs,
    },
  };
}

interface FitRows {
  readonly seed: string;
  readonly d: number;
  readonly outputs: number;
  readonly train: NumberRows;
  readonly validation: NumberRows | undefined;
}

/** One network after the other: the same rows, other initial weights and another order. */
async function fitMembers(
  options: RegressionOptions,
  provider: GemmProvider,
  context: TrainingContext,
  { seed, d, outputs, train, validation }: FitRows,
): Promise<NtkFit[]> {
  const { kernels } = context;
  const { epochs, batchSize, members, activation } = options;
  const defaults = ACTIVATION_DEFAULTS[activation];
  const widths = [d, ...options.hidden, outputs];
  const plan = {
    ...{ widths, activation, epochs, batchSize },
    weightGain: options.weightGain ?? defaults.weightGain,
    biasGain: options.biasGain ?? defaults.biasGain,
    learningRate: options.learningRate ?? defaults.learningRate,
  };
  const pulse = new Pulse(context);
  const fits: NtkFit[] = [];
  for (let member = 0; member < members; member++) {
    const own = `${seed}/${member}`;
    const initial = initialNtkParameters(widths, new KeyedRandom(own, "weights"));
    const tools = {
      kernels,
      multiply: openMultiply(kernels, provider.gemm),
      beat: () => pulse.beat(),
      onEpoch: (epoch: number) =>
        context.progress(member * epochs + epoch, members * epochs, `epoch ${epoch} of ${epochs}`),
    };
    fits.push(await fitNtkNetwork(tools, plan, train, validation, initial, keyedOrders(train.n, own)));
  }
  return fits;
}

function shapeOf({ network }: NtkFit): Pick<RegressionParts, "widths" | "activation" | "weightGain" | "biasGain"> {
  const { widths, activation, weightGain, biasGain } = network;
  return { widths, activation, weightGain, biasGain };
}

interface StandardizedRows extends NumberRows {
  readonly inputs: RegressionParts["inputs"];
  readonly targets: RegressionParts["targets"];
}

/** Rows in the order of the split, inputs and targets standardised over all of them. */
function standardized(input: TrainingInput, options: RegressionOptions, order: Int32Array): StandardizedRows {
  const { x, n, d, target } = input;
  const width = targetWidth(target);
  const values = target.kind === "number" ? target.values : new Float32Array(0);
  const inX = new Float32Array(n * d);
  const inY = new Float32Array(n * width);
  order.forEach((row, i) => {
    inX.set(x.subarray(row * d, (row + 1) * d), i * d);
    inY.set(values.subarray(row * width, (row + 1) * width), i * width);
  });
  const inputs = options.scaling === "none" ? null : inputScale(x, d, order);
  if (inputs !== null) applyScale(inX, n, inputs, inX);
  const mean = new Array<number>(width).fill(0);
  const squares = new Array<number>(width).fill(0);
  for (let i = 0; i < n * width; i++) mean[i % width] += inY[i] / n;
  for (let i = 0; i < n * width; i++) squares[i % width] += (inY[i] - mean[i % width]) ** 2;
  // Population deviation, as the benchmark standardises its targets.
  const deviation = squares.map((sum) => Math.sqrt(sum / n));
  for (let i = 0; i < n * width; i++) {
    const j = i % width;
    inY[i] = deviation[j] > 0 ? (inY[i] - mean[j]) / deviation[j] : 0;
  }
  return { x: inX, y: inY, n, inputs, targets: { mean, deviation } };
}

function part({ x, y, n }: NumberRows, d: number, start: number, end: number): NumberRows {
  const width = y.length / n;
  return { x: x.subarray(start * d, end * d), y: y.subarray(start * width, end * width), n: end - start };
}

function epochMeans({ stepLoss }: NtkFit, epochs: number): number[] {
  const steps = stepLoss.length / epochs;
  return Array.from({ length: epochs }, (_, epoch) => {
    const part = stepLoss.slice(epoch * steps, (epoch + 1) * steps);
    return part.reduce((sum, value) => sum + value / steps, 0);
  });
}

function varianceOf(values: ArrayLike<number>): number {
  let mean = 0;
  let squares = 0;
  for (let i = 0; i < values.length; i++) mean += values[i] / values.length;
  for (let i = 0; i < values.length; i++) squares += (values[i] - mean) ** 2 / values.length;
  return squares > 0 ? squares : 1;
}
