import type { Floats } from "../../kernels/types";
import { allocFloats, allocIntegers, precisionOf } from "../algebra/floats";
import type { DenseKernel, KernelRows } from "../algebra/types";
import { createPruner } from "./pruning";
import type { SelectionProblem } from "./types";
import { candidateCount } from "./types";

/**
 * Squared distance of every candidate to the nearest selected row, and which one that is. Centres are added in order; a
 * later centre takes a candidate only when it is strictly nearer.
 */
export interface NearestState {
  readonly minDist: Floats;
  /** Ordinal of the nearest centre, −1 before the first. */
  readonly owner: Int32Array;
  /** Kernel row of each centre, by ordinal. */
  readonly centers: number[];
  /** Adds kernel rows first … end − 1 as centres, in that order. */
  addRange(first: number, end: number): void;
  add(row: number): void;
  /** Share of distances that had to be computed; 1 without pruning. */
  evaluatedShare(): number;
}

export interface NearestOptions {
  /** Keep squared distances ≥ 0; false is the released code's way. */
  readonly isClamped: boolean;
  /** Leave out rows that a lower bound proves too far. Never changes a result. */
  readonly prune: "auto" | "never" | "always";
}

/** Known rows added at a time, so that their features stay in the cache. */
const CENTERS_PER_PASS = 256;

export function nearestState(problem: SelectionProblem, options: NearestOptions): NearestState {
  const { kernel } = problem;
  return kernel.kind === "dense" ? denseState(problem, kernel, options) : generalState(problem, kernel, options);
}

function denseState(problem: SelectionProblem, kernel: DenseKernel, options: NearestOptions): NearestState {
  const { kernels, nKnown, count } = problem;
  const d = kernel.dim;
  const n = candidateCount(problem);
  const precision = precisionOf(kernel.values);
  const { isClamped } = options;
  const allNorms = allocFloats(kernels, precision, kernel.n);
  kernels.rowSquares({ x: kernel.values, n: kernel.n, d, out: allNorms });
  const x = kernel.values.subarray(nKnown * d);
  const norms = allNorms.subarray(nKnown);
  const minDist = allocFloats(kernels, precision, n).fill(Number.POSITIVE_INFINITY);
  const owner = allocIntegers(kernels, n).fill(-1);
  const centers: number[] = [];
  const shared = { x, n, d, norms, minDist, owner, isClamped };
  const pruner =
    options.prune === "never"
      ? undefined
      : createPruner({ problem, kernel, shared, allNorms, count, isForced: options.prune === "always" });
  const full = (row: number, m: number, firstIndex: number) => {
    const from = kernel.values.subarray(row * d, (row + m) * d);
    kernels.nearestCenters({ ...shared, centers: from, centerNorms: allNorms.subarray(row, row + m), m, firstIndex });
  };
  return {
    minDist,
    owner,
    centers,
    addRange(first, end) {
      for (let start = first; start < end; start += CENTERS_PER_PASS) {
        const m = Math.min(CENTERS_PER_PASS, end - start);
        const firstIndex = centers.length;
        for (let t = 0; t < m; t++) centers.push(start + t);
        let done = 0;
        while (done < m) {
          done += pruner?.addRange(start + done, m - done, firstIndex + done) ?? 0;
          // What the pruner leaves: the very first centre, or, while it pauses, a few at once.
          const take = pruner === undefined ? m - done : Math.min(m - done, 1);
          if (take > 0) full(start + done, take, firstIndex + done);
          done += take;
        }
      }
    },
    add(row) {
      const centerIndex = centers.length;
      centers.push(row);
      if (pruner?.add(row, centerIndex) !== true) full(row, 1, centerIndex);
    },
    evaluatedShare: () => pruner?.evaluatedShare() ?? 1,
  };
}

function generalState(problem: SelectionProblem, kernel: KernelRows, { isClamped }: NearestOptions): NearestState {
  const { nKnown } = problem;
  const n = candidateCount(problem);
  const diagonal = kernel.diagonal();
  const minDist = new Float64Array(n).fill(Number.POSITIVE_INFINITY);
  const owner = new Int32Array(n).fill(-1);
  const centers: number[] = [];
  const values = new Float64Array(kernel.n);
  const add = (row: number) => {
    kernel.row(row, values);
    for (let i = 0; i < n; i++) {
      let distance = diagonal[nKnown + i] + diagonal[row] - 2 * values[nKnown + i];
      if (isClamped && distance < 0) distance = 0;
      if (distance < minDist[i]) {
        minDist[i] = distance;
        owner[i] = centers.length;
      }
    }
    centers.push(row);
  };
  return {
    minDist,
    owner,
    centers,
    add,
    addRange(first, end) {
      for (let row = first; row < end; row++) add(row);
    },
    evaluatedShare: () => 1,
  };
}
