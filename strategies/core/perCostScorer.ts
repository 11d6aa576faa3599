import type { ItemScorer, ScoredPick } from "./types";

/**
 * A score per cost: the utility of the inner score divided by cost^exponent. A utility below 0 is multiplied instead, so
 * that of two rows with the same utility the cheaper one always comes first.
 *
 * @param costs cost of each row, > 0.
 */
export function perCostScorer(scorer: ItemScorer, costs: Float32Array, exponent: number): ItemScorer {
  const price = (score: number, row: number): number => {
    const utility = scorer.utility(score);
    const divisor = costs[row] ** exponent;
    return utility < 0 ? utility * divisor : utility / divisor;
  };
  const { exact } = scorer;
  return {
    measure: `${scorer.measure}-per-cost`,
    inputs: scorer.inputs,
    better: "higher",
    range: null,
    scoreBlock(kernels, block, out) {
      scorer.scoreBlock(kernels, block, out);
      for (let i = 0; i < block.end - block.start; i++) out[i] = price(out[i], block.start + i);
    },
    ...(exact === undefined ? {} : { exact: (inputs, row) => price(exact.call(scorer, inputs, row), row) }),
    utility: (score) => score,
    reasons: ({ row, score, percentile }: ScoredPick) => [
      { code: "perCost", measure: scorer.measure, value: score, cost: costs[row], percentile },
    ],
  };
}
