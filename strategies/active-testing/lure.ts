import type { DrawDesign, TestDraws } from "./draws";
import { checkDesign, checkDraws } from "./draws";

/** An estimate of the mean loss over the frame with its plug-in variance. */
export interface MeanEstimate {
  readonly value: number;
  /** Estimated variance of `value` about the frame's mean; 0 when the whole frame was drawn. */
  readonly variance: number;
  readonly draws: number;
}

/**
 * Weights v_m with R_LURE = mean(v_m · loss_m). All of them change whenever a draw is added, so they are never stored.
 *
 * @returns one weight per draw; all 1 for uniform draws, and all 1 when the frame is exhausted (the formula is 0/0 there).
 * Source: Farquhar, Gal & Rainforth 2021, "On statistical bias in active learning"; Kossen et al. 2021, "Active testing".
 */
export function lureWeights(design: DrawDesign): Float64Array {
  checkDesign("lureWeights", design);
  const { poolSize: n, q } = design;
  const m = q.length;
  const weights = new Float64Array(m).fill(1);
  if (m === n) return weights;
  for (let i = 0; i < m; i++) {
    const left = n - i;
    weights[i] = 1 + ((n - m) / (left - 1)) * (1 / (left * q[i]) - 1);
  }
  return weights;
}

/** Weights of the plain estimator R_PURE: unbiased too, but a fully drawn frame does not give the exact mean. */
export function pureWeights(design: DrawDesign): Float64Array {
  checkDesign("pureWeights", design);
  const { poolSize: n, q } = design;
  const m = q.length;
  return Float64Array.from({ length: m }, (_, i) => 1 / (n * q[i]) + (m - 1 - i) / n);
}

/**
 * a_m = (1/N)(losses before draw m + loss_m / q_m): each has the frame's mean as its expectation given the past, so that
 * a_m − R is a martingale difference. Everything else is built from these.
 */
export function martingaleIncrements(draws: TestDraws): Float64Array {
  checkDraws("martingaleIncrements", draws);
  const { poolSize: n, q, losses } = draws;
  const increments = new Float64Array(q.length);
  let past = 0;
  for (let m = 0; m < q.length; m++) {
    increments[m] = (past + losses[m] / q[m]) / n;
    past += losses[m];
  }
  return increments;
}

/** c_m with R_LURE = mean(c_m · a_m); they sum to the number of draws, and only the last counts when all are drawn. */
export function lureCoefficients(nDraws: number, poolSize: number): Float64Array {
  const coefficients = new Float64Array(nDraws);
  if (nDraws === 0) return coefficients;
  if (nDraws === poolSize) {
    coefficients[nDraws - 1] = nDraws;
    return coefficients;
  }
  for (let m = 0; m < nDraws; m++) {
    coefficients[m] = (poolSize * (poolSize - nDraws)) / ((poolSize - m - 1) * (poolSize - m));
  }
  return coefficients;
}

/**
 * The estimate and its variance from martingale increments: mean(c·a), and (1/M²) Σ c²(a − centre)².
 *
 * @param centre the true mean where it is known (then the variance is unbiased); by default the estimate.
 * @throws RangeError without increments.
 */
export function combineIncrements(increments: ArrayLike<number>, poolSize: number, centre?: number): MeanEstimate {
  const m = increments.length;
  if (m === 0) throw new RangeError("combineIncrements: no draws.");
  const c = lureCoefficients(m, poolSize);
  let value = 0;
  for (let i = 0; i < m; i++) value += (c[i] * increments[i]) / m;
  return { value, variance: incrementVariance(increments, c, poolSize, centre ?? value), draws: m };
}

function incrementVariance(increments: ArrayLike<number>, c: Float64Array, poolSize: number, centre: number): number {
  const m = increments.length;
  if (m === poolSize) return 0;
  let sum = 0;
  for (let i = 0; i < m; i++) sum += (c[i] * (increments[i] - centre)) ** 2;
  return sum / (m * m);
}

/**
 * R_LURE: unbiased for the frame's mean loss whatever the proposal, exact when the frame is exhausted. O(draws).
 * @throws RangeError without draws.
 */
export function estimateLure(draws: TestDraws): MeanEstimate {
  const increments = martingaleIncrements(draws);
  return combineIncrements(increments, draws.poolSize);
}

/** R_PURE, the plain mean of the increments, with the variance of that mean. */
export function estimatePure(draws: TestDraws): MeanEstimate {
  const increments = martingaleIncrements(draws);
  const m = increments.length;
  if (m === 0) throw new RangeError("estimatePure: no draws.");
  let value = 0;
  for (let i = 0; i < m; i++) value += increments[i] / m;
  let squares = 0;
  for (let i = 0; i < m; i++) squares += (increments[i] - value) ** 2;
  return { value, variance: squares / (m * m), draws: m };
}

/**
 * Σ v·loss / Σ v: bounded by the range of the losses but biased by O(1/draws), and worse than LURE for proposals that seek
 * losses. For ratio metrics and frames of unknown size, not for the headline number.
 */
export function estimateHajek(draws: TestDraws): number {
  const weights = lureWeights(draws);
  let weighted = 0;
  let total = 0;
  for (let m = 0; m < weights.length; m++) {
    weighted += weights[m] * draws.losses[m];
    total += weights[m];
  }
  return weighted / total;
}

/** (Σ v)² / Σ v²: draws of equal weight that would carry as much; 0 without draws. */
export function effectiveSampleSize(weights: ArrayLike<number>): number {
  let sum = 0;
  let squares = 0;
  for (let i = 0; i < weights.length; i++) {
    sum += weights[i];
    squares += weights[i] * weights[i];
  }
  return squares === 0 ? 0 : (sum * sum) / squares;
}
