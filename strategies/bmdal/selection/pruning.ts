import { KeyedRandom } from "../../core/keyedRandom";
import type { Floats, Kernels, NearestArguments, ShortRows } from "../../kernels/types";
import { allocFloats } from "../algebra/floats";
import { normals } from "../algebra/sketch";
import type { DenseKernel } from "../algebra/types";
import { leadingDirections } from "./leadingDirections";
import type { SelectionProblem } from "./types";

/**
 * Leaves out distances that cannot matter. Every row is described by its coordinates in a few leading principal
 * directions V and the norm r of what they leave out; ‖Vᵀ(x−c)‖² + (r_x − r_c)² ≤ ‖x−c‖² for any orthonormal V. A row
 * whose bound is not below the distance it already has is passed over. What is computed has the same bits as in a full
 * pass, so the sequence of picks is the same; only the time differs.
 */
export interface Pruner {
  /** Adds `m` kernel rows from `first`; returns how many it did before it paused. */
  addRange(first: number, m: number, firstIndex: number): number;
  /** False when pruning pauses and nothing was done. */
  add(row: number, centerIndex: number): boolean;
  evaluatedShare(): number;
}

/** Below these sizes the directions cost more than they save. */
const ROWS_MIN = 8192;
const CENTERS_MIN = 32;
const DIM_MIN = 64;
/** Coordinates of a short row (with the rest), and the most that long rows add. */
const SHORT_DIM = 32;
const SAMPLE_ROWS = 2048;
const BLOCK_ROWS = 4096;
/**
 * Directions to use by the effective number of dimensions of the features, tr(C)²/‖C‖². Above the last, bounds prove
 * nothing.
 */
const CHOICES = [
  { dimensions: 16, directions: 31 },
  { dimensions: 100, directions: 62 },
  { dimensions: 200, directions: 126 },
] as const;
/** Share of the variance the directions must hold. */
const EXPLAINED_MIN = 0.5;
/** Rounding of the short coordinates, relative to the squared distance from the mean, with a margin of ten. */
const SHORT_SLACK = 1e-4;
/** Rounding of a distance in float32, relative to the squared norms: 34 steps of 2⁻²⁴ per lane, twice. */
const DISTANCE_SLACK = 4e-6;
/** Rests below this share of the largest row count as equal to it: their root would magnify rounding. */
const REST_FLOOR = 0.05;
/** Scattered rows are read several times slower than consecutive ones: above this share a full pass is quicker. */
const EVALUATED_MAX = 0.25;
const WATCHED_PASSES = 4;
/** Full passes before pruning is tried again: early centres are new to most rows, later ones are not. */
const RESTING_PASSES = 8;

export interface PrunerInput {
  readonly problem: SelectionProblem;
  readonly kernel: DenseKernel;
  readonly shared: NearestArguments;
  /** Squared norms of all kernel rows. */
  readonly allNorms: Floats;
  /** Picks to come. */
  readonly count: number;
  /** Prune whatever the sizes and the spectrum. */
  readonly isForced: boolean;
}

/** A pruner, or undefined when the data is small or its variance spreads over too many directions. */
export function createPruner(input: PrunerInput): Pruner | undefined {
  const { problem, kernel, shared, count, isForced } = input;
  const { kernels } = problem;
  const nFirst = problem.mode === "tp" ? problem.nKnown : 0;
  const isSmall = shared.n < ROWS_MIN || nFirst + count < CENTERS_MIN || kernel.dim < DIM_MIN;
  if (shared.n === 0 || (isSmall && !isForced)) return undefined;
  const basis = chooseBasis(kernels, kernel, isForced);
  return basis === undefined ? undefined : prunerOf(input, shortRows(input, basis));
}

interface Basis {
  readonly mean: Float32Array;
  /** dim×q, orthonormal columns, largest variance first. */
  readonly directions: Float32Array;
  readonly q: number;
}

function chooseBasis(kernels: Kernels, kernel: DenseKernel, isForced: boolean): Basis | undefined {
  const { n, dim } = kernel;
  const count = Math.min(SAMPLE_ROWS, n);
  const sample = new Float32Array(count * dim);
  const mean = new Float32Array(dim);
  for (let i = 0; i < count; i++) {
    const row = Math.floor((i * n) / count);
    for (let j = 0; j < dim; j++) sample[i * dim + j] = kernel.values[row * dim + j];
    for (let j = 0; j < dim; j++) mean[j] += sample[i * dim + j] / count;
  }
  for (let i = 0; i < count; i++) for (let j = 0; j < dim; j++) sample[i * dim + j] -= mean[j];
  const covariance = new Float32Array(dim * dim);
  kernels.gemm({ m: dim, n: dim, k: count, a: sample, b: sample, out: covariance, transA: true, alpha: 1 / count });
  const dimensions = effectiveDimensions(covariance, dim);
  const choice = CHOICES.find((one) => dimensions <= one.dimensions);
  if (choice === undefined && !isForced) return undefined;
  const q = Math.min(dim, choice?.directions ?? CHOICES[0].directions);
  const start = normals(new KeyedRandom("winnow", "pruning directions"), dim * q);
  const { directions, explained } = leadingDirections(kernels, covariance, dim, q, start);
  if (explained < EXPLAINED_MIN && !isForced) return undefined;
  return { mean, directions, q };
}

