import { designedSelection } from "../core/embeddedCandidates";
import { predictedCandidates } from "../core/predictedRows";
import { numberOption, textOption } from "../core/resolveOptions";
import type { Designer, OptionValues, PoolDims, Strategy } from "../core/types";
import { badgeArm } from "./badgeArm";
import { drawBatch, openBadge } from "./badgeRun";
import { exactGradients } from "./exactGradients";

const design: Designer = async (context, pool, candidates, batchSize, options) => {
  const mark = context.kernels.mark();
  try {
    const limit = Math.max(batchSize, numberOption(options, "maxCandidates"));
    const rows = await openBadge(context, pool, candidates, limit);
    const { picks, filled } = drawBatch(context, pool, rows, batchSize);
    const picked = picks.map((pick) => rows.factors.rows[pick.index]);
    const exact = await exactGradients(
      pool,
      picked,
      picks.map((pick) => pick.nearest),
    );
    if (filled > 0) {
      rows.notices.push({ code: "FILLED", level: "fallback", count: filled, because: "coincide", rule: "random" });
    }
    const scores = Float64Array.from(exact, (gradient) => gradient.squaredDistance ?? gradient.squaredNorm);
    return designedSelection(
      candidates,
      {
        rows: Uint32Array.from(picked),
        scores,
        utility: scores.slice(),
        percentile: picks.map(() => null),
        reasons: exact.map(({ squaredNorm, squaredDistance }, i) => ({
          code: "gradient",
          norm: Math.sqrt(squaredNorm),
          distance: squaredDistance === null ? null : Math.sqrt(squaredDistance),
          nearest: picks[i].nearest,
        })),
      },
      rows.notices,
    );
  } finally {
    context.kernels.release(mark);
  }
};

export const badge: Strategy = {
  id: "badge",
  version: 1,
  title: "BADGE",
  summary: "Picks items whose answer would change the model much, and each in another direction than the ones before.",
  whenToUse: "Batches of any size once a model exists; it weighs doubt against variety without a setting.",
  whenNot: "Very many classes with a poor model: the model's own answers, which it takes for true, are then wrong.",
  taskKinds: ["single-label", "multi-label"],
  score: { name: "squared distance of the last-layer gradient to the nearest earlier pick", better: "higher" },
  options: {
    type: "object",
    additionalProperties: false,
    properties: {
      maxCandidates: {
        type: "integer",
        title: "Candidates at most",
        description: "A larger pool is cut to a random subset of this size first, which the result says.",
        minimum: 1,
        maximum: 1_000_000,
        default: 50_000,
      },
      armRule: {
        type: "string",
        title: "Beside other arms",
        description:
          "As an arm: every pick of any arm becomes a centre, or as released, where the first centre is never nominated and only own picks count.",
        enum: ["every-pick", "released"],
        default: "every-pick",
      },
    },
  },
  needs: () => ({ arrays: ["probabilities", "embeddings", "labels"] }),
  costFormula: "time O(batch·candidates·(d + c)); memory O(candidates·(d + c)), never candidates·d·c",
  cost: (dims, options) => cost(dims, options),
  claims: { random: true, inclusion: false, embeddingInvariance: false },
  sources: [
    {
      authors: "Ash, Zhang, Krishnamurthy, Langford & Agarwal",
      year: 2020,
      title: "Deep batch active learning by diverse, uncertain gradient lower bounds",
      where: "ICLR",
    },
  ],
  differences: [
    "Gradients stay factored, |g − g′|² = |p|²|e|² + |p′|²|e′|² − 2⟨p, p′⟩⟨e, e′⟩, in float32; the scores given are float64.",
    "Items whose answers are pending are centres from the start, and the first pick is then drawn like the others.",
    "When every item left coincides with a pick, the rest is drawn at random, with a notice.",
    "Multi-label: each class contributes its own residual, taken for true from probability 1/2 on.",
  ],
  select: (context, pool, batchSize, options) => design(context, pool, predictedCandidates(pool), batchSize, options),
  design,
  async arm(context, pool, batchSize, options) {
    const limit = Math.max(batchSize, numberOption(options, "maxCandidates"));
    const rows = await openBadge(context, pool, predictedCandidates(pool), limit);
    return badgeArm(context, pool, rows, batchSize, textOption(options, "armRule"));
  },
};

function cost(dims: PoolDims, options: OptionValues): { flops: number; bytes: number } {
  const n = Math.min(dims.eligible, Math.max(dims.batchSize, numberOption(options, "maxCandidates")));
  const { embeddingDim: d, nClasses: c, batchSize } = dims;
  return {
    flops: 2 * batchSize * n * (d + c),
    bytes:
      4 * n * (d + c + 12) +
      8 * n * c +
      8 * Math.min(8192, n) * d +
      32 * batchSize * (d + c) +
      // Positions of rows in a map, and the lists of rows.
      64 * n +
      16 * dims.eligible,
  };
}
