import { kernelDoubles } from "../core/doubleRows";
import { squaredDistance } from "../core/embeddingBlock";
import type { SelectContext } from "../core/types";
import type { Kernels } from "../kernels/types";

/** One merge of two clusters; clusters 0 … n − 1 are the rows, n + s is the result of merge s. */
export interface Merge {
  readonly a: number;
  readonly b: number;
  /** Mean distance between the rows of the two. */
  readonly height: number;
  readonly size: number;
}

/**
 * Hierarchical clustering by average linkage over euclidean distances.
 *
 * Follows chains of nearest neighbours until two point at each other; for this linkage that gives the same merges as
 * always taking the nearest pair. Merges come in ascending order of height. Ties: lower positions.
 *
 * @param x n×d. Cost O(n²·d + n²) operations; memory 8·n² bytes.
 * Source: Murtagh 1983; Müllner 2011 for the order and the numbering.
 */
export function averageLinkage(
  { kernels, checkAbort }: Pick<SelectContext, "kernels" | "checkAbort">,
  x: Float64Array,
  n: number,
  d: number,
): Merge[] {
  const distance = distances(kernels, x, n, d, checkAbort);
  const size = new Float64Array(n).fill(1);
  const isActive = new Uint8Array(n).fill(1);
  const raw: { a: number; b: number; height: number }[] = [];
  const chain: number[] = [];
  while (raw.length < n - 1) {
    if (chain.length === 0) chain.push(isActive.indexOf(1));
    for (;;) {
      const top = chain[chain.length - 1];
      const before = chain.length > 1 ? chain[chain.length - 2] : -1;
      // The one before wins ties: otherwise equal distances could send the chain round in circles.
      let nearest = before;
      let least = before >= 0 ? distance[top * n + before] : Number.POSITIVE_INFINITY;
      for (let i = 0; i < n; i++) {
        if (isActive[i] === 1 && i !== top && distance[top * n + i] < least) {
          least = distance[top * n + i];
          nearest = i;
        }
      }
      if (nearest !== before) {
        chain.push(nearest);
        continue;
      }
      chain.length -= 2;
      raw.push({ a: Math.min(top, before), b: Math.max(top, before), height: least });
      mergeInto(distance, size, isActive, n, Math.min(top, before), Math.max(top, before));
      break;
    }
    if ((raw.length & 63) === 0) checkAbort();
  }
  return numbered(raw, n);
}

/** Row b joins row a: mean distances weighed by size. */
function mergeInto(
  distance: Float64Array,
  size: Float64Array,
  isActive: Uint8Array,
  n: number,
  a: number,
  b: number,
): void {
  const total = size[a] + size[b];
  for (let i = 0; i < n; i++) {
    if (isActive[i] === 0 || i === a || i === b) continue;
    const mean = (size[a] * distance[a * n + i] + size[b] * distance[b * n + i]) / total;
    distance[a * n + i] = mean;
    distance[i * n + a] = mean;
  }
  size[a] = total;
  isActive[b] = 0;
}

/** Rows of a tile of products. */
const TILE = 256;

/** Squares below this share of the numbers they are made of have lost digits and are taken again. */
const CANCELLED = 1e-5;

/** All pairwise distances, products by GEMM over tiles; relative error below 1e-10. */
function distances(kernels: Kernels, x: Float64Array, n: number, d: number, checkAbort: () => void): Float64Array {
  const out = new Float64Array(n * n);
  const norms = Float64Array.from({ length: n }, (_, i) => squaredLength(x, d, i));
  const mark = kernels.mark();
  const products = kernelDoubles(kernels, Math.min(n, TILE) ** 2);
  for (let top = 0; top < n; top += TILE) {
    checkAbort();
    const height = Math.min(TILE, n - top);
    const a = x.subarray(top * d, (top + height) * d);
    for (let left = 0; left <= top; left += TILE) {
      const across = Math.min(TILE, n - left);
      const b = x.subarray(left * d, (left + across) * d);
      kernels.gemmF64({ m: height, n: across, k: d, a, b, out: products, transB: true });
      for (let r = 0; r < height; r++) {
        const i = top + r;
        for (let c = 0; c < across && left + c < i; c++) {
          const j = left + c;
          const sum = norms[i] + norms[j];
          let squared = sum - 2 * products[r * across + c];
          if (squared < CANCELLED * sum) squared = squaredDistance(x, i, j, d);
          const value = Math.sqrt(squared);
          out[i * n + j] = value;
          out[j * n + i] = value;
        }
      }
    }
  }
  kernels.release(mark);
  return out;
}

function squaredLength(x: Float64Array, d: number, row: number): number {
  let sum = 0;
  for (let j = row * d; j < (row + 1) * d; j++) sum += x[j] * x[j];
  return sum;
}

/** Sorts merges by height and names each side by the merge that made it. */
function numbered(raw: readonly { a: number; b: number; height: number }[], n: number): Merge[] {
  const order = raw.map((_, i) => i).sort((i, j) => raw[i].height - raw[j].height || i - j);
  const parent = Int32Array.from({ length: 2 * n - 1 }, (_, i) => i);
  const size = new Int32Array(2 * n - 1).fill(1);
  const rootOf = (node: number) => {
    let root = node;
    while (parent[root] !== root) {
      parent[root] = parent[parent[root]];
      root = parent[root];
    }
    return root;
  };
  return order.map((i, step) => {
    const [a, b] = [rootOf(raw[i].a), rootOf(raw[i].b)];
    parent[a] = n + step;
    parent[b] = n + step;
    size[n + step] = size[a] + size[b];
    return { a: Math.min(a, b), b: Math.max(a, b), height: raw[i].height, size: size[n + step] };
  });
}

/** Cluster of each row after the first merges, numbered by first appearance. */
export function cutMerges(merges: readonly Merge[], n: number, count: number): Int32Array {
  const parent = Int32Array.from({ length: 2 * n - 1 }, (_, i) => i);
  for (let step = 0; step < count; step++) {
    parent[merges[step].a] = n + step;
    parent[merges[step].b] = n + step;
  }
  const idOf = new Map<number, number>();
  return Int32Array.from({ length: n }, (_, row) => {
    let root = row;
    while (parent[root] !== root) root = parent[root];
    const id = idOf.get(root) ?? idOf.size;
    idOf.set(root, id);
    return id;
  });
}
