import { kernelFloats } from "../core/embeddingBlock";
import { fillNormals } from "../core/keyedNormals";
import type { KeyedRandom } from "../core/keyedRandom";
import type { LinearModel } from "../core/linearModel";
import { forEachChunk, kernelCopy, linearOutputs, paddedColumns } from "../core/linearModel";
import type { Kernels } from "../kernels/types";
import type { RowGaps } from "./flipRates";
import { fillRowGaps, forEachRate, nTracks, rowGaps } from "./flipRates";

/**
 * The least disagreement of every row over perturbations along random rays.
 *
 * Along a ray the label of a row changes once and for good (see `flipRates.ts`), so the best size for a row is the one at
 * which it just changes: what changes with it are the reference rows of the same rate or a larger one. One product with
 * a direction thus gives every row its minimum over all sizes, where the published estimator draws anew at 51 sizes; the
 * opposite direction costs no product at all. The value does not depend on the scale of the weights.
 */
export interface Rays {
  readonly model: LinearModel;
  /** Directions, each of which counts twice: forwards and backwards. */
  readonly draws: number;
  readonly nReference: number;
  readonly groups: readonly RayGroup[];
}

/** Some directions whose products are taken together. */
interface RayGroup {
  readonly draws: number;
  /** d × columns: draw h has columns h·c … h·c + c − 1. */
  readonly weights: Float32Array;
  readonly bias: Float32Array;
  readonly columns: number;
  /**
   * Rates of the reference rows, ascending, `nReference` at a time: draw by draw forward and backward (argmax), or draw by
   * draw and column by column (sign, where backward rates are the negatives).
   */
  readonly sorted: Float32Array;
}

/** Columns multiplied at a time: the products of a chunk of rows stay in the cache. */
const GROUP_COLUMNS = 1280;

/** What rays hold, in bytes. */
export function raysBytes(model: Pick<LinearModel, "kind" | "d" | "c">, draws: number, nReference: number): number {
  const tables = model.kind === "sign" ? model.c : 2;
  return 4 * draws * (tables * nReference + (model.d + 1) * model.c);
}

/** What a call of {@link scoreRays} or {@link makeRays} holds besides, in bytes. */
export function raysScratchBytes(model: Pick<LinearModel, "d" | "c">, draws: number): number {
  const columns = Math.max(8, Math.min(draws * model.c, Math.max(model.c, GROUP_COLUMNS)));
  return 4 * (draws * (model.d + 1) * model.c + 512 * (columns + model.d + 4 * model.c) + 8 * model.d);
}

/**
 * Draws the directions and ranks the reference rows along each.
 *
 * @param reference nReference × d, row-major.
 * @param random    direction h is stream h: d × c weights, then c biases.
 * Cost: 2·nReference·d·c per direction.
 */
export function makeRays(
  kernels: Kernels,
  model: LinearModel,
  reference: Float32Array,
  args: { readonly draws: number; readonly perturbBias: boolean; readonly random: KeyedRandom; checkAbort(): void },
): Rays {
  const { d, c } = model;
  const nReference = reference.length / d;
  const perGroup = Math.max(1, Math.floor(GROUP_COLUMNS / c));
  const groups: RayGroup[] = [];
  const gaps = rowGaps(nReference, c);
  forEachChunk(kernels, reference, nReference, d, (x, start, n) => fillRowGaps(kernels, model, x, n, gaps, start));
  for (let first = 0; first < args.draws; first += perGroup) {
    args.checkAbort();
    const draws = Math.min(perGroup, args.draws - first);
    const directions = drawDirections(model, first, draws, args.perturbBias, args.random);
    const sorted = referenceRates(kernels, model, reference, gaps, directions, draws);
    groups.push({ ...directions, draws, sorted });
  }
  return { model, draws: args.draws, nReference, groups };
}

type Directions = Pick<RayGroup, "weights" | "bias" | "columns">;

function drawDirections(
  { d, c }: LinearModel,
  first: number,
  draws: number,
  perturbBias: boolean,
  random: KeyedRandom,
): Directions {
  const columns = paddedColumns(draws * c);
  const weights = new Float32Array(d * columns);
  const bias = new Float32Array(columns);
  const draw = new Float32Array((d + 1) * c);
  for (let h = 0; h < draws; h++) {
    fillNormals(random, first + h, draw);
    for (let j = 0; j < d; j++) weights.set(draw.subarray(j * c, (j + 1) * c), j * columns + h * c);
    if (perturbBias) bias.set(draw.subarray(d * c), h * c);
  }
  return { weights, bias, columns };
}

function referenceRates(
  kernels: Kernels,
  model: LinearModel,
  reference: Float32Array,
  gaps: RowGaps,
  directions: Directions,
  draws: number,
): Float32Array {
  const { d, c } = model;
  const n = reference.length / d;
  const isSign = model.kind === "sign";
  const tables = draws * (isSign ? c : 2);
  const sorted = new Float32Array(tables * n);
  const mark = kernels.mark();
  const weights = kernelCopy(kernels, directions.weights);
  const { bias, columns } = directions;
  forEachChunk(kernels, reference, n, d, (x, start, rows) => {
    const inner = kernels.mark();
    const u = kernelFloats(kernels, rows * columns);
    linearOutputs(kernels, { x, n: rows, d, weights, bias, columns }, u);
    for (let i = 0; i < rows; i++) {
      const row = start + i;
      forEachRate(model, gaps, row, u, i * columns, draws, (h, track, forward, backward) => {
        if (isSign) sorted[(h * c + track) * n + row] = forward;
        else {
          sorted[2 * h * n + row] = forward;
          sorted[(2 * h + 1) * n + row] = backward;
        }
      });
    }
    kernels.release(inner);
  });
  kernels.release(mark);
  for (let t = 0; t < tables; t++) sorted.subarray(t * n, (t + 1) * n).sort();
  return sorted;
}

