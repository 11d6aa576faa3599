import type { Kernels } from "../kernels/types";
import { kernelFloats } from "./embeddingBlock";
import { probabilityInput } from "./scoreInputs";
import type { MakeScorer, Pool, ScoreBlock } from "./types";

/** Probabilities below this are raised to it inside the logarithm of the entropy. */
const ENTROPY_CLIP = 1e-10;

/** Least confidence: the score is p1, the largest probability; the lowest is worth labelling. */
export const leastConfidenceScorer: MakeScorer = (_context, pool) => ({
  measure: "least-confidence",
  inputs: [probabilityInput(pool)],
  better: "lower",
  range: [1 / Math.max(1, widthOf(pool)), 1],
  scoreBlock(kernels, block, out) {
    topTwo(kernels, block, (i, top1) => {
      out[i] = top1;
    });
  },
  utility: (score) => 1 - score,
});

/** Margin: the score is p1 − p2, the gap of the two largest probabilities; the lowest is worth labelling. */
export const marginScorer: MakeScorer = (_context, pool) => ({
  measure: "margin",
  inputs: [probabilityInput(pool)],
  better: "lower",
  range: [0, 1],
  scoreBlock(kernels, block, out) {
    topTwo(kernels, block, (i, top1, top2) => {
      out[i] = top1 - top2;
    });
  },
  utility: (score) => 1 - score,
});

/** Entropy: the score is −Σ p ln p in nats; the highest is worth labelling. */
export const entropyScorer: MakeScorer = (_context, pool) => ({
  measure: "entropy",
  inputs: [probabilityInput(pool)],
  better: "higher",
  range: [0, Math.log(Math.max(1, widthOf(pool)))],
  scoreBlock(kernels, block, out) {
    const n = block.end - block.start;
    if (block.values instanceof Float32Array) {
      const mark = kernels.mark();
      const entropy = kernelFloats(kernels, n);
      kernels.rowStats(block.values, n, block.dim, { entropy });
      out.set(entropy);
      kernels.release(mark);
      return;
    }
    for (let i = 0; i < n; i++) out[i] = entropyOf(block.values, i * block.dim, block.dim);
  },
  exact: ([row]) => entropyOf(row, 0, row.length),
  utility: (score) => score,
});

function widthOf(pool: Pool): number {
  return pool.probabilities?.dim ?? 0;
}

function entropyOf(values: Float64Array, offset: number, dim: number): number {
  let sum = 0;
  for (let j = 0; j < dim; j++) {
    const p = values[offset + j];
    sum -= p * Math.log(p < ENTROPY_CLIP ? ENTROPY_CLIP : p);
  }
  return sum === 0 ? 0 : sum;
}

/** Calls `use` with the two largest values of every row; float32 rows go through the kernels, which are exact here. */
function topTwo(kernels: Kernels, block: ScoreBlock, use: (i: number, top1: number, top2: number) => void): void {
  const n = block.end - block.start;
  const { dim, values } = block;
  if (values instanceof Float32Array) {
    const mark = kernels.mark();
    const top1 = kernelFloats(kernels, n);
    const top2 = kernelFloats(kernels, n);
    kernels.rowStats(values, n, dim, { top1, top2 });
    for (let i = 0; i < n; i++) use(i, top1[i], top2[i]);
    kernels.release(mark);
    return;
  }
  for (let i = 0; i < n; i++) {
    let first = Number.NEGATIVE_INFINITY;
    let second = dim === 1 ? 0 : Number.NEGATIVE_INFINITY;
    for (let j = i * dim; j < (i + 1) * dim; j++) {
      const p = values[j];
      if (p > first) {
        second = dim === 1 ? 0 : first;
        first = p;
      } else if (p > second) second = p;
    }
    use(i, first, second);
  }
}
