import { StrategyError } from "../core/strategyError";
import type { ClusterWeight } from "../kernels/types";
import type { AlgebraContext } from "./algebra/types";
import { bait } from "./selection/bait";
import { frankWolfe } from "./selection/frankWolfe";
import type { DistanceSampler } from "./selection/kMeansPlusPlus";
import { kMeansPlusPlus } from "./selection/kMeansPlusPlus";
import { lcmd } from "./selection/lcmd";
import { maxDet } from "./selection/maxDet";
import { maxDiag } from "./selection/maxDiag";
import { maxDist } from "./selection/maxDist";
import type { NearestOptions } from "./selection/nearestState";
import type { MethodPicks, SelectionProblem } from "./selection/types";
import type { SelectionMethod } from "./spec/types";

/** Settings of the selection methods; everything that changes a result is named. */
export interface MethodOptions extends NearestOptions {
  /** Noise of MaxDet and BAIT. */
  readonly sigma: number;
  readonly clusterWeight: ClusterWeight;
  /** Order in which MaxDiag lists its picks. */
  readonly order: "best-first" | "published";
  readonly sampler: DistanceSampler;
  /** Forward picks per place of BAIT-FB. */
  readonly overselection: number;
}

/** Settings of the published benchmark, with distances kept ≥ 0 and pruning where it pays. */
export const METHOD_DEFAULTS: Omit<MethodOptions, "sampler"> = {
  sigma: 1e-3,
  clusterWeight: "squared-distance",
  order: "best-first",
  overselection: 2,
  isClamped: true,
  prune: "auto",
};

/** Runs one selection method on a finished kernel. Random picks are not made here: they need no kernel. */
export function runMethod(
  context: AlgebraContext,
  method: Exclude<SelectionMethod, "random">,
  problem: SelectionProblem,
  options: MethodOptions,
): MethodPicks {
  if (problem.count > problem.kernel.n - problem.nKnown) {
    throw new StrategyError(
      "E_BATCH_SIZE",
      `${problem.count} picks were asked of ${problem.kernel.n - problem.nKnown} candidates.`,
    );
  }
  switch (method) {
    case "maxdiag":
      return maxDiag(problem, options.order);
    case "maxdet":
      return maxDet(problem, options.sigma);
    case "bait-f":
      return bait(context, problem, { sigma: options.sigma, overselection: 1 });
    case "bait-fb":
      return bait(context, problem, { sigma: options.sigma, overselection: options.overselection });
    case "fw":
      return frankWolfe(problem);
    case "maxdist":
      return maxDist(problem, options);
    case "kmeanspp":
      return kMeansPlusPlus(problem, options.sampler, options);
    case "lcmd":
      return lcmd(problem, options.clusterWeight, options);
  }
}
