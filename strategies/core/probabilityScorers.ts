import type { Kernels } from "../kernels/types";
import { kernelFloats } from "./embeddingBlock";
import { StrategyError } from "./strategyError";
import type { ItemScorer, ScoreBlock } from "./types";

/** How far the sum of a row of probabilities may be from 1. */
export const PROBABILITY_SUM_TOLERANCE = 1e-4;

/** Probabilities below this are raised to it inside the logarithm of the entropy. */
const ENTROPY_CLIP = 1e-10;

/** Least confidence: the score is p1, the largest probability; the lowest is worth labelling. */
export const leastConfidenceScorer: ItemScorer = {
  measure: "least-confidence",
  array: "probabilities",
  better: "lower",
  range: (nClasses) => [1 / Math.max(1, nClasses), 1],
  scoreBlock(kernels, block, out) {
    topTwo(kernels, block, (i, top1) => {
      out[i] = top1;
    });
  },
  utility: (score) => 1 - score,
};

/** Margin: the score is p1 − p2, the gap of the two largest probabilities; the lowest is worth labelling. */
export const marginScorer: ItemScorer = {
  measure: "margin",
  array: "probabilities",
  better: "lower",
  range: () => [0, 1],
  scoreBlock(kernels, block, out) {
    topTwo(kernels, block, (i, top1, top2) => {
      out[i] = top1 - top2;
    });
  },
  utility: (score) => 1 - score,
};

/** Entropy: the score is −Σ p ln p in nats; the highest is worth labelling. */
export const entropyScorer: ItemScorer = {
  measure: "entropy",
  array: "probabilities",
  better: "higher",
  range: (nClasses) => [0, Math.log(Math.max(1, nClasses))],
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
  exact: (row) => entropyOf(row, 0, row.length),
  utility: (score) => score,
};

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

/**
 * Refuses a row of probabilities that is not a distribution.
 *
 * @param values rows of `dim` values; row i starts at i · dim.
 * @param row    number of the row in the pool, for the message.
 * @throws E_PROBABILITY_ROWS when an entry is NaN, infinite or negative or the sum is not 1 ± 1e-4.
 */
export function checkProbabilityRow(
  values: Float32Array | Float64Array,
  index: number,
  dim: number,
  row: number,
): void {
  let sum = 0;
  let least = 0;
  const end = (index + 1) * dim;
  for (let j = index * dim; j < end; j++) {
    const p = values[j];
    sum += p;
    if (p < least) least = p;
  }
  // NaN fails every comparison, so the test is written for what must hold.
  if (least >= 0 && Math.abs(sum - 1) <= PROBABILITY_SUM_TOLERANCE) return;
  const found = Number.isFinite(sum)
    ? least < 0
      ? `a negative entry (${least})`
      : `the sum ${sum}`
    : "NaN or infinity";
  throw new StrategyError(
    "E_PROBABILITY_ROWS",
    `Row ${row} of the probabilities is not a distribution: entries ≥ 0 with sum 1 ± ${PROBABILITY_SUM_TOLERANCE} were expected, found ${found}. Give calibrated class probabilities, not logits.`,
    { row, sum: String(sum) },
  );
}
