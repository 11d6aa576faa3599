/** A measured point of a learning curve. */
export interface CurvePoint {
  readonly labels: number;
  /** Error in [0, 1], measured on random items. */
  readonly error: number;
  /** Standard error of it; larger ones count less. */
  readonly standardError: number;
}

/** error(n) = floor + scale · n^(−power), with the weight of each power by its fit. */
export interface CurveForecast {
  readonly curves: readonly {
    readonly floor: number;
    readonly scale: number;
    readonly power: number;
    readonly weight: number;
  }[];
  readonly lastLabels: number;
}

const POWERS = Array.from({ length: 30 }, (_, k) => 0.05 + 0.05 * k);
export const CURVE_POINTS_MIN = 4;

/**
 * Fits power laws with a floor by weighted least squares, floor and scale kept at 0 or above, for a grid of powers; each
 * power weighs by its likelihood, so that what the points leave open shows in the spread of the forecast.
 *
 * @returns null with fewer than four points of different label counts.
 */
export function fitLearningCurve(points: readonly CurvePoint[]): CurveForecast | null {
  if (new Set(points.map((point) => point.labels)).size < CURVE_POINTS_MIN) return null;
  const fits = POWERS.map((power) => ({ power, ...fitPower(points, power) }));
  const best = fits.reduce((least, fit) => Math.min(least, fit.misfit), Number.POSITIVE_INFINITY);
  const weights = fits.map((fit) => Math.exp(-(fit.misfit - best) / 2));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return {
    curves: fits.map(({ floor, scale, power }, k) => ({ floor, scale, power, weight: weights[k] / total })),
    lastLabels: points.reduce((most, point) => Math.max(most, point.labels), 0),
  };
}

function fitPower(points: readonly CurvePoint[], power: number): { floor: number; scale: number; misfit: number } {
  let w = 0;
  let wx = 0;
  let wy = 0;
  let wxx = 0;
  let wxy = 0;
  for (const { labels, error, standardError } of points) {
    const weight = 1 / Math.max(standardError, 1e-4) ** 2;
    const x = labels ** -power;
    w += weight;
    wx += weight * x;
    wy += weight * error;
    wxx += weight * x * x;
    wxy += weight * x * error;
  }
  const determinant = w * wxx - wx * wx;
  let scale = determinant > 0 ? (w * wxy - wx * wy) / determinant : 0;
  let floor = (wy - scale * wx) / w;
  if (scale < 0) {
    scale = 0;
    floor = wy / w;
  } else if (floor < 0) {
    floor = 0;
    scale = wxy / wxx;
  }
  const misfit = points.reduce(
    (sum, { labels, error, standardError }) =>
      sum + ((error - floor - scale * labels ** -power) / Math.max(standardError, 1e-4)) ** 2,
    0,
  );
  return { floor, scale, misfit };
}

/** Expected error at a number of labels, and the spread between the curves that fit. */
export function forecastError(
  forecast: CurveForecast,
  labels: number,
): { readonly error: number; readonly deviation: number } {
  let mean = 0;
  let square = 0;
  for (const { floor, scale, power, weight } of forecast.curves) {
    const value = floor + scale * labels ** -power;
    mean += weight * value;
    square += weight * value * value;
  }
  return { error: mean, deviation: Math.sqrt(Math.max(0, square - mean * mean)) };
}

export interface WorthForecast {
  /** Fall of the error that further labels are forecast to bring, in [0, 1]. */
  readonly gain: number;
  readonly gainDeviation: number;
  readonly furtherLabels: number;
  /** Cost of the further labels, and hours where the time per label is known. */
  readonly cost: number;
  readonly hours: number | null;
  /** Labels at which label cost plus the cost of errors is least. */
  readonly optimalLabels: number;
  readonly vote: "worth-it" | "not-worth-it";
}

/**
 * Whether more labels pay: minimises costPerLabel · n + costPerError · predictions · error(n) from here on, with n at most
 * the pool.
 *
 * @param predictions answers the model will give over its lifetime.
 * Source of the frame: Pullar-Strecker et al. 2022, "Hitting the target: stopping active learning at the cost-based optimum".
 */
export function forecastWorth(
  forecast: CurveForecast,
  args: {
    readonly furtherLabels: number;
    readonly poolSize: number;
    readonly costPerLabel: number;
    readonly costPerError: number;
    readonly predictions: number;
    readonly secondsPerLabel?: number;
  },
): WorthForecast {
  const { furtherLabels, poolSize, costPerLabel, costPerError, predictions, secondsPerLabel } = args;
  const from = forecast.lastLabels;
  let mean = 0;
  let square = 0;
  for (const { scale, power, weight } of forecast.curves) {
    const fall = scale * (from ** -power - (from + furtherLabels) ** -power);
    mean += weight * fall;
    square += weight * fall * fall;
  }
  const costAt = (labels: number) =>
    costPerLabel * labels + costPerError * predictions * forecastError(forecast, labels).error;
  let optimalLabels = from;
  let least = costAt(from);
  for (let labels = from; labels <= poolSize; labels = Math.max(labels + 1, Math.ceil(labels * 1.01))) {
    const cost = costAt(labels);
    if (cost < least - 1e-12) {
      least = cost;
      optimalLabels = labels;
    }
  }
  return {
    gain: mean,
    gainDeviation: Math.sqrt(Math.max(0, square - mean * mean)),
    furtherLabels,
    cost: furtherLabels * costPerLabel,
    hours: secondsPerLabel === undefined ? null : (furtherLabels * secondsPerLabel) / SECONDS_PER_HOUR,
    optimalLabels,
    vote: optimalLabels > from ? "worth-it" : "not-worth-it",
  };
}

const SECONDS_PER_HOUR = 3600;
