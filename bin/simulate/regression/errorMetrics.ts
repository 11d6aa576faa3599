/** The five error measures of the benchmark, on absolute errors in units of the standardised target. */
export const ERROR_METRICS = ["mae", "rmse", "q95", "q99", "maxe"] as const;
export type ErrorMetric = (typeof ERROR_METRICS)[number];
export type ErrorMetrics = Readonly<Record<ErrorMetric, number>>;

/** q95 is the absolute error at place ⌊0.95 n⌋ of the ascending ones, q99 likewise. */
export function errorMetrics(errors: ArrayLike<number>): ErrorMetrics {
  const sizes = Float64Array.from(errors, Math.abs).sort();
  const n = sizes.length;
  const quantile = (share: number) => sizes[Math.min(n - 1, Math.floor(share * n))];
  return {
    mae: sizes.reduce((sum, size) => sum + size, 0) / n,
    rmse: Math.sqrt(sizes.reduce((sum, size) => sum + size * size, 0) / n),
    q95: quantile(0.95),
    q99: quantile(0.99),
    maxe: sizes[n - 1],
  };
}

/**
 * Mean of ln(metric) over the steps after the initial model: the number the benchmark compares. Not the ln of a mean, and
 * without step 0, which no method has had a say in.
 */
export function meanLog(steps: readonly ErrorMetrics[], metric: ErrorMetric): number {
  const counted = steps.slice(1);
  return counted.reduce((sum, step) => sum + Math.log(step[metric]), 0) / counted.length;
}
