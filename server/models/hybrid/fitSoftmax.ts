import { Pulse } from "../pulse";
import type { Fit, FitRequest } from "./fit";
import { FitProgress, targetLoss } from "./fit";
import { networkFit } from "./fitNetwork";
import type { LayerSpec } from "./layers";
import { outputSize } from "./layers";
import { minimizeLbfgs } from "./minimizeLbfgs";
import { parameterLayout } from "./network";
import type { SoftmaxOptions } from "./options";
import type { Rows } from "./rows";
import { weightSum } from "./rows";

/** Up to here whole-set steps are quickest; beyond, a pass over the rows is worth many small steps. */
const LBFGS_ROWS_MAX = 30_000;
/** The stochastic solver's settings for larger sets. */
const STOCHASTIC = { learningRate: 0.003, epochs: 12, batchSize: 256 };
/** Share of the loss that five iterations must gain together to go on. */
const TOLERANCE = 1e-3;

/**
 * Fits multinomial logistic regression: mean weighted cross-entropy plus ½·l2·‖W‖², biases free. It is convex, so for
 * up to 30,000 rows L-BFGS from 0 goes to the minimum (or stops early) without a learning rate or any randomness; larger
 * sets are fitted by Adam on batches with l2 as weight decay.
 */
export function softmaxFit(layers: readonly LayerSpec[], options: SoftmaxOptions): Fit {
  const stochastic = networkFit(layers, { ...options, ...STOCHASTIC });
  return (request) => (request.train.n > LBFGS_ROWS_MAX ? stochastic(request) : lbfgsFit(layers, options, request));
}

async function lbfgsFit(
  layers: readonly LayerSpec[],
  options: SoftmaxOptions,
  { train, heldOut, length, context, gemm }: FitRequest,
): Promise<FitProgress> {
  const { kernels } = context;
  const { nWeights, nParameters } = parameterLayout(layers);
  const c = outputSize(layers[0]);
  const result = new FitProgress(kernels, nParameters, options.patience);
  const parameters = kernels.allocF32(nParameters);
  const logits = kernels.allocF32(Math.max(train.n, heldOut?.n ?? 0) * c);
  const forward = ({ x, n, d }: Rows, w: Float32Array) =>
    gemm({ m: n, n: c, k: d, a: x, b: w.subarray(0, nWeights), bias: w.subarray(nWeights), out: logits });
  const trainSum = weightSum(kernels, train);
  const maxIterations = length ?? options.maxIterations;
  const pulse = new Pulse(context);

  const evaluate = async (w: Float32Array, gradient: Float32Array): Promise<number> => {
    const { x, n, d, target, rowWeights } = train;
    await forward(train, w);
    const loss = { logits, n, c, rowWeights, gradient: logits, gradientScale: 1 / trainSum };
    const total = targetLoss(kernels, loss, target);
    const weights = w.subarray(0, nWeights);
    await gemm({ m: d, n: c, k: n, a: x, transA: true, b: logits, out: gradient.subarray(0, nWeights) });
    kernels.columnSums(logits, n, c, gradient.subarray(nWeights));
    kernels.axpy(options.l2, weights, gradient);
    return total / trainSum + 0.5 * options.l2 * kernels.dot(weights, weights);
  };

  const isDone = async (iteration: number, loss: number, w: Float32Array): Promise<boolean> => {
    await pulse.beat();
    let heldOutLoss: number | undefined;
    if (heldOut !== undefined) {
      const { n, target, rowWeights } = heldOut;
      await forward(heldOut, w);
      const shared = { logits, n, c, rowWeights, gradientScale: 0 };
      heldOutLoss = targetLoss(kernels, shared, target) / weightSum(kernels, heldOut);
    }
    result.record(w, loss, heldOutLoss);
    context.progress(iteration, maxIterations, result.message());
    return result.earlyStopped;
  };

  // A refit runs its exact number of iterations: a tolerance would cut it short of where the first run was.
  const tolerance = length === undefined ? TOLERANCE : 0;
  await minimizeLbfgs(kernels, parameters, { evaluate, isDone }, { maxIterations, tolerance });
  return result;
}
