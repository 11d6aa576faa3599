/**
 * The door for every process. What computes is loaded when it is called, so that the web process, which only reads
 * suggestions, never loads it.
 */
export { loadSuggestions } from "./loadSuggestions";
export { type PredictionShardRow, selectPredictionShards } from "./prediction.db";
export { predictionPrefix } from "./predictionPrefix";
export type { PredictContext, PredictOutcome } from "./predictMissing";
export { prunePredictions } from "./prunePredictions";

type PredictMissing = typeof import("./predictMissing").predictMissing;

/** See predictMissing.ts. */
export const predictMissing: PredictMissing = async (...args) =>
  (await import("./predictMissing")).predictMissing(...args);
