import { GONE, OPEN } from "../core/classPaths";

/** A place on a path that GALAXY would ask about. */
export interface PathPick {
  readonly position: number;
  /** Open rows of the cut, or steps from the boundary. */
  readonly gap: number;
  readonly rule: "cut" | "beside";
}

/** Positions of the path without those that are gone, in the direction of the scan, and their answers. */
interface Walk {
  readonly positions: Int32Array;
  readonly answers: Int8Array;
}

function walkOf(answers: Int8Array, isDescending: boolean): Walk {
  const positions = new Int32Array(answers.length);
  let n = 0;
  for (let i = 0; i < answers.length; i++) {
    const at = isDescending ? answers.length - 1 - i : i;
    if (answers[at] !== GONE) positions[n++] = at;
  }
  const kept = positions.subarray(0, n);
  return { positions: kept, answers: Int8Array.from(kept, (at) => answers[at]) };
}

/**
 * One nomination on a path, as in the arm of TAILOR (ascending) or in LabelBench (descending).
 *
 * Between labelled rows with different answers the shortest stretch of open rows is halved, the first one on ties. Where
 * there is none, the open row nearest to a 0 immediately followed by a 1 is taken, on either side: ascending, later and
 * right-hand ones win ties; descending, left-hand ones.
 *
 * @param answers in the order of the path; changed by the caller between nominations.
 * @returns null where no two neighbouring labels differ, or no open row is left. Cost O(length).
 */
export function nominateOnPath(answers: Int8Array, isDescending: boolean): PathPick | null {
  const walk = walkOf(answers, isDescending);
  const cut = shortestCut(walk.answers);
  if (cut !== null) {
    // The upper middle of the ascending path, from whichever end the scan comes.
    const middle = cut.start + (isDescending ? (cut.length - 1) >> 1 : cut.length >> 1);
    return { position: walk.positions[middle], gap: cut.length, rule: "cut" };
  }
  const beside = nearestBeside(walk.answers, isDescending);
  return beside === null ? null : { ...beside, position: walk.positions[beside.position] };
}

/** The shortest stretch of open rows whose two neighbours are labelled differently; the first on ties. */
function shortestCut(answers: Int8Array): { readonly start: number; readonly length: number } | null {
  let best: { start: number; length: number } | null = null;
  let last = OPEN;
  let start = 0;
  for (let i = 0; i < answers.length; i++) {
    if (answers[i] === OPEN) continue;
    const length = i - start;
    if (last !== OPEN && length > 0 && answers[i] !== last && (best === null || length < best.length)) {
      best = { start, length };
    }
    last = answers[i];
    start = i + 1;
  }
  return best;
}

/** The open row nearest to a pair of neighbouring labels 0, 1. */
function nearestBeside(answers: Int8Array, isLeftFirst: boolean): PathPick | null {
  const n = answers.length;
  const openRight = new Int32Array(n).fill(-1);
  for (let i = n - 1, open = -1; i >= 0; i--) {
    if (answers[i] === OPEN) open = i;
    openRight[i] = open;
  }
  let best: PathPick | null = null;
  let bestRight: PathPick | null = null;
  let openLeft = -1;
  for (let i = 0; i + 1 < n; i++) {
    if (answers[i] === OPEN) openLeft = i;
    if (answers[i] !== 0 || answers[i + 1] !== 1) continue;
    const left = openLeft < 0 ? null : { position: openLeft, gap: i - openLeft, rule: "beside" as const };
    const at = openRight[i + 1];
    const right = at < 0 ? null : { position: at, gap: at - (i + 1), rule: "beside" as const };
    if (left !== null && (best === null || left.gap <= best.gap)) best = left;
    if (isLeftFirst) {
      // The released scan looks at the right-hand rows from the far end, and takes only what is strictly nearer.
      if (right !== null && (bestRight === null || right.gap <= bestRight.gap)) bestRight = right;
    } else if (right !== null && (best === null || right.gap <= best.gap)) best = right;
  }
  if (bestRight !== null && (best === null || bestRight.gap < best.gap)) return bestRight;
  return best;
}

/**
 * One nomination as in the original repository: the shortest path from a row of the class to one without it, along edges
 * between rows at most `order` places apart, except edges between two different answers; its middle, counted from the row
 * without the class. Ties: lowest position first.
 *
 * @returns null where there is no such path. Cost O(length·order).
 */
export function nominateOnLattice(answers: Int8Array, order: number): PathPick | null {
  const walk = walkOf(answers, false);
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
