import { allocFloats, precisionOf } from "../algebra/floats";
import type { DenseKernel, KernelRows } from "../algebra/types";
import { indexOfLargest } from "./maxDist";
import type { MethodPicks, SelectionProblem } from "./types";
import { candidateCount } from "./types";

/** Guards divisions by a length of 0. */
const TINY = 1e-30;

/**
 * Frank–Wolfe for a Bayesian coreset: picks whose weighted sum comes nearest to the sum of all features. With
 * c_i = ‖φ_i‖ and r = Σ c_i: pick argmax ⟨target − current, φ_i/c_i⟩ among rows not picked, then move `current` towards
 * r·φ_i/c_i by the best step γ (not clipped to [0, 1]). The target sums the candidates, in mode TP the known rows too,
 * which are then stepped to first, in order.
 * Ties: lowest row. Cost O(b·n·dim); with a kernel only, n kernel rows to start.
 * Source: Campbell & Broderick 2019; Pinsler et al. 2019.
 */
export function frankWolfe(problem: SelectionProblem): MethodPicks {
  const { kernels, kernel } = problem;
  const mark = kernels.mark();
  try {
    return run(problem, kernel.kind === "dense" ? denseCoreset(problem, kernel) : kernelCoreset(problem, kernel));
  } finally {
    kernels.release(mark);
  }
}

interface Coreset {
  /** ⟨target − current, φ_i⟩ of every candidate. */
  residuals(): ArrayLike<number>;
  /** Moves `current` towards factor·φ of a kernel row by the best step. */
  step(row: number, factor: number): void;
}

function run(problem: SelectionProblem, coreset: Coreset): MethodPicks {
  const { kernel, nKnown, count, mode } = problem;
  const n = candidateCount(problem);
  const lengths = kernel.diagonal().map((value) => Math.sqrt(Math.max(0, value)));
  let total = 0;
  for (let i = mode === "tp" ? 0 : nKnown; i < kernel.n; i++) total += lengths[i];
  const taken = new Uint8Array(n);
  const scores = new Float64Array(n);
  const picks: MethodPicks = { rows: [], scores: [], nearest: [] };
  if (mode === "tp") {
    for (let known = 0; known < nKnown; known++) coreset.step(known, total / (lengths[known] + TINY));
  }
  while (picks.rows.length < count) {
    const residuals = coreset.residuals();
    for (let i = 0; i < n; i++) scores[i] = residuals[i] / (lengths[nKnown + i] + TINY);
    const row = indexOfLargest(scores, n, taken);
    if (row < 0 || !Number.isFinite(scores[row])) return { ...picks, stopped: "not-finite" };
    taken[row] = 1;
    picks.rows.push(row);
    picks.scores.push(scores[row]);
    picks.nearest.push(null);
    if (picks.rows.length < count) coreset.step(nKnown + row, total / (lengths[nKnown + row] + TINY));
    problem.onPick?.(picks.rows.length);
  }
  return picks;
}

function denseCoreset({ kernels, nKnown, mode }: SelectionProblem, kernel: DenseKernel): Coreset {
  const { n, dim, values } = kernel;
  const precision = precisionOf(values);
  const target = new Float64Array(dim);
  const current = new Float64Array(dim);
  const x = values.subarray(nKnown * dim);
  for (let i = mode === "tp" ? 0 : nKnown; i < n; i++) for (let j = 0; j < dim; j++) target[j] += values[i * dim + j];
  const gap = allocFloats(kernels, precision, dim);
  const products = allocFloats(kernels, precision, n - nKnown);
  return {
    residuals() {
      for (let j = 0; j < dim; j++) gap[j] = target[j] - current[j];
      kernels.rowDots({ x, n: n - nKnown, d: dim, vector: gap, out: products });
      return products;
    },
    step(row, factor) {
      let above = 0;
      let below = 0;
      for (let j = 0; j < dim; j++) {
        const move = factor * values[row * dim + j] - current[j];
        above += move * (target[j] - current[j]);
        below += move * move;
      }
      const gamma = above / (below + TINY);
      for (let j = 0; j < dim; j++) current[j] += gamma * (factor * values[row * dim + j] - current[j]);
    },
  };
}

/** The same with inner products only: ⟨target, ·⟩ from n kernel rows, ⟨current, ·⟩ kept up to date. */
function kernelCoreset({ nKnown, mode }: SelectionProblem, kernel: KernelRows): Coreset {
  const { n } = kernel;
  const row = new Float64Array(n);
  const towardsTarget = new Float64Array(n);
  const towardsCurrent = new Float64Array(n);
  const from = mode === "tp" ? 0 : nKnown;
  for (let i = from; i < n; i++) {
    kernel.row(i, row);
    for (let j = 0; j < n; j++) towardsTarget[j] += row[j];
  }
  const diagonal = kernel.diagonal();
  const out = new Float64Array(n - nKnown);
  let currentTarget = 0;
  let currentCurrent = 0;
  return {
    residuals() {
      for (let i = 0; i < out.length; i++) out[i] = towardsTarget[nKnown + i] - towardsCurrent[nKnown + i];
      return out;
    },
    step(at, factor) {
      const pickTarget = factor * towardsTarget[at];
      const pickCurrent = factor * towardsCurrent[at];
      const pickPick = factor * factor * diagonal[at];
      const above = pickTarget - pickCurrent - currentTarget + currentCurrent;
      const below = pickPick - 2 * pickCurrent + currentCurrent;
      const gamma = above / (below + TINY);
      const keep = 1 - gamma;
      kernel.row(at, row);
      for (let j = 0; j < n; j++) towardsCurrent[j] = keep * towardsCurrent[j] + gamma * factor * row[j];
      currentTarget = keep * currentTarget + gamma * pickTarget;
      currentCurrent = keep * keep * currentCurrent + 2 * keep * gamma * pickCurrent + gamma * gamma * pickPick;
    },
  };
}
