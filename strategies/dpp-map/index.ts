import { designedSelection, limitCandidates, withEmbedding } from "../core/embeddedCandidates";
import { gatherEmbeddings } from "../core/embeddingBlock";
import { rowsByKey } from "../core/itemKeys";
import { knownRows } from "../core/knownRows";
import { entropyScorer, leastConfidenceScorer, marginScorer } from "../core/probabilityScorers";
import { numberOption, textOption } from "../core/resolveOptions";
import { BLOCK_ROWS } from "../core/rowMatrix";
import { scorePool } from "../core/scorePool";
import { selectTopK } from "../core/topK";
import type {
  Candidates,
  Designer,
  MakeScorer,
  Notice,
  OptionValues,
  Pool,
  PoolDims,
  SelectContext,
  Selection,
  Strategy,
} from "../core/types";
import { gatherUnitRows } from "../core/unitRows";
import type { DeterminantPick, Similarity } from "./greedyDeterminant";
import { gaussianScale, greedyDeterminant } from "./greedyDeterminant";

const MEASURES: Readonly<Record<string, MakeScorer>> = {
  entropy: entropyScorer,
  margin: marginScorer,
  "least-confidence": leastConfidenceScorer,
};

/** Uncertainties below this count as it: a quality of 0 would make an item's determinant 0 whatever the rest. */
const UTILITY_MIN = 1e-6;

/** Gain stated for items that the rule could not tell apart any more. */
const GAIN_MIN = Math.log(Number.MIN_VALUE);

interface Designed {
  readonly selection: Selection;
  /** Logarithm of the determinant's growth per pick. */
  readonly gains: Float64Array;
}

async function designDeterminant(
  context: SelectContext,
  pool: Pool,
  candidates: Candidates,
  batchSize: number,
  options: OptionValues,
): Promise<Designed> {
  const { kernels } = context;
  const notices: Notice[] = [];
  const covered = withEmbedding(pool, candidates, notices);
  const limit = Math.max(batchSize, numberOption(options, "maxCandidates"));
  const open = rowsByKey(pool.keys, limitCandidates(context, pool, covered, limit, notices));
  const known = rowsByKey(pool.keys, knownRows(context, pool, numberOption(options, "maxLabelled"), notices));
  const rows = Uint32Array.from([...open, ...known]);
  const utility = utilitiesOf(covered, open);
  const gamma = numberOption(options, "gamma");
  const quality = new Float64Array(rows.length).fill(1);
  for (let i = 0; i < open.length; i++) quality[i] = Math.max(UTILITY_MIN, utility[i]) ** gamma;
  const mark = kernels.mark();
  let picks: DeterminantPick[];
  try {
    const isCosine = textOption(options, "similarity") === "cosine";
    const gather = isCosine ? gatherUnitRows : gatherEmbeddings;
    const block = await gather(kernels, pool.embeddings!, rows);
    const similarity: Similarity = isCosine
      ? { kind: "cosine", scale: 1 }
      : { kind: "gaussian", scale: gaussianScale({ ...block, n: open.length }, numberOption(options, "width")) };
    const knownAt = Array.from(known, (_, i) => open.length + i);
    picks = greedyDeterminant(context, block, quality, knownAt, Math.min(batchSize, open.length), similarity);
  } finally {
    kernels.release(mark);
  }
  const filled = Math.min(batchSize, open.length) - picks.length;
  if (filled > 0) notices.push({ code: "FILLED", level: "fallback", count: filled, because: "rank", rule: "utility" });
  const taken = new Set(picks.map((pick) => pick.index));
  const rest = Uint32Array.from(open.keys()).filter((i) => !taken.has(i));
  // Positions are by key, so that ties go to the lowest key.
  const fill = selectTopK(
    rest,
    Float64Array.from(rest, (i) => utility[i]),
    filled,
    undefined,
  ).rows;
  const all = [...picks, ...Array.from(fill, (index) => ({ index, gain: GAIN_MIN }))];
  const gains = Float64Array.from(all, (pick) => pick.gain);
  const selection = designedSelection(
    covered,
    {
      rows: Uint32Array.from(all, (pick) => open[pick.index]),
      scores: gains,
      utility: gains.slice(),
      percentile: all.map(() => null),
      reasons: all.map(({ gain }) => ({ code: "information", criterion: "log-determinant", gain, percentile: null })),
    },
    notices,
  );
  return { selection, gains };
}

function utilitiesOf(candidates: Candidates, rows: Uint32Array): Float64Array {
  if (candidates.scored === undefined) return new Float64Array(rows.length).fill(1);
  const { utility } = candidates.scored;
  const utilityOf = new Map(Array.from(candidates.rows, (row, i) => [row, utility[i]]));
  return Float64Array.from(rows, (row) => utilityOf.get(row)!);
}

