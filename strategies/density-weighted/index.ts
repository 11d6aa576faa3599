import { entropyScorer, leastConfidenceScorer, marginScorer } from "../core/probabilityScorers";
import { numberOption, textOption } from "../core/resolveOptions";
import { BLOCK_ROWS } from "../core/rowMatrix";
import { embeddingInput } from "../core/scoreInputs";
import { scorePool, selectionOfTop, topTwoClasses } from "../core/scorePool";
import type { MakeScorer, OptionValues, PoolDims, Reason, ScoredPick, Strategy } from "../core/types";
import { inverseLength, meanDirection } from "./meanDirection";

const MEASURES: Readonly<Record<string, MakeScorer>> = {
  entropy: entropyScorer,
  margin: marginScorer,
  "least-confidence": leastConfidenceScorer,
};

const scorer: MakeScorer = async (context, pool, options) => {
  const inner = await MEASURES[textOption(options, "measure")](context, pool, options);
  const beta = numberOption(options, "beta");
  const mean = await meanDirection(context, pool);
  const similarity = (values: ArrayLike<number>, offset: number): number => {
    let sum = 0;
    for (let j = 0; j < mean.length; j++) sum += values[offset + j] * mean[j];
    // Where the mean cosine is negative the item is unlike the pool: no density rather than a negative one.
    return Math.max(0, sum * inverseLength(values, offset, mean.length));
  };
  const weigh = (score: number, density: number) => inner.utility(score) * density ** beta;
  return {
    measure: "density-weighted",
    inputs: [...inner.inputs, embeddingInput(pool)],
    better: "higher",
    range: [0, inner.better === "higher" && inner.range !== null ? inner.range[1] : 1],
    scoreBlock(kernels, block, out) {
      inner.scoreBlock(kernels, block, out);
      const { values } = block.inputs[1];
      for (let i = 0; i < block.end - block.start; i++) out[i] = weigh(out[i], similarity(values, i * mean.length));
    },
    exact:
      inner.exact &&
      (([prediction, embedding], row) => weigh(inner.exact!([prediction], row), similarity(embedding, 0))),
    utility: (score) => score,
    reasons: (pick) => reasons(pick, beta, inner.measure),
  };
};

/** The density follows from the score and the uncertainty, so no array of the pool's length is kept for it. */
function reasons(pick: ScoredPick, beta: number, measure: string): readonly Reason[] {
  const top2 = pick.probabilities === undefined ? [] : topTwoClasses(pick.probabilities);
  const uncertainty = pick.probabilities === undefined ? 0 : uncertaintyOf(pick.probabilities, top2, measure);
  const value = measure === "entropy" ? uncertainty : 1 - uncertainty;
  const all: Reason[] = [{ code: "uncertain", measure, value, percentile: null, top2 }];
  if (beta > 0 && uncertainty > 0) {
    const similarity = Math.min(1, (pick.score / uncertainty) ** (1 / beta));
    all.push({ code: "dense", similarity, percentile: null });
  }
  return all;
}

function uncertaintyOf(
  row: Float32Array | Float64Array,
  top2: readonly (readonly [number, number])[],
  measure: string,
): number {
  if (measure === "least-confidence") return 1 - top2[0][1];
  if (measure === "margin") return 1 - (top2[0][1] - (top2[1]?.[1] ?? 0));
  let sum = 0;
  for (const p of row) if (p > 0) sum -= p * Math.log(p);
  return sum;
}

export const densityWeighted: Strategy = {
  id: "density-weighted",
  version: 1,
  title: "Density-weighted uncertainty",
  summary: "Picks items that are uncertain and like many others: uncertainty times the mean similarity to the pool.",
  whenToUse: "Pools with outliers or junk, which plain uncertainty would serve first.",
  whenNot: "Embeddings that are centred: the mean similarity is then near 0 for all and says nothing.",
  taskKinds: ["single-label"],
  score: { name: "uncertainty × (mean cosine to the pool)^β", better: "higher" },
  options: {
    type: "object",
    additionalProperties: false,
    properties: {
      measure: {
        type: "string",
        title: "Uncertainty",
        description: "Entropy in nats, 1 − margin, or 1 − the largest probability.",
        enum: ["entropy", "margin", "least-confidence"],
        default: "entropy",
      },
      beta: {
        type: "number",
        title: "Weight of the density",
        description: "Power of the mean similarity; 0 leaves plain uncertainty.",
        minimum: 0,
        maximum: 20,
        default: 1,
      },
    },
  },
  needs: () => ({ arrays: ["probabilities", "embeddings"] }),
  costFormula: "time O(n·(c + d)), two streaming passes; memory O(batch + block)",
  cost: (dims, options) => cost(dims, options),
  claims: { random: false, inclusion: false, embeddingInvariance: false },
  sources: [
    {
      authors: "Settles & Craven",
      year: 2008,
      title: "An analysis of active learning strategies for sequence labeling tasks",
      where: "EMNLP",
    },
  ],
  differences: [
    "The mean cosine is taken over all eligible items exactly, by the mean of their directions; the item itself counts.",
    "A negative mean cosine counts as 0.",
  ],
  scorer,
  select: async (context, pool, batchSize, options) =>
    selectionOfTop(await scorePool(context, pool, await scorer(context, pool, options), batchSize), batchSize),
};

function cost({ eligible, nClasses, embeddingDim, batchSize }: PoolDims, _options: OptionValues) {
  return {
    flops: eligible * (4 * nClasses + 8 * embeddingDim),
    bytes:
      64 * (batchSize + 2048) +
      8 * (nClasses + embeddingDim) * (2 * batchSize + 512) +
      24 * BLOCK_ROWS +
      16 * embeddingDim,
  };
}