/** Least disagreement of rows, in reference rows: `counts` / nReference is the LDM. */
export interface LeastCounts {
  /** n; nReference where no perturbation changed the row's label. */
  readonly counts: Int32Array;
  readonly margins: Float64Array;
}

/**
 * The least disagreement of n rows.
 *
 * @param values n × d, row-major. Cost: 2·n·d·c per direction.
 */
export function scoreRays(
  kernels: Kernels,
  rays: Rays,
  values: Float32Array | Float64Array,
  n: number,
  checkAbort: () => void = () => undefined,
): LeastCounts {
  const { model, nReference } = rays;
  const result: LeastCounts = { counts: new Int32Array(n).fill(nReference), margins: new Float64Array(n) };
  const mark = kernels.mark();
  const weights = rays.groups.map((group) => kernelCopy(kernels, group.weights));
  forEachChunk(kernels, values, n, model.d, (x, start, rows) => {
    checkAbort();
    const inner = kernels.mark();
    const gaps = rowGaps(rows, model.c);
    fillRowGaps(kernels, model, x, rows, gaps, 0);
    result.margins.set(gaps.margins, start);
    const least = new Int32Array(rows * nTracks(model)).fill(nReference);
    for (const [g, group] of rays.groups.entries()) {
      const again = kernels.mark();
      const { bias, columns } = group;
      const u = kernelFloats(kernels, rows * columns);
      linearOutputs(kernels, { x, n: rows, d: model.d, weights: weights[g], bias, columns }, u);
      if (model.kind === "sign") lowerBySign(rays, group, gaps, u, rows, least);
      else lowerByArgmax(rays, group, gaps, u, rows, least);
      kernels.release(again);
    }
    const tracks = nTracks(model);
    for (let i = 0; i < rows; i++) {
      for (let t = 0; t < tracks; t++) {
        const count = least[i * tracks + t];
        if (count < result.counts[start + i]) result.counts[start + i] = count;
      }
    }
    kernels.release(inner);
  });
  kernels.release(mark);
  return result;
}

/** The loops of {@link forEachRate} written out: they run once per row, direction and class. */
function lowerByArgmax(
  { model, nReference: m }: Rays,
  { draws, sorted, columns }: RayGroup,
  gaps: RowGaps,
  u: Float32Array,
  rows: number,
  least: Int32Array,
): void {
  const { c } = model;
  const { inverse, labels } = gaps;
  for (let i = 0; i < rows; i++) {
    const label = labels[i];
    const base = i * c;
    let count = least[i];
    for (let h = 0; h < draws && count > 0; h++) {
      const from = i * columns + h * c;
      const own = u[from + label];
      let forward = 0;
      let backward = 0;
      for (let j = 0; j < c; j++) {
        const rate = (u[from + j] - own) * inverse[base + j];
        if (rate > forward) forward = rate;
        else if (rate < backward) backward = rate;
      }
      const table = 2 * h * m;
      if (forward > 0 && sorted[table + m - count] < forward) count = m - below(sorted, table, m, forward);
      if (count > 0 && backward < 0 && sorted[table + 2 * m - count] < -backward) {
        count = m - below(sorted, table + m, m, -backward);
      }
    }
    least[i] = count;
  }
}

function lowerBySign(
  { model, nReference: m }: Rays,
  { draws, sorted, columns }: RayGroup,
  gaps: RowGaps,
  u: Float32Array,
  rows: number,
  least: Int32Array,
): void {
  const { c } = model;
  for (let i = 0; i < rows; i++) {
    for (let h = 0; h < draws; h++) {
      for (let j = 0; j < c; j++) {
        const rate = u[i * columns + h * c + j] * gaps.inverse[i * c + j];
        const table = (h * c + j) * m;
        const count = least[i * c + j];
        if (count === 0) continue;
        if (rate > 0) {
          if (sorted[table + m - count] < rate) least[i * c + j] = m - below(sorted, table, m, rate);
        } else if (rate < 0 && sorted[table + count - 1] > rate) {
          // Backwards: reference rows of this rate or a lower one change with it.
          least[i * c + j] = upTo(sorted, table, m, rate);
        }
      }
    }
  }
}

/** How many of m ascending values from `at` are below the value. */
function below(sorted: Float32Array, at: number, m: number, value: number): number {
  const rounded = Math.fround(value);
  let low = 0;
  let high = m;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[at + middle] < rounded) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** How many of m ascending values from `at` are not above the value. */
function upTo(sorted: Float32Array, at: number, m: number, value: number): number {
  const rounded = Math.fround(value);
  let low = 0;
  let high = m;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[at + middle] <= rounded) low = middle + 1;
    else high = middle;
  }
  return low;
}
