import { StrategyError } from "../../core/strategyError";
import type { AlgebraContext } from "./types";

const JITTER_TRIES = 15;

/**
 * Lower Cholesky factor of a symmetric n×n matrix, in a new array. Tried as it is; then ε = 1e-5·mean(diagonal) + 1e-30
 * is added to the diagonal, then 2ε more, 4ε more … up to 15 times. What was added is told to the context.
 *
 * @throws E_NUMERIC when the matrix is not positive definite even then, or not finite.
 */
export function jitteredCholesky(context: AlgebraContext, matrix: Float64Array, n: number): Float64Array {
  const { kernels } = context;
  let mean = 0;
  for (let i = 0; i < n; i++) mean += matrix[i * n + i] / n;
  let step = 1e-5 * mean + 1e-30;
  let added = 0;
  for (let attempt = 0; attempt <= JITTER_TRIES && Number.isFinite(mean); attempt++) {
    const factor = matrix.slice(0, n * n);
    for (let i = 0; i < n; i++) factor[i * n + i] += added;
    if (kernels.cholesky(factor, n)) {
      if (added > 0) context.onJitter?.(added);
      return factor;
    }
    added += step;
    step *= 2;
  }
  throw new StrategyError(
    "E_NUMERIC",
    `A ${n}×${n} matrix of kernel values has no Cholesky factor, even with ${added.toExponential(1)} added to its diagonal. Raise sigma, or look for features that are not finite.`,
    { n, added },
  );
}
