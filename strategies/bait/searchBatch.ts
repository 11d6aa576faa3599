import type { SelectContext } from "../core/types";
import type { FisherProblem, FisherStep } from "./fisherSearch";
import { FisherSearch } from "./fisherSearch";

export interface BatchSearch {
  readonly forward: readonly FisherStep[];
  readonly backward: readonly FisherStep[];
  /** Positions left at the end, in the order they were added, with the decrease each gave then. */
  readonly selected: readonly FisherStep[];
  /** Decrease that each row would have given first. */
  readonly firstGains: Float64Array;
  /** tr(M⁻¹·F) before the first and after the last step. */
  readonly before: number;
  readonly after: number;
}

/**
 * Adds the row with the largest decrease of tr(M⁻¹·F) until ⌊oversample·n⌋ are chosen, then removes the one that is missed
 * least until n are left.
 *
 * Ties: the lowest position is added, the row added last is removed.
 */
export function searchBatch(
  context: Pick<SelectContext, "kernels" | "checkAbort" | "progress">,
  problem: FisherProblem,
  n: number,
  oversample: number,
): BatchSearch {
  const search = new FisherSearch(context.kernels, problem);
  const rows = problem.rows.n;
  const most = Math.min(rows, Math.max(n, Math.floor(oversample * n)));
  const total = most + Math.max(0, most - n);
  const before = search.objective();
  const firstGains = search.traces.slice();
  const isChosen = new Uint8Array(rows);
  const forward: FisherStep[] = [];
  while (forward.length < most) {
    let best = -1;
    for (let i = 0; i < rows; i++) {
      if (isChosen[i] === 0 && (best < 0 || search.traces[i] > search.traces[best])) best = i;
    }
    forward.push({ index: best, change: search.traces[best] });
    isChosen[best] = 1;
    search.change(best, 1);
    context.checkAbort();
    context.progress("forward", forward.length, total);
  }
  const backward = removeUntil(context, search, forward, n, total);
  const removed = new Set(backward.map((step) => step.index));
  return {
    forward,
    backward,
    selected: forward.filter((step) => !removed.has(step.index)),
    firstGains,
    before,
    after: search.objective(),
  };
}

function removeUntil(
  context: Pick<SelectContext, "checkAbort" | "progress">,
  search: FisherSearch,
  forward: readonly FisherStep[],
  n: number,
  total: number,
): FisherStep[] {
  const backward: FisherStep[] = [];
  if (forward.length <= n) return backward;
  const chosen = search.restrictTo(forward.map((step) => step.index));
  const isRemoved = new Uint8Array(forward.length);
  chosen.refresh(-1);
  while (forward.length - backward.length > n) {
    let least = -1;
    for (let i = 0; i < forward.length; i++) {
      if (isRemoved[i] === 0 && (least < 0 || chosen.traces[i] <= chosen.traces[least])) least = i;
    }
    backward.push({ index: forward[least].index, change: chosen.traces[least] });
    isRemoved[least] = 1;
    // Rounding can leave rows that seem irreplaceable; when only such are left, the one added last goes without an update.
    if (Number.isFinite(chosen.traces[least])) chosen.change(least, -1);
    context.checkAbort();
    context.progress("backward", forward.length + backward.length, total);
  }
  return backward;
}
