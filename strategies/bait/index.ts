import { countBits } from "../core/bitmap";
import { kernelDoubles } from "../core/doubleRows";
import { designedSelection, limitCandidates, rowsBelow } from "../core/embeddedCandidates";
import { rowsByKey } from "../core/itemKeys";
import { knownRows } from "../core/knownRows";
import { percentileSorted } from "../core/metrics/ranks";
import { predictedCandidates, withPredictions } from "../core/predictedRows";
import { numberOption, textOption } from "../core/resolveOptions";
import type {
  Candidates,
  Designer,
  Notice,
  OptionValues,
  Pool,
  PoolDims,
  SelectContext,
  Strategy,
} from "../core/types";
import type { FisherForm } from "./fisherRows";
import { addFisher, embeddingAxes, gatherFisherRows } from "./fisherRows";
import type { FisherProblem } from "./fisherSearch";
import { searchBatch } from "./searchBatch";

/** From more classes on, `auto` takes the rank-one form: k·k numbers per item and k³ operations per step grow too fast. */
const FULL_CLASSES_MAX = 24;

/** Numbers held per matrix of pairs (rows × k × k); more rows are left out at random. */
const PAIRS_MAX = 32 * 1024 * 1024;

const design: Designer = async (context, pool, candidates, batchSize, options) => {
  const { kernels } = context;
  const mark = kernels.mark();
  try {
    const notices: Notice[] = [];
    const { rows, known, shape } = await chooseRows(context, pool, candidates, batchSize, options, notices);
    const problem = await poseProblem(context, pool, rows, known, shape, batchSize, options, notices);
    const search = searchBatch(context, problem, Math.min(batchSize, rows.length), numberOption(options, "oversample"));
    context.trace({
      stage: "bait",
      values: { before: search.before, after: search.after, added: search.forward.length, dim: problem.rows.d },
    });
    const ascending = search.firstGains.slice().sort();
    const scores = Float64Array.from(search.selected, (step) => step.change);
    const percentile = search.selected.map((step) => percentileSorted(ascending, search.firstGains[step.index]));
    return designedSelection(
      candidates,
      {
        rows: Uint32Array.from(search.selected, (step) => rows[step.index]),
        scores,
        utility: scores.slice(),
        percentile,
        reasons: search.selected.map((step, i) => ({
          code: "information",
          criterion: "fisher",
          gain: step.change,
          percentile: percentile[i],
        })),
      },
      notices,
    );
  } finally {
    kernels.release(mark);
  }
};

interface Shape {
  readonly form: FisherForm;
  /** Class blocks of the form. */
  readonly k: number;
}

function shapeOf(nClasses: number, options: OptionValues): Shape {
  const asked = textOption(options, "fisher");
  const form = asked === "auto" ? (nClasses > FULL_CLASSES_MAX ? "rank-one" : "full") : asked;
  return form === "full" ? { form, k: nClasses } : { form: "rank-one", k: 1 };
}

function candidateLimit(batchSize: number, k: number, options: OptionValues): number {
  const fitting = Math.floor(PAIRS_MAX / Math.max(1, k * k));
  return Math.max(batchSize, Math.min(numberOption(options, "maxCandidates"), fitting));
}

/** Candidates and labelled or pending rows, each in order of key. */
async function chooseRows(
  context: SelectContext,
  pool: Pool,
  candidates: Candidates,
  batchSize: number,
  options: OptionValues,
  notices: Notice[],
) {
  const shape = shapeOf(pool.probabilities!.dim, options);
  if (shape.form === "rank-one" && textOption(options, "fisher") === "auto") {
    notices.push({ code: "APPROXIMATED", level: "warning", what: "fisher-rank-one", size: pool.probabilities!.dim });
  }
  const covered = rowsBelow(candidates, Math.min(pool.embeddings!.n, pool.probabilities!.n), notices);
  const limit = candidateLimit(batchSize, shape.k, options);
  const rows = rowsByKey(pool.keys, limitCandidates(context, pool, covered, limit, notices));
  const all = knownRows(context, pool, numberOption(options, "maxLabelled"), notices);
  const known = rowsByKey(pool.keys, await withPredictions(pool, all));
  if (known.length < all.length) {
    notices.push({ code: "LABELLED_LEFT_OUT", level: "warning", count: all.length - known.length });
  }
  return { rows, known, shape };
}

/**
 * The target F is the mean over the pool: candidates, each standing for as many eligible rows as were left out, and
 * labelled rows. The start is λ·I plus the labelled rows' mean times n / (n + B).
 */
async function poseProblem(
  context: SelectContext,
  pool: Pool,
  candidateRows: Uint32Array,
  known: Uint32Array,
  { form, k }: Shape,
  batchSize: number,
  options: OptionValues,
  notices: Notice[],
): Promise<FisherProblem> {
  const { kernels } = context;
  const width = pool.embeddings!.dim;
  const dim = Math.max(1, Math.floor(numberOption(options, "maxDimension") / k));
  const axes = dim < width ? await embeddingAxes(kernels, pool, candidateRows, dim) : undefined;
  if (axes !== undefined) {
    notices.push({ code: "DIMENSIONS_REDUCED", level: "warning", from: width, to: axes.dim, kept: axes.kept });
  }
  const rows = await gatherFisherRows(kernels, pool, candidateRows, form, axes);
  const labelled = await gatherFisherRows(kernels, pool, known, form, axes);
  const q = k * rows.d;
  const eligible = Math.max(candidateRows.length, countBits(pool.eligible));
  const whole = eligible + known.length;
  const target = kernelDoubles(kernels, q * q);
  addFisher(kernels, rows, { start: 0, end: rows.n }, eligible / (Math.max(1, rows.n) * whole), target);
  addFisher(kernels, labelled, { start: 0, end: labelled.n }, 1 / whole, target);
  const start = kernelDoubles(kernels, q * q);
  // The mean over n labelled rows times n / (n + B).
  addFisher(kernels, labelled, { start: 0, end: labelled.n }, 1 / (labelled.n + batchSize), start);
  const lambda = numberOption(options, "lambda");
  for (let i = 0; i < q; i++) start[i * q + i] += lambda;
  const factor = Math.sqrt(batchSize / (labelled.n + batchSize));
  for (let i = 0; i < rows.scales.length; i++) rows.scales[i] *= factor;
  return { rows, target, start };
}

