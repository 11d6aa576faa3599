import type { Kernels } from "../kernels/types";
import { bootstrapHeads } from "./bootstrapHeads";
import { kernelFloats } from "./embeddingBlock";
import { impliedPrecision } from "./impliedPrecision";
import { randomOf } from "./keyedRandom";
import { labelledFeatures } from "./labelledFeatures";
import { laplaceHeads } from "./laplaceHeads";
import type { LinearModel } from "./linearModel";
import { forEachChunk, kernelCopy, linearModel, linearOutputs, nClassesOf, paddedColumns } from "./linearModel";
import { numberOption, textOption } from "./resolveOptions";
import { gatherRows } from "./rowMatrix";
import { embeddingInput, posteriorInputs } from "./scoreInputs";
import type {
  CostEstimate,
  InputBlock,
  Needs,
  Notice,
  OptionSchema,
  OptionValues,
  Pool,
  PoolDims,
  ScoreInput,
  SelectContext,
} from "./types";

/**
 * Predictions of posterior samples, wherever they come from: given with the pool, or of heads drawn around the one that
 * was trained.
 */
export interface PosteriorSource {
  readonly samples: number;
  readonly nClasses: number;
  readonly isMultiLabel: boolean;
  /** What the predictions are computed from, row by row. */
  readonly inputs: readonly ScoreInput[];
  /** Predictions of `n` rows from row `from` of the inputs: n × samples × nClasses. */
  predict(kernels: Kernels, inputs: readonly InputBlock[], from: number, n: number, out: Float64Array): void;
}

/** Labelled rows that heads are drawn from at most. */
const LABELLED_MAX = 10_000;

/** Gradient steps of a refitted head. */
const REFIT_ITERATIONS = 60;

/** Rows whose predictions are made at a time. */
export const PREDICT_ROWS = 512;

/** Options of every strategy that asks posterior samples. */
export const POSTERIOR_OPTIONS = {
  posterior: {
    type: "string",
    title: "Models to ask",
    description:
      "laplace: heads drawn from a Gaussian around the trained one; bootstrap: heads refitted to reweighted labels; given: the samples that came with the pool.",
    enum: ["laplace", "bootstrap", "given"],
    default: "laplace",
  },
  samples: {
    type: "integer",
    title: "Heads drawn",
    description: "How many heads are drawn; samples that came with the pool are all used.",
    minimum: 2,
    maximum: 200,
    default: 16,
  },
  priorPrecision: {
    type: "number",
    title: "Prior precision",
    description:
      "Precision of the weights' prior: the L2 penalty beside the summed loss that the head was trained with. 0 takes the one that the head and its labels agree with.",
    minimum: 0,
    maximum: 1e6,
    default: 0,
  },
} as const satisfies Readonly<Record<string, OptionSchema>>;

export function posteriorNeeds(options: OptionValues): Needs {
  return { arrays: options.posterior === "given" ? ["posterior"] : ["embeddings", "head", "labels"] };
}

/**
 * Opens the source that the options name.
 * @throws E_ARRAY_SHAPE, E_EMBEDDING_ROWS
 */
export async function posteriorSource(
  context: SelectContext,
  pool: Pool,
  options: OptionValues,
  notices: Notice[],
): Promise<PosteriorSource> {
  const isMultiLabel = pool.taskKind === "multi-label";
  if (textOption(options, "posterior") === "given") return givenSource(pool, isMultiLabel);
  const model = linearModel(pool);
  const labelled = await labelledFeatures(context, pool, LABELLED_MAX, notices);
  const common = {
    samples: numberOption(options, "samples"),
    precision: numberOption(options, "priorPrecision") || impliedPrecision(model, labelled),
  };
  context.trace({ stage: "posterior", values: { samples: common.samples, precision: common.precision } });
  const heads =
    options.posterior === "bootstrap"
      ? bootstrapHeads(context.kernels, model, labelled, {
          ...common,
          iterations: REFIT_ITERATIONS,
          random: (sample) => randomOf(context, `heads.${sample}`),
          keys: pool.keys,
          checkAbort: () => context.checkAbort(),
        })
      : laplaceHeads(context.kernels, model, labelled, { ...common, random: randomOf(context, "heads") });
  return headSource(pool, model, heads, isMultiLabel);
}

function givenSource(pool: Pool, isMultiLabel: boolean): PosteriorSource {
  const inputs = posteriorInputs(pool);
  const samples = inputs.length;
  const nClasses = inputs[0].matrix.dim;
  return {
    ...{ samples, nClasses, isMultiLabel, inputs },
    predict(_kernels, blocks, from, n, out) {
      for (let s = 0; s < samples; s++) {
        const { values } = blocks[s];
        for (let i = 0; i < n; i++) {
          for (let c = 0; c < nClasses; c++) {
            out[(i * samples + s) * nClasses + c] = values[(from + i) * nClasses + c];
          }
        }
      }
    },
  };
}

