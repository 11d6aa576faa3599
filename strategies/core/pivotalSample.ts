/** Probabilities this near to 0 or 1 are rounding and count as decided. */
const DECIDED = 1e-10;

/** Rows that are paired by distance; larger groups are split. */
const LEAF_ROWS = 12;

/** Says yes with the given probability, each time independently. */
export type Decide = (probability: number) => boolean;

/**
 * A sample with the given inclusion probabilities in which rows near each other are rarely taken together.
 *
 * Rows are split again and again along the line to the row farthest from the first; within a group the two nearest
 * undecided rows meet, one of them is decided and the other carries the rest of the probability; what a group leaves
 * undecided meets the rest of its neighbour group. Which rows meet depends on earlier outcomes only, so every row is
 * included with exactly its probability, and the sample size is exactly Σ π when that is whole.
 *
 * @param x  n×d.
 * @param pi n values in [0, 1].
 * @returns positions of the sample, ascending.
 * Cost O(n·d·log n). Source: Deville & Tillé 1998 (the meeting), Grafström, Lundström & Schelin 2012 (by distance).
 */
export function pivotalSample(x: Float32Array, d: number, pi: Float64Array, decide: Decide): Int32Array {
  const p = pi.slice();
  const open = Int32Array.from(Array.from(p.keys()).filter((i) => !isDecided(p[i])));
  const left = resolve(x, d, p, open, decide);
  // With a whole sum the last probability is 0 or 1 but for rounding; otherwise it is drawn like any other.
  if (left >= 0) p[left] = isDecided(p[left]) ? Math.round(p[left]) : decide(p[left]) ? 1 : 0;
  return Int32Array.from(Array.from(p.keys()).filter((i) => p[i] > 0.5));
}

function isDecided(probability: number): boolean {
  return probability < DECIDED || probability > 1 - DECIDED;
}

/** Decides all but at most one row of the group; returns that row or −1. */
function resolve(x: Float32Array, d: number, p: Float64Array, group: Int32Array, decide: Decide): number {
  if (group.length <= LEAF_ROWS) return resolveNearest(x, d, p, Array.from(group), decide);
  const [near, far] = splitGroup(x, d, group);
  const a = resolve(x, d, p, near, decide);
  const b = resolve(x, d, p, far, decide);
  if (a < 0 || b < 0) return Math.max(a, b);
  return meet(p, a, b, decide);
}

function resolveNearest(x: Float32Array, d: number, p: Float64Array, open: number[], decide: Decide): number {
  while (open.length > 1) {
    let best: [number, number] = [0, 1];
    let least = Number.POSITIVE_INFINITY;
    for (let a = 0; a < open.length; a++) {
      for (let b = a + 1; b < open.length; b++) {
        const distance = squaredDistance(x, d, open[a], open[b]);
        if (distance < least) {
          least = distance;
          best = [a, b];
        }
      }
    }
    const [a, b] = best.map((at) => open[at]);
    const undecided = meet(p, a, b, decide);
    open.splice(best[1], 1);
    open.splice(best[0], 1);
    // Kept in order, so that ties between distances go to the lower positions.
    if (undecided >= 0) {
      const at = open.findIndex((other) => other > undecided);
      open.splice(at < 0 ? open.length : at, 0, undecided);
    }
  }
  return open.length === 1 ? open[0] : -1;
}

/** One of two rows is decided; the other keeps what is left of their sum. Returns the one still open, or −1. */
function meet(p: Float64Array, a: number, b: number, decide: Decide): number {
  const sum = p[a] + p[b];
  const isShort = sum < 1;
  const winner = decide(isShort ? p[a] / sum : (1 - p[b]) / (2 - sum)) ? a : b;
  const loser = winner === a ? b : a;
  p[winner] = isShort ? sum : 1;
  p[loser] = isShort ? 0 : sum - 1;
  const open = isShort ? winner : loser;
  if (!isDecided(p[open])) return open;
  p[open] = Math.round(p[open]);
  return -1;
}

/** Halves a group by the projection on the line from its first row to the row farthest from that. */
function splitGroup(x: Float32Array, d: number, group: Int32Array): [Int32Array, Int32Array] {
  const first = group[0];
  let far = first;
  let most = -1;
  for (const row of group) {
    const distance = squaredDistance(x, d, first, row);
    if (distance > most) {
      most = distance;
      far = row;
    }
  }
  const along = new Float64Array(group.length);
  for (let i = 0; i < group.length; i++) {
    let sum = 0;
    for (let j = 0; j < d; j++) sum += x[group[i] * d + j] * (x[far * d + j] - x[first * d + j]);
    along[i] = sum;
  }
  const order = Array.from(group.keys()).sort((a, b) => along[a] - along[b] || group[a] - group[b]);
  const half = group.length >>> 1;
  const side = (from: number, to: number) => Int32Array.from(order.slice(from, to), (i) => group[i]).sort();
  return [side(0, half), side(half, group.length)];
}

function squaredDistance(x: Float32Array, d: number, a: number, b: number): number {
  let sum = 0;
  for (let j = 0; j < d; j++) {
    const difference = x[a * d + j] - x[b * d + j];
    sum += difference * difference;
  }
  return sum;
}