export const bait: Strategy = {
  id: "bait",
  version: 1,
  title: "BAIT",
  summary: "Picks the set of items that would tell the model's last layer most about the whole pool.",
  whenToUse: "Small and middle batches with good embeddings and a linear head, where each label is dear.",
  whenNot:
    "Many classes or huge batches: its cost grows with the square of the classes; margin is nearly as good there.",
  taskKinds: ["single-label", "multi-label"],
  score: { name: "decrease of tr(M⁻¹F) when the item was added", better: "higher" },
  options: {
    type: "object",
    additionalProperties: false,
    properties: {
      oversample: {
        type: "number",
        title: "Oversampling",
        description: "So many times the batch is added first; then the least missed are removed again.",
        minimum: 1,
        maximum: 10,
        default: 2,
      },
      lambda: {
        type: "number",
        title: "Regularisation",
        description: "Multiple of the identity that the information matrix starts from.",
        minimum: 1e-6,
        maximum: 1e6,
        default: 1,
      },
      fisher: {
        type: "string",
        title: "Information matrix",
        description: `All class blocks, or one block that stands for their mean; auto takes all up to ${FULL_CLASSES_MAX} classes.`,
        enum: ["auto", "full", "rank-one"],
        default: "auto",
      },
      maxDimension: {
        type: "integer",
        title: "Dimensions at most",
        description:
          "Classes times embedding dimensions; longer embeddings are projected on their main directions, which the result says.",
        minimum: 1,
        maximum: 8_192,
        default: 512,
      },
      maxCandidates: {
        type: "integer",
        title: "Candidates at most",
        description: "A larger pool is cut to a random subset of this size first, which the result says.",
        minimum: 1,
        maximum: 1_000_000,
        default: 20_000,
      },
      maxLabelled: {
        type: "integer",
        title: "Labelled items at most",
        description: "Of more labelled or pending items a random subset of this size takes part.",
        minimum: 1,
        maximum: 1_000_000,
        default: 10_000,
      },
    },
  },
  needs: () => ({ arrays: ["probabilities", "embeddings", "labels"] }),
  costFormula:
    "time O(candidates·(c·d)² + oversample·batch·candidates·c²·(d + c)), c·d ≤ maxDimension; memory O(candidates·(d + c²) + (c·d)²)",
  cost: (dims, options) => cost(dims, options),
  claims: { random: false, inclusion: false, embeddingInvariance: false },
  sources: [
    {
      authors: "Ash, Goel, Krishnamurthy & Kakade",
      year: 2021,
      title: "Gone fishing: neural active learning with Fisher embeddings",
      where: "NeurIPS",
    },
  ],
  differences: [
    "The k×k inner systems of all items are updated instead of computed anew at each step; the picks are the same.",
    "Long embeddings are projected on their main directions, which the result says; `maxDimension` raises the limit.",
    "Many classes: one block e·eᵀ weighed with Σ P(1 − P) stands for the class blocks; `fisher: full` keeps them all.",
    "Of a pool cut to candidates, the candidates stand for the pool. Items whose answers are pending count as labelled.",
    "Multi-label: the Fisher matrix of independent logistic outputs.",
  ],
  select: (context, pool, batchSize, options) => design(context, pool, predictedCandidates(pool), batchSize, options),
  design,
};

function cost(dims: PoolDims, options: OptionValues): { flops: number; bytes: number } {
  const { nClasses, embeddingDim, batchSize } = dims;
  const { k } = shapeOf(Math.max(1, nClasses), options);
  const dim = Math.max(1, Math.floor(numberOption(options, "maxDimension") / k));
  const d = Math.max(1, Math.min(dim, embeddingDim));
  const q = k * d;
  const n = Math.min(dims.eligible, candidateLimit(batchSize, k, options));
  const known = Math.min(dims.labelled, numberOption(options, "maxLabelled"));
  const steps = numberOption(options, "oversample") * batchSize;
  const isReduced = dim < embeddingDim;
  return {
    flops:
      3 * (n + known) * q * q +
      steps * (n * k * k * (4 * d + 3 * k) + 4 * q * q * k) +
      (isReduced ? 2 * n * embeddingDim * (embeddingDim + d) : 0),
    bytes:
      8 * (n + known) * (d + 3 * nClasses + 2) +
      16 * n * k * k +
      // Target, start, inverse, two products and, while M⁻¹ is formed, copies in kernel memory.
      8 * 8 * q * q +
      8 * 3 * 4096 * Math.max(embeddingDim, d) +
      8 * 2 * 2048 * (2 * k * k + d) +
      (isReduced ? 8 * (3 * embeddingDim * embeddingDim + 4 * embeddingDim * (d + 8)) : 0) +
      16 * dims.eligible,
  };
}
