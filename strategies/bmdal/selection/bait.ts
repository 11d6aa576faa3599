import { StrategyError } from "../../core/strategyError";
import { allocFloats, inPrecision, multiply } from "../algebra/floats";
import { jitteredCholesky } from "../algebra/jitteredCholesky";
import { gramMatrix, quadraticForms } from "../algebra/symmetricProducts";
import type { AlgebraContext, DenseKernel } from "../algebra/types";
import { indexOfLargest } from "./maxDist";
import type { MethodPicks, SelectionProblem, StopCause } from "./types";
import { candidateCount } from "./types";

/** Added to the forward denominator by the released code; of no consequence beside σ², and part of its scores. */
const FORWARD_EPSILON = 1e-8;
const BACKWARD_FLOOR = 1e-15;

export interface BaitOptions {
  readonly sigma: number;
  /** Forward picks per place before the backward pass removes the least useful: 1 is forward only (BAIT-F), 2 BAIT-FB. */
  readonly overselection: number;
}

/**
 * Greedy minimisation of tr(P F), P = (I + σ⁻²·Σ_{x∈S} φφᵀ)⁻¹ the posterior covariance given the picks S and
 * F = Σ φφᵀ over all rows, known and candidates: the mean posterior variance. Adding x lowers it by
 * φᵀPFPφ / (σ² + φᵀPφ); removing x raises it by φᵀPFPφ / (σ² − φᵀPφ). In mode TP the known rows are in S from the start,
 * by one Cholesky factor.
 *
 * Float64. P and PFP are kept as dim×dim matrices and the features are only read: one pass with two inner products per
 * row and pick, where the published rank-one form rewrites all features. Ties: lowest row.
 * Cost O(n·dim² + b·n·dim). Source: Ash, Goel, Krishnamurthy & Kakade 2021; forward-backward rule as there.
 *
 * @throws E_SPEC for kernels without explicit features.
 */
export function bait(context: AlgebraContext, problem: SelectionProblem, options: BaitOptions): MethodPicks {
  const { kernel, kernels, count } = problem;
  if (kernel.kind !== "dense") {
    throw new StrategyError(
      "E_SPEC",
      "BAIT needs explicit features: sketch the kernel first, e.g. grad → sketch(512).",
    );
  }
  const mark = kernels.mark();
  try {
    const state = startBait(context, problem, kernel, options.sigma);
    const n = candidateCount(problem);
    const wanted = Math.min(n, Math.round(count * options.overselection));
    const rows: number[] = [];
    const scores: number[] = [];
    let stopped: StopCause | undefined;
    while (rows.length < wanted && stopped === undefined) {
      const row = state.best();
      const score = row < 0 ? Number.NaN : state.scores[row];
      if (!Number.isFinite(score) || score <= 0) {
        stopped = Number.isFinite(score) ? "not-positive" : "not-finite";
        break;
      }
      rows.push(row);
      scores.push(score);
      state.add(row);
      problem.onPick?.(Math.min(count, rows.length));
    }
    while (rows.length > count) {
      const at = state.leastUseful(rows);
      state.remove(rows[at]);
      rows.splice(at, 1);
      scores.splice(at, 1);
    }
    if (rows.length === count) stopped = undefined;
    return { rows, scores, nearest: rows.map(() => null), stopped };
  } finally {
    kernels.release(mark);
  }
}

interface BaitState {
  readonly scores: Float64Array;
  best(): number;
  add(row: number): void;
  remove(row: number): void;
  /** Position in `rows` of the row whose removal raises the objective least. */
  leastUseful(rows: readonly number[]): number;
}

