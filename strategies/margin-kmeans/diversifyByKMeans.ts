import { gatherEmbeddings } from "../core/embeddingBlock";
import { randomOf } from "../core/keyedRandom";
import { kMeans } from "../core/kMeans";
import type { RowMatrix, SelectContext } from "../core/types";

export interface DiversePicks {
  /** Positions into the rows given, best first. */
  readonly picks: readonly number[];
  readonly cluster: readonly number[];
  readonly clusterSize: readonly number[];
  /** Clusters found. */
  readonly k: number;
}

/**
 * Splits the rows into weighted k-means clusters and takes from each the row nearest its centroid, then the second
 * nearest, and so on until n are taken. Within a turn the row with the higher utility comes first.
 *
 * @param rows    in ascending order of key.
 * @param utility ≥ 0, aligned with rows: the weight of each row and its order among the picks.
 * @param k       clusters wanted; fewer when fewer distinct points exist.
 * Ties: lowest key. Cost O(rows·k·d) per iteration.
 */
export async function diversifyByKMeans(
  context: SelectContext,
  embeddings: RowMatrix,
  rows: Uint32Array,
  utility: Float64Array,
  args: { readonly n: number; readonly k: number; readonly isWeighted: boolean; readonly maxIterations: number },
): Promise<DiversePicks> {
  const { kernels } = context;
  const mark = kernels.mark();
  try {
    const block = await gatherEmbeddings(kernels, embeddings, rows);
    const hasWeight = args.isWeighted && utility.some((value) => value > 0);
    const result = kMeans(kernels, {
      ...block,
      k: Math.min(args.k, rows.length),
      weights: hasWeight ? utility : undefined,
      maxIterations: args.maxIterations,
      random: randomOf(context, "k-means"),
      checkAbort: () => context.checkAbort(),
    });
    context.trace({
      stage: "k-means",
      values: { k: result.k, iterations: result.iterations, inertia: result.inertia },
    });
    const members: number[][] = Array.from({ length: result.k }, () => []);
    result.assignment.forEach((cluster, i) => {
      members[cluster].push(i);
    });
    for (const list of members) list.sort((a, b) => result.distances[a] - result.distances[b] || a - b);
    const picks: number[] = [];
    for (let turn = 0; picks.length < Math.min(args.n, rows.length); turn++) {
      const round = members.filter((list) => turn < list.length).map((list) => list[turn]);
      round.sort((a, b) => utility[b] - utility[a] || a - b);
      picks.push(...round.slice(0, args.n - picks.length));
    }
    return {
      picks,
      cluster: picks.map((i) => result.assignment[i]),
      clusterSize: picks.map((i) => result.sizes[result.assignment[i]]),
      k: result.k,
    };
  } finally {
    kernels.release(mark);
  }
}
