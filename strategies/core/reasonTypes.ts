import type { PoolArray } from "./types";

/** Name of a published quantity: the id of the strategy that ranks by it. */
export type UncertaintyMeasure = string;

/** Why a row was picked, in numbers. Percentiles are in [0, 1]; 1 = nothing in the pool scores higher. */
export type Reason =
  | {
      readonly code: "uncertain";
      readonly measure: UncertaintyMeasure;
      readonly value: number;
      readonly percentile: number | null;
      /** The two most probable classes, as [class, probability], most probable first. */
      readonly top2: readonly (readonly [number, number])[];
    }
  | {
      readonly code: "farFromLabelled";
      /** Euclidean distance to the nearest labelled or earlier picked row; null when there was none. */
      readonly distance: number | null;
      readonly nearest: number | null;
      readonly percentile: number | null;
    }
  | {
      readonly code: "represents";
      readonly cluster: number;
      readonly clusterSize: number;
      /** null where the clusters were made of candidates only. */
      readonly labelledInCluster: number | null;
      /** 1 / (mean distance to the nearest members); null in a cluster of one and where it is not defined. */
      readonly typicality: number | null;
    }
  | {
      readonly code: "covers";
      /** Items within `radius` that nothing labelled or picked earlier was near to; the item itself counts. */
      readonly newItems: number;
      readonly radius: number;
      /** Shares of the items that are covered, in [0, 1]. */
      readonly coverageBefore: number;
      readonly coverageAfter: number;
    }
  | {
      readonly code: "gradient";
      /** Length of the last layer's gradient if the model's own answer were right: how much the label may change. */
      readonly norm: number;
      /** Distance of that gradient to the nearest one picked earlier; null for the first. */
      readonly distance: number | null;
      readonly nearest: number | null;
    }
  | {
      readonly code: "information";
      /**
       * What shrinks: the trace of the weighted covariance (fisher), the variance of the graph's values (v, sigma); or what
       * is learned in nats: about the model from the batch's labels together, about the labels of target items.
       */
      readonly criterion: "fisher" | "v-optimality" | "sigma-optimality" | "log-determinant" | "labels" | "targets";
      readonly gain: number;
      /** Share of the candidates that gained no more at the start; null where it was not computed. */
      readonly percentile: number | null;
    }
  | {
      readonly code: "dense";
      /** Mean similarity to the pool. */
      readonly similarity: number;
      readonly percentile: number | null;
    }
  | {
      readonly code: "flipShare";
      /** Share of all items that change their label when the head is nudged just enough to change this one's, in [0, 1]. */
      readonly share: number;
      readonly percentile: number | null;
      /** p1 − p2 of the head's answer; null where it was not computed. */
      readonly margin: number | null;
    }
  | {
      readonly code: "spread";
      /** How much the row counted in the draw before its distance, in [0, 1]. */
      readonly weight: number;
      /** Cosine distance to the nearest row picked before; null for a row that was not drawn. */
      readonly distance: number | null;
    }
  | {
      readonly code: "disagreement";
      readonly measure: "bald" | "vote-entropy" | "consensus-entropy" | "variation-ratio";
      readonly value: number;
      readonly percentile: number | null;
      /** Models that were asked. */
      readonly samples: number;
    }
  | {
      readonly code: "nearBoundary";
      /** Euclidean distance of the embedding to the boundary between the two classes; null when there is none. */
      readonly distance: number | null;
      readonly between: readonly [number, number] | null;
      readonly percentile: number | null;
    }
  /** Drawn with this probability; its weight in an estimate is 1 / inclusion. */
  | { readonly code: "drawn"; readonly inclusion: number }
  | {
      /** The model gives this class a high probability. */
      readonly code: "likelyPositive";
      readonly class: number;
      readonly probability: number;
      readonly percentile: number | null;
    }
  | {
      /** Between labelled rows with and without the class, on the path of all rows in the order of its probability. */
      readonly code: "classBoundary";
      readonly class: number;
      /** Unlabelled rows between the two labels, or to the labels beside the boundary. */
      readonly gap: number;
      readonly rule: "cut" | "beside" | "interval" | "threshold";
    }
  | {
      /** Like labelled examples of a class that is looked for. */
      readonly code: "likeExample";
      readonly nearest: number;
      readonly class: number;
      readonly similarity: number;
    }
  | {
      /** Nominated by an arm of a meta strategy. */
      readonly code: "arm";
      readonly arm: string;
      /** Place of the batch that was filled, from 0, and of the row in what the arm would have picked alone. */
      readonly slot: number;
      readonly rank: number | null;
      /** Probability with which this arm is drawn for a place of this batch. */
      readonly probability: number;
      /** Reward of the arm in this place's draw, and expected before any draw. */
      readonly reward: number;
      readonly expectedReward: number;
      /** Other arms that had the row among what they would have picked alone. */
      readonly others: readonly string[];
    }
  | {
      /** Taken to bring a group of rows nearer to its share. */
      readonly code: "quota";
      readonly by: "predictedClass" | "cluster" | "group";
      readonly stratum: number;
      /** Share wanted, and share among the labelled rows when the batch began; null when nothing was labelled. */
      readonly target: number;
      readonly have: number | null;
    }
  /** Picked from the cluster of the nearest labelled or earlier picked row that weighs most. */
  | {
      readonly code: "largestCluster";
      readonly distance: number | null;
      readonly nearest: number | null;
      readonly clusterSize: number | null;
      /** Share of the whole pool's squared distance that lies in the cluster. */
      readonly clusterShare: number | null;
    }
  /** Variance of the model's prediction given everything selected before, in units of the kernel. */
  | { readonly code: "predictiveVariance"; readonly variance: number }
  /** How much the label would lower the mean predictive variance. */
  | { readonly code: "lowersVariance"; readonly gain: number }
  /** How far the pick moves the weighted batch towards the pool's mean. */
  | { readonly code: "balancesPool"; readonly gain: number }
  | {
      /** Worth of the item per cost of labelling it. */
      readonly code: "perCost";
      readonly measure: UncertaintyMeasure;
      readonly value: number;
      readonly cost: number;
      readonly percentile: number | null;
    }
  | { readonly code: "random" }
  | { readonly code: "audit"; readonly frameRemaining: number };

