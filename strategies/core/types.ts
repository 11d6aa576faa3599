import type { Kernels } from "../kernels/types";
import type { OpenArm } from "./arms";
import type { Notice, Reason } from "./reasonTypes";
import type { MakeScorer } from "./scorerTypes";
import type { StrategySpec } from "./specTypes";

export type * from "./reasonTypes";
export type * from "./scorerTypes";
export type * from "./specTypes";

/**
 * The contract between the pool of items, the acquisition strategies and everything that calls them.
 *
 * Running a spec is pure: the same pool, spec, seed and kernels give the same picks on any machine, shard layout and
 * worker count. Randomness is keyed per item (`core/random.ts`) and never drawn from a shared sequence. Ties are broken
 * by the item's key, lowest first. `utility` always means "higher is more worth labelling". Nothing here words a message for people: reasons and
 * notices are codes with numbers.
 */

export type JsonValue = string | number | boolean | null | readonly JsonValue[] | { readonly [key: string]: JsonValue };

/** Half-open range of rows: start … end − 1. */
export interface RowRange {
  readonly start: number;
  readonly end: number;
}

/** One bit per row; bit r is `words[r >>> 5] >>> (r & 31) & 1`. Bits at and beyond `size` are zero. */
export interface Bitmap {
  readonly size: number;
  readonly words: Uint32Array;
}

/**
 * Stable 64-bit key of every row, as two words; key = hi·2³² + lo, unsigned. Keys are distinct. They, not positions,
 * decide ties and random draws, so renumbering the rows renumbers the answer.
 */
export interface ItemKeys {
  readonly lo: Uint32Array;
  readonly hi: Uint32Array;
}

/**
 * A row-major matrix that may be larger than memory. Views are read-only by contract; a view may be a reused buffer and
 * is valid until the next call on the same matrix.
 */
export interface RowMatrix {
  /** Rows covered, from row 0. May be below the pool's n: later rows have no values yet and count as unscored. */
  readonly n: number;
  /** Values per row. */
  readonly dim: number;
  readonly dtype: "f32" | "f64";
  /** Ranges a single view may span, ascending and contiguous from 0 to n. */
  readonly shards: readonly RowRange[];
  /** Rows start … end − 1, (end − start) × dim. The range lies inside one shard. */
  view(start: number, end: number): Float32Array | Float64Array | Promise<Float32Array | Float64Array>;
}

/** Labelled rows, each row once, in any order. */
export interface LabelledRows {
  readonly rows: Uint32Array;
  /** Class index of each row, 0 … nClasses − 1, aligned with `rows`. Multi-label and regression projects: all −1. */
  readonly classes: Int32Array;
  /** Multi-label projects: rows × nClasses, row-major, 1 = the class applies. */
  readonly multi?: Uint8Array;
  /** Regression projects: the label of each row, finite. */
  readonly values?: Float64Array;
}

/** The last linear layer: logits = embeddings · weights + bias. */
export interface LinearHead {
  /** dim × nClasses, row-major. */
  readonly weights: Float32Array;
  readonly bias: Float32Array;
}

/**
 * Predictions of S posterior samples (an ensemble's members, dropout masks shared across rows within a sample): each
 * n × nClasses rows of probabilities, or n × 1 predicted values in regression.
 */
export interface PosteriorSamples {
  readonly samples: readonly RowMatrix[];
}

