import { NO_OPTIONS } from "./resolveOptions";
import { BLOCK_ROWS } from "./rowMatrix";
import { scorePool, selectionOfTop } from "./scorePool";
import type { MakeScorer, Strategy } from "./types";

/** What the strategies that rank by one row of probabilities have in common; each adds its score and its words. */
export function uncertaintyStrategy(
  scorer: MakeScorer,
  words: Pick<Strategy, "id" | "title" | "summary" | "whenToUse" | "whenNot" | "sources" | "differences"> & {
    readonly scoreName: string;
    readonly better: "lower" | "higher";
  } & Partial<Pick<Strategy, "taskKinds" | "options">>,
): Strategy {
  const { scoreName, better, ...rest } = words;
  return {
    version: 1,
    taskKinds: ["single-label"],
    options: NO_OPTIONS,
    ...rest,
    score: { name: scoreName, better },
    needs: () => ({ arrays: ["probabilities"] }),
    costFormula: "time O(n·c), one streaming pass; memory O(batch + block)",
    cost: ({ eligible, nClasses, batchSize }) => ({
      flops: 4 * eligible * nClasses,
      // Candidate buffer of 12 bytes per entry, twice the batch, and one block of scores and row statistics.
      bytes: 64 * (batchSize + 2048) + 8 * nClasses * (batchSize + 512) + 24 * BLOCK_ROWS,
    }),
    claims: { random: false, inclusion: false, embeddingInvariance: true },
    scorer,
    select: async (context, pool, batchSize, options) =>
      selectionOfTop(await scorePool(context, pool, await scorer(context, pool, options), batchSize), batchSize),
  };
}
