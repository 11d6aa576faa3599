import { boundaryDistances, exactLogits, forEachLogits, NO_BOUNDARY, weightGaps } from "../core/boundaryDistances";
import { linearModel, nClassesOf } from "../core/linearModel";
import { NO_OPTIONS } from "../core/resolveOptions";
import { embeddingInput } from "../core/scoreInputs";
import { scorePool, selectionOfTop } from "../core/scorePool";
import type { MakeScorer, Strategy } from "../core/types";

const scorer: MakeScorer = (_context, pool) => {
  const model = linearModel(pool);
  const gaps = weightGaps(model);
  const nClasses = nClassesOf(model, pool.taskKind === "multi-label");
  const distances = new Float64Array(nClasses);
  const logits = new Float64Array(model.c);
  const nearestOf = (values: Float32Array | Float64Array, at: number) => {
    boundaryDistances(model, gaps, values, at, distances);
    return distances.reduce((least, distance) => Math.min(least, distance), NO_BOUNDARY);
  };
  return {
    measure: "mase",
    inputs: [embeddingInput(pool)],
    better: "lower",
    range: null,
    scoreBlock(kernels, block, out) {
      forEachLogits(kernels, model, block.values, block.end - block.start, (row, values, at) => {
        out[row] = nearestOf(values, at);
      });
    },
    exact([row]) {
      exactLogits(model, row, 0, logits);
      return nearestOf(logits, 0);
    },
    utility: (distance) => -distance,
    reasons: ({ score, percentile }) => [
      { code: "nearBoundary", distance: score === NO_BOUNDARY ? null : score, between: null, percentile },
    ],
  };
};

export const mase: Strategy = {
  id: "mase",
  version: 1,
  title: "MASE (smallest distance to a boundary)",
  summary: "Picks the items whose embedding lies nearest to a boundary between two classes.",
  whenToUse:
    "Like margin, but in units of the embeddings: it does not depend on how confident the model is made to look.",
  whenNot: "Imbalanced classes, where BASE spreads the batch over them; heads that are not linear in the embeddings.",
  taskKinds: ["single-label", "multi-label"],
  score: { name: "euclidean distance of the embedding to the nearest boundary of the head", better: "lower" },
  options: NO_OPTIONS,
  needs: () => ({ arrays: ["embeddings", "head"] }),
  costFormula: "time O(n·d·c), one streaming pass; memory O(batch·d + block)",
  cost: ({ eligible, nClasses, embeddingDim: d, batchSize }) => ({
    flops: 2 * eligible * d * Math.max(1, nClasses),
    bytes: (64 + 8 * d) * (batchSize + 2048) + 16 * 65536 + 4 * (512 + d) * (d + Math.max(8, nClasses)),
  }),
  claims: { random: false, inclusion: false, embeddingInvariance: false },
  sources: [
    {
      authors: "Emam, Chu, Chiang, Czaja, Leapman, Goldblum & Goldstein",
      year: 2021,
      title: "Active learning at the ImageNet scale",
      where: "arXiv:2111.12880",
    },
  ],
  differences: [
    "Classes with equal weights have no boundary between them: the distance counts as infinite; the released code divides by 0.",
    "Multi-label projects: the boundary of each class by itself.",
  ],
  scorer,
  async select(context, pool, batchSize, options) {
    const candidates = await scorePool(context, pool, await scorer(context, pool, options), batchSize);
    const selection = selectionOfTop(candidates, batchSize);
    const count = selection.scores.filter((distance) => distance === NO_BOUNDARY).length;
    if (count === 0) return selection;
    return { ...selection, notices: [...selection.notices, { code: "NO_BOUNDARY", level: "fallback", count }] };
  },
};
