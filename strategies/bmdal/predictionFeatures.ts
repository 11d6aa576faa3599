import { arrayMatrix, blocksOf, readView } from "../core/rowMatrix";
import type { Pool, RowMatrix } from "../core/types";

/**
 * Black-box features: the predictions of S ensemble members, centred over the members and divided by √S, so that their
 * inner products are the empirical covariance of the predictions. Any model that comes as an ensemble has them.
 * Source: Kirsch 2023, "Black-box batch active learning for regression".
 */
export async function predictionFeatures(pool: Pool): Promise<RowMatrix> {
  const { samples } = pool.posterior!;
  const n = Math.min(...samples.map((sample) => sample.n));
  const dim = samples.length;
  const values = new Float64Array(n * dim);
  for (const [member, sample] of samples.entries()) {
    for (const { start, end } of blocksOf(sample)) {
      const view = await readView(sample, start, end);
      for (let row = start; row < Math.min(end, n); row++)
        values[row * dim + member] = view[(row - start) * sample.dim];
    }
  }
  const scale = 1 / Math.sqrt(dim);
  for (let row = 0; row < n; row++) {
    let mean = 0;
    for (let j = 0; j < dim; j++) mean += values[row * dim + j] / dim;
    for (let j = 0; j < dim; j++) values[row * dim + j] = scale * (values[row * dim + j] - mean);
  }
  return arrayMatrix(values, n, dim);
}
