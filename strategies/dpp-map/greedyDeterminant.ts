import { kernelDoubles } from "../core/doubleRows";
import type { EmbeddingBlock } from "../core/embeddingBlock";
import { kernelFloats } from "../core/embeddingBlock";
import type { SelectContext } from "../core/types";

/** Similarity of two rows of a block; 1 for a row with itself. */
export interface Similarity {
  readonly kind: "cosine" | "gaussian";
  /** Twice the squared width of the gaussian. */
  readonly scale: number;
}

export interface DeterminantPick {
  readonly index: number;
  /** Logarithm of the factor by which the determinant grew. */
  readonly gain: number;
}

/** Columns of the factor that are stored together. */
const BLOCK = 32;

/** What float32 leaves of a variance of 0, as a share of the variance at the start. */
const RANK_FLOOR = 2e-6;

/**
 * Greedy maximum of det L over sets, L_ij = q_i·S_ij·q_j: again and again the row with the largest conditional variance.
 *
 * The factor of every row grows by one number per pick, so a pick costs O(n·(d + picks)). Ties: lowest position. Stops early when
 * all variance left is rounding: every row is then a combination of picks.
 *
 * @param quality > 0, aligned with the rows.
 * @param known   positions that count as picked already; their quality plays no part.
 * Source: Chen, Zhang & Zhou 2018, "Fast greedy MAP inference for determinantal point process".
 */
export function greedyDeterminant(
  context: Pick<SelectContext, "kernels" | "checkAbort">,
  block: Pick<EmbeddingBlock, "x" | "norms" | "n" | "d">,
  quality: Float64Array,
  known: readonly number[],
  n: number,
  similarity: Similarity,
): DeterminantPick[] {
  const { kernels } = context;
  const mark = kernels.mark();
  try {
    // Variances of S given what was picked; the quality only scales them.
    const variance = new Float64Array(block.n).fill(1);
    const isOpen = new Uint8Array(block.n).fill(1);
    const factors: Float64Array[] = [];
    const dots = kernelFloats(kernels, block.n);
    const products = kernelDoubles(kernels, block.n);
    let depth = 0;
    const condition = (index: number) => {
      isOpen[index] = 0;
      // A known row that earlier ones determine adds nothing.
      if (variance[index] <= RANK_FLOOR) return;
      const column = similarityColumn(kernels, block, index, similarity, dots);
      for (let b = 0; b * BLOCK < depth; b++) {
        const vector = factors[b].slice(index * BLOCK, (index + 1) * BLOCK);
        kernels.rowDots({ x: factors[b], n: block.n, d: BLOCK, vector, out: products });
        for (let i = 0; i < block.n; i++) column[i] -= products[i];
      }
      if (depth % BLOCK === 0) factors.push(kernelDoubles(kernels, block.n * BLOCK));
      const target = factors[factors.length - 1];
      const root = Math.sqrt(variance[index]);
      for (let i = 0; i < block.n; i++) {
        const value = column[i] / root;
        target[i * BLOCK + (depth % BLOCK)] = value;
        variance[i] = Math.max(0, variance[i] - value * value);
      }
      variance[index] = 0;
      depth++;
    };
    for (const index of known) condition(index);
    const picks: DeterminantPick[] = [];
    while (picks.length < n) {
      let best = -1;
      let most = 0;
      for (let i = 0; i < block.n; i++) {
        if (isOpen[i] === 0 || variance[i] <= RANK_FLOOR) continue;
        const value = variance[i] * quality[i] * quality[i];
        if (value > most) {
          most = value;
          best = i;
        }
      }
      if (best < 0) break;
      picks.push({ index: best, gain: Math.log(most) });
      condition(best);
      context.checkAbort();
    }
    return picks;
  } finally {
    kernels.release(mark);
  }
}

/** Similarities of all rows to one. */
function similarityColumn(
  kernels: SelectContext["kernels"],
  { x, norms, n, d }: Pick<EmbeddingBlock, "x" | "norms" | "n" | "d">,
  index: number,
  { kind, scale }: Similarity,
  dots: Float32Array,
): Float64Array {
  kernels.rowDots({ x, n, d, vector: x.slice(index * d, (index + 1) * d), out: dots });
  const column = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    column[i] =
      kind === "cosine" ? (1 + dots[i]) / 2 : Math.exp(-Math.max(0, norms[i] + norms[index] - 2 * dots[i]) / scale);
  }
  column[index] = 1;
  return column;
}

/** Rows whose distances the width of the gaussian is taken from. */
const WIDTH_ROWS = 256;

/** Twice the median squared distance of the first rows, times factor²; 1 when they coincide. */
export function gaussianScale({ x, d, n }: Pick<EmbeddingBlock, "x" | "d" | "n">, factor: number): number {
  const m = Math.min(n, WIDTH_ROWS);
  const squares: number[] = [];
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < i; j++) {
      let sum = 0;
      for (let q = 0; q < d; q++) sum += (x[i * d + q] - x[j * d + q]) ** 2;
      if (sum > 0) squares.push(sum);
    }
  }
  squares.sort((a, b) => a - b);
  return squares.length === 0 ? 1 : 2 * squares[squares.length >>> 1] * factor * factor;
}