function startBait(context: AlgebraContext, problem: SelectionProblem, kernel: DenseKernel, sigma: number): BaitState {
  const { kernels, nKnown, mode } = problem;
  const d = kernel.dim;
  const n = candidateCount(problem);
  const variance = sigma * sigma;
  const all = inPrecision(kernels, kernel.values, "f64") as Float64Array;
  const x = all.subarray(nKnown * d);
  // P φ and P F P φ of any φ follow from these two matrices.
  const covariance = allocFloats(kernels, "f64", d * d);
  const reduction = allocFloats(kernels, "f64", d * d);
  gramMatrix(kernels, all, kernel.n, d, reduction);
  for (let i = 0; i < d; i++) covariance[i * d + i] = 1;
  const isConditioned = mode === "tp" && nKnown > 0;
  if (isConditioned) conditionOnKnown(context, all.subarray(0, nKnown * d), nKnown, d, variance, covariance, reduction);
  const spread = new Float64Array(n);
  const gain = new Float64Array(n);
  if (isConditioned) quadraticForms(kernels, x, n, d, covariance, spread);
  else kernels.rowSquares({ x, n, d, out: spread });
  quadraticForms(kernels, x, n, d, reduction, gain);
  const scores = new Float64Array(n);
  const taken = new Uint8Array(n);
  const alongU = allocFloats(kernels, "f64", n);
  const alongW = allocFloats(kernels, "f64", n);
  const u = allocFloats(kernels, "f64", d);
  const w = allocFloats(kernels, "f64", d);
  /** sign +1 adds the row to S, −1 removes it. */
  const change = (row: number, sign: 1 | -1) => {
    const phi = x.subarray(row * d, (row + 1) * d);
    kernels.rowDots({ x: covariance, n: d, d, vector: phi, out: u });
    kernels.rowDots({ x: reduction, n: d, d, vector: phi, out: w });
    const own = sign === 1 ? variance + spread[row] : Math.max(BACKWARD_FLOOR, variance - spread[row]);
    const twice = gain[row];
    kernels.rowDotPairs({ x, n, d, first: u, second: w, outFirst: alongU, outSecond: alongW });
    for (let i = 0; i < n; i++) {
      const a = alongU[i] / own;
      gain[i] += twice * a * a - sign * 2 * a * alongW[i];
      spread[i] -= sign * a * alongU[i];
    }
    rankTwoUpdate(covariance, reduction, u, w, d, own, twice, sign);
    taken[row] = sign === 1 ? 1 : 0;
  };
  return {
    scores,
    best() {
      for (let i = 0; i < n; i++) scores[i] = gain[i] / (spread[i] + variance + FORWARD_EPSILON);
      return indexOfLargest(scores, n, taken);
    },
    add: (row) => change(row, 1),
    remove: (row) => change(row, -1),
    leastUseful(rows) {
      let best = 0;
      let least = Number.POSITIVE_INFINITY;
      rows.forEach((row, at) => {
        const raise = gain[row] / Math.max(BACKWARD_FLOOR, variance - spread[row]);
        if (raise < least) {
          least = raise;
          best = at;
        }
      });
      return best;
    },
  };
}

/** P = σ²(Φ_TᵀΦ_T + σ²I)⁻¹ and P F P, written over `covariance` and `reduction` (which holds F). */
function conditionOnKnown(
  context: AlgebraContext,
  known: Float64Array,
  nKnown: number,
  d: number,
  variance: number,
  covariance: Float64Array,
  reduction: Float64Array,
): void {
  const { kernels } = context;
  const gram = new Float64Array(d * d);
  multiply(kernels, { m: d, n: d, k: nKnown, a: known, b: known, out: gram, transA: true });
  for (let i = 0; i < d; i++) gram[i * d + i] += variance;
  const factor = jitteredCholesky(context, gram, d);
  covariance.fill(0);
  for (let i = 0; i < d; i++) covariance[i * d + i] = variance;
  kernels.choleskySolve(factor, d, covariance, d);
  const half = new Float64Array(d * d);
  multiply(kernels, { m: d, n: d, k: d, a: covariance, b: reduction, out: half });
  multiply(kernels, { m: d, n: d, k: d, a: half, b: covariance, out: reduction });
}

/** P ∓= uuᵀ/a and PFP ∓= (uwᵀ + wuᵀ)/a, + s·uuᵀ/a²; rows of u that are 0 are passed over. */
function rankTwoUpdate(
  covariance: Float64Array,
  reduction: Float64Array,
  u: Float64Array,
  w: Float64Array,
  d: number,
  own: number,
  twice: number,
  sign: 1 | -1,
): void {
  for (let i = 0; i < d; i++) {
    const ui = u[i] / own;
    const wi = w[i] / own;
    const at = i * d;
    for (let j = 0; j < d; j++) {
      covariance[at + j] -= sign * ui * u[j];
      reduction[at + j] += (twice * ui * u[j]) / own - sign * (ui * w[j] + wi * u[j]);
    }
  }
}
