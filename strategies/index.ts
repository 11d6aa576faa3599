import type { SpecChange } from "./core/diffSpecs";
import { diffSpecsWith } from "./core/diffSpecs";
import { normalizeSpec as normalizeSpecWith, specHash as specHashWith } from "./core/normalizeSpec";
import { runSpecWith } from "./core/runSpec";
import {
  specArrays as specArraysWith,
  specCost as specCostWith,
  specUnmetNeeds as specUnmetNeedsWith,
} from "./core/specNeeds";
import type {
  CostEstimate,
  Pool,
  PoolArray,
  PoolDims,
  RoundSelection,
  RunContext,
  StrategySpec,
  UnmetNeed,
} from "./core/types";
import { registry } from "./registry";

/** The door of the library: everything the server and the command line need to select items. */

/** Runs a spec over the registered strategies; see `runSpecWith` for what it promises and throws. */
export function runSpec(spec: unknown, pool: Pool, batchSize: number, context: RunContext): Promise<RoundSelection> {
  return runSpecWith(registry, spec, pool, batchSize, context);
}

/** Checks a spec and fills in every default. @throws E_SPEC, E_OPTIONS, E_UNKNOWN_STRATEGY with the path of the fault. */
export function normalizeSpec(spec: unknown): StrategySpec {
  return normalizeSpecWith(registry, spec);
}

/** Name of a spec: 32 hex digits; equal for specs that select alike by construction. */
export function specHash(spec: unknown): string {
  return specHashWith(registry, normalizeSpec(spec));
}

/** What a change of spec changes, one line for people each; nothing for specs that select alike by construction. */
export function diffSpecs(before: unknown, after: unknown): SpecChange[] {
  return diffSpecsWith(registry, before, after);
}

/** The arrays any branch of the spec may read: what to load before running it. */
export function specArrays(spec: unknown): PoolArray[] {
  return specArraysWith(registry, normalizeSpec(spec));
}

/** What running the spec costs at most on a pool of these sizes: what to say before it is chosen. */
export function specCost(spec: unknown, dims: PoolDims): CostEstimate {
  return specCostWith(registry, normalizeSpec(spec), dims);
}

/** What keeps the spec from running on this pool; empty when it can. */
export function specUnmetNeeds(spec: unknown, pool: Pool): UnmetNeed[] {
  return specUnmetNeedsWith(registry, normalizeSpec(spec), pool);
}

/**
 * The spec a new project starts with: a tenth of every batch is audited at random; the rest is TypiClust until there are
 * labels enough, then margin, in multi-label projects EMAL.
 *
 * @param nClasses classes of the project; cold start lasts for max(50, 10·nClasses) labels and 3 of every class.
 */
export function defaultSpec(nClasses: number, taskKind: "single-label" | "multi-label" = "single-label"): StrategySpec {
  return normalizeSpec({
    op: "mix",
    parts: [
      {
        share: 1,
        of: {
          op: "schedule",
          until: { minLabels: Math.max(50, 10 * nClasses), minPerClass: 3 },
          before: { op: "single", use: "typiclust" },
          after: { op: "single", use: taskKind === "multi-label" ? "emal" : "margin" },
        },
      },
    ],
    audit: { share: 0.1, frameShare: 0.1 },
  });
}

export * from "./active-testing";
export * from "./conformal";
export type { ArmStream, Nomination, OpenArm } from "./core/arms";
export { auditFrame, isInAuditFrame } from "./core/auditFrame";
export {
  bitmapAnd,
  bitmapFromRows,
  bitmapWithout,
  bitmapWithoutRows,
  clearBit,
  countBits,
  createBitmap,
  hasBit,
  rowsOfBitmap,
  setBit,
} from "./core/bitmap";
export { canonicalJson } from "./core/canonicalJson";
export type { SpecChange } from "./core/diffSpecs";
export { EMBEDDING_SQUARED_NORM_MAX } from "./core/embeddingBlock";
export { hash128, hash128Hex, hashBytes128, hexOfWords } from "./core/hash128";
export { keysFromBigInts, keysFromTexts } from "./core/itemKeys";
export { KeyedRandom } from "./core/keyedRandom";
export type { ListedPick } from "./core/listPicks";
export { listPicks } from "./core/listPicks";
export * from "./core/metrics";
export { completeOptions, resolveOptions } from "./core/resolveOptions";
export { arrayMatrix, evenShards, gatherRows } from "./core/rowMatrix";
export type { StrategyErrorCode } from "./core/strategyError";
export { StrategyError } from "./core/strategyError";
export type * from "./core/types";
export * from "./holdout";
export * from "./model-selector";
export { registry } from "./registry";
export * from "./stopping";
export type { BeliefCell, TailorArmView, TailorView } from "./tailor/describeTailor";
export { describeTailor } from "./tailor/describeTailor";
export type { ArmRound, ArmTotals, TailorRound } from "./tailor/tailorState";
