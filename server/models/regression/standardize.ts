import type { Floats } from "@/strategies/kernels";

/** Outliers are bent to ±5 standard deviations. */
export const TANH_LIMIT = 5;
/** A column that varies by less than this, relative to its mean, is constant but for rounding. */
const CONSTANT = 1e-12;

/** Mean and standard deviation of each feature. */
export interface InputScale {
  readonly mean: readonly number[];
  readonly deviation: readonly number[];
}

/** Column means and *sample* standard deviations (n − 1) over the given rows of x (·×d). */
export function inputScale(x: Floats, d: number, rows: ArrayLike<number>): InputScale {
  const n = rows.length;
  const mean = new Array<number>(d).fill(0);
  const squares = new Array<number>(d).fill(0);
  for (let i = 0; i < n; i++) for (let j = 0; j < d; j++) mean[j] += x[rows[i] * d + j] / n;
  for (let i = 0; i < n; i++) for (let j = 0; j < d; j++) squares[j] += (x[rows[i] * d + j] - mean[j]) ** 2;
  const deviation = squares.map((sum, j) => {
    const value = Math.sqrt(sum / Math.max(1, n - 1));
    return value > CONSTANT * Math.abs(mean[j]) ? value : 0;
  });
  return { mean, deviation };
}

/** out = 5·tanh((x − mean)/deviation/5), n rows, 0 in a constant column; `out` may be x. */
export function applyScale(x: Floats, n: number, { mean, deviation }: InputScale, out: Floats): void {
  const d = mean.length;
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < d; j++) {
      const value = deviation[j] > 0 ? (x[i * d + j] - mean[j]) / deviation[j] : 0;
      out[i * d + j] = TANH_LIMIT * Math.tanh(value / TANH_LIMIT);
    }
  }
}
