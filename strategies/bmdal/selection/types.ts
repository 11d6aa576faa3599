import type { Kernels } from "../../kernels/types";
import type { KernelRows } from "../algebra/types";

/** P starts from nothing; TP counts the known rows as selected, in their order. */
export type SelectionMode = "p" | "tp";

/** What a selection method works on: rows 0 … nKnown − 1 of the kernel are known, the others are candidates. */
export interface SelectionProblem {
  readonly kernels: Kernels;
  readonly kernel: KernelRows;
  readonly nKnown: number;
  readonly mode: SelectionMode;
  /** Picks to make; at most the number of candidates. */
  readonly count: number;
  /** Called between picks; throws when the caller no longer wants the answer. */
  onPick?(done: number): void;
}

/** Why a method could not go on: everything that is left scores nothing, or a number is not one. */
export type StopCause = "nothing-left" | "not-positive" | "not-finite";

/** Picks of a method; rows count from 0 = first candidate, in the order picked. */
export interface MethodPicks {
  readonly rows: number[];
  /**
   * The method's quantity of each pick just before it was made: squared distance, variance or gain. The first pick of a
   * distance method with nothing selected has its k(x, x).
   */
  readonly scores: number[];
  /** Index of the nearest selected row in the kernel's own numbering; null where the method has none. */
  readonly nearest: (number | null)[];
  /** Set when fewer than `count` picks were made. */
  readonly stopped?: StopCause;
  /** LCMD: candidates in the cluster a pick was taken from, and the cluster's share of the whole weight. */
  readonly clusters?: ({ readonly rows: number; readonly share: number } | null)[];
  /** Share of candidate distances that were computed, where lower bounds spared some. */
  readonly evaluatedShare?: number;
}

export function candidateCount(problem: SelectionProblem): number {
  return problem.kernel.n - problem.nKnown;
}
