import { rowsOfBitmap } from "../core/bitmap";
import { keyHi, keyLo } from "../core/itemKeys";
import { randomOf } from "../core/keyedRandom";
import { NO_OPTIONS } from "../core/resolveOptions";
import { sampleRows } from "../core/sampleRows";
import type { Strategy } from "../core/types";

export const random: Strategy = {
  id: "random",
  version: 1,
  title: "Random",
  summary: "Draws items at random, each with the same probability.",
  whenToUse: "As the baseline every other strategy has to beat, for audits, and as a cold start without embeddings.",
  whenNot: "When labels are expensive and a model exists that can say what it does not know.",
  taskKinds: ["single-label", "multi-label", "regression"],
  score: { name: "u, the item's uniform draw of this round", better: "lower" },
  options: NO_OPTIONS,
  needs: () => ({ arrays: [] }),
  costFormula: "time O(n); memory O(n) for the list of eligible rows",
  cost: ({ eligible, batchSize }) => ({ flops: 80 * eligible, bytes: 4 * eligible + 64 * (batchSize + 2048) }),
  claims: { random: true, inclusion: true, embeddingInvariance: true },
  sources: [],
  differences: [],

  /**
   * A simple random sample without replacement: the eligible rows with the smallest keyed uniform of this round.
   * Inclusion probability of every row: picks / eligible. Cost O(n).
   */
  select(context, pool, batchSize) {
    const draws = randomOf(context, "draw");
    const eligible = rowsOfBitmap(pool.eligible);
    const rows = sampleRows(eligible, batchSize, pool.keys, draws);
    const scores = Float64Array.from(rows, (row) => draws.uniform(keyLo(pool.keys, row), keyHi(pool.keys, row)));
    return {
      rows,
      scores,
      utility: scores.map((draw) => 1 - draw),
      percentile: new Array(rows.length).fill(null),
      inclusion: new Array(rows.length).fill(rows.length / eligible.length),
      reasons: Array.from(rows, () => [{ code: "random" } as const]),
      notices: [],
    };
  },
};
