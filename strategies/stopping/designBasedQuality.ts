import type { Interval } from "../core/metrics";
import { normalQuantile } from "../core/metrics";

/** Below this, weights are too uneven for a normal interval: use random audit labels alone. */
export const EFFECTIVE_SIZE_MIN = 50;

export interface DesignBasedQuality {
  readonly value: number;
  /** null while the effective sample size is below 50. */
  readonly interval: Interval | null;
  readonly effectiveSize: number;
}

/**
 * Mean of an outcome over the pool from labels with recorded inclusion probabilities, helped by a prediction for every
 * item: mean of the predictions plus the weighted mean of what they miss. The interval is that of independent inclusion.
 *
 * @param predicted for all items of the pool.
 * @param labelled  items with their outcome and inclusion probability, which must be above 0. Labels that trained the model
 *                  must not enter.
 */
export function designBasedQuality(
  predicted: ArrayLike<number>,
  labelled: readonly { readonly item: number; readonly outcome: number; readonly inclusion: number }[],
  level: number,
): DesignBasedQuality {
  const n = predicted.length;
  let value = 0;
  for (let i = 0; i < n; i++) value += predicted[i] / n;
  let variance = 0;
  let weights = 0;
  let squares = 0;
  for (const { item, outcome, inclusion } of labelled) {
    if (!(inclusion > 0 && inclusion <= 1)) {
      throw new RangeError(
        `designBasedQuality: item ${item} has the inclusion probability ${inclusion}; one above 0 was expected.`,
      );
    }
    const residual = outcome - predicted[item];
    value += residual / inclusion / n;
    variance += ((1 - inclusion) / inclusion ** 2) * residual ** 2;
    weights += 1 / inclusion;
    squares += 1 / inclusion ** 2;
  }
  const effectiveSize = squares === 0 ? 0 : weights ** 2 / squares;
  const half = (normalQuantile(0.5 + level / 2) * Math.sqrt(variance)) / n;
  const interval = effectiveSize < EFFECTIVE_SIZE_MIN ? null : { low: value - half, high: value + half };
  return { value, interval, effectiveSize };
}
