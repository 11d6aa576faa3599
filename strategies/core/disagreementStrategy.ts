import type { Disagreement } from "./posteriorScores";
import { DISAGREEMENTS, disagreementMax } from "./posteriorScores";
import { POSTERIOR_OPTIONS, PREDICT_ROWS, posteriorCost, posteriorNeeds, posteriorSource } from "./posteriorSource";
import { scorePool, selectionOfTop } from "./scorePool";
import type { ItemScorer, MakeScorer, Notice, OptionValues, Pool, SelectContext, Strategy } from "./types";

/** The score of one row from the disagreement of posterior samples; see `posteriorScores.ts`. */
export function disagreementScorer(measureOf: (options: OptionValues) => Disagreement): MakeScorer {
  return async (context, pool, options) => await openScorer(context, pool, options, measureOf(options), []);
}

async function openScorer(
  context: SelectContext,
  pool: Pool,
  options: OptionValues,
  measure: Disagreement,
  notices: Notice[],
): Promise<ItemScorer> {
  const source = await posteriorSource(context, pool, options, notices);
  const { samples, nClasses, isMultiLabel } = source;
  const score = DISAGREEMENTS[measure];
  const width = samples * nClasses;
  return {
    measure,
    inputs: source.inputs,
    better: "higher",
    range: [0, disagreementMax(measure, samples, nClasses, isMultiLabel)],
    scoreBlock(kernels, block, out) {
      const n = block.end - block.start;
      const q = new Float64Array(Math.min(n, PREDICT_ROWS) * width);
      for (let start = 0; start < n; start += PREDICT_ROWS) {
        const rows = Math.min(PREDICT_ROWS, n - start);
        source.predict(kernels, block.inputs, start, rows, q);
        for (let i = 0; i < rows; i++) out[start + i] = score(q, i * width, samples, nClasses, isMultiLabel);
      }
    },
    utility: (value) => value,
    reasons: ({ score: value, percentile }) => [{ code: "disagreement", measure, value, percentile, samples }],
  };
}

/** What the strategies that rank by a disagreement have in common; each adds its measure, its options and its words. */
export function disagreementStrategy(
  measureOf: (options: OptionValues) => Disagreement,
  words: Pick<
    Strategy,
    "id" | "title" | "summary" | "whenToUse" | "whenNot" | "score" | "options" | "sources" | "differences"
  >,
): Strategy {
  return {
    ...words,
    version: 1,
    taskKinds: ["single-label", "multi-label"],
    needs: posteriorNeeds,
    costFormula:
      "time O(n·d·samples·c) with drawn heads, O(n·samples·c) with given samples, one streaming pass; memory O(samples·c·(d + block))",
    cost: (dims, options) => {
      const source = posteriorCost(dims, options);
      return { flops: source.flops, bytes: source.bytes + 64 * (dims.batchSize + 2048) + 16 * 65536 };
    },
    claims: { random: true, inclusion: false, embeddingInvariance: false },
    scorer: disagreementScorer(measureOf),
    async select(context, pool, batchSize, options) {
      const notices: Notice[] = [];
      const scorer = await openScorer(context, pool, options, measureOf(options), notices);
      const candidates = await scorePool(context, pool, scorer, batchSize);
      const selection = selectionOfTop(candidates, batchSize);
      return { ...selection, notices: [...notices, ...selection.notices] };
    },
  };
}

export const POSTERIOR_SCHEMA = {
  type: "object",
  additionalProperties: false,
  properties: POSTERIOR_OPTIONS,
} as const satisfies Strategy["options"];

/** What every strategy on drawn heads says about them. */
export const POSTERIOR_DIFFERENCES = [
  "Without samples of a network the models asked are heads drawn around the trained linear head (`posterior: laplace` or `bootstrap`); `posterior: given` uses the samples that came with the pool. The prior's precision is the one that the head and its labels agree with, unless `priorPrecision` says another.",
  "Multi-label projects: the mean over the classes of the two-class value.",
];
