import type { OptionsSchema, OptionValues, Strategy } from "./types";

/** Reduces the candidates of a pipeline before its design stage. */
export interface Filter {
  readonly id: string;
  readonly version: number;
  readonly title: string;
  readonly options: OptionsSchema;
  /** How many rows to keep of n, for a batch of the given size. */
  keep(options: OptionValues, batchSize: number): number;
  readonly by: "utility" | "random";
}

export interface StageRef {
  readonly use: string;
  readonly options?: OptionValues;
}

export interface AuditSpec {
  /** Share of the batch drawn at random for estimation, in (0, 1). */
  readonly share: number;
  /** Share of the pool split off for audits before the first draw, in (0, 1). */
  readonly frameShare: number;
}

/** Cold start ends when every stated minimum is met. */
export interface SwitchRule {
  readonly minLabels?: number;
  readonly minClasses?: number;
  /** Labels wanted of each of the project's classes. */
  readonly minPerClass?: number;
}

/** A strategy as data: stored, compared, shared and replayed. */
export type StrategySpec =
  | { readonly op: "single"; readonly use: string; readonly options?: OptionValues }
  | {
      readonly op: "pipeline";
      readonly filter?: readonly StageRef[];
      readonly score: StageRef;
      readonly design: StageRef;
    }
  | {
      readonly op: "mix";
      readonly parts: readonly { readonly share: number; readonly of: StrategySpec }[];
      readonly audit?: AuditSpec;
    }
  | {
      readonly op: "schedule";
      readonly until: SwitchRule;
      readonly before: StrategySpec;
      readonly after: StrategySpec;
    };

export interface Registry {
  readonly strategies: readonly Strategy[];
  readonly filters: readonly Filter[];
}
