/** Slack for comparing p-values that are fractions with thresholds that are products: equality counts as selected. */
const TIE_SLACK = 1e-12;

/**
 * Benjamini–Hochberg: the largest k with the k-th smallest p ≤ level · k / tests; those k are selected, ascending.
 *
 * @param pValues one per offered item: everything offered belongs into one call, not class after class.
 */
export function benjaminiHochberg(pValues: ArrayLike<number>, level: number): Uint32Array {
  const m = pValues.length;
  const order = Uint32Array.from({ length: m }, (_, i) => i).sort((a, b) => pValues[a] - pValues[b] || a - b);
  let selected = 0;
  for (let k = 1; k <= m; k++) if (pValues[order[k - 1]] <= ((level * k) / m) * (1 + TIE_SLACK)) selected = k;
  return order.slice(0, selected).sort();
}

/** e-BH: the largest k with the k-th largest e ≥ tests / (level · k); those k are selected, ascending. Valid under any dependence. */
export function eBenjaminiHochberg(eValues: ArrayLike<number>, level: number): Uint32Array {
  const m = eValues.length;
  const order = Uint32Array.from({ length: m }, (_, i) => i).sort((a, b) => eValues[b] - eValues[a] || a - b);
  let selected = 0;
  for (let k = 1; k <= m; k++) if (eValues[order[k - 1]] >= (m / (level * k)) * (1 - TIE_SLACK)) selected = k;
  return order.slice(0, selected).sort();
}