/** What a strategy may look at. An array it did not declare is refused with E_UNDECLARED_ARRAY. */
export interface Pool {
  /** Number of rows; row ids are 0 … n − 1. */
  readonly n: number;
  /** Number of classes of the project; 0 where labels are not classes. */
  readonly nClasses: number;
  /** Rows that may be picked: not labelled, not skipped, not in flight, not deleted. */
  readonly eligible: Bitmap;
  /** Absent: the key of a row is the row itself. */
  readonly keys?: ItemKeys;
  /** Need `labels`. Empty arrays at cold start, never absent. */
  readonly labelled: LabelledRows;
  /**
   * Part of the need `labels`: rows picked in earlier rounds whose answer is still to come. Not eligible; strategies that
   * spread their picks count them as already chosen, so that a refill does not serve neighbours of what is on screens.
   */
  readonly pending?: Uint32Array;
  /** Part of the need `labels`: rows that people skipped as unanswerable. Not eligible; they never get a label. */
  readonly skipped?: Uint32Array;
  /** Absent: single-label. */
  readonly taskKind?: TaskKind;
  /**
   * Need `probabilities`: n × nClasses; every eligible row finite, ≥ 0 and summing to 1 ± 1e-4. Multi-label: every entry
   * in [0, 1], no sum. Regression: not given.
   */
  readonly probabilities?: RowMatrix;
  /** Need `embeddings`: n × d, finite for eligible and labelled rows. */
  readonly embeddings?: RowMatrix;
  /**
   * Part of the need `embeddings`: m × d, items as they come, finite; what disagreements are measured on. Absent: a sample
   * of the pool's own rows.
   */
  readonly reference?: RowMatrix;
  /** Need `head`. */
  readonly head?: LinearHead;
  /** Need `posterior`. */
  readonly posterior?: PosteriorSamples;
  /** Need `costs`: cost of labelling each row, n values, finite and > 0, in any unit. */
  readonly costs?: Float32Array;
  /** Need `groups`: group of each row, n values ≥ 0; −1 = in no group. */
  readonly groups?: Int32Array;
  /** Need `state`: what the strategy returned as `state` in the round before; null in the first round. */
  readonly state?: JsonValue;
}

export type PoolArray = "probabilities" | "embeddings" | "labels" | "head" | "posterior" | "costs" | "groups" | "state";

/** What must be present before a strategy can run. */
export interface Needs {
  readonly arrays: readonly PoolArray[];
  /** Labelled rows required; default 0. */
  readonly minLabels?: number;
  /** Distinct classes among the labelled rows required; default 0. */
  readonly minClasses?: number;
}

export type TaskKind = "single-label" | "multi-label" | "regression";

/** Sizes from which a cost is estimated before running. */
export interface PoolDims {
  readonly eligible: number;
  readonly labelled: number;
  readonly nClasses: number;
  readonly embeddingDim: number;
  readonly batchSize: number;
}

export interface CostEstimate {
  /** Floating-point operations, order of magnitude. */
  readonly flops: number;
  /** Upper bound on bytes of typed arrays held at once beyond the pool's own views. */
  readonly bytes: number;
}

/** One option of a strategy: enough to validate a value and to build a form field. */
export type OptionSchema = { readonly title: string; readonly description: string } & (
  | {
      readonly type: "integer" | "number";
      readonly minimum: number;
      readonly maximum: number;
      readonly default: number;
    }
  | { readonly type: "boolean"; readonly default: boolean }
  | { readonly type: "string"; readonly enum: readonly string[]; readonly default: string }
  /** A list of numbers, such as one weight per class. */
  | {
      readonly type: "array";
      readonly items: { readonly type: "integer" | "number"; readonly minimum: number; readonly maximum: number };
      readonly maxItems: number;
      readonly default: readonly number[];
    }
  /** A list of distinct words of `enum`, in the order given. */
  | {
      readonly type: "array";
      readonly items: { readonly type: "string"; readonly enum: readonly string[] };
      readonly maxItems: number;
      readonly default: readonly string[];
    }
  /** Options of other strategies by their id; checked and completed by the strategies themselves. */
  | { readonly type: "object"; readonly default: Readonly<Record<string, never>> }
);

/** JSON-schema-like; every option has a default, unknown options are refused. */
export interface OptionsSchema {
  readonly type: "object";
  readonly additionalProperties: false;
  readonly properties: Readonly<Record<string, OptionSchema>>;
}

