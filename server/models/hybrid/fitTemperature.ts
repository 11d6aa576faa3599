import type { Kernels } from "@/strategies/kernels";
import { targetLoss } from "./fit";
import type { Rows } from "./rows";

const TEMPERATURE_MIN = 0.05;
const TEMPERATURE_MAX = 20;
/** Golden-section steps: the bracket shrinks to 1e-4 of its width. */
const STEPS = 20;

/**
 * The temperature T in 0.05 … 20 that minimises the mean held-out loss of logits / T.
 *
 * @param logits n×c, unchanged.
 * Cost: 22 passes over the logits. Source: Guo et al. 2017, "On calibration of modern neural networks", §4.2.
 */
export function fitTemperature(
  kernels: Kernels,
  logits: Float32Array,
  c: number,
  { n, target, rowWeights }: Rows,
): number {
  const scaled = kernels.allocF32(n * c);
  const lossAt = (logTemperature: number): number => {
    scaled.set(logits.subarray(0, n * c));
    kernels.scale(Math.exp(-logTemperature), scaled);
    return targetLoss(kernels, { logits: scaled, n, c, rowWeights, gradientScale: 0 }, target);
  };
  const ratio = (Math.sqrt(5) - 1) / 2;
  let low = Math.log(TEMPERATURE_MIN);
  let high = Math.log(TEMPERATURE_MAX);
  let left = high - ratio * (high - low);
  let right = low + ratio * (high - low);
  let lossLeft = lossAt(left);
  let lossRight = lossAt(right);
  for (let i = 0; i < STEPS; i++) {
    if (lossLeft <= lossRight) {
      [high, right, lossRight] = [right, left, lossLeft];
      left = high - ratio * (high - low);
      lossLeft = lossAt(left);
    } else {
      [low, left, lossLeft] = [left, right, lossRight];
      right = low + ratio * (high - low);
      lossRight = lossAt(right);
    }
  }
  return Math.exp((low + high) / 2);
}
