import { ClassChooser } from "./classChoice";
import { probabilityInput } from "./scoreInputs";
import type { ItemScorer, MakeScorer, ScoreBlock, ScoredPick } from "./types";

/** Calls `score` on every row of the block; exact in float64 for either kind of values. */
function perRow(
  { start, end, dim, values }: ScoreBlock,
  out: Float64Array,
  score: (values: Float32Array | Float64Array, offset: number, dim: number) => number,
): void {
  for (let i = 0; i < end - start; i++) out[i] = score(values, i * dim, dim);
}

/** Most likely positive: the score is P_k of the class that is looked for; the highest first. */
export const likelyPositiveScorer: MakeScorer = (context, pool, options): ItemScorer => {
  const k = new ClassChooser(context, pool, options).current;
  return {
    measure: "most-likely-positive",
    inputs: [probabilityInput(pool)],
    better: "higher",
    range: [0, 1],
    scoreBlock: (_kernels, block, out) => perRow(block, out, (values, offset) => values[offset + k]),
    utility: (score) => score,
    reasons: ({ score, percentile }: ScoredPick) => [
      { code: "likelyPositive", class: k, probability: score, percentile },
    ],
  };
};

/** Binary uncertainty of one class: the score is |P_k − 0.5|; the lowest first. */
export const classUncertaintyScorer: MakeScorer = (context, pool, options): ItemScorer => {
  const k = new ClassChooser(context, pool, options).current;
  return {
    measure: "class-uncertainty",
    inputs: [probabilityInput(pool)],
    better: "lower",
    range: [0, 0.5],
    scoreBlock: (_kernels, block, out) => perRow(block, out, (values, offset) => Math.abs(values[offset + k] - 0.5)),
    utility: (score) => 0.5 - score,
    reasons: ({ score, percentile, probabilities }: ScoredPick) => [
      { code: "uncertain", measure: "class-uncertainty", value: score, percentile, top2: [[k, probabilities![k]]] },
    ],
  };
};

/** EMAL: the score is Σ_k |P_k − 0.5|, over all classes; the lowest first. */
export const emalScorer: MakeScorer = (_context, pool): ItemScorer => ({
  measure: "emal",
  inputs: [probabilityInput(pool)],
  better: "lower",
  range: [0, 0.5 * Math.max(1, pool.probabilities?.dim ?? 1)],
  scoreBlock: (_kernels, block, out) =>
    perRow(block, out, (values, offset, dim) => {
      let sum = 0;
      for (let j = offset; j < offset + dim; j++) sum += Math.abs(values[j] - 0.5);
      return sum;
    }),
  utility: (score) => 0.5 * (pool.probabilities?.dim ?? 1) - score,
});

/** Weak: the score is the mean binary entropy over the classes, in bits; the highest first. */
export const meanBinaryEntropyScorer: MakeScorer = (_context, pool): ItemScorer => ({
  measure: "weak",
  inputs: [probabilityInput(pool)],
  better: "higher",
  range: [0, 1],
  scoreBlock: (_kernels, block, out) =>
    perRow(block, out, (values, offset, dim) => {
      let sum = 0;
      for (let j = offset; j < offset + dim; j++) sum += binaryEntropy(values[j]);
      return sum / Math.max(1, dim);
    }),
  utility: (score) => score,
});

/** −p log2 p − (1 − p) log2(1 − p), with 0 at both ends. */
function binaryEntropy(p: number): number {
  return p <= 0 || p >= 1 ? 0 : -(p * Math.log2(p) + (1 - p) * Math.log2(1 - p));
}