const design: Designer = async (...args) => (await designDeterminant(...args)).selection;

export const dppMap: Strategy = {
  id: "dpp-map",
  version: 1,
  title: "Determinantal choice",
  summary:
    "Picks uncertain items that differ from each other: the set with a large determinant of quality and likeness.",
  whenToUse: "Batches of up to a few hundred where doubt and variety are to be weighed by one number.",
  whenNot: "Very large batches: the cost per pick grows with the batch.",
  taskKinds: ["single-label"],
  score: { name: "logarithm of the determinant's growth", better: "higher" },
  options: {
    type: "object",
    additionalProperties: false,
    properties: {
      measure: {
        type: "string",
        title: "Uncertainty",
        description: "Entropy in nats, 1 − margin, or 1 − the largest probability.",
        enum: ["margin", "entropy", "least-confidence"],
        default: "margin",
      },
      gamma: {
        type: "number",
        title: "Weight of the uncertainty",
        description: "Power of the uncertainty in an item's quality; 0 goes by variety alone.",
        minimum: 0,
        maximum: 100,
        default: 1,
      },
      similarity: {
        type: "string",
        title: "Likeness",
        description: "Gaussian of the distance, or (1 + cosine) / 2, which tells at most d + 1 items apart.",
        enum: ["gaussian", "cosine"],
        default: "gaussian",
      },
      width: {
        type: "number",
        title: "Width of the gaussian",
        description: "In multiples of the median distance between items.",
        minimum: 0.01,
        maximum: 100,
        default: 0.5,
      },
      maxCandidates: {
        type: "integer",
        title: "Candidates at most",
        description: "The most uncertain items up to this number are considered.",
        minimum: 1,
        maximum: 200_000,
        default: 10_000,
      },
      maxLabelled: {
        type: "integer",
        title: "Labelled items at most",
        description: "Picks keep away from this many labelled or pending items, chosen at random of more.",
        minimum: 1,
        maximum: 10_000,
        default: 500,
      },
    },
  },
  needs: () => ({ arrays: ["probabilities", "embeddings", "labels"] }),
  costFormula:
    "time O(n·c + (batch + labelled)·candidates·(d + batch + labelled)); memory O(candidates·(d + batch + labelled))",
  cost: (dims, options) => cost(dims, options),
  claims: { random: false, inclusion: false, embeddingInvariance: false },
  sources: [
    {
      authors: "Chen, Zhang & Zhou",
      year: 2018,
      title: "Fast greedy MAP inference for determinantal point process to improve recommendation diversity",
      where: "NeurIPS",
    },
    {
      authors: "Kulesza & Taskar",
      year: 2012,
      title: "Determinantal point processes for machine learning",
      where: "Foundations and Trends in Machine Learning 5",
    },
  ],
  differences: [
    "Labelled and pending items are conditioned on: picks keep away from them too.",
    "When every item left is a combination of picks, the most uncertain ones follow, with a notice.",
  ],
  async select(context, pool, batchSize, options) {
    const limit = Math.max(batchSize, numberOption(options, "maxCandidates"));
    const scorer = await MEASURES[textOption(options, "measure")](context, pool, options);
    const candidates = await scorePool(context, pool, scorer, limit);
    const scored = candidates.summary?.scored ?? candidates.rows.length;
    const { selection, gains } = await designDeterminant(context, pool, candidates, batchSize, options);
    const notices: Notice[] = [...selection.notices];
    if (scored > limit) {
      const truncated = { from: scored, to: limit, rule: "utility", of: "candidates" } as const;
      notices.push({ code: "CANDIDATES_TRUNCATED", level: "warning", ...truncated });
    }
    return { ...selection, notices, scores: gains, utility: gains.slice() };
  },
  design,
};

function cost(dims: PoolDims, options: OptionValues): { flops: number; bytes: number } {
  const open = Math.min(dims.eligible, Math.max(dims.batchSize, numberOption(options, "maxCandidates")));
  const known = Math.min(dims.labelled, numberOption(options, "maxLabelled"));
  const n = open + known;
  const picks = dims.batchSize + known;
  const d = dims.embeddingDim;
  return {
    flops: 4 * dims.eligible * dims.nClasses + picks * n * (2 * d + picks + 8),
    bytes:
      4 * n * (d + 24) +
      8 * n * (32 * Math.ceil(picks / 32) + 8) +
      8 * Math.min(8192, n) * d +
      8 * dims.nClasses * (open + 512) +
      128 * (open + 2048) +
      24 * BLOCK_ROWS +
      16 * dims.eligible,
  };
}
