import { POSTERIOR_DIFFERENCES } from "../core/disagreementStrategy";
import { kernelFloats } from "../core/embeddingBlock";
import { randomOf } from "../core/keyedRandom";
import { plogp } from "../core/posteriorScores";
import type { PosteriorSource } from "../core/posteriorSource";
import {
  gatherPosterior,
  POSTERIOR_OPTIONS,
  PREDICT_ROWS,
  posteriorCost,
  posteriorNeeds,
  posteriorSource,
} from "../core/posteriorSource";
import { numberOption } from "../core/resolveOptions";
import { sampleRows } from "../core/sampleRows";
import { scorePool, selectionOfTop } from "../core/scorePool";
import type { ItemScorer, MakeScorer, Notice, OptionValues, Pool, SelectContext, Strategy } from "../core/types";
import type { Kernels } from "../kernels/types";
import { targetRows } from "./targetRows";

/** Entries of the joint distributions held at a time: 8 MiB. */
const ENTRIES_MAX = 1 << 21;

/** Target items with their predictions. */
interface Targets {
  readonly n: number;
  /** samples × (n · nClasses). */
  readonly bySample: Float32Array;
  /** n × samples × nClasses. */
  readonly q: Float64Array;
  /** Mean entropy of the targets' mean predictions. */
  readonly entropy: number;
}

const scorer: MakeScorer = (context, pool, options) => openScorer(context, pool, options, []);

async function openScorer(
  context: SelectContext,
  pool: Pool,
  options: OptionValues,
  notices: Notice[],
): Promise<ItemScorer> {
  const source = await posteriorSource(context, pool, options, notices);
  const targets = await openTargets(context, pool, source, options);
  const isDouble = options.posterior === "given" && source.inputs.every(({ matrix }) => matrix.dtype === "f64");
  const { samples, nClasses } = source;
  const width = samples * nClasses;
  const own = new Float64Array(width);
  return {
    measure: "epig",
    inputs: source.inputs,
    better: "higher",
    range: [0, Math.log(Math.max(1, Math.min(nClasses, samples)))],
    scoreBlock(kernels, block, out) {
      const n = block.end - block.start;
      const q = new Float64Array(Math.min(n, PREDICT_ROWS) * width);
      for (let start = 0; start < n; start += PREDICT_ROWS) {
        const rows = Math.min(PREDICT_ROWS, n - start);
        source.predict(kernels, block.inputs, start, rows, q);
        const to = out.subarray(start, start + rows);
        if (isDouble) for (let i = 0; i < rows; i++) to[i] = exactGain(source, targets, q, i * width);
        else gainsOf(kernels, source, targets, q, rows, to);
      }
    },
    exact(inputs) {
      const blocks = inputs.map((values, i) => ({ dim: source.inputs[i].matrix.dim, values }));
      source.predict(context.kernels, blocks, 0, 1, own);
      return exactGain(source, targets, own, 0);
    },
    utility: (value) => value,
    reasons: ({ score, percentile }) => [{ code: "information", criterion: "targets", gain: score, percentile }],
  };
}

async function openTargets(
  context: SelectContext,
  pool: Pool,
  source: PosteriorSource,
  options: OptionValues,
): Promise<Targets> {
  const { samples, nClasses } = source;
  const rows = sampleRows(
    targetRows(pool, source),
    numberOption(options, "targets"),
    pool.keys,
    randomOf(context, "targets"),
  );
  const n = rows.length;
  const q = await gatherPosterior(context, source, rows);
  const bySample = new Float32Array(samples * n * nClasses);
  let entropy = 0;
  for (let t = 0; t < n; t++) {
    for (let c = 0; c < nClasses; c++) {
      let mean = 0;
      for (let s = 0; s < samples; s++) {
        const p = q[(t * samples + s) * nClasses + c];
        bySample[s * n * nClasses + t * nClasses + c] = p;
        mean += p / samples;
      }
      entropy += plogp(mean) / n;
    }
  }
  return { n, bySample, q, entropy };
}

/**
 * Gain of `rows` rows in float32: the joint distributions of each with every target are one matrix product, and the sum of
 * their entropies is a pass over it.
 */
