import { conformalPValues } from "./conformalSelection";
import { eBenjaminiHochberg } from "./falseDiscovery";

export interface OptimizedSelection {
  readonly selected: Uint32Array;
  /** Score that was used for each candidate. */
  readonly chosenScore: Uint32Array;
  /** Size of the auxiliary selection by it. */
  readonly auxiliarySizes: Uint32Array;
  readonly pValues: Float64Array;
  readonly eValues: Float64Array;
}

/**
 * Conformal selection when several scores compete: picking the one that accepts most on the same data would void the
 * guarantee; here the choice is made for each candidate as if its own outcome were unknown (OptCS), and e-values carry
 * the rest. Ties between scores go to the first.
 *
 * @param calibration, candidates  per score, aligned; small scores look good.
 * Cost: O(scores · candidates · (calibration + candidates) log).
 * Source: Bai & Jin 2024, "Optimized conformal selection".
 */
export function selectOptimized(
  calibration: readonly ArrayLike<number>[],
  candidates: readonly ArrayLike<number>[],
  level: number,
): OptimizedSelection {
  const k = calibration.length;
  if (k === 0 || candidates.length !== k)
    throw new RangeError(`selectOptimized: ${k} and ${candidates.length} scores.`);
  const n = calibration[0].length;
  const m = candidates[0].length;
  const atMost = calibration.map((scores, s) => countsOf(scores, candidates[s], true));
  const below = calibration.map((scores, s) => countsOf(scores, candidates[s], false));
  const chosenScore = new Uint32Array(m);
  const auxiliarySizes = new Uint32Array(m);
  const pValues = new Float64Array(m);
  const eValues = new Float64Array(m);
  for (let j = 0; j < m; j++) {
    for (let s = 0; s < k; s++) {
      const size = auxiliarySize(atMost[s], candidates[s], j, n, level);
      if (s === 0 || size > auxiliarySizes[j]) {
        auxiliarySizes[j] = size;
        chosenScore[j] = s;
      }
    }
    pValues[j] = (1 + below[chosenScore[j]][j]) / (n + 1);
    const size = auxiliarySizes[j];
    eValues[j] = size > 0 && pValues[j] <= ((level * size) / m) * (1 + 1e-12) ? m / (level * size) : 0;
  }
  return { selected: eBenjaminiHochberg(eValues, level), chosenScore, auxiliarySizes, pValues, eValues };
}

/** Calibration scores at most, or below, each candidate. */
function countsOf(calibration: ArrayLike<number>, candidates: ArrayLike<number>, isAtMost: boolean): Float64Array {
  const n = calibration.length;
  const p = conformalPValues(calibration, candidates, { kind: isAtMost ? "conservative" : "strict" });
  return p.map((value) => Math.round(value * (n + 1) - 1));
}

/** Size of the selection when candidate j, with p-value 0, takes its place among the calibration items of the others. */
function auxiliarySize(
  atMost: Float64Array,
  candidates: ArrayLike<number>,
  j: number,
  n: number,
  level: number,
): number {
  const m = candidates.length;
  const p = Float64Array.from(atMost, (count, l) =>
    l === j ? 0 : (count + (candidates[j] <= candidates[l] ? 1 : 0)) / (n + 1),
  ).sort();
  let size = 0;
  for (let r = 1; r <= m; r++) if (p[r - 1] <= ((level * r) / m) * (1 + 1e-12)) size = r;
  return size;
}