function headSource(
  pool: Pool,
  model: LinearModel,
  heads: readonly Float64Array[],
  isMultiLabel: boolean,
): PosteriorSource {
  const { d, c } = model;
  const samples = heads.length;
  const nClasses = nClassesOf(model, isMultiLabel);
  const columns = paddedColumns(samples * c);
  const weights = new Float32Array(d * columns);
  const bias = new Float32Array(columns);
  for (const [s, head] of heads.entries()) {
    for (let j = 0; j < d; j++) weights.set(head.subarray(j * c, (j + 1) * c), j * columns + s * c);
    bias.set(head.subarray(d * c), s * c);
  }
  return {
    ...{ samples, nClasses, isMultiLabel, inputs: [embeddingInput(pool)] },
    predict(kernels, [block], from, n, out) {
      const mark = kernels.mark();
      const inMemory = kernelCopy(kernels, weights);
      const values = block.values.subarray(from * d, (from + n) * d);
      forEachChunk(kernels, values, n, d, (x, start, rows) => {
        const inner = kernels.mark();
        const logits = kernelFloats(kernels, rows * columns);
        linearOutputs(kernels, { x, n: rows, d, weights: inMemory, bias, columns }, logits);
        const own = kernelFloats(kernels, rows * samples * c);
        for (let i = 0; i < rows; i++) {
          own.set(logits.subarray(i * columns, i * columns + samples * c), i * samples * c);
        }
        writeProbabilities(kernels, model, own, rows * samples, nClasses, out.subarray(start * samples * nClasses));
        kernels.release(inner);
      });
      kernels.release(mark);
    },
  };
}

function writeProbabilities(
  kernels: Kernels,
  { kind, c }: LinearModel,
  logits: Float32Array,
  n: number,
  nClasses: number,
  out: Float64Array,
): void {
  if (kind === "argmax") {
    kernels.softmaxRows(logits, n, c, 1);
    out.set(logits.subarray(0, n * c));
    return;
  }
  kernels.sigmoid(logits, n * c, 1);
  if (nClasses === c) out.set(logits.subarray(0, n * c));
  else {
    for (let i = 0; i < n; i++) {
      out[2 * i] = 1 - logits[i];
      out[2 * i + 1] = logits[i];
    }
  }
}

/** Predictions of rows in the order given: rows.length × samples × nClasses. Every row is checked. */
export async function gatherPosterior(
  context: SelectContext,
  source: PosteriorSource,
  rows: Uint32Array,
): Promise<Float64Array> {
  const width = source.samples * source.nClasses;
  const out = new Float64Array(rows.length * width);
  for (let start = 0; start < rows.length; start += PREDICT_ROWS) {
    context.checkAbort();
    const part = rows.subarray(start, Math.min(rows.length, start + PREDICT_ROWS));
    const blocks: InputBlock[] = [];
    for (const { matrix, check } of source.inputs) {
      const values = new Float64Array(part.length * matrix.dim);
      await gatherRows(matrix, part, values);
      for (let i = 0; i < part.length; i++) check(values, i, matrix.dim, part[i]);
      blocks.push({ dim: matrix.dim, values });
    }
    source.predict(context.kernels, blocks, 0, part.length, out.subarray(start * width));
  }
  return out;
}

/** What opening the source and predicting every eligible row costs. */
export function posteriorCost(dims: PoolDims, options: OptionValues): CostEstimate {
  const c = Math.max(1, dims.nClasses);
  // The pool says how many samples came with it only when it is there: the option stands in.
  const samples = numberOption(options, "samples");
  const block = 8 * PREDICT_ROWS * samples * c;
  if (options.posterior === "given") return { flops: 4 * dims.eligible * samples * c, bytes: block };
  const d = dims.embeddingDim + 1;
  const n = Math.min(dims.labelled, LABELLED_MAX);
  const least = Math.min(n, d);
  const scoring = 2 * dims.eligible * d * samples * c;
  if (options.posterior === "bootstrap") {
    return {
      flops: scoring + 4 * samples * REFIT_ITERATIONS * n * d * c,
      bytes: block + 16 * n * (d + c) + 40 * samples * d * c + 8 * PREDICT_ROWS * (d + samples * c),
    };
  }
  return {
    flops: scoring + least ** 3 / 3 + 6 * samples * c * least * d + 2 * n * d * least,
    bytes:
      block +
      16 * n * (d + 1) +
      16 * least ** 2 +
      16 * (d + n) * samples * c * 2 +
      20 * samples * d * c +
      8 * PREDICT_ROWS * (d + samples * c),
  };
}
