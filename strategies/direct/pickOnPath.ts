import { OPEN } from "../core/classPaths";

/**
 * DIRECT's two ways to pick along the path of one class. Positions run from the most to the least probable row of the class;
 * `answers` are 1, 0, OPEN or GONE and are changed as rows are picked.
 */
export interface DirectPath {
  readonly answers: Int8Array;
  /** What a picked row counts as until its answer comes: 1, 0 or GONE. */
  readonly inFlight: (position: number) => number;
}

/** First and last position of the stretch in which the class's threshold may still lie. */
export interface Interval {
  readonly from: number;
  readonly to: number;
}

/** From the last of the leading labelled positives to the first of the trailing labelled negatives. */
export function uncertainInterval(answers: Int8Array): Interval {
  const n = answers.length;
  let from = 0;
  for (let i = 0; i < n && answers[i] !== 0; i++) if (answers[i] === 1) from = i;
  let to = n - 1;
  for (let i = n - 1; i >= 0 && answers[i] !== 1; i--) if (answers[i] === 0) to = i;
  return { from, to };
}

/** For every split s = 0 … n: labels on the right side of it minus those on the wrong side, positives belonging before it. */
export function splitAgreement(answers: Int8Array): Int32Array {
  const agreement = new Int32Array(answers.length + 1);
  const sign = (answer: number) => (answer === 1 ? 1 : answer === 0 ? -1 : 0);
  let total = 0;
  for (const answer of answers) total += sign(answer);
  let before = 0;
  for (let s = 0; s <= answers.length; s++) {
    agreement[s] = before - (total - before);
    if (s < answers.length) before += sign(answers[s]);
  }
  return agreement;
}

/** The split with the highest agreement; the first on ties. */
export function bestSplit(answers: Int8Array): number {
  const agreement = splitAgreement(answers);
  let best = 0;
  for (let s = 1; s < agreement.length; s++) if (agreement[s] > agreement[best]) best = s;
  return best;
}

/**
 * Draws rows evenly from the interval in groups, narrowing it between groups from the side whose split agrees less with
 * the labels.
 *
 * @param group  rows per group: as many as are labelled side by side.
 * @param draw   k of the given positions, evenly and without replacement.
 * @param coin   which side to narrow when both agree alike: true for the front.
 * @returns positions in pick order; fewer than n when the interval runs out.
 */
export function pickInInterval(
  path: DirectPath,
  n: number,
  group: number,
  draw: (positions: readonly number[], k: number) => readonly number[],
  coin: () => boolean,
): number[] {
  const { answers } = path;
  let { from, to } = uncertainInterval(answers);
  const picks: number[] = [];
  while (picks.length < n) {
    const left = n - picks.length;
    const open = openBetween(answers, from, to);
    if (open.length === 0) break;
    const drawn = draw(open, Math.min(group, left, open.length));
    for (const position of drawn) {
      picks.push(position);
      answers[position] = path.inFlight(position);
    }
    const width = open.length - drawn.length;
    const groups = Math.floor(left / group);
    if (width === 0 || groups <= 1) continue;
    const target = Math.ceil(width / width ** (1 / groups));
    ({ from, to } = narrowed(answers, { from, to }, width - target, coin));
  }
  return picks;
}

function openBetween(answers: Int8Array, from: number, to: number): number[] {
  const open: number[] = [];
  for (let i = from; i <= to; i++) if (answers[i] === OPEN) open.push(i);
  return open;
}

/** The interval with `drop` open rows fewer. */
function narrowed(answers: Int8Array, interval: Interval, drop: number, coin: () => boolean): Interval {
  const agreement = splitAgreement(answers);
  let { from, to } = interval;
  let left = drop;
  while (left > 0 && from < to) {
    const difference = agreement[from] - agreement[to];
    const isFront = difference === 0 ? coin() : difference < 0;
    if (answers[isFront ? from : to] === OPEN) left--;
    if (isFront) from++;
    else to--;
  }
  return { from, to };
}

/** Rows on both sides of the split alternately, outward, those before it first. */
export function pickAroundSplit(path: DirectPath, split: number, n: number): number[] {
  const { answers } = path;
  const picks: number[] = [];
  let before = split - 1;
  let after = split;
  for (let isBefore = true; picks.length < n && (before >= 0 || after < answers.length); isBefore = !isBefore) {
    const at = isBefore ? before-- : after++;
    if (at < 0 || at >= answers.length || answers[at] !== OPEN) continue;
    picks.push(at);
    answers[at] = path.inFlight(at);
  }
  return picks;
}
