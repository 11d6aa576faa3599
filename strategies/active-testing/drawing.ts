import { KeyedRandom } from "../core/keyedRandom";
import { floorAtPercentile, floorAtShareOfMax, mixedWithUniform, normalizedScores } from "./proposals";

/** How scores become the probabilities of one draw. */
export interface ProposalRule {
  /** Share τ of uniform mass; bounds 1/q by (items left)/τ. */
  readonly defensive?: number;
  /** Raises small scores, over the items that are left. */
  readonly floor?: { readonly kind: "percentile" | "share-of-max"; readonly share: number };
}

export const DEFENSIVE_SHARE = 0.1;

/** One draw as it is stored for ever. */
export interface PlannedDraw {
  /** Counts from 1. */
  readonly draw: number;
  readonly item: number;
  /** Probability of the item at its draw. */
  readonly q: number;
  /** Smallest probability of any item then. */
  readonly qMin: number;
  /** Items that could be drawn then, this one included. */
  readonly left: number;
}

/** Probabilities of the items in `items`, aligned with it, by the scores of these items under the rule. */
export function proposalOver(scores: ArrayLike<number>, items: ArrayLike<number>, rule: ProposalRule): Float64Array {
  const own = Float64Array.from(items, (item) => scores[item]);
  const { floor, defensive = 0 } = rule;
  if (!(defensive >= 0 && defensive <= 1))
    throw new RangeError(`proposalOver: the defensive share must be in [0, 1], got ${defensive}.`);
  const raised =
    floor === undefined
      ? own
      : floor.kind === "percentile"
        ? floorAtPercentile(own, floor.share)
        : floorAtShareOfMax(own, floor.share);
  const q = normalizedScores(raised);
  return defensive > 0 ? mixedWithUniform(q, defensive) : q;
}

/**
 * Draws the next item. The random number depends on seed and draw number alone, so that any draw can be repeated, and
 * draws issued together to several annotators are the draws that would have been issued one by one.
 *
 * @param scores   one per item of the frame, finite; may use every label known before this draw.
 * @param drawn    items drawn so far, in order, with or without a label yet.
 * @throws RangeError when the frame is used up.
 */
export function drawNext(args: {
  readonly scores: ArrayLike<number>;
  readonly drawn: ArrayLike<number>;
  readonly rule: ProposalRule;
  readonly seed: string;
}): PlannedDraw {
  const { scores, drawn, rule, seed } = args;
  const isDrawn = new Uint8Array(scores.length);
  for (let i = 0; i < drawn.length; i++) isDrawn[drawn[i]] = 1;
  const items = new Uint32Array(scores.length - drawn.length);
  let left = 0;
  for (let i = 0; i < scores.length; i++) {
    if (isDrawn[i] === 0) {
      if (left === items.length) throw new RangeError("drawNext: an item stands twice among the drawn ones.");
      items[left++] = i;
    }
  }
  if (left === 0) throw new RangeError(`drawNext: all ${scores.length} items of the frame were drawn.`);
  const q = proposalOver(scores, items, rule);
  const draw = drawn.length + 1;
  const at = indexAt(q, new KeyedRandom(seed, "test-draw").uniform(draw));
  return { draw, item: items[at], q: q[at], qMin: smallest(q), left };
}

/**
 * The next `count` draws with fixed scores, each renormalised over what is left. O(count · frame).
 * @param drawn items drawn before; the draw numbers go on from there.
 */
export function drawMany(args: {
  readonly scores: ArrayLike<number>;
  readonly count: number;
  readonly rule: ProposalRule;
  readonly seed: string;
  readonly drawn?: ArrayLike<number>;
}): PlannedDraw[] {
  const { scores, count, rule, seed } = args;
  const drawn = Array.from(args.drawn ?? []);
  const draws: PlannedDraw[] = [];
  for (let k = 0; k < count && drawn.length < scores.length; k++) {
    const next = drawNext({ scores, drawn, rule, seed });
    draws.push(next);
    drawn.push(next.item);
  }
  return draws;
}

/**
 * Sequential draws with fixed positive scores in O(n log n): an exponential race, which is exactly the sequential draw.
 * No floor or mixing; apply them to the scores beforehand.
 *
 * @throws RangeError when a score is not above 0.
 */
export function raceDraws(scores: ArrayLike<number>, count: number, seed: string): PlannedDraw[] {
  const n = scores.length;
  const random = new KeyedRandom(seed, "test-race");
  const keys = Float64Array.from({ length: n }, (_, i) => {
    if (!(scores[i] > 0 && Number.isFinite(scores[i]))) {
      throw new RangeError(`raceDraws: score ${i} is ${scores[i]}; a number above 0 was expected.`);
    }
    return -Math.log(random.uniform(i)) / scores[i];
  });
  const m = Math.min(count, n);
  const order = firstByKey(keys, m);
  // Sums and minima over what is left, from the end, so that no rounding is subtracted away.
  const isDrawn = new Uint8Array(n);
  for (const item of order) isDrawn[item] = 1;
  let sum = 0;
  let least = Number.POSITIVE_INFINITY;
  for (let i = 0; i < n; i++) {
    if (isDrawn[i] === 1) continue;
    sum += scores[i];
    least = Math.min(least, scores[i]);
  }
  const sums = new Float64Array(m);
  const minima = new Float64Array(m);
  for (let k = m - 1; k >= 0; k--) {
    sum += scores[order[k]];
    least = Math.min(least, scores[order[k]]);
    sums[k] = sum;
    minima[k] = least;
  }
  return Array.from({ length: m }, (_, k) => ({
    draw: k + 1,
    item: order[k],
    q: scores[order[k]] / sums[k],
    qMin: minima[k] / sums[k],
    left: n - k,
  }));
}

/** Indices of the m smallest keys, ascending; ties go to the lower index. Sorting bare numbers first is much the fastest. */
function firstByKey(keys: Float64Array, m: number): Uint32Array {
  if (m === 0) return new Uint32Array(0);
  const limit = keys.slice().sort()[m - 1];
  const found: number[] = [];
  for (let i = 0; i < keys.length; i++) if (keys[i] <= limit) found.push(i);
  return Uint32Array.from(found.sort((a, b) => keys[a] - keys[b] || a - b).slice(0, m));
}

/** First index at which the running sum of q exceeds u; never one of probability 0. */
function indexAt(q: Float64Array, u: number): number {
  let sum = 0;
  let last = 0;
  for (let i = 0; i < q.length; i++) {
    if (q[i] <= 0) continue;
    last = i;
    sum += q[i];
    if (u < sum) return i;
  }
  return last;
}

function smallest(q: Float64Array): number {
  let least = Number.POSITIVE_INFINITY;
  for (let i = 0; i < q.length; i++) least = Math.min(least, q[i]);
  return least;
}
