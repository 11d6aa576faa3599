import { kernelFloats } from "../core/embeddingBlock";
import { forEachRowBlock } from "../core/forEachRowBlock";
import { randomOf } from "../core/keyedRandom";
import { linearModel } from "../core/linearModel";
import { numberOption } from "../core/resolveOptions";
import { embeddingInput } from "../core/scoreInputs";
import { ScoreTally } from "../core/scoreTally";
import type {
  MakeScorer,
  Notice,
  OptionValues,
  Pool,
  PoolDims,
  Reason,
  ScoreSummary,
  SelectContext,
  Selection,
  Strategy,
} from "../core/types";
import type { LdmEstimate } from "./estimateLdm";
import { estimateBytes, estimateLdm, raysOf } from "./estimateLdm";
import { LDM_OPTIONS } from "./options";
import { scoreRays } from "./rays";
import { referenceRows } from "./referenceRows";
import { seedBatch, unitRows } from "./seedBatch";

/** The score of a pipeline: always by rays, and ties by key. */
const scorer: MakeScorer = async (context, pool, options) => {
  const rays = raysOf(
    context,
    linearModel(pool),
    await referenceRows(pool, numberOption(options, "reference")),
    options,
    [],
  );
  return {
    measure: "ldm",
    inputs: [embeddingInput(pool)],
    better: "lower",
    range: [0, 1],
    scoreBlock(kernels, block, out) {
      const { counts } = scoreRays(kernels, rays, block.values, block.end - block.start);
      for (let i = 0; i < counts.length; i++) out[i] = counts[i] / rays.nReference;
    },
    utility: (score) => 1 - score,
    reasons: ({ score, percentile }) => [{ code: "flipShare", share: score, percentile, margin: null }],
  };
};

async function selectLeast(
  context: SelectContext,
  pool: Pool,
  batchSize: number,
  options: OptionValues,
): Promise<Selection> {
  const estimate = await estimateLdm(context, pool, batchSize, options);
  const n = Math.min(batchSize, estimate.rows.length);
  const positions = Array.from({ length: n }, (_, i) => i);
  const ties = tiesAtCut(estimate, n);
  return selectionOf(
    estimate,
    positions,
    positions.map(() => []),
    ties === undefined ? [] : [ties],
  );
}

async function selectSeeded(
  context: SelectContext,
  pool: Pool,
  batchSize: number,
  options: OptionValues,
): Promise<Selection> {
  const { kernels } = context;
  const estimate = await estimateLdm(context, pool, batchSize, options);
  const n = estimate.rows.length;
  const d = pool.embeddings!.dim;
  const random = randomOf(context, "seeding");
  const mark = kernels.mark();
  try {
    const values = kernelFloats(kernels, n * d);
    await forEachRowBlock(context, pool, estimate.rows, (block, start) => values.set(block, start * d));
    const seeded = seedBatch(kernels, estimate.ldm, unitRows(kernels, values, n, d), batchSize, {
      uniform: (draw) => random.uniform(draw),
      checkAbort: () => context.checkAbort(),
      progress: (picks) => context.progress("seeding", picks, batchSize),
    });
    const notices: Notice[] = [];
    // Where the whole pool is taken there is nothing to draw, and nothing to say.
    if (seeded.undrawn > 0 && n > batchSize) {
      notices.push({
        code: "FILLED",
        level: "fallback",
        count: seeded.undrawn,
        because: "coincide",
        rule: "utility",
      });
    }
    const reasons = seeded.picks.map((position, i): Reason[] => [
      { code: "spread", weight: seeded.gamma[position], distance: seeded.distances[i] },
    ]);
    return selectionOf(estimate, seeded.picks, reasons, notices);
  } finally {
    kernels.release(mark);
  }
}

function selectionOf(
  estimate: LdmEstimate,
  positions: readonly number[],
  more: readonly (readonly Reason[])[],
  notices: readonly Notice[],
): Selection {
  const { ldm, margins, rows } = estimate;
  const scores = Float64Array.from(positions, (i) => ldm[i]);
  const firstOfValue = new Map<number, number>();
  ldm.forEach((value, i) => {
    if (!firstOfValue.has(value)) firstOfValue.set(value, i);
  });
  const percentile = positions.map((i) => (rows.length - firstOfValue.get(ldm[i])!) / rows.length);
  return {
    rows: Uint32Array.from(positions, (i) => rows[i]),
    scores,
    utility: scores.map((value) => 1 - value),
    percentile,
    inclusion: positions.map(() => null),
    reasons: positions.map((i, pick) => [
      { code: "flipShare", share: ldm[i], percentile: percentile[pick], margin: margins[i] },
      ...more[pick],
    ]),
    notices: [...estimate.notices, ...notices],
    summary: summaryOf(estimate),
  };
}

