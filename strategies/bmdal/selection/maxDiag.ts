import type { MethodPicks, SelectionProblem } from "./types";
import { candidateCount } from "./types";

/**
 * The candidates with the largest k(x, x), largest first; ties: lowest row. `order: "published"` lists them smallest
 * first with the highest row first among equals, as the released code's sort does. Cost O(n log n).
 */
export function maxDiag(problem: SelectionProblem, order: "best-first" | "published" = "best-first"): MethodPicks {
  const { kernel, nKnown, count } = problem;
  const diagonal = kernel.diagonal().subarray(nKnown);
  const n = candidateCount(problem);
  const finite = Array.from({ length: n }, (_, i) => i).filter((i) => !Number.isNaN(diagonal[i]));
  const rows = finite.sort((a, b) => diagonal[b] - diagonal[a] || a - b).slice(0, count);
  if (order === "published") rows.reverse();
  return {
    rows,
    scores: rows.map((row) => diagonal[row]),
    nearest: rows.map(() => null),
    stopped: rows.length < count ? "not-finite" : undefined,
  };
}
