/** Sizes are held as whole multiples of this: their sums are then exact and do not depend on the order of the rows. */
export const SIZE_UNIT = 2 ** -29;

/** A size in [0, 1] as the nearest whole multiple of {@link SIZE_UNIT}. */
export function quantizedSize(size: number): number {
  return Math.round(size / SIZE_UNIT) * SIZE_UNIT;
}

/**
 * Inclusion probabilities of a sample of exactly n rows: π_i = min(1, t·((1 − floor)·size_i / Σ size + floor / N)) with t
 * such that they sum to n.
 *
 * @param sizes ≥ 0, multiples of {@link SIZE_UNIT} where the answer must not depend on the order; all 0 counts as equal.
 * @param n     0 … sizes.length.
 * @param floor in [0, 1]: every π_i is then at least floor·n / N.
 * Cost O(N·rounds), a round for each time that more rows reach 1.
 */
export function inclusionProbabilities(sizes: Float64Array, n: number, floor: number): Float64Array {
  const count = sizes.length;
  const pi = new Float64Array(count);
  if (n >= count) return pi.fill(1);
  if (n <= 0) return pi;
  let total = 0;
  for (let i = 0; i < count; i++) total += sizes[i];
  const share = total > 0 ? (1 - floor) / total : 0;
  const base = total > 0 ? floor / count : 1 / count;
  // Rows that reach 1 leave the others the rest of n and of the mass; both are sums of whole multiples until scaled.
  const isSure = new Uint8Array(count);
  let sure = 0;
  let sureSize = 0;
  for (;;) {
    const mass = share * (total - sureSize) + base * (count - sure);
    const t = mass > 0 ? (n - sure) / mass : 0;
    let isDone = true;
    for (let i = 0; i < count; i++) {
      if (isSure[i] === 1 || t * (share * sizes[i] + base) < 1) continue;
      isSure[i] = 1;
      isDone = false;
    }
    if (isDone) {
      const rest = mass > 0 ? 0 : (n - sure) / Math.max(1, count - sure);
      for (let i = 0; i < count; i++) pi[i] = isSure[i] === 1 ? 1 : rest + t * (share * sizes[i] + base);
      return pi;
    }
    sure = 0;
    sureSize = 0;
    for (let i = 0; i < count; i++) {
      if (isSure[i] === 0) continue;
      sure++;
      sureSize += sizes[i];
    }
    if (sure >= n) {
      // Only rounding can bring more rows to 1 than there are places: their number then equals n.
      for (let i = 0; i < count; i++) pi[i] = isSure[i];
      return pi;
    }
  }
}
