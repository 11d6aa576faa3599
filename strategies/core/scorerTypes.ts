import type { Kernels } from "../kernels/types";
import type { Reason, UncertaintyMeasure } from "./reasonTypes";
import type { OptionValues, Pool, RowMatrix, SelectContext } from "./types";

/** A matrix that a scorer reads row by row, and what every eligible row of it must fulfil. */
export interface ScoreInput {
  readonly name: "probabilities" | "embeddings" | "posterior";
  readonly matrix: RowMatrix;
  /** Throws when row `index` of `values` (row-major, width dim) is not usable; `row` is its number in the pool. */
  readonly check: (values: Float32Array | Float64Array, index: number, dim: number, row: number) => void;
}

/** Rows start … end − 1 of one input, (end − start) × dim. */
export interface InputBlock {
  readonly dim: number;
  readonly values: Float32Array | Float64Array;
}

/** A block of rows handed to a scorer. `dim` and `values` are those of its first input. */
export interface ScoreBlock extends InputBlock {
  readonly start: number;
  readonly end: number;
  /** Every input of the scorer, in its order. */
  readonly inputs: readonly InputBlock[];
}

/** A row that was ranked among the best. */
export interface ScoredPick {
  readonly row: number;
  readonly score: number;
  readonly percentile: number;
  /** The row of the scorer's first input named "probabilities", where it has one. */
  readonly probabilities?: Float32Array | Float64Array;
}

/** Item-wise score: rows are independent, blocks may come in any order. Made for one run by a {@link MakeScorer}. */
export interface ItemScorer {
  readonly measure: UncertaintyMeasure;
  /** At least one; rows that one of them does not cover are unscored. */
  readonly inputs: readonly ScoreInput[];
  /** Which end of the published quantity is worth labelling. */
  readonly better: "lower" | "higher";
  /** Smallest and largest possible score; null where there is no bound. */
  readonly range: readonly [number, number] | null;
  /** Writes the published quantity of every row of the block into out[0 … end − start − 1]; finite for eligible rows. */
  scoreBlock(kernels: Kernels, block: ScoreBlock, out: Float64Array): void;
  /**
   * Exact float64 score of one row, where scoreBlock works in float32; the picks are ranked by it.
   * @param inputs the row's values in every input.
   */
  exact?(inputs: readonly Float64Array[], row: number): number;
  utility(score: number): number;
  /** Absent: the reason `uncertain` with the two most probable classes. */
  reasons?(pick: ScoredPick): readonly Reason[];
}

/** Makes the scorer of one run: it may depend on options and gather what it needs of the pool first. */
export type MakeScorer = (
  context: SelectContext,
  pool: Pool,
  options: OptionValues,
) => ItemScorer | Promise<ItemScorer>;
