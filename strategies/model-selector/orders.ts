import type { KeyedRandom } from "../core/keyedRandom";

/** Values closer than this are equal up to rounding. */
const TIE = 1e-12;

/** Items by descending value; ties are drawn by the random stream, keyed by item, or go to the item that stands first. */
export function descendingOrder(items: Uint32Array, values: ArrayLike<number>, random?: KeyedRandom): Uint32Array {
  const rounded = Float64Array.from(items, (_, i) => Math.round(values[i] / TIE));
  const draws = Float64Array.from(items, (item, i) => (random === undefined ? i : random.uniform(item)));
  return Uint32Array.from({ length: items.length }, (_, i) => i)
    .sort((a, b) => rounded[b] - rounded[a] || draws[a] - draws[b] || a - b)
    .map((i) => items[i]);
}

/**
 * A draw of the whole order without replacement, with probabilities proportional to the weights of what is left at each
 * step: an exponential race, keyed by item.
 * @param weights aligned with `items`, above 0 wherever an item may be drawn; items of weight 0 come last.
 */
export function weightedOrder(
  items: Uint32Array,
  weights: ArrayLike<number>,
  random: KeyedRandom,
  run = 0,
): Uint32Array {
  const keys = Float64Array.from(items, (item, i) =>
    weights[i] > 0 ? -Math.log(random.uniform(item, run)) / weights[i] : Number.POSITIVE_INFINITY,
  );
  return Uint32Array.from({ length: items.length }, (_, i) => i)
    .sort((a, b) => (keys[a] === keys[b] ? a - b : keys[a] - keys[b]))
    .map((i) => items[i]);
}
