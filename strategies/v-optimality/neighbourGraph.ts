import { eachPair } from "../core/eachPair";
import type { EmbeddingBlock } from "../core/embeddingBlock";
import type { SelectContext } from "../core/types";

/** Symmetric weights in compressed rows; no row is its own neighbour. */
export interface WeightedGraph {
  readonly n: number;
  readonly starts: Int32Array;
  readonly columns: Int32Array;
  readonly weights: Float64Array;
}

/**
 * Graph of the nearest neighbours: rows are joined when either is among the k nearest of the other, with weight
 * exp(−d² / (σ_i·σ_j)), σ the distance to the k-th neighbour. Coinciding rows have weight 1.
 *
 * Source: Zelnik-Manor & Perona 2004 for the widths.
 */
export function neighbourGraph(
  context: Pick<SelectContext, "kernels" | "checkAbort">,
  block: Pick<EmbeddingBlock, "x" | "norms" | "n" | "d">,
  k: number,
): WeightedGraph {
  const { n } = block;
  const width = Math.min(k, Math.max(0, n - 1));
  const nearest = new Int32Array(n * width);
  const squares = new Float64Array(n * width).fill(Number.POSITIVE_INFINITY);
  const insert = (row: number, other: number, squared: number) => {
    const from = row * width;
    if (width === 0 || !(squared < squares[from + width - 1])) return;
    let at = width - 1;
    while (at > 0 && squares[from + at - 1] > squared) {
      squares[from + at] = squares[from + at - 1];
      nearest[from + at] = nearest[from + at - 1];
      at--;
    }
    squares[from + at] = squared;
    nearest[from + at] = other;
  };
  eachPair(context, block, (i, j, squared) => {
    insert(i, j, squared);
    insert(j, i, squared);
  });
  const sigma = Float64Array.from({ length: n }, (_, i) => (width === 0 ? 0 : Math.sqrt(squares[(i + 1) * width - 1])));
  const edges: Map<number, number>[] = Array.from({ length: n }, () => new Map());
  for (let i = 0; i < n; i++) {
    for (let at = i * width; at < (i + 1) * width; at++) {
      const j = nearest[at];
      const scale = sigma[i] * sigma[j];
      const weight = scale > 0 ? Math.exp(-squares[at] / scale) : 1;
      edges[i].set(j, weight);
      edges[j].set(i, weight);
    }
  }
  return compress(edges);
}

/** A graph from a dense symmetric matrix of weights; zeros and the diagonal are no edges. */
export function graphOfMatrix(weights: readonly (readonly number[])[]): WeightedGraph {
  return compress(
    weights.map(
      (row, i) => new Map(row.map((weight, j) => [j, weight] as const).filter(([j, w]) => j !== i && w !== 0)),
    ),
  );
}

function compress(edges: readonly Map<number, number>[]): WeightedGraph {
  const n = edges.length;
  const starts = new Int32Array(n + 1);
  edges.forEach((row, i) => {
    starts[i + 1] = starts[i] + row.size;
  });
  const columns = new Int32Array(starts[n]);
  const weights = new Float64Array(starts[n]);
  edges.forEach((row, i) => {
    [...row.entries()]
      .sort(([a], [b]) => a - b)
      .forEach(([j, weight], at) => {
        columns[starts[i] + at] = j;
        weights[starts[i] + at] = weight;
      });
  });
  return { n, starts, columns, weights };
}

export function degrees({ n, starts, weights }: WeightedGraph): Float64Array {
  const sums = new Float64Array(n);
  for (let i = 0; i < n; i++) for (let at = starts[i]; at < starts[i + 1]; at++) sums[i] += weights[at];
  return sums;
}

/** to = (D − W)·from. */
export function timesLaplacian(graph: WeightedGraph, degree: Float64Array, from: Float64Array, to: Float64Array): void {
  const { n, starts, columns, weights } = graph;
  for (let i = 0; i < n; i++) {
    let sum = degree[i] * from[i];
    for (let at = starts[i]; at < starts[i + 1]; at++) sum -= weights[at] * from[columns[at]];
    to[i] = sum;
  }
}
