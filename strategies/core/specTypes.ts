import type { OptionsSchema, OptionValues, Pool, SelectContext, Selection, Strategy } from "./types";

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

/** Orders the picks of a pipeline and says how many people answer each. */
export interface Assigner {
  readonly id: string;
  readonly version: number;
  readonly title: string;
  readonly options: OptionsSchema;
  /** The same picks, in another order or with `opinions`. */
  assign(context: SelectContext, pool: Pool, selection: Selection, options: OptionValues): Selection;
}

export interface StageRef {
  readonly use: string;
  readonly options?: OptionValues;
}

/** Utility is divided by the item's cost, raised to the exponent. */
export interface PerCost {
  readonly exponent: number;
}

export interface ScoreStage extends StageRef {
  readonly perCost?: PerCost;
}

/** Shares wanted of the strata: all alike, as in the pool, or these numbers in the order of the strata. */
export type StrataTarget = "uniform" | "natural" | readonly number[];

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
      readonly score: ScoreStage;
      readonly design: StageRef;
      readonly assign?: StageRef;
    }
  | {
      /** Fills the batch so that the labels of each stratum come nearest to its share; `of` picks inside a stratum. */
      readonly op: "strata";
      readonly by: "predictedClass" | "cluster" | "group";
      readonly target: StrataTarget;
      /** For strata by cluster: how many. */
      readonly clusters?: number;
      readonly of: StrategySpec;
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
  readonly assigners?: readonly Assigner[];
}
