import type { EmbeddingBlock } from "./embeddingBlock";
import { kernelFloats } from "./embeddingBlock";
import type { SelectContext } from "./types";

/** Rows of a tile of products: two tiles of embeddings and one of products stay in the cache. */
const TILE = 512;

/**
 * Calls `use` with the squared distance of every pair i > j, ≥ 0, in float32 precision; of one row the partners come in
 * ascending order. Products by GEMM over tiles: n²·d operations, no n×n array.
 */
export function eachPair(
  { kernels, checkAbort }: Pick<SelectContext, "kernels" | "checkAbort">,
  { x, norms, n, d }: Pick<EmbeddingBlock, "x" | "norms" | "n" | "d">,
  use: (i: number, j: number, squared: number) => void,
): void {
  const mark = kernels.mark();
  const products = kernelFloats(kernels, Math.min(n, TILE) ** 2);
  for (let top = 0; top < n; top += TILE) {
    checkAbort();
    const height = Math.min(TILE, n - top);
    for (let left = 0; left <= top; left += TILE) {
      const across = Math.min(TILE, n - left);
      kernels.gemm({
        m: height,
        n: across,
        k: d,
        a: x.subarray(top * d, (top + height) * d),
        b: x.subarray(left * d, (left + across) * d),
        out: products,
        transB: true,
      });
      for (let i = 0; i < height; i++) {
        const end = Math.min(across, top + i - left);
        for (let j = 0; j < end; j++) {
          const squared = norms[top + i] + norms[left + j] - 2 * products[i * across + j];
          use(top + i, left + j, squared < 0 ? 0 : squared);
        }
      }
    }
  }
  kernels.release(mark);
}
