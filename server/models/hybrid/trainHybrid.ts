import { targetWidth } from "../checkInput";
import { exclusive } from "../exclusive";
import type { TrainedModel, TrainingContext, TrainingInput, TrainingMetrics } from "../port";
import type { Fit, FitProgress } from "./fit";
import { forEachOutput, targetLoss } from "./fit";
import { fitTemperature } from "./fitTemperature";
import type { GemmChoice, GemmProvider } from "./gemmProvider";
import { openGemm } from "./gemmProvider";
import { heldOutAccuracy } from "./heldOutAccuracy";
import type { HybridParts } from "./hybridModel";
import { openHybridModel } from "./hybridModel";
import type { LayerSpec } from "./layers";
import { bindNetwork, parameterLayout } from "./network";
import type { PreparedRows } from "./prepareRows";
import { prepareRows } from "./prepareRows";
import type { Rows } from "./rows";
import { weightSum } from "./rows";
import type { FeatureScale, Scaling } from "./scaleFeatures";
import { foldScale } from "./scaleFeatures";

/** Up to here a second training on all labels is quick, and the held-out labels are too dear to leave out. */
const REFIT_ROWS_MAX = 3_000;
const HELD_OUT_BATCH = 256;

export interface HybridPlan {
  trainerId: string;
  layers: LayerSpec[];
  fit: Fit;
  scaling: Scaling;
  holdOutShare: number;
  calibrate: boolean;
  refit: "auto" | "always" | "never";
  gemm: GemmChoice;
}

/**
 * The course every hybrid training takes: hold out, scale, fit with early stopping, measure and calibrate on the
 * held-out rows, fit again on all rows for as long as was best, fold the scaling into the weights.
 *
 * @param input checked by the caller. @throws AppError E_CANCELLED, E_TOO_LARGE when kernel memory does not suffice.
 */
export async function trainHybrid(
  plan: HybridPlan,
  input: TrainingInput,
  context: TrainingContext,
): Promise<TrainedModel> {
  const provider = await openGemm(context, plan.gemm);
  const parts = await exclusive(context.kernels, () => trainParts(plan, input, context, provider));
  return openHybridModel(parts, context);
}

async function trainParts(
  plan: HybridPlan,
  input: TrainingInput,
  context: TrainingContext,
  { gemm }: GemmProvider,
): Promise<HybridParts> {
  const startMs = context.monotonicMs();
  const { kernels } = context;
  const seed = String(input.seed);
  const prepared = prepareRows(kernels, input, plan);
  const { train, heldOut, all, remarks } = prepared;
  const isConstant = remarks.some(({ code }) => code === "single-class" || code === "constant-target");
  if (isConstant) return constantParts(plan, input, prepared, context.monotonicMs() - startMs);

  let fitted = await plan.fit({ train, heldOut, length: undefined, seed, context, gemm });
  const metrics = metricsOf(fitted, train.n, heldOut?.n ?? 0);
  if (heldOut !== undefined) await measure(plan, fitted, heldOut, metrics, context, gemm);
  const isRefitted = plan.refit === "always" || (plan.refit === "auto" && input.n <= REFIT_ROWS_MAX);
  if (heldOut !== undefined && isRefitted) {
    fitted = await plan.fit({ train: all, heldOut: undefined, length: fitted.bestEpoch, seed, context, gemm });
    metrics.nTrain = all.n;
  }
  const parameters = fitted.parameters.slice();
  unscaleOutputs(plan.layers, parameters, prepared.targetScale);
  const inputScale = foldInputs(plan, parameters, prepared.scale);
  metrics.durationMs = context.monotonicMs() - startMs;
  const { trainerId, layers } = plan;
  return {
    ...{ trainerId, taskKind: input.target.kind, layers, inputScale, gemm: plan.gemm, metrics, remarks, parameters },
    // With one layer the scaled features are what the head was fitted on; its L2 and its distances mean something there.
    headScale: layers.length === 1 && layers[0].kind === "dense" ? prepared.scale : null,
  };
}

function metricsOf(fitted: FitProgress, nTrain: number, nHeldOut: number): TrainingMetrics {
  return {
    nTrain,
    nHeldOut,
    trainLoss: fitted.trainLoss,
    heldOutLossCurve: fitted.heldOutLossCurve,
    heldOutLoss: null,
    heldOutAccuracy: null,
    temperature: 1,
    epochs: fitted.trainLoss.length,
    earlyStopped: fitted.earlyStopped,
    durationMs: null,
  };
}

