import { StrategyError } from "./strategyError";

/** How far the sum of a row of probabilities may be from 1. */
export const PROBABILITY_SUM_TOLERANCE = 1e-4;

/**
 * Refuses a row of probabilities that is not a distribution.
 *
 * @param values rows of `dim` values; row i starts at i · dim.
 * @param row    number of the row in the pool, for the message.
 * @throws E_PROBABILITY_ROWS when an entry is NaN, infinite or negative or the sum is not 1 ± 1e-4.
 */
export function checkProbabilityRow(
  values: Float32Array | Float64Array,
  index: number,
  dim: number,
  row: number,
): void {
  let sum = 0;
  let least = 0;
  const end = (index + 1) * dim;
  for (let j = index * dim; j < end; j++) {
    const p = values[j];
    sum += p;
    if (p < least) least = p;
  }
  // NaN fails every comparison, so the test is written for what must hold.
  if (least >= 0 && Math.abs(sum - 1) <= PROBABILITY_SUM_TOLERANCE) return;
  const found = Number.isFinite(sum)
    ? least < 0
      ? `a negative entry (${least})`
      : `the sum ${sum}`
    : "NaN or infinity";
  throw new StrategyError(
    "E_PROBABILITY_ROWS",
    `Row ${row} of the probabilities is not a distribution: entries ≥ 0 with sum 1 ± ${PROBABILITY_SUM_TOLERANCE} were expected, found ${found}. Give calibrated class probabilities, not logits.`,
    { row, sum: String(sum) },
  );
}

/**
 * Refuses a row of multi-label probabilities, which are independent of each other.
 *
 * @throws E_PROBABILITY_ROWS when an entry is NaN or outside [0, 1].
 */
export function checkMultiLabelRow(values: Float32Array | Float64Array, index: number, dim: number, row: number): void {
  const end = (index + 1) * dim;
  for (let j = index * dim; j < end; j++) {
    const p = values[j];
    // NaN fails every comparison, so the test is written for what must hold.
    if (p >= 0 && p <= 1) continue;
    throw new StrategyError(
      "E_PROBABILITY_ROWS",
      `Row ${row} of the probabilities has ${p} for class ${j - index * dim}; every entry must lie in [0, 1] in a multi-label project. Give calibrated probabilities per class, not logits.`,
      { row, class: j - index * dim },
    );
  }
}
