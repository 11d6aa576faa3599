import type { LabelledFeatures } from "./labelledFeatures";
import type { LinearModel } from "./linearModel";
import { predictRow } from "./predictRow";

/**
 * The precision of the weights' prior under which the head that was trained is the most probable one: at such a head the
 * gradient of the loss is −τ·W, so τ = −⟨gradient, W⟩ / |W|².
 *
 * Without labels the prior is all there is: τ = (number of weights) / |W|², under which weights of this size are usual.
 * @returns a number > 0. Cost: O(n·d·c).
 */
export function impliedPrecision(model: LinearModel, labelled: LabelledFeatures): number {
  const { d, c, kind, weights } = model;
  const { n, x, classes, multi } = labelled;
  const square = weights.reduce((sum, weight) => sum + weight * weight, 0);
  if (square === 0) return 1;
  const usual = weights.length / square;
  if (n === 0) return usual;
  const p = new Float64Array(c);
  let inner = 0;
  for (let i = 0; i < n; i++) {
    predictRow(model, x, i, p);
    for (let k = 0; k < c; k++) {
      const isOwn =
        multi === undefined ? (kind === "sign" ? classes[i] === 1 : classes[i] === k) : multi[i * c + k] === 1;
      const slope = p[k] - (isOwn ? 1 : 0);
      let along = 0;
      for (let j = 0; j < d; j++) along += x[i * d + j] * weights[j * c + k];
      inner += slope * along;
    }
  }
  const precision = -inner / square;
  // A head that fits these labels better with smaller weights says nothing of a penalty: it may know other labels.
  return precision > PRECISION_MIN * usual && Number.isFinite(precision) ? precision : PRECISION_MIN * usual;
}

/** Of the precision at which weights of the head's size are usual: below it heads would be drawn all over the place. */
const PRECISION_MIN = 1e-3;
