import { gatherEmbeddings, kernelFloats } from "../core/embeddingBlock";
import { gatherPredictions } from "../core/predictedRows";
import type { Pool } from "../core/types";
import type { Kernels } from "../kernels/types";

/** Last-layer gradients p ⊗ x of rows, kept as their factors: n·(d + c) values instead of n·d·c. */
export interface GradientFactors {
  readonly rows: Uint32Array;
  readonly n: number;
  readonly d: number;
  readonly c: number;
  /** Embeddings, n×d. */
  readonly x: Float32Array;
  /** |x_i|. */
  readonly lengths: Float32Array;
  /** What the answer taken for true differs from the prediction, n×c. */
  readonly p: Float32Array;
  /** |x_i|²·|p_i|²: squared lengths of the gradients. */
  readonly norms: Float32Array;
}

/**
 * Gathers the factors in kernel memory.
 *
 * @param rows by item key, so that draws and ties do not depend on positions.
 * @throws E_PROBABILITY_ROWS, E_EMBEDDING_ROWS naming a row that cannot be used.
 */
export async function gatherGradients(kernels: Kernels, pool: Pool, rows: Uint32Array): Promise<GradientFactors> {
  const embeddings = pool.embeddings!;
  const n = rows.length;
  const predictions = await gatherPredictions(pool, rows);
  const c = n === 0 ? 0 : predictions.length / n;
  // Gradients change when the embeddings are moved: no shift.
  const block = await gatherEmbeddings(kernels, embeddings, rows, new Float64Array(embeddings.dim));
  const p = kernelFloats(kernels, n * c);
  const lengths = kernelFloats(kernels, n);
  const norms = kernelFloats(kernels, n);
  for (let i = 0; i < n; i++) {
    const residual = residualOf(predictions.subarray(i * c, (i + 1) * c), pool.taskKind === "multi-label");
    let square = 0;
    for (let j = 0; j < c; j++) {
      p[i * c + j] = residual[j];
      square += residual[j] * residual[j];
    }
    lengths[i] = Math.sqrt(block.norms[i]);
    norms[i] = block.norms[i] * square;
  }
  return { rows, n, d: embeddings.dim, c, x: block.x, lengths, p, norms };
}

/**
 * Answer taken for true minus prediction: the most probable class (lowest on ties) against the distribution; in
 * multi-label projects each class against its own probability, true from 1/2 on.
 */
export function residualOf(prediction: Float64Array, isMultiLabel: boolean): Float64Array {
  if (isMultiLabel) return prediction.map((value) => (value >= 0.5 ? 1 : 0) - value);
  let best = 0;
  for (let j = 1; j < prediction.length; j++) if (prediction[j] > prediction[best]) best = j;
  return prediction.map((value, j) => (j === best ? 1 : 0) - value);
}
