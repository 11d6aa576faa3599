import { GONE, OPEN } from "../core/classPaths";

/** A place on a path that GALAXY would ask about. */
export interface PathPick {
  readonly position: number;
  /** Open rows of the cut, or steps from the boundary. */
  readonly gap: number;
  readonly rule: "cut" | "beside";
}

/**
 * The positions of a path that are labelled or gone, ascending: all a scan has to look at. The caller adds those that are
 * answered between nominations with {@link addMark}.
 */
export function marksOf(answers: Int8Array): number[] {
  const marks: number[] = [];
  for (let i = 0; i < answers.length; i++) if (answers[i] !== OPEN) marks.push(i);
  return marks;
}

/** Inserts a position in its place. */
export function addMark(marks: number[], position: number): void {
  let low = 0;
  let high = marks.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (marks[middle] < position) low = middle + 1;
    else high = middle;
  }
  marks.splice(low, 0, position);
}

/** A path as a scan sees it, from one end or the other. */
interface Scan {
  readonly length: number;
  readonly n: number;
  /** Position, counted from the end where the scan begins, and answer of the j-th mark. */
  readonly at: (j: number) => number;
  readonly answer: (j: number) => number;
}

function scanOf(answers: Int8Array, marks: readonly number[], isDescending: boolean): Scan {
  const n = answers.length;
  const length = marks.length;
  return isDescending
    ? { length, n, at: (j) => n - 1 - marks[length - 1 - j], answer: (j) => answers[marks[length - 1 - j]] }
    : { length, n, at: (j) => marks[j], answer: (j) => answers[marks[j]] };
}

/**
 * One nomination on a path, as in the arm of TAILOR (ascending) or in LabelBench (descending).
 *
 * Between labelled rows with different answers the shortest stretch of open rows is halved, the first one on ties. Where
 * there is none, the open row nearest to a 0 immediately followed by a 1 is taken, on either side: ascending, later and
 * right-hand ones win ties; descending, left-hand ones. Rows that are gone are as if they were not there.
 *
 * @param answers in the order of the path; changed by the caller between nominations, together with `marks`.
 * @returns null where no two neighbouring labels differ, or no open row is left. Cost O(marks).
 */
export function nominateOnPath(answers: Int8Array, marks: readonly number[], isDescending: boolean): PathPick | null {
  const scan = scanOf(answers, marks, isDescending);
  const pick = shortestCut(scan, isDescending) ?? nearestBeside(scan, isDescending);
  return pick === null || !isDescending ? pick : { ...pick, position: answers.length - 1 - pick.position };
}

/** The middle of the shortest stretch of open rows whose two neighbours are labelled differently; the first on ties. */
function shortestCut(scan: Scan, isDescending: boolean): PathPick | null {
  let best: { from: number; to: number; open: number } | null = null;
  let last = -1;
  let gone = 0;
  for (let j = 0; j < scan.length; j++) {
    if (scan.answer(j) === GONE) {
      gone++;
      continue;
    }
    if (last >= 0) {
      const open = scan.at(j) - scan.at(last) - 1 - gone;
      if (open > 0 && scan.answer(j) !== scan.answer(last) && (best === null || open < best.open)) {
        best = { from: last, to: j, open };
      }
    }
    last = j;
    gone = 0;
  }
  if (best === null) return null;
  // The upper middle of the ascending path, from whichever end the scan comes.
  const skip = isDescending ? (best.open - 1) >> 1 : best.open >> 1;
  let position = scan.at(best.from) + 1 + skip;
  for (let j = best.from + 1; j < best.to && scan.at(j) <= position; j++) position++;
  return { position, gap: best.open, rule: "cut" };
}

