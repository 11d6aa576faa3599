import { countBits } from "../core/bitmap";
import { gatherEmbeddings } from "../core/embeddingBlock";
import { inclusionProbabilities, quantizedSize } from "../core/inclusionProbabilities";
import { compareKeys } from "../core/itemKeys";
import { randomOf } from "../core/keyedRandom";
import { pivotalSample } from "../core/pivotalSample";
import { gatherPredictions } from "../core/predictedRows";
import { marginScorer } from "../core/probabilityScorers";
import { numberOption } from "../core/resolveOptions";
import { BLOCK_ROWS } from "../core/rowMatrix";
import { sampleRows } from "../core/sampleRows";
import { forEachScore, topTwoClasses } from "../core/scorePool";
import { ScoreTally } from "../core/scoreTally";
import type {
  Notice,
  OptionValues,
  Pool,
  PoolDims,
  ScoreSummary,
  SelectContext,
  Selection,
  Strategy,
} from "../core/types";
import { systematicSample } from "./drawCandidates";

interface ScoredRows {
  readonly rows: Uint32Array;
  readonly margins: Float64Array;
  readonly summary: ScoreSummary;
}

async function select(
  context: SelectContext,
  pool: Pool,
  batchSize: number,
  options: OptionValues,
): Promise<Selection> {
  const notices: Notice[] = [];
  const { rows, margins, summary } = await scoreAll(context, pool, options, notices);
  const n = Math.min(batchSize, rows.length);
  const power = numberOption(options, "power");
  const floor = numberOption(options, "floor");
  const sizes = Float64Array.from(margins, (margin) => quantizedSize(Math.max(0, 1 - margin) ** power));
  const pi = inclusionProbabilities(sizes, n, floor);
  const limit = Math.max(n, numberOption(options, "maxCandidates"));
  let candidates = Int32Array.from(rows.keys());
  let conditional = pi;
  if (rows.length > limit) {
    // Two phases: a larger sample first, then the batch from it. The product of the two probabilities is again pi.
    const first = inclusionProbabilities(sizes, limit, floor);
    const start = randomOf(context, "start").uniform(0);
    candidates = Int32Array.from(systematicSample(rows, first, pool.keys, randomOf(context, "candidates"), start));
    conditional = pi.map((value, i) => value / first[i]);
    const truncated = { from: rows.length, to: candidates.length, rule: "random", of: "candidates" } as const;
    notices.push({ code: "CANDIDATES_TRUNCATED", level: "warning", ...truncated });
  }
  candidates.sort((a, b) => compareKeys(pool.keys, rows[a], rows[b]));
  const picks = await spread(context, pool, rows, candidates, conditional);
  return describe(context, pool, { rows, margins, summary }, pi, picks, notices);
}

/** Margins of all eligible rows that have an embedding as well. */
async function scoreAll(
  context: SelectContext,
  pool: Pool,
  options: OptionValues,
  notices: Notice[],
): Promise<ScoredRows> {
  const scorer = await marginScorer(context, pool, options);
  const eligible = countBits(pool.eligible);
  const rows = new Uint32Array(eligible);
  const margins = new Float64Array(eligible);
  const tally = new ScoreTally(scorer.range);
  const covered = pool.embeddings!.n;
  let n = 0;
  await forEachScore(context, pool, scorer, (row, margin) => {
    if (row >= covered) return;
    rows[n] = row;
    margins[n] = margin;
    tally.add(margin);
    n++;
  });
  if (n < eligible) notices.push({ code: "UNSCORED_ROWS", level: "warning", count: eligible - n, eligible });
  return { rows: rows.subarray(0, n), margins: margins.subarray(0, n), summary: tally.summary(scorer.measure) };
}

async function spread(
  context: SelectContext,
  pool: Pool,
  rows: Uint32Array,
  candidates: Int32Array,
  pi: Float64Array,
): Promise<Int32Array> {
  const { kernels } = context;
  const mark = kernels.mark();
  try {
    const block = await gatherEmbeddings(
      kernels,
      pool.embeddings!,
      Uint32Array.from(candidates, (i) => rows[i]),
    );
    const random = randomOf(context, "meetings");
    let meeting = 0;
    const own = Float64Array.from(candidates, (i) => pi[i]);
    const sample = pivotalSample(block.x, block.d, own, (q) => {
      if ((meeting & 1023) === 0) context.checkAbort();
      return random.uniform(meeting++) < q;
    });
    return sample.map((i) => candidates[i]);
  } finally {
    kernels.release(mark);
  }
}