/** Fills in temperature, loss and accuracy of the fitted network on the held-out rows. */
async function measure(
  plan: HybridPlan,
  fitted: FitProgress,
  heldOut: Rows,
  metrics: TrainingMetrics,
  { kernels }: TrainingContext,
  gemm: GemmProvider["gemm"],
): Promise<void> {
  const { n, target, rowWeights } = heldOut;
  const c = targetWidth(target);
  const batchMax = Math.min(n, HELD_OUT_BATCH);
  const mark = kernels.mark();
  const network = bindNetwork(plan.layers, fitted.parameters, undefined, { kernels, gemm, batchMax });
  const logits = kernels.allocF32(n * c);
  let done = 0;
  await forEachOutput(network, heldOut, batchMax, (outputs, part) => {
    logits.set(outputs.subarray(0, part.n * c), done * c);
    done += part.n;
  });
  if (plan.calibrate && target.kind !== "number") {
    metrics.temperature = fitTemperature(kernels, logits, c, heldOut);
  }
  metrics.heldOutAccuracy = heldOutAccuracy(logits, heldOut);
  kernels.scale(1 / metrics.temperature, logits);
  const total = targetLoss(kernels, { logits, n, c, rowWeights, gradientScale: 0 }, target);
  metrics.heldOutLoss = total / weightSum(kernels, heldOut);
  kernels.release(mark);
}

/**
 * Where there is nothing to learn: zero weights, and as biases the constant values or, for labels of one class only, ln
 * of the shares (n_c + 1) / (n + C).
 */
function constantParts(
  plan: HybridPlan,
  input: TrainingInput,
  { remarks }: PreparedRows,
  durationMs: number,
): HybridParts {
  const { target, n } = input;
  const nOutputs = targetWidth(target);
  const layers: LayerSpec[] = [{ kind: "dense", inputs: input.d, outputs: nOutputs, isRelu: false }];
  const { nParameters, biases } = parameterLayout(layers);
  const parameters = new Float32Array(nParameters);
  for (let j = 0; j < nOutputs; j++) {
    const answer =
      target.kind === "classes"
        ? Math.log(((j === target.labels[0] ? n : 0) + 1) / (n + nOutputs))
        : target.kind === "number"
          ? target.values[j]
          : 0;
    parameters[biases[0].start + j] = answer;
  }
  const metrics: TrainingMetrics = {
    nTrain: input.n,
    nHeldOut: 0,
    trainLoss: [],
    heldOutLossCurve: [],
    heldOutLoss: null,
    heldOutAccuracy: null,
    temperature: 1,
    epochs: 0,
    earlyStopped: false,
    durationMs,
  };
  const kept = remarks.filter(({ code }) => code === "single-class" || code === "constant-target");
  const { trainerId, gemm } = plan;
  return {
    ...{ trainerId, taskKind: target.kind, layers, inputScale: null, gemm, metrics, remarks: kept, parameters },
    headScale: null,
  };
}

/** Regression: makes the last layer give values in their own units. */
function unscaleOutputs(layers: LayerSpec[], parameters: Float32Array, scale: FeatureScale | undefined): void {
  if (scale === undefined) return;
  const { weights, biases } = parameterLayout(layers);
  const { start, rows, columns } = weights[weights.length - 1];
  const bias = biases[biases.length - 1].start;
  for (let j = 0; j < columns; j++) {
    for (let i = 0; i < rows; i++) parameters[start + i * columns + j] /= scale.factor[j];
    parameters[bias + j] = parameters[bias + j] / scale.factor[j] + scale.shift[j];
  }
}

/** Dense networks take raw features afterwards; a convolution's padding is 0 in scaled images, so it keeps the scale. */
function foldInputs(plan: HybridPlan, parameters: Float32Array, scale: FeatureScale): HybridParts["inputScale"] {
  if (plan.layers[0].kind !== "dense") return { shift: scale.shift[0], factor: scale.factor[0] };
  const { weights, biases } = parameterLayout(plan.layers);
  const { start, rows, columns } = weights[0];
  const bias = biases[0];
  const weight = parameters.subarray(start, start + rows * columns);
  foldScale(weight, parameters.subarray(bias.start, bias.start + bias.length), scale);
  return null;
}