function gainsOf(
  kernels: Kernels,
  { samples, nClasses }: PosteriorSource,
  targets: Targets,
  q: Float64Array,
  rows: number,
  out: Float64Array,
): void {
  const columns = targets.n * nClasses;
  const together = Math.max(1, Math.floor(ENTRIES_MAX / Math.max(1, columns * nClasses)));
  const mark = kernels.mark();
  const bySample = kernelFloats(kernels, targets.bySample.length);
  bySample.set(targets.bySample);
  for (let start = 0; start < rows; start += together) {
    const inner = kernels.mark();
    const n = Math.min(together, rows - start);
    const a = kernelFloats(kernels, n * nClasses * samples);
    const joint = kernelFloats(kernels, n * nClasses * columns);
    const entropy = kernelFloats(kernels, n * nClasses);
    for (let i = 0; i < n; i++) {
      for (let s = 0; s < samples; s++) {
        for (let c = 0; c < nClasses; c++) {
          a[(i * nClasses + c) * samples + s] = q[((start + i) * samples + s) * nClasses + c];
        }
      }
    }
    kernels.gemm({ m: n * nClasses, n: columns, k: samples, a, b: bySample, out: joint, alpha: 1 / samples });
    kernels.rowStats(joint, n * nClasses, columns, { entropy });
    for (let i = 0; i < n; i++) {
      let together = 0;
      for (let c = 0; c < nClasses; c++) together += entropy[i * nClasses + c];
      const own = meanEntropy(q, (start + i) * samples * nClasses, samples, nClasses);
      out[start + i] = Math.max(0, own + targets.entropy - together / Math.max(1, targets.n));
    }
    kernels.release(inner);
  }
  kernels.release(mark);
}

function meanEntropy(q: Float64Array, at: number, samples: number, nClasses: number): number {
  let entropy = 0;
  for (let c = 0; c < nClasses; c++) {
    let mean = 0;
    for (let s = 0; s < samples; s++) mean += q[at + s * nClasses + c];
    entropy += plogp(mean / samples);
  }
  return entropy;
}

/** Mean over the targets of the mutual information between the row's label and the target's, in float64 and nats. */
function exactGain({ samples, nClasses }: PosteriorSource, targets: Targets, q: Float64Array, at: number): number {
  let joint = 0;
  for (let t = 0; t < targets.n; t++) {
    const from = t * samples * nClasses;
    for (let a = 0; a < nClasses; a++) {
      for (let b = 0; b < nClasses; b++) {
        let sum = 0;
        for (let s = 0; s < samples; s++) sum += q[at + s * nClasses + a] * targets.q[from + s * nClasses + b];
        joint += plogp(sum / samples);
      }
    }
  }
  const own = meanEntropy(q, at, samples, nClasses);
  return Math.max(0, own + targets.entropy - joint / Math.max(1, targets.n));
}

export const epig: Strategy = {
  id: "epig",
  version: 1,
  title: "EPIG",
  summary: "Picks the items whose label would tell most about the labels of items as they usually come.",
  whenToUse: "When the pool holds oddities: BALD is drawn to them, EPIG asks what helps on ordinary items.",
  whenNot: "Many classes: the cost grows with their square.",
  taskKinds: ["single-label"],
  score: {
    name: "expected predictive information gain in nats: mean mutual information of the label with those of target items",
    better: "higher",
  },
  options: {
    type: "object",
    additionalProperties: false,
    properties: {
      ...POSTERIOR_OPTIONS,
      targets: {
        type: "integer",
        title: "Target items",
        description: "Items drawn from the pool, whose labels the picks should tell about.",
        minimum: 1,
        maximum: 10_000,
        default: 100,
      },
    },
  },
  needs: posteriorNeeds,
  costFormula: "time O(n·targets·samples·c² + n·d·samples·c); memory O(targets·samples·c + block)",
  cost: (dims, options) => {
    const source = posteriorCost(dims, options);
    const samples = numberOption(options, "samples");
    const targets = numberOption(options, "targets");
    const c = Math.max(1, dims.nClasses);
    return {
      flops: source.flops + 2 * dims.eligible * targets * c ** 2 * (samples + 10),
      bytes:
        source.bytes +
        24 * targets * samples * c +
        4 * Math.max(ENTRIES_MAX, targets * c ** 2) +
        12 * PREDICT_ROWS * c * samples +
        64 * (dims.batchSize + 2048) * (1 + dims.embeddingDim / 8) +
        16 * 65536 +
        12 * dims.eligible,
    };
  },
  claims: { random: true, inclusion: false, embeddingInvariance: false },
  sources: [
    {
      authors: "Bickford Smith, Kirsch, Farquhar, Gal, Foster & Rainforth",
      year: 2023,
      title: "Prediction-oriented Bayesian active learning",
      where: "AISTATS",
    },
  ],
  differences: [
    POSTERIOR_DIFFERENCES[0],
    "Targets are drawn from the pool itself; with heads drawn around the trained one labelled items are among them.",
  ],
  scorer,
  async select(context, pool, batchSize, options) {
    const notices: Notice[] = [];
    const candidates = await scorePool(context, pool, await openScorer(context, pool, options, notices), batchSize);
    const selection = selectionOfTop(candidates, batchSize);
    return { ...selection, notices: [...notices, ...selection.notices] };
  },
};