/** The picks in random order, so that the first of them are themselves a sample. */
async function describe(
  context: SelectContext,
  pool: Pool,
  scored: ScoredRows,
  pi: Float64Array,
  picks: Int32Array,
  notices: readonly Notice[],
): Promise<Selection> {
  const indexOf = new Map(Array.from(picks, (i) => [scored.rows[i], i]));
  const ordered = sampleRows(Uint32Array.from(indexOf.keys()), indexOf.size, pool.keys, randomOf(context, "order"));
  const at = Array.from(ordered, (row) => indexOf.get(row)!);
  const predictions = await gatherPredictions(pool, ordered);
  const c = pool.probabilities!.dim;
  const percentile = percentiles(scored.margins, at);
  const scores = Float64Array.from(at, (i) => scored.margins[i]);
  return {
    rows: ordered,
    scores,
    utility: scores.map((margin) => 1 - margin),
    percentile,
    inclusion: at.map((i) => Math.min(1, pi[i])),
    reasons: at.map((i, pick) => [
      {
        code: "uncertain",
        measure: "margin",
        value: scores[pick],
        percentile: percentile[pick],
        top2: topTwoClasses(predictions.subarray(pick * c, (pick + 1) * c)),
      },
      { code: "drawn", inclusion: Math.min(1, pi[i]) },
    ]),
    notices,
    summary: scored.summary,
  };
}

/** Share of all rows whose margin is not below that of the pick. One pass, without sorting all margins. */
function percentiles(margins: Float64Array, picks: readonly number[]): number[] {
  const ascending = Float64Array.from(picks, (i) => margins[i]).sort();
  // counts[k]: margins that lie at or above k of the ascending values.
  const counts = new Float64Array(ascending.length + 1);
  for (const margin of margins) {
    let low = 0;
    let high = ascending.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (ascending[middle] <= margin) low = middle + 1;
      else high = middle;
    }
    counts[low]++;
  }
  for (let k = counts.length - 2; k >= 0; k--) counts[k] += counts[k + 1];
  return picks.map((i) => {
    let low = 0;
    let high = ascending.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (ascending[middle] < margins[i]) low = middle + 1;
      else high = middle;
    }
    return counts[low + 1] / margins.length;
  });
}

export const marginPivotal: Strategy = {
  id: "margin-pivotal",
  version: 1,
  title: "Margin, drawn and spread",
  summary:
    "Draws uncertain items more often, rarely two that are alike, and knows each item's probability of being drawn.",
  whenToUse: "When the labels are also to estimate something about the pool: every item keeps a known chance.",
  whenNot: "When every label must go to the most uncertain items only.",
  taskKinds: ["single-label"],
  score: { name: "p1 − p2, the gap of the two largest probabilities", better: "lower" },
  options: {
    type: "object",
    additionalProperties: false,
    properties: {
      power: {
        type: "number",
        title: "Sharpness",
        description: "Chances are proportional to (1 − margin) to this power; 0 draws evenly.",
        minimum: 0,
        maximum: 100,
        default: 2,
      },
      floor: {
        type: "number",
        title: "Even share",
        description:
          "Part of the batch's chances that is shared out evenly; estimates then weigh no item more than 1/floor times its share.",
        minimum: 0,
        maximum: 1,
        default: 0.1,
      },
      maxCandidates: {
        type: "integer",
        title: "Candidates at most",
        description:
          "Of a larger pool a first sample of this size is drawn; the chances stay exact, only the spread is over the sample.",
        minimum: 1,
        maximum: 1_000_000,
        default: 20_000,
      },
    },
  },
  needs: () => ({ arrays: ["probabilities", "embeddings"] }),
  costFormula: "time O(n·c) streaming + O(candidates·d·log candidates); memory O(n) numbers + O(candidates·d)",
  cost: (dims, options) => cost(dims, options),
  claims: { random: true, inclusion: true, embeddingInvariance: false },
  sources: [
    {
      authors: "Grafström, Lundström & Schelin",
      year: 2012,
      title: "Spatially balanced sampling through the pivotal method",
      where: "Biometrics 68",
    },
    {
      authors: "Deville & Tillé",
      year: 1998,
      title: "Unequal probability sampling without replacement through a splitting method",
      where: "Biometrika 85",
    },
  ],
  differences: [
    "Which rows meet is decided by halving groups instead of searching nearest neighbours in the whole pool; the probabilities are exact either way.",
    "Of a pool larger than the candidates a systematic sample with unequal probabilities comes first.",
  ],
  select,
};

function cost(dims: PoolDims, options: OptionValues): { flops: number; bytes: number } {
  const n = dims.eligible;
  const m = Math.min(n, Math.max(dims.batchSize, numberOption(options, "maxCandidates")));
  const d = dims.embeddingDim;
  return {
    flops: 4 * n * dims.nClasses + 6 * m * d * Math.max(1, Math.log2(m / 12)),
    bytes:
      72 * n + 4 * m * (d + 24) + 8 * Math.min(8192, m) * d + 24 * BLOCK_ROWS + 32 * dims.batchSize * dims.nClasses,
  };
}