export type OptionValue =
  | number
  | boolean
  | string
  | readonly number[]
  | readonly string[]
  | { readonly [id: string]: OptionValues };
export interface OptionValues {
  readonly [name: string]: OptionValue;
}

/** `ok`: exactly what was asked. `partial`: fewer rows than asked. `fallback`: some rows chosen by another rule. */
export type SelectionStatus = "ok" | "partial" | "fallback";

/** Distribution of a score over the pool, for the "does selection work" panel. */
export interface ScoreSummary {
  readonly measure: string;
  readonly scored: number;
  readonly min: number;
  readonly max: number;
  readonly mean: number;
  /** Equal-width bins over [lo, hi]. */
  readonly histogram: { readonly lo: number; readonly hi: number; readonly counts: readonly number[] };
  /** Numbers of the method itself, such as how many perturbations LDM tried; finite. */
  readonly facts?: Readonly<Record<string, number>>;
}

/** What a strategy returns. All arrays have the same length, best pick first; rows are distinct and eligible. */
export interface Selection {
  readonly rows: Uint32Array;
  /** The method's own published quantity, e.g. p1 − p2 for margin; the strategy's `score` says what and which way. */
  readonly scores: Float64Array;
  /** Higher = more worth labelling; a monotone function of the score. */
  readonly utility: Float64Array;
  /** Share of the scored eligible rows whose utility is not above this row's; null where the method has no ranking. */
  readonly percentile: readonly (number | null)[];
  /** Probability with which this row had been drawn in this round; null = deterministic choice. */
  readonly inclusion: readonly (number | null)[];
  readonly reasons: readonly (readonly Reason[])[];
  readonly notices: readonly Notice[];
  readonly summary?: ScoreSummary;
  /** How many people answer each pick; absent: as the project says. */
  readonly opinions?: readonly number[];
  /** For strategies that need `state`: what the next round receives. */
  readonly state?: JsonValue;
}

export type PickPurpose = "train" | "audit";

/** What {@link runSpec} returns: a selection whose rows come from one or more parts of a spec. */
export interface RoundSelection extends Selection {
  readonly status: SelectionStatus;
  /** Path of the part of the spec that took each row, such as "single", "mix.0", "mix.audit", "mix.1/schedule.after". */
  readonly part: readonly string[];
  /** Id of the strategy (for a pipeline: of its score stage) that took each row. */
  readonly strategy: readonly string[];
  readonly purpose: readonly PickPurpose[];
  readonly summaries: Readonly<Record<string, ScoreSummary>>;
  /**
   * What strategies have learned, by part path, as `{ strategy, state }`: to be handed back in {@link RunContext.states}.
   * Parts of the spec that did not run this time are carried over.
   */
  readonly states: Readonly<Record<string, JsonValue>>;
  readonly eligible: number;
  /** The spec with every default filled in: what ran. */
  readonly spec: StrategySpec;
  /** 32 hex digits over the filled-in spec and the versions of the strategies in it. */
  readonly specHash: string;
  readonly seed: string;
  readonly kernels: Kernels["kind"];
}

/** A number recorded while selecting, for the "why" panel and for tests. */
export interface TraceEvent {
  readonly stage: string;
  readonly values: Readonly<Record<string, number>>;
}

/** What a strategy gets besides the pool. It holds no clock and no shared generator. */
export interface SelectContext {
  readonly kernels: Kernels;
  /** Seed of this round; any string. */
  readonly seed: string;
  /** Where in the spec the strategy stands; part of every random key, so two parts never share draws. */
  readonly scope: string;
  /** Throws E_ABORTED when the caller no longer wants the answer; called between blocks. */
  checkAbort(): void;
  progress(stage: string, done: number, total: number): void;
  trace(event: TraceEvent): void;
}