/**
 * Something the reader of a result must know. `fallback`: rows were chosen by another rule than the one asked for.
 * `warning`: the answer stands but should be looked at. `info`: recorded for the trace.
 */
export type Notice =
  | { readonly code: "FEWER_THAN_ASKED"; readonly level: "warning"; readonly asked: number; readonly got: number }
  | { readonly code: "UNSCORED_ROWS"; readonly level: "warning"; readonly count: number; readonly eligible: number }
  | {
      readonly code: "CANDIDATES_TRUNCATED";
      readonly level: "warning";
      readonly from: number;
      readonly to: number;
      readonly rule: "random" | "utility";
      readonly of: "candidates" | "labelled" | "cluster" | "pool";
    }
  /** `decided` of the picks tie with `outside` rows left out at the cut; the item key decided between them. */
  | { readonly code: "TIES_AT_CUT"; readonly level: "warning"; readonly decided: number; readonly outside: number }
  | { readonly code: "CLUSTERS_CAPPED"; readonly level: "warning"; readonly asked: number; readonly used: number }
  | {
      readonly code: "SMALL_CLUSTERS_USED";
      readonly level: "info";
      readonly count: number;
      readonly minSize: number;
    }
  /** The rule had nothing left to tell the candidates apart; the last `count` picks follow another. */
  | {
      readonly code: "FILLED";
      readonly level: "fallback";
      readonly count: number;
      readonly because: "coincide" | "covered" | "rank";
      readonly rule: "random" | "utility" | "density";
    }
  /** `kept` is the share of the embeddings' spread that the directions kept hold. */
  | {
      readonly code: "DIMENSIONS_REDUCED";
      readonly level: "warning";
      readonly from: number;
      readonly to: number;
      readonly kept: number;
    }
  | {
      readonly code: "APPROXIMATED";
      readonly level: "warning";
      readonly what: "fisher-rank-one" | "eigenpairs";
      readonly size: number;
    }
  /** Labelled or pending rows without a usable prediction took no part. */
  | { readonly code: "LABELLED_LEFT_OUT"; readonly level: "warning"; readonly count: number }
  /** What earlier rounds had prepared does not fit this pool any more and was made anew. */
  | { readonly code: "STATE_RESET"; readonly level: "info"; readonly what: "clusters" }
  /** Fewer perturbations of the head than the search wanted. `asked`: what the option says. */
  | {
      readonly code: "HYPOTHESES_CAPPED";
      readonly level: "warning";
      readonly used: number;
      readonly asked: number;
      readonly by: "option" | "memory";
    }
  /** No perturbation changed the label of `count` rows, so that their order is not known. */
  | {
      readonly code: "LABELS_NEVER_CHANGED";
      readonly level: "warning";
      readonly count: number;
      readonly scored: number;
    }
  /** `count` picks have no boundary to another class and came by key. */
  | { readonly code: "NO_BOUNDARY"; readonly level: "fallback"; readonly count: number }
  /** From pick `exact` on joint entropies are estimated on `configurations` drawn label combinations. */
  | {
      readonly code: "JOINT_SAMPLED";
      readonly level: "info";
      readonly exact: number;
      readonly configurations: number;
    }
  | { readonly code: "COLD_START"; readonly level: "info"; readonly unmet: readonly UnmetNeed[] }
  /** The main strategy's switch rule is met, but its arrays are not there: the cold-start part served instead. */
  | { readonly code: "MAIN_NOT_READY"; readonly level: "fallback"; readonly unmet: readonly UnmetNeed[] }
  | {
      readonly code: "AUDIT_FRAME_EXHAUSTED";
      readonly level: "fallback";
      /** Audit picks asked for and not drawn; their places went to the strategy. */
      readonly missing: number;
      readonly frameRemaining: number;
    }
  | { readonly code: "AUDIT_FRAME_SERVED_AS_TRAIN"; readonly level: "fallback"; readonly count: number }
  /** An arm of a meta strategy takes no part: it does not fit the kind of task, or lacks labels. */
  | {
      readonly code: "ARM_LEFT_OUT";
      readonly level: "warning";
      readonly arm: string;
      readonly why: "taskKind" | "needs";
    }
  /** An arm ran out of rows; its places went to the next best arm. */
  | { readonly code: "ARM_EXHAUSTED"; readonly level: "warning"; readonly arm: string; readonly slots: number }
  /** Places filled at random, because the strategy had nothing to go by. */
  | {
      readonly code: "SERVED_AT_RANDOM";
      readonly level: "fallback";
      readonly count: number;
      readonly why: "noExamples" | "noBoundary";
    }
  /** The strategy waits for an answer before it picks again. */
  | { readonly code: "ONE_AT_A_TIME"; readonly level: "info"; readonly asked: number }
  | {
      readonly code: "STRATUM_EXHAUSTED";
      readonly level: "warning";
      readonly stratum: number;
      readonly missing: number;
    }
  /** The method had nothing left to choose by after some picks; the rest of the batch was drawn at random. */
  | {
      readonly code: "SELECTION_STOPPED";
      readonly level: "fallback";
      readonly after: number;
      readonly filled: number;
      readonly cause: "nothing-left" | "not-positive" | "not-finite";
    }
  /** Element type the selection ran in, and what was added to a diagonal to factor it (0: nothing). */
  | {
      readonly code: "ARITHMETIC";
      readonly level: "info";
      readonly dtype: "f32" | "f64";
      readonly posterior: "none" | "features" | "kernel";
      readonly jitter: number;
    }
  | { readonly code: "PART_EXHAUSTED"; readonly level: "fallback"; readonly part: number; readonly missing: number };

export interface UnmetNeed {
  readonly need: PoolArray | "minLabels" | "minClasses" | "minPerClass";
  readonly required: number;
  readonly have: number;
}
