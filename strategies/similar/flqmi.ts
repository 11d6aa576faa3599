/** Greedy maximisation of the facility-location mutual information with a set of queries. */
export interface FlqmiPicks {
  /** Candidates in pick order. */
  readonly picks: readonly number[];
  readonly gains: readonly number[];
  /** The query each pick is most similar to. */
  readonly nearest: readonly number[];
}

/**
 * Maximises Σ_q max_{a in A} s(a, q) + η Σ_{a in A} max_q s(a, q) over sets A of n candidates, greedily. Negative
 * similarities count as 0. Gains only shrink as A grows, so most candidates are never looked at again (lazy greedy);
 * the answer is that of the naive greedy.
 *
 * @param similarity candidates × queries, row-major.
 * @param queries    ≥ 1.
 * Ties: lowest candidate. Cost O(candidates·queries) and little more per pick; memory O(candidates).
 */
export function flqmi(similarity: Float64Array, queries: number, n: number, eta: number): FlqmiPicks {
  const size = similarity.length / queries;
  const reached = new Float64Array(queries);
  const own = new Float64Array(size);
  const nearestOf = new Int32Array(size);
  for (let a = 0; a < size; a++) {
    let best = 0;
    for (let q = 1; q < queries; q++) if (similarity[a * queries + q] > similarity[a * queries + best]) best = q;
    nearestOf[a] = best;
    own[a] = eta * Math.max(0, similarity[a * queries + best]);
  }
  const gainOf = (a: number): number => {
    let gain = own[a];
    for (let q = 0; q < queries; q++) gain += Math.max(0, similarity[a * queries + q] - reached[q]);
    return gain;
  };
  const heap = new GainHeap(Float64Array.from({ length: size }, (_, a) => gainOf(a)));
  const picks: number[] = [];
  const gains: number[] = [];
  while (picks.length < n && heap.size > 0) {
    const a = heap.top;
    const gain = gainOf(a);
    // An old gain is an upper bound: the candidate is best when it stays on top with its new one.
    heap.lowerTop(gain);
    if (heap.top !== a) continue;
    heap.pop();
    picks.push(a);
    gains.push(gain);
    for (let q = 0; q < queries; q++) reached[q] = Math.max(reached[q], similarity[a * queries + q]);
  }
  return { picks, gains, nearest: picks.map((a) => nearestOf[a]) };
}

/** Candidates by gain, largest on top, ties by lowest candidate. */
class GainHeap {
  private readonly entries: Int32Array;
  size: number;

  constructor(private readonly gains: Float64Array) {
    this.size = gains.length;
    this.entries = Int32Array.from(gains.keys());
    for (let i = (this.size >>> 1) - 1; i >= 0; i--) this.sink(i);
  }

  get top(): number {
    return this.entries[0];
  }

  lowerTop(gain: number): void {
    this.gains[this.entries[0]] = gain;
    this.sink(0);
  }

  pop(): void {
    this.entries[0] = this.entries[--this.size];
    this.sink(0);
  }

  private isBefore(a: number, b: number): boolean {
    const difference = this.gains[a] - this.gains[b];
    return difference > 0 || (difference === 0 && a < b);
  }

  private sink(from: number): void {
    let at = from;
    for (;;) {
      let first = at;
      for (const child of [2 * at + 1, 2 * at + 2]) {
        if (child < this.size && this.isBefore(this.entries[child], this.entries[first])) first = child;
      }
      if (first === at) return;
      const entry = this.entries[at];
      this.entries[at] = this.entries[first];
      this.entries[first] = entry;
      at = first;
    }
  }
}
