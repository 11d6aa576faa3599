import { logChoose } from "../core/metrics";

/** P(X ≤ k), X hypergeometric: `draws` from `population` of which `marked` are marked. */
function hypergeometricCdf(k: number, population: number, marked: number, draws: number): number {
  const least = Math.max(0, draws - (population - marked));
  const most = Math.min(k, draws, marked);
  const all = logChoose(population, draws);
  let sum = 0;
  for (let x = least; x <= most; x++) {
    sum += Math.exp(logChoose(marked, x) + logChoose(population - marked, draws - x) - all);
  }
  return Math.min(1, sum);
}

export interface RecallVerdict {
  /** Smallest p-value over the suffixes of the screening order. */
  readonly pValue: number;
  readonly vote: "stop" | "go-on";
}

/**
 * Whether a screening may stop at a recall target: for every suffix of what was screened, as if it were a random draw from
 * what had not been seen before it, the probability of so few positives if recall were still below the target. The minimum over suffixes
 * looks many times: the level is nominal.
 *
 * @param screened 1 for a relevant item, in screening order. @param total items of the collection.
 * Source: Callaghan & Müller-Hansen 2020, "Statistical stopping criteria for automated screening in systematic reviews".
 */
export function recallReached(
  screened: ArrayLike<number>,
  total: number,
  target: number,
  level: number,
): RecallVerdict {
  const n = screened.length;
  if (n > total) throw new RangeError(`recallReached: ${n} screened of ${total}.`);
  if (n === total) return { pValue: 0, vote: "stop" };
  let found = 0;
  for (let i = 0; i < n; i++) found += screened[i] > 0 ? 1 : 0;
  let pValue = 1;
  let inSuffix = 0;
  for (let size = 1; size <= n; size++) {
    inSuffix += screened[n - size] > 0 ? 1 : 0;
    const urn = total - (n - size);
    // Positives that must be in the urn if recall is still below the target.
    const needed = Math.floor(found / target + 1 - (found - inSuffix));
    if (needed > urn) return { pValue: 0, vote: "stop" };
    pValue = Math.min(pValue, hypergeometricCdf(inSuffix, urn, needed, size));
  }
  return { pValue, vote: pValue < 1 - level ? "stop" : "go-on" };
}

/**
 * Random positives, found beforehand, that the prioritised screening must find again before it may stop: the smallest j with
 * P(Bin(r, target) ≤ j − 1) ≥ level. null when r is too small for the promise; see {@link positivesNeeded}.
 * Source: Lewis, Yang & Frieder 2021, "Certifying one-phase technology-assisted reviews".
 */
export function positivesToFind(r: number, target: number, level: number): number | null {
  let sum = 0;
  for (let j = 1; j <= r; j++) {
    sum += Math.exp(logChoose(r, j - 1) + (j - 1) * Math.log(target) + (r - j + 1) * Math.log1p(-target));
    if (sum >= level - 1e-12) return j;
  }
  return null;
}

/** Fewest random positives with which a target and level can be promised at all. */
export function positivesNeeded(target: number, level: number): number {
  return Math.ceil(Math.log(1 - level) / Math.log(target) - 1e-12);
}
