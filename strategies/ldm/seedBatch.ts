import { kernelFloats } from "../core/embeddingBlock";
import type { Kernels } from "../kernels/types";

/**
 * Batch seeding of LDM-S.
 *
 * The first pick is the row of the least LDM; each further one is drawn with probability proportional to (γ·δ)², where
 * δ is the cosine distance to the nearest pick and γ falls off beyond the batch-size-th smallest LDM.
 *
 * Source: Cho, Kim & Lee 2024, section 4, in the form of the authors' code: the square is of the whole product.
 */
export interface SeededRows {
  /** Positions into the rows given, in the order of picking. */
  readonly picks: readonly number[];
  /** γ of every row given. */
  readonly gamma: Float64Array;
  /** Cosine distance of each pick to the picks before it; null for the first and for rows that were not drawn. */
  readonly distances: readonly (number | null)[];
  /** Picks that nothing could be drawn for: they follow in the order of the rows. */
  readonly undrawn: number;
}

/** Distances below this count as none. */
const DISTANCE_MIN = 1e-5;

/** Between these many picks the caller may cancel. */
const PICKS_PER_CHECK = 16;

/**
 * Weight of every row.
 *
 * @param ldm   ascending.
 * @param batch q ≥ 1. The scale is the LDM at position q, the smallest positive one where that is 0, and 1 where all are 0.
 * The weights of positions ≥ q sum to q before they are capped at 1.
 */
export function seedingWeights(
  ldm: Float64Array,
  batch: number,
): { readonly gamma: Float64Array; readonly scale: number } {
  const n = ldm.length;
  const gamma = new Float64Array(n).fill(1);
  if (batch >= n) return { gamma, scale: n === 0 ? 1 : ldm[n - 1] };
  const positive = ldm[batch] > 0 ? ldm[batch] : ldm.find((value) => value > 0);
  const scale = positive ?? 1;
  // Position q belongs to the tail and has weight 1, so the total is never 0.
  let total = 0;
  for (let i = batch; i < n; i++) {
    gamma[i] = Math.exp(-Math.max(ldm[i] - scale, 0) / scale);
    total += gamma[i];
  }
  for (let i = batch; i < n; i++) gamma[i] = Math.min(1, (batch / total) * gamma[i]);
  return { gamma, scale };
}

/**
 * @param features n × d unit rows from {@link unitRows}, in ascending order of LDM.
 * @param uniform  draw number i (0 for the second pick) in (0, 1); takes the first position whose cumulative probability is
 *                 at least the draw.
 * Cost: 2·n·d per pick.
 */
export function seedBatch(
  kernels: Kernels,
  ldm: Float64Array,
  features: { readonly x: Float32Array; readonly d: number },
  batch: number,
  args: { uniform(draw: number): number; checkAbort(): void; progress(picks: number): void },
): SeededRows {
  const n = ldm.length;
  const wanted = Math.min(batch, n);
  const { gamma } = seedingWeights(ldm, batch);
  const picks: number[] = [];
  const distances: (number | null)[] = [];
  if (wanted === 0) return { picks, gamma, distances, undrawn: 0 };
  const { x, d } = features;
  const mark = kernels.mark();
  const norms = kernelFloats(kernels, n).fill(1);
  const squared = kernelFloats(kernels, n).fill(Number.POSITIVE_INFINITY);
  const weight = new Float64Array(n);
  const isPicked = new Uint8Array(n);
  let next = 0;
  let distance: number | null = null;
  while (next >= 0) {
    picks.push(next);
    distances.push(distance);
    isPicked[next] = 1;
    if (picks.length === wanted) break;
    const center = x.subarray(next * d, (next + 1) * d);
    kernels.distanceUpdate({ x, n, d, norms, center, centerNorm: 1, minDist: squared });
    next = drawNext(gamma, squared, isPicked, weight, args.uniform(picks.length - 1));
    distance = next < 0 ? null : squared[next] / 2;
    if (picks.length % PICKS_PER_CHECK === 0) {
      args.checkAbort();
      args.progress(picks.length);
    }
  }
  kernels.release(mark);
  const undrawn = wanted - picks.length;
  for (let i = 0; picks.length < wanted; i++) {
    if (isPicked[i] === 1) continue;
    picks.push(i);
    distances.push(null);
  }
  return { picks, gamma, distances, undrawn };
}

/** @param squared squared euclidean distance of unit rows to the nearest pick: 2·(1 − cos). @returns −1 when all weigh 0. */
function drawNext(
  gamma: Float64Array,
  squared: Float32Array,
  isPicked: Uint8Array,
  weight: Float64Array,
  uniform: number,
): number {
  let largest = 0;
  for (let i = 0; i < gamma.length; i++) {
    const distance = squared[i] / 2;
    weight[i] = isPicked[i] === 1 || distance < DISTANCE_MIN ? 0 : gamma[i] * distance;
    if (weight[i] > largest) largest = weight[i];
  }
  if (largest === 0) return -1;
  let total = 0;
  for (let i = 0; i < gamma.length; i++) {
    // Relative to the largest, so that squares of tiny weights do not all become 0.
    weight[i] = (weight[i] / largest) ** 2;
    total += weight[i];
  }
  const bar = uniform * total;
  let sum = 0;
  let last = -1;
  for (let i = 0; i < gamma.length; i++) {
    if (weight[i] === 0) continue;
    sum += weight[i];
    last = i;
    if (sum >= bar) return i;
  }
  return last;
}

/**
 * Rows scaled to length 1 in place of a wider matrix: a row of zeros has no direction, and gets one of its own, at distance 1
 * from every other direction.
 *
 * @param values n × d, row-major. @returns n × (d + 1) where there is such a row, else n × d.
 */
export function unitRows(
  kernels: Kernels,
  values: Float32Array,
  n: number,
  d: number,
): { readonly x: Float32Array; readonly d: number } {
  const lengths = new Float64Array(n);
  let hasZero = false;
  for (let i = 0; i < n; i++) {
    // Divided by the largest entry first: squares of small or large values would leave float64's range too.
    let largest = 0;
    for (let j = i * d; j < (i + 1) * d; j++) largest = Math.max(largest, Math.abs(values[j]));
    let sum = 0;
    if (largest > 0) for (let j = i * d; j < (i + 1) * d; j++) sum += (values[j] / largest) ** 2;
    lengths[i] = largest * Math.sqrt(sum);
    hasZero ||= lengths[i] === 0;
  }
  const width = hasZero ? d + 1 : d;
  const x = hasZero ? kernelFloats(kernels, n * width) : values;
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < d; j++) x[i * width + j] = lengths[i] === 0 ? 0 : values[i * d + j] / lengths[i];
    if (hasZero) x[i * width + d] = lengths[i] === 0 ? 1 : 0;
  }
  return { x, d: width };
}
