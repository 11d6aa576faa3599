import { NO_OPTIONS } from "./resolveOptions";
import { BLOCK_ROWS } from "./rowMatrix";
import { scorePool, selectionOfTop } from "./scorePool";
import type { ItemScorer, Strategy } from "./types";

/** What the three strategies that rank by one row of probabilities have in common; each adds its score and its words. */
export function uncertaintyStrategy(
  scorer: ItemScorer,
  words: Pick<Strategy, "title" | "summary" | "whenToUse" | "whenNot" | "sources" | "differences"> & {
    readonly scoreName: string;
  },
): Strategy {
  const { scoreName, ...rest } = words;
  return {
    ...rest,
    id: scorer.measure,
    version: 1,
    taskKinds: ["single-label"],
    score: { name: scoreName, better: scorer.better },
    options: NO_OPTIONS,
    needs: () => ({ arrays: ["probabilities"] }),
    costFormula: "time O(n·c), one streaming pass; memory O(batch + block)",
    cost: ({ eligible, nClasses, batchSize }) => ({
      flops: 4 * eligible * nClasses,
      // Candidate buffer of 12 bytes per entry, twice the batch, and one block of scores and row statistics.
      bytes: 64 * (batchSize + 2048) + 8 * nClasses * (batchSize + 512) + 24 * BLOCK_ROWS,
    }),
    claims: { random: false, inclusion: false, embeddingInvariance: true },
    scorer,
    select: async (context, pool, batchSize) =>
      selectionOfTop(await scorePool(context, pool, scorer, batchSize), batchSize),
  };
}
