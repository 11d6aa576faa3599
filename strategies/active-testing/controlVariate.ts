import type { TestDraws } from "./draws";
import { checkDraws } from "./draws";
import type { MeanEstimate } from "./lure";
import { combineIncrements, lureCoefficients, martingaleIncrements } from "./lure";

/**
 * A prediction g of the loss, made without the labels of items not yet drawn and for the model that is evaluated: after a
 * new model version, g is recomputed and the draws stay.
 */
export interface LossControl {
  /** g of the drawn items, in draw order. */
  readonly drawn: ArrayLike<number>;
  /** Mean of g over the whole frame. */
  readonly poolMean: number;
}

export interface ControlledEstimate extends MeanEstimate {
  /** Share of the control that was used, in [0, 1]. */
  readonly lambda: number;
  /** Before clipping; 0 where the control does not vary, as when q is proportional to it. */
  readonly lambdaRaw: number;
  /** What the estimate was combined from: loss increments minus λ times those of the control. */
  readonly increments: Float64Array;
}

/** Below this the control varies too little for a ratio to mean anything. */
const CONTROL_VARIATION_MIN = 1e-12;

/** B_m: increments of the control minus its mean over the frame; each has expectation 0 given the past. */
export function controlIncrements(draws: TestDraws, control: LossControl): Float64Array {
  const increments = martingaleIncrements({ ...draws, losses: control.drawn });
  for (let m = 0; m < increments.length; m++) increments[m] -= control.poolMean;
  return increments;
}

/**
 * LURE with a control variate.
 *
 * @param lambda  a fixed share (1 is the difference estimator); "tuned" takes the variance-minimising share, clipped to
 *                [0, 1], from the same draws, which costs a bias of O(1/draws); "earlier" tunes each draw's share on the
 *                draws before it and keeps exact unbiasedness.
 * @throws RangeError when lengths differ or there are no draws.
 */
export function estimateControlled(
  draws: TestDraws,
  control: LossControl,
  lambda: number | "tuned" | "earlier" = "tuned",
): ControlledEstimate {
  checkDraws("estimateControlled", draws);
  const a = martingaleIncrements(draws);
  const b = controlIncrements(draws, control);
  if (lambda === "earlier") return withEarlierShares(a, b, draws.poolSize);
  const raw = typeof lambda === "number" ? lambda : bestShare(a, b, draws.poolSize);
  const share = typeof lambda === "number" ? lambda : Math.max(0, Math.min(1, raw));
  const increments = a.map((value, m) => value - share * b[m]);
  return { ...combineIncrements(increments, draws.poolSize), lambda: share, lambdaRaw: raw, increments };
}

/** Σ c²(A − R)B / Σ c²B²; when the frame is exhausted no share matters and 0 is given. */
function bestShare(a: Float64Array, b: Float64Array, poolSize: number): number {
  const centre = combineIncrements(a, poolSize).value;
  const c = lureCoefficients(a.length, poolSize);
  let cross = 0;
  let squares = 0;
  for (let m = 0; m < a.length; m++) {
    const weight = c[m] * c[m];
    cross += weight * (a[m] - centre) * b[m];
    squares += weight * b[m] * b[m];
  }
  return squares < CONTROL_VARIATION_MIN ? 0 : cross / squares;
}

function withEarlierShares(a: Float64Array, b: Float64Array, poolSize: number): ControlledEstimate {
  const increments = new Float64Array(a.length);
  let share = 0;
  let sum = 0;
  let cross = 0;
  let products = 0;
  let squares = 0;
  for (let m = 0; m < a.length; m++) {
    const mean = m === 0 ? 0 : sum / m;
    share = squares < CONTROL_VARIATION_MIN ? 0 : Math.max(0, Math.min(1, (products - mean * cross) / squares));
    increments[m] = a[m] - share * b[m];
    sum += a[m];
    cross += b[m];
    products += a[m] * b[m];
    squares += b[m] * b[m];
  }
  return { ...combineIncrements(increments, poolSize), lambda: share, lambdaRaw: share, increments };
}

/** A control refitted during testing, as it stood before one draw. */
export interface RefittedControl {
  /** Mean of this g over the whole frame. */
  readonly poolMean: number;
  /** Sum of this g over the items drawn before. */
  readonly earlierSum: number;
  /** This g at the item drawn. */
  readonly atDrawn: number;
}

/**
 * The difference estimator with a control that was refitted while labels came in. Unbiased as long as the control of
 * draw m was fitted before draw m.
 *
 * @param controls one per draw.
 */
export function estimateWithRefits(draws: TestDraws, controls: readonly RefittedControl[]): MeanEstimate {
  checkDraws("estimateWithRefits", draws);
  const { poolSize: n, q, losses } = draws;
  if (controls.length !== q.length)
    throw new RangeError(`estimateWithRefits: ${q.length} draws, ${controls.length} controls.`);
  let past = 0;
  const increments = controls.map((control, m) => {
    const increment = control.poolMean + (past - control.earlierSum + (losses[m] - control.atDrawn) / q[m]) / n;
    past += losses[m];
    return increment;
  });
  return combineIncrements(increments, n);
}
