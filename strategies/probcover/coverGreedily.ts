import type { BallGraph } from "./ballGraph";

export interface CoverPick {
  readonly index: number;
  /** Rows newly covered by it, itself included when it was not. */
  readonly newItems: number;
  readonly coverageBefore: number;
  readonly coverageAfter: number;
}

export interface Cover {
  readonly picks: readonly CoverPick[];
  /** Picks made after everything was covered once: they cover the unpicked rows a second time, and so on. */
  readonly filled: number;
}

/**
 * Greedy maximum coverage: again and again the open row whose ball holds the most uncovered rows.
 *
 * When every row is covered, only the rows that are neither known nor picked count, uncovered again: the next picks are
 * then the densest of what is left. Ties: lowest position. Cost: each row's ball is walked once per layer.
 *
 * @param isKnown 1 for labelled and pending rows: their balls are covered from the start, and they are never picked.
 */
export function coverGreedily(graph: BallGraph, isKnown: Uint8Array, n: number): Cover {
  const { n: size } = graph;
  const isCovered = new Uint8Array(size);
  const isTaken = isKnown.slice();
  const counts = new Int32Array(size);
  for (let i = 0; i < size; i++) counts[i] = ballSize(graph, i);
  let covered = 0;
  const cover = (index: number): number => {
    let fresh = 0;
    eachNeighbour(graph, index, (row) => {
      if (isCovered[row] === 1) return;
      isCovered[row] = 1;
      fresh++;
      eachNeighbour(graph, row, (other) => {
        counts[other]--;
      });
    });
    covered += fresh;
    return fresh;
  };
  for (let i = 0; i < size; i++) if (isKnown[i] === 1) cover(i);
  const picks: CoverPick[] = [];
  let filled = 0;
  let isFirstLayer = true;
  const open = size - isKnown.reduce((sum, known) => sum + known, 0);
  while (picks.length < Math.min(n, open)) {
    let best = -1;
    for (let i = 0; i < size; i++) if (isTaken[i] === 0 && (best < 0 || counts[i] > counts[best])) best = i;
    if (counts[best] === 0) {
      isFirstLayer = false;
      uncover(graph, isCovered, isTaken, counts);
      continue;
    }
    const before = isFirstLayer ? covered / size : 1;
    const newItems = cover(best);
    isTaken[best] = 1;
    if (!isFirstLayer) filled++;
    picks.push({ index: best, newItems, coverageBefore: before, coverageAfter: isFirstLayer ? covered / size : 1 });
  }
  return { picks, filled };
}

/** Starts another layer: the rows not taken are uncovered, and every count is of them. */
function uncover(graph: BallGraph, isCovered: Uint8Array, isTaken: Uint8Array, counts: Int32Array): void {
  for (let i = 0; i < graph.n; i++) isCovered[i] = isTaken[i];
  for (let i = 0; i < graph.n; i++) {
    let count = 0;
    eachNeighbour(graph, i, (row) => {
      if (isCovered[row] === 0) count++;
    });
    counts[i] = count;
  }
}

function eachNeighbour({ width, words }: BallGraph, index: number, use: (row: number) => void): void {
  for (let w = 0; w < width; w++) {
    let word = words[index * width + w];
    while (word !== 0) {
      use((w << 5) + 31 - Math.clz32(word & -word));
      word &= word - 1;
    }
  }
}

function ballSize({ width, words }: BallGraph, index: number): number {
  let count = 0;
  for (let w = index * width; w < (index + 1) * width; w++) {
    let x = words[w];
    x -= (x >>> 1) & 0x55555555;
    x = (x & 0x33333333) + ((x >>> 2) & 0x33333333);
    count += Math.imul((x + (x >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
  }
  return count;
}
