import type { PickPurpose, Reason, RoundSelection } from "./types";

/** One pick with all its numbers, as it is stored and exported. */
export interface ListedPick {
  readonly rank: number;
  readonly row: number;
  readonly score: number;
  readonly utility: number;
  readonly percentile: number | null;
  readonly inclusion: number | null;
  readonly part: string;
  readonly strategy: string;
  readonly purpose: PickPurpose;
  readonly reasons: readonly Reason[];
}

/** The picks of a selection as plain records, best first, ready for JSON: numbers survive it bit by bit. */
export function listPicks(selection: RoundSelection): ListedPick[] {
  return Array.from(selection.rows, (row, rank) => ({
    rank,
    row,
    score: selection.scores[rank],
    utility: selection.utility[rank],
    percentile: selection.percentile[rank],
    inclusion: selection.inclusion[rank],
    part: selection.part[rank],
    strategy: selection.strategy[rank],
    purpose: selection.purpose[rank],
    reasons: selection.reasons[rank],
  }));
}
