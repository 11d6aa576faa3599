import type { OptionValues, TaskKind } from "@/strategies";

/** One strategy on one made-up pool. */
export interface BenchCase {
  readonly name: string;
  readonly use: string;
  readonly n: number;
  readonly nClasses: number;
  readonly dim: number;
  readonly batch: number;
  readonly labelled: number;
  readonly options?: OptionValues;
  /** Absent: single-label. */
  readonly taskKind?: TaskKind;
}
