/**
 * How features are scaled before training. `global` subtracts each column's mean and divides everything by one number, so
 * that the mean variance is 1: directions keep their relative weight, as text and embedding features need. `perFeature`
 * divides each column by its own deviation, as mixed numeric columns need. `image` subtracts one mean and divides by one
 * deviation of all values, so that a pixel means the same wherever it lies.
 */
export type Scaling = "none" | "global" | "perFeature" | "image";

/** x' = (x − shift_j) · factor_j. */
export interface FeatureScale {
  shift: Float32Array;
  factor: Float32Array;
}

/** Moments in float64 over two passes. A column (or matrix) without spread keeps its values, shifted to 0. */
export function featureScale(x: Float32Array, n: number, d: number, scaling: Scaling): FeatureScale {
  const shift = new Float32Array(d);
  const factor = new Float32Array(d).fill(1);
  if (scaling === "none") return { shift, factor };
  const totals = new Float64Array(d);
  for (let i = 0; i < n; i++) for (let j = 0; j < d; j++) totals[j] += x[i * d + j];
  for (let j = 0; j < d; j++) shift[j] = totals[j] / n;
  const variances = new Float64Array(d);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < d; j++) {
      const deviation = x[i * d + j] - shift[j];
      variances[j] += (deviation * deviation) / n;
    }
  }
  if (scaling === "image") {
    const center = shift.reduce((total, value) => total + value, 0) / d;
    for (let j = 0; j < d; j++) variances[j] += (shift[j] - center) ** 2;
    shift.fill(center);
  }
  const mean = variances.reduce((total, variance) => total + variance, 0) / d;
  for (let j = 0; j < d; j++) {
    const variance = scaling === "perFeature" ? variances[j] : mean;
    // Rounding of a constant column must not be blown up into a feature.
    if (variance > 1e-12 * (shift[j] * shift[j])) factor[j] = 1 / Math.sqrt(variance);
  }
  return { shift, factor };
}

/** out[i] = scaled x[rows[i]]. */
export function copyScaledRows(
  x: Float32Array,
  d: number,
  rows: Int32Array,
  { shift, factor }: FeatureScale,
  out: Float32Array,
): void {
  for (let i = 0; i < rows.length; i++) {
    const from = rows[i] * d;
    const to = i * d;
    for (let j = 0; j < d; j++) out[to + j] = (x[from + j] - shift[j]) * factor[j];
  }
}

/** out[i] = scaled x[i], for n rows. */
export function scaleRows(
  x: Float32Array,
  n: number,
  d: number,
  { shift, factor }: FeatureScale,
  out: Float32Array,
): void {
  for (let i = 0; i < n * d; i += d) for (let j = 0; j < d; j++) out[i + j] = (x[i + j] - shift[j]) * factor[j];
}

/**
 * Rewrites a first dense layer (weight d×h, bias h) learnt on scaled features so that it takes raw ones: prediction then
 * needs no pass over its input.
 */
export function foldScale(weight: Float32Array, bias: Float32Array, { shift, factor }: FeatureScale): void {
  const h = bias.length;
  const moved = Float64Array.from(bias);
  for (let j = 0; j < factor.length; j++) {
    for (let q = 0; q < h; q++) {
      const scaled = weight[j * h + q] * factor[j];
      moved[q] -= shift[j] * scaled;
      weight[j * h + q] = scaled;
    }
  }
  bias.set(moved);
}

/** Undoes {@link foldScale}: what the layer takes again is scaled features. */
export function unfoldScale(weight: Float32Array, bias: Float32Array, { shift, factor }: FeatureScale): void {
  const h = bias.length;
  const moved = Float64Array.from(bias);
  for (let j = 0; j < factor.length; j++) {
    for (let q = 0; q < h; q++) {
      moved[q] += shift[j] * weight[j * h + q];
      weight[j * h + q] /= factor[j];
    }
  }
  bias.set(moved);
}
