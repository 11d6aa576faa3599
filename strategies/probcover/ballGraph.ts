import { eachPair } from "../core/eachPair";
import type { EmbeddingBlock } from "../core/embeddingBlock";
import type { SelectContext } from "../core/types";

type Rows = Pick<EmbeddingBlock, "x" | "norms" | "n" | "d">;

/** Distances whose float32 value is this near to the radius, relative to the numbers they are made of, are taken again. */
const BORDER = 1e-5;

/** Which rows lie within the radius of which: bit j of row i is `words[i * width + (j >>> 5)] >>> (j & 31) & 1`. */
export interface BallGraph {
  readonly n: number;
  /** Words per row. */
  readonly width: number;
  readonly words: Uint32Array;
}

/**
 * Graph of all pairs with distance < radius, each row with itself. Symmetric. n²/8 bytes; n²·d operations by GEMM.
 */
export function ballGraph(
  context: Pick<SelectContext, "kernels" | "checkAbort">,
  rows: Rows,
  radius: number,
): BallGraph {
  const width = (rows.n + 31) >>> 5;
  const words = new Uint32Array(rows.n * width);
  const bound = radius * radius;
  eachPair(context, rows, (i, j, squared) => {
    const isBorder = Math.abs(squared - bound) <= BORDER * (rows.norms[i] + rows.norms[j] + bound);
    if ((isBorder ? exactSquared(rows, i, j) : squared) < bound) {
      words[i * width + (j >>> 5)] |= 1 << (j & 31);
      words[j * width + (i >>> 5)] |= 1 << (i & 31);
    }
  });
  for (let i = 0; i < rows.n; i++) words[i * width + (i >>> 5)] |= 1 << (i & 31);
  return { n: rows.n, width, words };
}

/**
 * The largest radius at which at least `purity` of the rows have a pure ball: no row of another group nearer than the
 * radius. Exact: it is a quantile of the distances to the nearest row of another group.
 *
 * @param group pseudo-label of each row.
 * @returns null when no two rows have different groups.
 */
export function purityRadius(
  context: Pick<SelectContext, "kernels" | "checkAbort">,
  rows: Rows,
  group: ArrayLike<number>,
  purity: number,
): number | null {
  const nearest = new Float64Array(rows.n).fill(Number.POSITIVE_INFINITY);
  eachPair(context, rows, (i, j, squared) => {
    if (group[i] === group[j]) return;
    if (squared < nearest[i]) nearest[i] = squared;
    if (squared < nearest[j]) nearest[j] = squared;
  });
  const ascending = nearest.sort();
  const at = ascending[Math.min(rows.n - 1, Math.floor((1 - purity) * rows.n + 1e-9))];
  if (Number.isFinite(at)) return Math.sqrt(at);
  // Fewer rows than 1 − purity have a neighbour of another group at all: the largest distance that matters bounds it.
  const finite = ascending.filter((value) => Number.isFinite(value));
  return finite.length === 0 ? null : Math.sqrt(finite[finite.length - 1]);
}

function exactSquared({ x, d }: Rows, a: number, b: number): number {
  let sum = 0;
  for (let j = 0; j < d; j++) {
    const difference = x[a * d + j] - x[b * d + j];
    sum += difference * difference;
  }
  return sum;
}
