import { gatherPredictions } from "../core/predictedRows";
import { gatherRows } from "../core/rowMatrix";
import type { Pool } from "../core/types";
import { residualOf } from "./gradientFactors";

export interface ExactGradient {
  readonly squaredNorm: number;
  /** Squared distance to the row's `nearest`; null where it has none. */
  readonly squaredDistance: number | null;
}

/** Lengths of the gradients of rows and their distances to one other row each, in float64. */
export async function exactGradients(
  pool: Pool,
  rows: readonly number[],
  nearest: readonly (number | null)[],
): Promise<ExactGradient[]> {
  const d = pool.embeddings!.dim;
  const both = new Uint32Array(2 * rows.length);
  rows.forEach((row, i) => {
    both[2 * i] = row;
    both[2 * i + 1] = nearest[i] ?? row;
  });
  const x = new Float64Array(both.length * d);
  await gatherRows(pool.embeddings!, both, x);
  const predictions = await gatherPredictions(pool, both);
  const c = predictions.length / Math.max(1, both.length);
  const isMultiLabel = pool.taskKind === "multi-label";
  return rows.map((_, i) => {
    const [xa, xb] = [2 * i, 2 * i + 1].map((at) => x.subarray(at * d, (at + 1) * d));
    const [pa, pb] = [2 * i, 2 * i + 1].map((at) =>
      residualOf(predictions.subarray(at * c, (at + 1) * c), isMultiLabel),
    );
    const squaredNorm = dot(xa, xa) * dot(pa, pa);
    const squaredDistance = squaredNorm + dot(xb, xb) * dot(pb, pb) - 2 * dot(xa, xb) * dot(pa, pb);
    return { squaredNorm, squaredDistance: nearest[i] === null ? null : Math.max(0, squaredDistance) };
  });
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}