/** The open row nearest to a pair of neighbouring labels 0, 1. */
function nearestBeside(scan: Scan, isLeftFirst: boolean): PathPick | null {
  const left = nearestOpen(scan, false);
  const right = nearestOpen(scan, true);
  let best: PathPick | null = null;
  let bestRight: PathPick | null = null;
  let last = -1;
  let gone = 0;
  for (let j = 0; j < scan.length; j++) {
    if (scan.answer(j) === GONE) {
      gone++;
      continue;
    }
    const isPair =
      last >= 0 && scan.at(j) - scan.at(last) - 1 === gone && scan.answer(last) === 0 && scan.answer(j) === 1;
    if (isPair) {
      const before = left(last);
      const after = right(j);
      if (before !== null && (best === null || before.gap <= best.gap)) best = before;
      if (isLeftFirst) {
        // The released scan looks at the right-hand rows from the far end, and takes only what is strictly nearer.
        if (after !== null && (bestRight === null || after.gap <= bestRight.gap)) bestRight = after;
      } else if (after !== null && (best === null || after.gap <= best.gap)) best = after;
    }
    last = j;
    gone = 0;
  }
  if (bestRight !== null && (best === null || bestRight.gap < best.gap)) return bestRight;
  return best;
}

/** For every mark the nearest open row on one side, and the steps to it over labelled rows. */
function nearestOpen(scan: Scan, isRight: boolean): (j: number) => PathPick | null {
  const positions = new Int32Array(scan.length).fill(-1);
  const steps = new Int32Array(scan.length);
  for (let i = 0; i < scan.length; i++) {
    const j = isRight ? scan.length - 1 - i : i;
    const neighbour = isRight ? j + 1 : j - 1;
    const beside = scan.at(j) + (isRight ? 1 : -1);
    const isMarked = i > 0 && scan.at(neighbour) === beside;
    if (!isMarked) {
      if (beside < 0 || beside >= scan.n) continue;
      positions[j] = beside;
      steps[j] = 1;
    } else {
      positions[j] = positions[neighbour];
      steps[j] = steps[neighbour] + (scan.answer(neighbour) === GONE ? 0 : 1);
    }
  }
  return (j) => (positions[j] < 0 ? null : { position: positions[j], gap: steps[j], rule: "beside" });
}

/** Positions of the path without those that are gone, and their answers. */
interface Walk {
  readonly positions: Int32Array;
  readonly answers: Int8Array;
}

function walkOf(answers: Int8Array): Walk {
  const positions = new Int32Array(answers.length);
  const kept = new Int8Array(answers.length);
  let n = 0;
  for (let i = 0; i < answers.length; i++) {
    if (answers[i] === GONE) continue;
    positions[n] = i;
    kept[n++] = answers[i];
  }
  return { positions: positions.subarray(0, n), answers: kept.subarray(0, n) };
}

/**
 * One nomination as in the original repository: the shortest path from a row of the class to one without it, along edges
 * between rows at most `order` places apart, except edges between two different answers; its middle, counted from the row
 * without the class. Ties: lowest position first.
 *
 * @returns null where there is no such path. Cost O(length·order).
 */
export function nominateOnLattice(answers: Int8Array, order: number): PathPick | null {
  const walk = walkOf(answers);
  const n = walk.answers.length;
  const previous = new Int32Array(n).fill(-1);
  const distance = new Int32Array(n).fill(-1);
  const queue = new Int32Array(n);
  let tail = 0;
  for (let i = 0; i < n; i++) {
    if (walk.answers[i] !== 1) continue;
    distance[i] = 0;
    queue[tail++] = i;
  }
  for (let head = 0; head < tail; head++) {
    const from = queue[head];
    for (let step = 1; step <= order; step++) {
      for (const to of [from - step, from + step]) {
        if (to < 0 || to >= n || isCutEdge(walk.answers[from], walk.answers[to])) continue;
        if (distance[to] < 0) {
          distance[to] = distance[from] + 1;
          previous[to] = from;
          queue[tail++] = to;
        }
        if (walk.answers[to] === 0) return middleOfPath(walk, previous, to);
      }
    }
  }
  return null;
}

function isCutEdge(a: number, b: number): boolean {
  return a !== OPEN && b !== OPEN && a !== b;
}

function middleOfPath(walk: Walk, previous: Int32Array, end: number): PathPick {
  const path = [end];
  for (let at = previous[end]; at >= 0; at = previous[at]) path.push(at);
  return { position: walk.positions[path[path.length >> 1]], gap: path.length - 2, rule: "cut" };
}
