import type { EmbeddingBlock } from "../core/embeddingBlock";
import { gatherEmbeddings, kernelFloats, squaredDistance } from "../core/embeddingBlock";
import { assignClusters } from "../core/kMeans";
import { percentileSorted } from "../core/metrics/ranks";
import { gatherRows } from "../core/rowMatrix";
import type { RowMatrix, SelectContext } from "../core/types";

export interface FarthestPicks {
  readonly rows: Uint32Array;
  /** Euclidean distance to the nearest known or earlier picked row; null for the first pick when there is none. */
  readonly distances: readonly (number | null)[];
  /** The row that distance leads to. */
  readonly nearest: readonly (number | null)[];
  /** Share of the candidates that lay no farther from the known rows at the start; null when there were none. */
  readonly percentile: readonly (number | null)[];
  /** Largest distance of any candidate to the known and picked rows when the last pick was made. */
  readonly coverRadius: number;
}

/** Between these many picks the caller may cancel. */
const PICKS_PER_CHECK = 16;

/**
 * Farthest-first traversal: again and again the candidate farthest from everything known or picked.
 *
 * @param candidates rows in ascending order of key, so that the lowest position is the lowest key.
 * @param known      rows that count as picked already; may be empty.
 * @param coldStart  first pick when nothing is known: the row nearest the mean, or the lowest key.
 * Ties: lowest key. Distances are compared in float32 and reported in float64. Cost O((n + known)·candidates·d).
 */
export async function kCenterGreedy(
  context: SelectContext,
  embeddings: RowMatrix,
  candidates: Uint32Array,
  known: Uint32Array,
  n: number,
  coldStart: string,
): Promise<FarthestPicks> {
  const { kernels } = context;
  const mark = kernels.mark();
  try {
    const block = await gatherEmbeddings(kernels, embeddings, candidates);
    const minDist = kernelFloats(kernels, block.n).fill(Number.POSITIVE_INFINITY);
    const closest = new Int32Array(block.n).fill(-1);
    if (known.length > 0) {
      const from = await gatherEmbeddings(kernels, embeddings, known, block.shift);
      assignClusters(kernels, block, from.x, known.length, closest, minDist);
    }
    const initial = known.length > 0 ? minDist.slice() : undefined;
    const ascending = initial?.slice().sort();
    const percentile: (number | null)[] = [];
    const picks: number[] = [];
    const nearest: number[] = [];
    let next = known.length > 0 ? indexOfLargest(minDist) : firstPick(block, coldStart);
    while (next >= 0) {
      percentile.push(initial && ascending ? percentileSorted(ascending, initial[next]) : null);
      picks.push(next);
      nearest.push(closest[next]);
      minDist[next] = -1;
      if (picks.length === n) break;
      next = kernels.distanceUpdate({
        ...block,
        center: block.x.subarray(next * block.d, (next + 1) * block.d),
        centerNorm: block.norms[next],
        minDist,
        closest,
        centerIndex: known.length + picks.length - 1,
      });
      if (picks.length % PICKS_PER_CHECK === 0) {
        context.checkAbort();
        context.progress("farthest", picks.length, n);
      }
    }
    const rows = Uint32Array.from(picks, (i) => candidates[i]);
    const nearestRows = nearest.map((i) => (i < 0 ? null : i < known.length ? known[i] : rows[i - known.length]));
    const distances = await exactDistances(embeddings, rows, nearestRows);
    return { rows, distances, nearest: nearestRows, percentile, coverRadius: Math.sqrt(Math.max(0, largest(minDist))) };
  } finally {
    kernels.release(mark);
  }
}

function firstPick(block: EmbeddingBlock, coldStart: string): number {
  if (block.n === 0) return -1;
  if (coldStart === "lowest-key") return 0;
  const { x, n, d } = block;
  const mean = new Float64Array(d);
  for (let i = 0; i < n; i++) for (let j = 0; j < d; j++) mean[j] += x[i * d + j] / n;
  let best = 0;
  let least = Number.POSITIVE_INFINITY;
  for (let i = 0; i < n; i++) {
    let distance = 0;
    for (let j = 0; j < d; j++) distance += (x[i * d + j] - mean[j]) ** 2;
    if (distance < least) {
      least = distance;
      best = i;
    }
  }
  return best;
}

function indexOfLargest(values: Float32Array): number {
  let best = -1;
  for (let i = 0; i < values.length; i++) if (best < 0 || values[i] > values[best]) best = i;
  return best;
}

function largest(values: Float32Array): number {
  const at = indexOfLargest(values);
  return at < 0 ? 0 : values[at];
}

async function exactDistances(
  embeddings: RowMatrix,
  rows: Uint32Array,
  nearest: readonly (number | null)[],
): Promise<(number | null)[]> {
  const d = embeddings.dim;
  const pair = new Float64Array(2 * rows.length * d);
  const both = new Uint32Array(2 * rows.length);
  rows.forEach((row, i) => {
    both[2 * i] = row;
    both[2 * i + 1] = nearest[i] ?? row;
  });
  await gatherRows(embeddings, both, pair);
  return nearest.map((row, i) => (row === null ? null : Math.sqrt(squaredDistance(pair, 2 * i, 2 * i + 1, d))));
}
