import type { PredictionMatrix } from "./predictionMatrix";
import { voteCounts } from "./predictionMatrix";

/** Entropy of the vote distribution per item, in bits. */
export function voteEntropies(matrix: PredictionMatrix): Float64Array {
  const { nItems, nModels, nClasses } = matrix;
  const counts = voteCounts(matrix);
  return Float64Array.from({ length: nItems }, (_, i) => {
    let bits = 0;
    for (let c = 0; c < nClasses; c++) {
      const share = counts[i * nClasses + c] / nModels;
      if (share > 0) bits -= share * Math.log2(share);
    }
    return bits;
  });
}

/**
 * 1 − (share of the largest class − share of the second) per item: higher is more contested.
 * @param evenSplit "most-contested" is 1; "released-code" repeats a slip of the authors' code, which gives an exactly even
 *                  split over all classes 0.
 */
export function voteContest(
  matrix: PredictionMatrix,
  evenSplit: "most-contested" | "released-code" = "most-contested",
): Float64Array {
  const { nItems, nModels, nClasses } = matrix;
  const counts = voteCounts(matrix);
  return Float64Array.from({ length: nItems }, (_, i) => {
    let first = 0;
    let second = 0;
    let least = Number.POSITIVE_INFINITY;
    for (let c = 0; c < nClasses; c++) {
      const count = counts[i * nClasses + c];
      least = Math.min(least, count);
      if (count > first) {
        second = first;
        first = count;
      } else if (count > second) second = count;
    }
    if (evenSplit === "released-code" && least === first) return 0;
    return 1 - (first - second) / nModels;
  });
}

/**
 * Weights of variance minimisation: 0.01 + Σ_c k_c(m − k_c)k_c/m, k_c votes for class c.
 * Source: Matsuura & Hara 2023, "Active model selection: a variance minimization approach".
 */
export function varianceWeights(matrix: PredictionMatrix): Float64Array {
  const { nItems, nModels, nClasses } = matrix;
  const counts = voteCounts(matrix);
  return Float64Array.from({ length: nItems }, (_, i) => {
    let weight = 0.01;
    for (let c = 0; c < nClasses; c++) {
      const votes = counts[i * nClasses + c];
      weight += (votes * (nModels - votes) * votes) / nModels;
    }
    return weight;
  });
}

/** Risk of each model over `items` when labels follow the votes, divided by the number of classes as in the authors' code. */
export function voteRisks(matrix: PredictionMatrix, items: ArrayLike<number>): Float64Array {
  const { values, nModels, nClasses } = matrix;
  const counts = voteCounts(matrix);
  const risks = new Float64Array(nModels);
  for (let k = 0; k < items.length; k++) {
    const i = items[k];
    for (let j = 0; j < nModels; j++) {
      const vote = values[i * nModels + j];
      const share = vote < nClasses ? counts[i * nClasses + vote] / nModels : 0;
      risks[j] += (1 - share) / (nClasses * items.length);
    }
  }
  return risks;
}

/**
 * Weights of the active comparison of models, aligned with `items`: Σ over pairs of √(expected squared deviation of their
 * loss difference). O(items · models²).
 * Source: Sawade, Landwehr & Scheffer 2012, "Active comparison of prediction models".
 */
export function comparisonWeights(matrix: PredictionMatrix, items: ArrayLike<number>): Float64Array {
  const { values, nModels, nClasses } = matrix;
  const risks = voteRisks(matrix, items);
  const counts = voteCounts(matrix);
  const share = new Float64Array(nModels);
  return Float64Array.from({ length: items.length }, (_, k) => {
    const i = items[k];
    for (let j = 0; j < nModels; j++) {
      const vote = values[i * nModels + j];
      share[j] = vote < nClasses ? counts[i * nClasses + vote] / nModels : 0;
    }
    let weight = 0;
    for (let r = 0; r < nModels; r++) {
      for (let s = r + 1; s < nModels; s++) {
        const gap = risks[r] - risks[s];
        if (values[i * nModels + r] === values[i * nModels + s]) weight += Math.abs(gap);
        else {
          const rest = 1 - share[r] - share[s];
          weight += Math.sqrt(share[r] * (1 + gap) ** 2 + share[s] * (1 - gap) ** 2 + Math.max(0, rest) * gap * gap);
        }
      }
    }
    return 2 * weight;
  });
}