/** Options of one run of a spec. Everything but kernels and seed may be left out. */
export interface RunContext {
  readonly kernels: Kernels;
  /** Seed of this round. */
  readonly seed: string;
  /** Seed of the audit frame, constant over the life of a project. Required by a spec with an audit share. */
  readonly frameSeed?: string;
  /** State of stateful strategies by part path, from the round before. */
  readonly states?: Readonly<Record<string, JsonValue>>;
  readonly taskKind?: TaskKind;
  /** True once the caller wants to stop. */
  isAborted?(): boolean;
  progress?(stage: string, done: number, total: number): void;
  trace?(event: TraceEvent): void;
}

/** Rows a designer or filter works on, with utilities where a scorer ran before. */
export interface Candidates {
  readonly rows: Uint32Array;
  /** Absent when nothing scored the rows. */
  readonly scored?: {
    readonly scores: Float64Array;
    readonly utility: Float64Array;
    readonly percentile: readonly (number | null)[];
    readonly reason: (index: number) => readonly Reason[];
  };
  readonly notices: readonly Notice[];
  readonly summary?: ScoreSummary;
}

/** Joint choice of a batch among candidates. */
export type Designer = (
  context: SelectContext,
  pool: Pool,
  candidates: Candidates,
  batchSize: number,
  options: OptionValues,
) => Selection | Promise<Selection>;

export interface Source {
  readonly authors: string;
  readonly year: number;
  readonly title: string;
  readonly where: string;
}

/** What a strategy promises beyond the laws that hold for all; the contract suite tests each claim. */
export interface Claims {
  /** Different seeds give different picks on a pool large enough. */
  readonly random: boolean;
  /** Every pick carries an inclusion probability and they are right. */
  readonly inclusion: boolean;
  /** Rotating, shifting or scaling all embeddings leaves the picks as they are. */
  readonly embeddingInvariance: boolean;
}

/** An acquisition strategy: one folder, one line in the registry. */
export interface Strategy {
  readonly id: string;
  /** Raised whenever the same input could give other picks. Part of the spec hash. */
  readonly version: number;
  readonly title: string;
  /** One plain sentence: what it picks. */
  readonly summary: string;
  readonly whenToUse: string;
  readonly whenNot: string;
  /** Shown before it can be chosen, where published comparisons found it harmful. */
  readonly warning?: string;
  readonly taskKinds: readonly TaskKind[];
  readonly score: { readonly name: string; readonly better: "lower" | "higher" };
  readonly options: OptionsSchema;
  /** @param taskKind absent: what it needs on any kind of task. */
  needs(options: OptionValues, taskKind?: TaskKind): Needs;
  readonly costFormula: string;
  cost(dims: PoolDims, options: OptionValues): CostEstimate;
  readonly claims: Claims;
  readonly sources: readonly Source[];
  /** Where this implementation differs from its sources. */
  readonly differences: readonly string[];

  /**
   * @param batchSize ≥ 1; fewer eligible rows than asked returns them all and says so.
   * @param options   complete and valid (see `resolveOptions`).
   */
  select(context: SelectContext, pool: Pool, batchSize: number, options: OptionValues): Selection | Promise<Selection>;

  /** Present when the strategy can be the `score` stage of a pipeline. */
  readonly scorer?: MakeScorer;
  /** Present when the strategy can be the `design` stage of a pipeline. */
  readonly design?: Designer;
  /**
   * Present when the strategy, as an arm of a meta strategy, reacts to what other arms picked in the same batch. All others
   * are arms through the ranked list that `select` returns (see `core/arms.ts`).
   */
  readonly arm?: OpenArm;
  /** Ids of other strategies that it runs with these options: their versions are part of the spec's name. */
  uses?(options: OptionValues): readonly string[];
  /**
   * Checks what the option schema cannot say and completes it.
   * @param path where the options stand, for messages.
   * @throws E_OPTIONS, E_UNKNOWN_STRATEGY
   */
  completeOptions?(options: OptionValues, path: string): OptionValues;
}
