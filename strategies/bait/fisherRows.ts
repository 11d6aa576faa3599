import { eachEmbeddingBlock, kernelDoubles } from "../core/doubleRows";
import { gatherPredictions } from "../core/predictedRows";
import type { PrincipalAxes } from "../core/principalAxes";
import { principalAxes } from "../core/principalAxes";
import type { Pool } from "../core/types";
import type { Kernels } from "../kernels/types";

/**
 * Factors of the Fisher matrices of rows. Row i stands for V_i (k × k·d, class-major) with
 * V_i = diag(scales_i)·(I − 1·p_iᵀ) ⊗ e_i, without the term 1·p_iᵀ where `p` is absent; its Fisher matrix is V_iᵀ·V_i.
 */
export interface FisherRows {
  readonly n: number;
  readonly k: number;
  readonly d: number;
  /** n×d. */
  readonly e: Float64Array;
  /** n×k. */
  readonly scales: Float64Array;
  /** n×k. */
  readonly p?: Float64Array;
}

export type FisherForm = "full" | "rank-one";

/**
 * Gathers the factors of rows.
 *
 * `full`: softmax classes give scales √P_a and p = P; independent classes √(P_a(1 − P_a)) and no p. `rank-one`: the k class
 * blocks are replaced by their mean shape, one block e·eᵀ weighed with Σ_a P_a(1 − P_a), the trace of the class part.
 *
 * @param axes directions that the embeddings are projected on; absent: all.
 * @throws E_PROBABILITY_ROWS, E_EMBEDDING_ROWS naming a row that cannot be used.
 */
export async function gatherFisherRows(
  kernels: Kernels,
  pool: Pool,
  rows: Uint32Array,
  form: FisherForm,
  axes: PrincipalAxes | undefined,
): Promise<FisherRows> {
  const n = rows.length;
  const width = pool.embeddings!.dim;
  const d = axes?.dim ?? width;
  const e = kernelDoubles(kernels, n * d);
  const predictions = await gatherPredictions(pool, rows);
  await eachEmbeddingBlock(pool, rows, (block, start, count) => {
    const out = e.subarray(start * d, (start + count) * d);
    if (axes === undefined) out.set(block);
    else kernels.gemmF64({ m: count, n: d, k: width, a: block, b: axes.axes, out });
  });
  const c = pool.probabilities!.dim;
  const isMultiLabel = pool.taskKind === "multi-label";
  if (form === "rank-one") {
    const scales = kernelDoubles(kernels, n);
    for (let i = 0; i < n; i++) {
      let spread = 0;
      for (let a = 0; a < c; a++) spread += predictions[i * c + a] * (1 - predictions[i * c + a]);
      scales[i] = Math.sqrt(Math.max(0, spread));
    }
    return { n, k: 1, d, e, scales };
  }
  const scales = kernelDoubles(kernels, n * c);
  for (let i = 0; i < n * c; i++) {
    scales[i] = Math.sqrt(Math.max(0, isMultiLabel ? predictions[i] * (1 - predictions[i]) : predictions[i]));
  }
  if (isMultiLabel) return { n, k: c, d, e, scales };
  const p = kernelDoubles(kernels, n * c);
  p.set(predictions);
  return { n, k: c, d, e, scales, p };
}

/** Leading directions of Σ e·eᵀ over rows; not centred, since the Fisher matrix is not. */
export async function embeddingAxes(
  kernels: Kernels,
  pool: Pool,
  rows: Uint32Array,
  dim: number,
): Promise<PrincipalAxes> {
  const d = pool.embeddings!.dim;
  const moment = new Float64Array(d * d);
  await eachEmbeddingBlock(pool, rows, (block, _start, count) => {
    kernels.gemmF64({ m: d, n: d, k: count, a: block, b: block, out: moment, transA: true, beta: 1 });
  });
  return principalAxes(kernels, moment, d, dim);
}

/** Rows whose weighted copies are held at a time. */
const SUM_ROWS = 4096;

/**
 * total (k·d × k·d) += weight·Σ_i V_iᵀ·V_i over rows start … end − 1: block (a, b) is Σ w_i(a, b)·e_i·e_iᵀ with
 * w(a, b) = Σ_c s_c²·([c = a] − p_a)·([c = b] − p_b).
 */
export function addFisher(
  kernels: Kernels,
  rows: FisherRows,
  range: { readonly start: number; readonly end: number },
  weight: number,
  total: Float64Array,
): void {
  const { k, d, e } = rows;
  const q = k * d;
  const part = new Float64Array(d * d);
  for (let start = range.start; start < range.end; start += SUM_ROWS) {
    const count = Math.min(SUM_ROWS, range.end - start);
    const block = e.subarray(start * d, (start + count) * d);
    const weighted = new Float64Array(count * d);
    for (let a = 0; a < k; a++) {
      for (let b = 0; b <= a; b++) {
        if (a !== b && rows.p === undefined) continue;
        for (let i = 0; i < count; i++) {
          const w = weight * classWeight(rows, start + i, a, b);
          for (let j = 0; j < d; j++) weighted[i * d + j] = w * block[i * d + j];
        }
        kernels.gemmF64({ m: d, n: d, k: count, a: weighted, b: block, out: part, transA: true });
        for (let i = 0; i < d; i++) {
          for (let j = 0; j < d; j++) {
            const value = part[i * d + j];
            total[(a * d + i) * q + b * d + j] += value;
            if (a !== b) total[(b * d + j) * q + a * d + i] += value;
          }
        }
      }
    }
  }
}

function classWeight({ k, scales, p }: FisherRows, row: number, a: number, b: number): number {
  const sa = scales[row * k + a];
  if (p === undefined) return sa * sa;
  // Σ_c P_c([c = a] − P_a)([c = b] − P_b), where P need not sum to exactly 1.
  const sb = scales[row * k + b];
  let sum = 0;
  for (let c = 0; c < k; c++) sum += scales[row * k + c] ** 2;
  const cross = p[row * k + a] * p[row * k + b];
  return (a === b ? sa * sa : 0) - sa * sa * p[row * k + b] - sb * sb * p[row * k + a] + cross * sum;
}