function summaryOf({ ldm, facts }: LdmEstimate): ScoreSummary {
  const tally = new ScoreTally([0, 1]);
  for (const value of ldm) tally.add(value);
  return { ...tally.summary("ldm"), facts };
}

/** Share of the picks decided by the key from which a notice is given. */
const TIE_SHARE_NOTICE = 0.2;

function tiesAtCut({ ldm, margins, isTiedByMargin }: LdmEstimate, n: number): Notice | undefined {
  if (n === 0 || n === ldm.length) return undefined;
  const isTied = (i: number) => ldm[i] === ldm[n - 1] && (!isTiedByMargin || margins[i] === margins[n - 1]);
  let decided = 0;
  while (decided < n && isTied(n - 1 - decided)) decided++;
  let outside = 0;
  while (n + outside < ldm.length && isTied(n + outside)) outside++;
  if (outside === 0 || decided < TIE_SHARE_NOTICE * n) return undefined;
  return { code: "TIES_AT_CUT", level: "warning", decided, outside };
}

const COMMON = {
  version: 1,
  taskKinds: ["single-label", "multi-label"],
  score: {
    name: "LDM: the smallest share of all items that change their label when the head is nudged just enough to change this one's",
    better: "lower",
  },
  options: LDM_OPTIONS,
  needs: () => ({ arrays: ["embeddings", "head", "labels"] as const }),
  claims: { random: true, inclusion: false, embeddingInvariance: false },
  sources: [
    {
      authors: "Cho, Kim & Lee",
      year: 2024,
      title: "Querying easily flip-flopped samples for deep active learning",
      where: "ICLR",
    },
  ],
} as const;

const DIFFERENCES = [
  "The search goes along random rays, on which the size that just changes an item's label is known exactly; `search: scales` is the published search with its stop rule.",
  "By scales at most `maxHypotheses` perturbations are tried, shared by the sizes, and the result says when that ended one; the released code has no limit.",
  "Items of equal LDM come in the order of their margin; `ties: key` leaves them to the key.",
  "The reference items are drawn by key from labelled and unlabelled items alike and stay the same over the rounds.",
  "A pool above `maxCandidates` is cut to the smallest margins; `prefilter: random` is the published cut.",
  "Multi-label projects: every class has an LDM of its own, and the smallest counts. A head with one logit is taken as two.",
];

function cost(dims: PoolDims, options: OptionValues, isSeeded: boolean): { flops: number; bytes: number } {
  const { eligible, batchSize, embeddingDim: d } = dims;
  const c = Math.max(1, dims.nClasses);
  const candidates = Math.min(eligible, Math.max(batchSize, numberOption(options, "maxCandidates")));
  const rows = candidates + numberOption(options, "reference");
  const hypotheses =
    options.search === "scales" ? numberOption(options, "maxHypotheses") : numberOption(options, "directions") / 2;
  return {
    flops: 2 * d * c * (hypotheses * rows + eligible) + (isSeeded ? 2 * batchSize * candidates * d : 0),
    bytes:
      // Multi-label heads hold a table per class; the estimate takes the larger of the two.
      Math.max(estimateBytes({ eligible, d, c }, options, false), estimateBytes({ eligible, d, c }, options, true)) +
      (isSeeded ? 8 * candidates * (d + 6) : 0) +
      256 * batchSize,
  };
}

export const ldmSeeded: Strategy = {
  ...COMMON,
  id: "ldm-s",
  title: "LDM-S (flip-flop score with seeding)",
  summary: "Spreads the batch over items whose label the smallest change of the model would turn.",
  whenToUse: "With a trained head on embeddings and many balanced classes; it adapts the batch's spread by itself.",
  whenNot: "Strong imbalance, where margin or TAILOR did better; heads that are not linear in the embeddings.",
  costFormula: "time O((candidates + reference)·d·c·directions / 2 + batch·candidates·d); memory O(candidates·d)",
  cost: (dims, options) => cost(dims, options, true),
  differences: [
    ...DIFFERENCES,
    "A row of zeros has cosine distance 1 to all others; the released code divides by 0.",
    "When no draw is left with a positive weight the picks follow in the order of the LDM, with a notice; the released code fails.",
  ],
  select: selectSeeded,
};

export const ldm: Strategy = {
  ...COMMON,
  id: "ldm",
  title: "LDM without seeding",
  summary: "Picks the items whose label the smallest change of the model would turn.",
  whenToUse: "As a score before a batch design that spreads the picks, or to study what the seeding of LDM-S adds.",
  whenNot: "On its own in batches: it serves near copies together.",
  warning: "Published as an ablation only: without its seeding it picks near copies of each other.",
  costFormula: "time O((candidates + reference)·d·c·directions / 2); memory O(candidates + reference·directions)",
  cost: (dims, options) => cost(dims, options, false),
  differences: DIFFERENCES,
  select: selectLeast,
  scorer,
};
