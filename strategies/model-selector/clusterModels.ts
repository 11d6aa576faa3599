import { KeyedRandom } from "../core/keyedRandom";
import type { PredictionMatrix } from "./predictionMatrix";

/** Candidates that say the same nearly everywhere; the first is the one that stands for them. */
export type ModelCluster = readonly number[];

export const DUPLICATE_AGREEMENT = 0.995;
/** Items the agreement of two models is measured on; more would not change it by much. */
const COMPARED_ITEMS_MAX = 5000;

/**
 * Groups near-duplicate checkpoints, which would split the belief between them and never be told apart. Each model joins
 * the first cluster whose first model it agrees with on more than `agreement` of the items. Select among the first models
 * (`withModels`) and return the cluster. O(items · models · clusters), items being sampled when there are many.
 */
export function clusterModels(
  matrix: PredictionMatrix,
  agreement = DUPLICATE_AGREEMENT,
  seed = "clusters",
): ModelCluster[] {
  const { values, nItems, nModels } = matrix;
  const compared = Math.min(nItems, COMPARED_ITEMS_MAX);
  const random = new KeyedRandom(seed, "cluster-models");
  const items =
    compared === nItems
      ? Uint32Array.from({ length: nItems }, (_, i) => i)
      : Uint32Array.from({ length: compared }, (_, i) => random.below(nItems, i));
  const columns = Array.from({ length: nModels }, (_, j) =>
    Uint16Array.from(items, (item) => values[item * nModels + j]),
  );
  const allowed = Math.floor((1 - agreement) * compared);
  const clusters: number[][] = [];
  for (let j = 0; j < nModels; j++) {
    const home = clusters.find(([first]) => differences(columns[first], columns[j], allowed) <= allowed);
    if (home === undefined) clusters.push([j]);
    else home.push(j);
  }
  return clusters;
}

/** Places at which two columns differ, counted no further than just above `stop`. */
function differences(a: Uint16Array, b: Uint16Array, stop: number): number {
  let count = 0;
  for (let i = 0; i < a.length && count <= stop; i++) if (a[i] !== b[i]) count++;
  return count;
}
