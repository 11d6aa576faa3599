import type { FeatureSpec } from "@/contracts/project";
import { canonicalJson, hash128Hex } from "@/strategies";
import type { JsonValue } from "@/strategies/core/types";
import type { FeatureVersionRow, PoolState } from "./features.db";

/** A pool this many times as large as the one a version was learnt on deserves to be learnt on anew, up to the sample's size. */
const GROWTH_TO_RELEARN = 2;
/** Fewer rows are not worth a second learning just because one more came. */
const GROWTH_ROWS_MIN = 200;

/** What ingested vectors there are beyond those in a version. */
export interface EmbeddingState {
  /** Newest chunk; 0 without any. */
  throughChunk: number;
  /** Rows covered by all chunks: highest row + 1. */
  nRows: number;
  /** Lowest row among the chunks that the active version does not have; Infinity when there are none. */
  lowestNewRow: number;
}

export type BuildStep =
  | { kind: "nothing"; reason: "noItems" | "noVectors" | "upToDate" | "failedBefore" }
  | { kind: "learn"; nRows: number }
  | { kind: "resume"; version: FeatureVersionRow }
  | { kind: "append"; version: FeatureVersionRow; nRows: number };

export function featureSpecHash(spec: FeatureSpec): string {
  return hash128Hex(canonicalJson(spec as unknown as JsonValue));
}

/**
 * The next step that brings a project's features up to date. Pure.
 *
 * An unfinished version of the wanted kind is resumed. A version is learnt when there is none, when the settings ask for
 * another kind, when `relearn` says so, when the pool has outgrown the sample it was learnt on (looked at once no import
 * is running), or when vectors came for rows that a version of ingested vectors already has; else rows are appended.
 */
export function planBuild(
  spec: FeatureSpec,
  state: PoolState,
  options: { relearn: boolean; embeddings: EmbeddingState | null },
): BuildStep {
  if (state.nextRow === 0) return { kind: "nothing", reason: "noItems" };
  const { embeddings } = options;
  if (embeddings?.nRows === 0) return { kind: "nothing", reason: "noVectors" };
  const specHash = featureSpecHash(spec);
  const find = (version: number | null) => state.versions.find((v) => v.version === version);
  const newest = state.versions.at(-1);
  if (newest?.state === "building" && newest.specHash === specHash) return { kind: "resume", version: newest };
  const active = find(state.activeFeatureVersion);
  const target = embeddings ? embeddings.nRows : state.nextRow;
  const mustLearn =
    options.relearn ||
    active === undefined ||
    active.specHash !== specHash ||
    (!state.isImporting && hasOutgrown(spec, active, state.nextRow)) ||
    (embeddings !== null && embeddings.lowestNewRow < active.nRows);
  if (mustLearn) {
    const failed = newest?.state === "failed" && newest.specHash === specHash ? newest : undefined;
    const isSame = failed !== undefined && !options.relearn && failed.report.nRowsAtLearning === state.nextRow;
    return isSame ? { kind: "nothing", reason: "failedBefore" } : { kind: "learn", nRows: target };
  }
  if (active.nRows < target) return { kind: "append", version: active, nRows: target };
  // A model that was rolled back to may rest on older features: its predictions of new rows need them too.
  const ofModel = find(state.modelFeatureVersion);
  if (ofModel && ofModel.spec.kind !== "embedding" && ofModel.nRows < state.nextRow) {
    return { kind: "append", version: ofModel, nRows: state.nextRow };
  }
  return { kind: "nothing", reason: "upToDate" };
}

function hasOutgrown(spec: FeatureSpec, active: FeatureVersionRow, nextRow: number): boolean {
  if (spec.kind === "embedding" || spec.kind === "onnx") return false;
  const { nRowsAtLearning } = active.report;
  const isSampleFull = spec.kind === "text" && nRowsAtLearning >= spec.sampleRows;
  return (
    !isSampleFull && nextRow >= GROWTH_TO_RELEARN * nRowsAtLearning && nextRow - nRowsAtLearning >= GROWTH_ROWS_MIN
  );
}