/** tr(C)²/‖C‖²: d for equal variances, 1 for a single direction. */
function effectiveDimensions(covariance: Float32Array, dim: number): number {
  let trace = 0;
  let square = 0;
  for (let i = 0; i < dim; i++) trace += covariance[i * dim + i];
  for (const value of covariance) square += value * value;
  return square > 0 ? (trace * trace) / square : 1;
}

interface Shortened {
  readonly short: Float32Array;
  readonly long: Float32Array | undefined;
  readonly longDim: number;
  readonly slacks: Floats;
}

/** Short and long rows of every kernel row, and how far rounding may put their bounds off. */
function shortRows({ problem, kernel, allNorms }: PrunerInput, { mean, directions, q }: Basis): Shortened {
  const { kernels } = problem;
  const { n, dim, values } = kernel;
  const firsts = Math.min(q, SHORT_DIM - 1);
  const longDim = q > firsts ? Math.ceil((q - firsts + 1) / 8) * 8 : 0;
  const short = allocFloats(kernels, "f32", n * SHORT_DIM);
  const long = longDim > 0 ? allocFloats(kernels, "f32", n * longDim) : undefined;
  const slacks = values instanceof Float64Array ? allocFloats(kernels, "f64", n) : allocFloats(kernels, "f32", n);
  const squares = new Float64Array(n);
  const mark = kernels.mark();
  const block = allocFloats(kernels, "f32", Math.min(n, BLOCK_ROWS) * dim);
  const products = allocFloats(kernels, "f32", Math.min(n, BLOCK_ROWS) * q);
  const centred = allocFloats(kernels, "f32", Math.min(n, BLOCK_ROWS));
  const minusMean = mean.map((value) => -value);
  const basis = allocFloats(kernels, "f32", dim * q);
  basis.set(directions);
  for (let start = 0; start < n; start += BLOCK_ROWS) {
    const count = Math.min(BLOCK_ROWS, n - start);
    block.set(values.subarray(start * dim, (start + count) * dim));
    kernels.addBias(block, count, dim, minusMean);
    kernels.gemm({ m: count, n: q, k: dim, a: block, b: basis, out: products });
    kernels.rowSquares({ x: block, n: count, d: dim, out: centred });
    for (let i = 0; i < count; i++) {
      const to = start + i;
      squares[to] = centred[i];
      let rest = centred[i];
      for (let c = 0; c < firsts; c++) {
        const value = products[i * q + c];
        short[to * SHORT_DIM + c] = value;
        rest -= value * value;
      }
      short[(to + 1) * SHORT_DIM - 1] = rest;
      if (long === undefined) continue;
      for (let c = firsts; c < q; c++) {
        const value = products[i * q + c];
        long[to * longDim + c - firsts] = value;
        rest -= value * value;
      }
      long[(to + 1) * longDim - 1] = rest;
    }
  }
  kernels.release(mark);
  let largest = 0;
  for (let i = 0; i < n; i++) largest = Math.max(largest, squares[i]);
  const floor = REST_FLOOR * Math.sqrt(largest);
  for (let i = 0; i < n; i++) {
    // max(r, floor) moves no two rests further apart than they are, so the bound still holds.
    const at = (i + 1) * SHORT_DIM - 1;
    short[at] = Math.max(floor, Math.sqrt(Math.max(0, short[at])));
    if (long !== undefined) {
      const last = (i + 1) * longDim - 1;
      long[last] = Math.max(floor, Math.sqrt(Math.max(0, long[last])));
    }
    slacks[i] = SHORT_SLACK * squares[i] + DISTANCE_SLACK * allNorms[i];
  }
  return { short, long, longDim, slacks };
}

function prunerOf({ problem, kernel, shared, allNorms }: PrunerInput, shortened: Shortened): Pruner {
  const { kernels, nKnown } = problem;
  const { short, long, longDim, slacks } = shortened;
  const d = kernel.dim;
  const recent: number[] = [];
  let computed = 0;
  let passes = 0;
  let resting = 0;
  const rowsOf = (all: Float32Array, dim: number, row: number): ShortRows => ({
    rows: all.subarray(nKnown * dim),
    center: all.subarray(row * dim, (row + 1) * dim),
    dim,
  });
  const add = (row: number, centerIndex: number): boolean => {
    // The first centre is nearest to every row: nothing can be left out.
    if (centerIndex === 0) return false;
    if (resting > 0) {
      resting--;
      return false;
    }
    const evaluated = kernels.nearestPruned({
      ...shared,
      center: kernel.values.subarray(row * d, (row + 1) * d),
      centerNorm: allNorms[row],
      centerIndex,
      short: rowsOf(short, SHORT_DIM, row),
      long: long && rowsOf(long, longDim, row),
      slacks: slacks.subarray(nKnown),
      centerSlack: slacks[row],
    });
    passes++;
    computed += evaluated;
    recent.push(evaluated / shared.n);
    if (recent.length > WATCHED_PASSES) recent.shift();
    const mean = recent.reduce((sum, share) => sum + share, 0) / recent.length;
    if (recent.length === WATCHED_PASSES && mean > EVALUATED_MAX) {
      resting = RESTING_PASSES;
      recent.length = 0;
    }
    return true;
  };
  return {
    add,
    addRange(first, m, firstIndex) {
      for (let t = 0; t < m; t++) if (!add(first + t, firstIndex + t)) return t;
      return m;
    },
    evaluatedShare: () => (passes === 0 ? 1 : computed / (passes * shared.n)),
  };
}
