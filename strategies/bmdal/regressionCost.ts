import type { CostEstimate, OptionValues, PoolDims } from "../core/types";
import type { SelectionMode } from "./selection/types";
import type { SelectionMethod } from "./spec/types";

/** Coordinates and slack per row of the pruning, at most. */
const PRUNING_BYTES = 4 * (32 + 96) + 8 + 8;
/** Rows in blocks of products. */
const BLOCK_ROWS = 4096;

/** Operations and bytes of a selection on explicit features. */
export function regressionCost(
  method: SelectionMethod,
  mode: SelectionMode,
  { eligible, labelled, embeddingDim, batchSize }: PoolDims,
  options: OptionValues,
): CostEstimate {
  const n = eligible + labelled;
  const d = Math.max(1, embeddingDim);
  const isBait = method === "bait-f" || method === "bait-fb";
  const hasPosterior = options.posterior === "train";
  const isDouble = options.dtype === "f64" || hasPosterior || isBait || method === "maxdet";
  const size = isDouble ? 8 : 4;
  const centers = batchSize + (mode === "tp" ? labelled : 0);
  // Beyond 1,024 columns a posterior may keep a vector of one value per labelled row instead.
  const posterior = hasPosterior
    ? 8 * (d <= 1024 ? 3 * d * d + BLOCK_ROWS * d : n * labelled + 2 * labelled * labelled)
    : 0;
  const perRow = 64 + (method === "lcmd" || method === "kmeanspp" ? PRUNING_BYTES : 0);
  const squares = isBait ? 8 * (5 * d * d + BLOCK_ROWS * d) : 8 * d * d;
  const passes = method === "maxdiag" ? 1 : method === "bait-fb" ? 6 * batchSize : isBait ? 2 * batchSize : centers;
  return {
    flops: 2 * n * d * passes + (hasPosterior || isBait ? 4 * n * d * d : 0) + 2 * n,
    bytes: n * d * size + n * perRow + centers * d * size + posterior + squares + 4 * BLOCK_ROWS * (d + 160),
  };
}
