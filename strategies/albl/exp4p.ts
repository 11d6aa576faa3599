/** Confidence parameter of both forms. */
export const DELTA = 0.1;

/** p_i = (1 − M·floor)·w_i / Σw + floor. @param floor at most 1 / M. */
export function armProbabilities(weights: ArrayLike<number>, floor: number): Float64Array {
  let total = 0;
  for (let i = 0; i < weights.length; i++) total += weights[i];
  const share = 1 - weights.length * floor;
  return Float64Array.from(weights, (weight) => (share * weight) / total + floor);
}

/** First arm whose cumulative probability exceeds u. */
export function drawArm(probabilities: ArrayLike<number>, u: number): number {
  let cumulative = 0;
  for (let i = 0; i < probabilities.length; i++) {
    cumulative += probabilities[i];
    if (cumulative > u) return i;
  }
  return probabilities.length - 1;
}

/** Floor of the arms' probabilities. `horizon`: labels the project will have, of Hsu and Lin's form only. */
export function floorOf(form: "released" | "hsuLin", arms: number, horizon: number): number {
  if (form === "released") return 1 / (10 * arms);
  return Math.min(1 / arms, Math.sqrt(Math.log(arms) / (arms * horizon)));
}

/**
 * What is added to the logarithm of an arm's weight for one answered row.
 *
 * @param reward  importance-weighted reward credited to the arm for the row, 0 where the arm did not nominate it.
 * @param chance  probability with which the arm was drawn.
 * @param steps   under the root: M in the released form, M·T in Hsu and Lin's.
 * Source: Hsu & Lin 2015, "Active learning by learning"; the released form is that of the TAILOR repository's baseline.
 */
export function creditExponent(reward: number, chance: number, floor: number, arms: number, steps: number): number {
  return (floor / 2) * (reward + Math.sqrt(Math.log(arms / DELTA) / steps) / chance);
}
