import type { Kernels } from "@/strategies/kernels";

/** Added to the unit diagonal of the Gram matrix; grows until the factorisation succeeds. */
const SHIFT_FIRST = 1e-6;
const SHIFT_GROWTH = 30;
const SHIFT_TRIES = 8;

/**
 * to (n×k) = an orthonormal basis of (nearly) the span of from's columns, by Cholesky QR on columns scaled to unit length.
 * Columns are orthogonal to about 1e-7 · (condition of from)²; a second call on the result makes that 1e-7. Where `from`
 * has less than full rank the surplus columns become arbitrary but bounded.
 *
 * Cost: 4·n·k² operations by GEMM. Source: Yamamoto, Nakatsukasa, Yanagisawa & Fukaya 2015, "Roundoff error analysis of
 * the CholeskyQR2 algorithm"; the shift after Fukaya et al. 2020.
 */
export function orthonormalize(kernels: Kernels, from: Float32Array, n: number, k: number, to: Float32Array): void {
  const mark = kernels.mark();
  const gram = kernels.allocF32(k * k);
  kernels.gemm({ m: k, n: k, k: n, a: from, b: from, out: gram, transA: true });
  const lengths = Float64Array.from({ length: k }, (_, i) => Math.sqrt(Math.max(gram[i * k + i], 0)) || 1);
  const factor = factorOf(kernels, gram, lengths, k);
  // R⁻¹ᵀ = L⁻¹ with the scaling undone: rows of `inverse` are columns of R⁻¹.
  const inverse = new Float64Array(k * k);
  for (let i = 0; i < k; i++) inverse[i * k + i] = 1;
  kernels.solveLower(factor, k, inverse, k);
  const transposed = kernels.allocF32(k * k);
  for (let i = 0; i < k; i++) for (let j = 0; j <= i; j++) transposed[i * k + j] = inverse[i * k + j] / lengths[j];
  kernels.gemm({ m: n, n: k, k, a: from, b: transposed, out: to, transB: true });
  kernels.release(mark);
}

function factorOf(kernels: Kernels, gram: Float32Array, lengths: Float64Array, k: number): Float64Array {
  let shift = SHIFT_FIRST;
  for (let n = 0; n < SHIFT_TRIES; n++) {
    const scaled = new Float64Array(k * k);
    for (let i = 0; i < k; i++) {
      for (let j = 0; j < k; j++) scaled[i * k + j] = gram[i * k + j] / (lengths[i] * lengths[j]);
      scaled[i * k + i] = 1 + shift;
    }
    if (kernels.cholesky(scaled, k)) return scaled;
    shift *= SHIFT_GROWTH;
  }
  throw new RangeError("orthonormalize: the Gram matrix is not positive definite; are the values finite?");
}
