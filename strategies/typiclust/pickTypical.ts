import type { EmbeddingBlock } from "../core/embeddingBlock";
import { kernelFloats } from "../core/embeddingBlock";
import type { SelectContext } from "../core/types";

export interface TypicalPick {
  /** Position of the pick in the block. */
  readonly index: number;
  readonly cluster: number;
  readonly clusterSize: number;
  readonly knownInCluster: number;
  /** Positions of the neighbours its typicality is taken over; empty in a cluster of one. */
  readonly neighbours: Int32Array;
}

export interface TypicalRules {
  /** Clusters of at most this many rows are visited after all larger ones are used up. */
  readonly smallClusterMax: number;
  readonly neighboursMax: number;
  /** Mean of squared distances instead of distances. */
  readonly isSquared: boolean;
  /** Reduces the members of a very large cluster; returns them in ascending order. */
  readonly limitMembers: (members: Int32Array) => Int32Array;
}

export interface TypicalResult {
  readonly picks: readonly TypicalPick[];
  /** Picks from clusters that are small by the rules. */
  readonly fromSmall: number;
}

/**
 * Visits the clusters, those with the fewest known rows first and among them the largest first, in turns, and takes from
 * each its most typical unknown row: the one with the smallest mean distance to its nearest unknown members, as many as
 * half of them, at most `neighboursMax`.
 *
 * @param cluster cluster of each row of the block, 0 … k − 1.
 * @param isKnown 1 for labelled and pending rows: they rank the clusters and are never picked.
 * Ties: lowest cluster, then lowest position. Cost O(members²·d) per visit.
 */
export function pickTypical(
  context: Pick<SelectContext, "kernels" | "checkAbort">,
  block: Pick<EmbeddingBlock, "x" | "norms" | "n" | "d">,
  cluster: Int32Array,
  k: number,
  isKnown: Uint8Array,
  n: number,
  rules: TypicalRules,
): TypicalResult {
  const sizes = new Int32Array(k);
  const known = new Int32Array(k);
  const members: number[][] = Array.from({ length: k }, () => []);
  for (let i = 0; i < block.n; i++) {
    sizes[cluster[i]]++;
    if (isKnown[i] === 1) known[cluster[i]]++;
    else members[cluster[i]].push(i);
  }
  const order = Array.from({ length: k }, (_, c) => c).sort(
    (a, b) => known[a] - known[b] || sizes[b] - sizes[a] || a - b,
  );
  const picks: TypicalPick[] = [];
  let fromSmall = 0;
  for (const isSmall of [false, true]) {
    const visited = order.filter((c) => sizes[c] <= rules.smallClusterMax === isSmall);
    while (picks.length < n && visited.some((c) => members[c].length > 0)) {
      for (const c of visited) {
        if (members[c].length === 0) continue;
        if (picks.length === n) break;
        context.checkAbort();
        const within = rules.limitMembers(Int32Array.from(members[c]));
        const pick = mostTypical(context, block, within, rules);
        members[c].splice(members[c].indexOf(pick.index), 1);
        picks.push({ ...pick, cluster: c, clusterSize: sizes[c], knownInCluster: known[c] });
        if (isSmall) fromSmall++;
      }
    }
  }
  return { picks, fromSmall };
}

/** The member with the smallest mean distance to its nearest members, and those members. */
export function mostTypical(
  context: Pick<SelectContext, "kernels">,
  block: Pick<EmbeddingBlock, "x" | "norms" | "d">,
  members: Int32Array,
  rules: Pick<TypicalRules, "neighboursMax" | "isSquared">,
): { readonly index: number; readonly neighbours: Int32Array } {
  const m = members.length;
  const nNeighbours = Math.min(rules.neighboursMax, m >>> 1);
  if (nNeighbours === 0) return { index: members[0], neighbours: new Int32Array(0) };
  const distances = pairwiseDistances(context, block, members, rules.isSquared);
  let best = 0;
  let least = Number.POSITIVE_INFINITY;
  let neighbours: number[] = [];
  for (let i = 0; i < m; i++) {
    const nearest = nearestOf(distances, i, m, nNeighbours);
    let sum = 0;
    for (const j of nearest) sum += distances[i * m + j];
    if (sum < least) {
      least = sum;
      best = i;
      neighbours = nearest;
    }
  }
  return { index: members[best], neighbours: Int32Array.from(neighbours, (j) => members[j]) };
}

/** m × m distances between members, float32. */
function pairwiseDistances(
  context: Pick<SelectContext, "kernels">,
  block: Pick<EmbeddingBlock, "x" | "norms" | "d">,
  members: Int32Array,
  isSquared: boolean,
): Float32Array {
  const { kernels } = context;
  const m = members.length;
  const { d } = block;
  const mark = kernels.mark();
  const x = kernelFloats(kernels, m * d);
  kernels.gatherRows({ x: block.x, d, rows: members, out: x });
  const products = kernelFloats(kernels, m * m);
  kernels.gemm({ m, n: m, k: d, a: x, b: x, out: products, transB: true });
  const distances = new Float32Array(m * m);
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < m; j++) {
      const squared = Math.max(0, block.norms[members[i]] + block.norms[members[j]] - 2 * products[i * m + j]);
      distances[i * m + j] = isSquared ? squared : Math.sqrt(squared);
    }
  }
  kernels.release(mark);
  return distances;
}

/** The `count` members nearest to member i, itself excluded; nearest first, ties by lower position. */
function nearestOf(distances: Float32Array, i: number, m: number, count: number): number[] {
  const nearest: number[] = [];
  for (let j = 0; j < m; j++) {
    if (j === i) continue;
    const distance = distances[i * m + j];
    if (nearest.length === count && distance >= distances[i * m + nearest[count - 1]]) continue;
    let at = Math.min(nearest.length, count - 1);
    while (at > 0 && distances[i * m + nearest[at - 1]] > distance) {
      nearest[at] = nearest[at - 1];
      at--;
    }
    nearest[at] = j;
  }
  return nearest;
}
