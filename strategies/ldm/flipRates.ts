import { kernelFloats } from "../core/embeddingBlock";
import type { LinearModel } from "../core/linearModel";
import { linearOutputs, paddedWeights } from "../core/linearModel";
import type { Kernels } from "../kernels/types";

/**
 * How fast a perturbation of the head changes the label of a row.
 *
 * Logits are linear in the weights: with direction Z the logits of a row x at size s are z + s·u, u = x·Z. The label stays
 * on an interval of sizes that starts at 0 and leaves it for good at s = 1/rate,
 *   rate = max over classes c of (u_c − u_y) / (z_y − z_c),   y = the row's label,
 * or never, where the rate is not positive. So one product x·Z answers for every size at once.
 *
 * A column that decides by its sign alone is a pair of logits −z/2 and z/2, each perturbed: their difference has √2 times
 * the noise of one, so rate = −√2·u / z.
 */
export interface RowGaps {
  /** Label of each row (argmax models). */
  readonly labels: Int32Array;
  /** n × c: 1 / (z_y − z_c), 0 at the label itself; −√2 / z for models that decide by sign. */
  readonly inverse: Float32Array;
  /** p1 − p2 of each row's softmax; by sign, the smallest |2p − 1| of the columns. */
  readonly margins: Float64Array;
}

/** Stands for the inverse of a gap of 0: large, and finite, so that no product with it is NaN. */
const INVERSE_MAX = 1e30;

/** Gaps of n rows, chunk by chunk; `isCertain` rows of NaN give whatever: they are nobody's. */
export function rowGaps(n: number, c: number): RowGaps {
  return { labels: new Int32Array(n), inverse: new Float32Array(n * c), margins: new Float64Array(n) };
}

/** Fills the gaps of rows start … start + n − 1 from x (n × d). */
export function fillRowGaps(
  kernels: Kernels,
  model: LinearModel,
  x: Float32Array,
  n: number,
  gaps: RowGaps,
  start: number,
): void {
  const mark = kernels.mark();
  const { weights, bias, columns } = paddedWeights(model);
  const logits = kernelFloats(kernels, n * columns);
  linearOutputs(kernels, { x, n, d: model.d, weights, bias, columns }, logits);
  for (let i = 0; i < n; i++) {
    if (model.kind === "argmax") fillArgmaxGap(logits, i * columns, model.c, gaps, start + i);
    else fillSignGap(logits, i * columns, model.c, gaps, start + i);
  }
  kernels.release(mark);
}

function fillArgmaxGap(logits: Float32Array, at: number, c: number, gaps: RowGaps, row: number): void {
  let label = 0;
  for (let j = 1; j < c; j++) if (logits[at + j] > logits[at + label]) label = j;
  const largest = logits[at + label];
  let second = 0;
  let total = 0;
  for (let j = 0; j < c; j++) {
    const gap = largest - logits[at + j];
    gaps.inverse[row * c + j] = j === label ? 0 : Math.min(INVERSE_MAX, 1 / gap);
    const share = Math.exp(-gap);
    total += share;
    if (j !== label && share > second) second = share;
  }
  gaps.labels[row] = label;
  gaps.margins[row] = (1 - second) / total;
}

function fillSignGap(logits: Float32Array, at: number, c: number, gaps: RowGaps, row: number): void {
  let margin = 1;
  for (let j = 0; j < c; j++) {
    const z = logits[at + j];
    const inverse = z === 0 ? INVERSE_MAX : -Math.SQRT2 / z;
    gaps.inverse[row * c + j] = Math.max(-INVERSE_MAX, Math.min(INVERSE_MAX, inverse));
    margin = Math.min(margin, Math.tanh(Math.abs(z) / 2));
  }
  gaps.margins[row] = margin;
}

/** Independent decisions per row: one, or one per column for models that decide by sign. */
export function nTracks(model: LinearModel): number {
  return model.kind === "sign" ? model.c : 1;
}

/**
 * Calls `use` with the rate along direction h and along its opposite, for one row.
 *
 * @param u  the row's products with `draws` directions: draws × c values from `at`.
 */
export function forEachRate(
  model: LinearModel,
  gaps: RowGaps,
  row: number,
  u: Float32Array,
  at: number,
  draws: number,
  use: (draw: number, track: number, forward: number, backward: number) => void,
): void {
  const { c } = model;
  const { inverse } = gaps;
  const base = row * c;
  if (model.kind === "sign") {
    for (let h = 0; h < draws; h++) {
      for (let j = 0; j < c; j++) {
        const rate = u[at + h * c + j] * inverse[base + j];
        use(h, j, rate, -rate);
      }
    }
    return;
  }
  const label = gaps.labels[row];
  for (let h = 0; h < draws; h++) {
    const from = at + h * c;
    const own = u[from + label];
    let forward = 0;
    let backward = 0;
    for (let j = 0; j < c; j++) {
      const rate = (u[from + j] - own) * inverse[base + j];
      if (rate > forward) forward = rate;
      else if (rate < backward) backward = rate;
    }
    use(h, 0, forward, -backward);
  }
}
