import type { Pool, SelectContext } from "@/strategies";
import { arrayMatrix, bitmapFromRows, KeyedRandom } from "@/strategies";
import type { Kernels } from "@/strategies/kernels";

/** A pool over given matrices; rows that are not labelled are eligible. */
export function goldenPool(
  matrices: { readonly probabilities?: number[][]; readonly embeddings?: number[][] },
  labelled: readonly number[],
): Pool {
  const n = (matrices.probabilities ?? matrices.embeddings)!.length;
  const matrix = (values: number[][] | undefined) =>
    values && arrayMatrix(Float64Array.from(values.flat()), n, values[0].length);
  const open = Array.from({ length: n }, (_, row) => row).filter((row) => !labelled.includes(row));
  return {
    n,
    nClasses: matrices.probabilities?.[0].length ?? 0,
    eligible: bitmapFromRows(n, open),
    labelled: { rows: Uint32Array.from(labelled), classes: new Int32Array(labelled.length) },
    probabilities: matrix(matrices.probabilities),
    embeddings: matrix(matrices.embeddings),
  };
}

/** What a strategy gets besides the pool, with nobody listening. */
export function quietContext(kernels: Kernels, seed = "seed"): SelectContext {
  const nothing = () => undefined;
  return { kernels, seed, scope: "test", checkAbort: nothing, progress: nothing, trace: nothing };
}

/** n points of d coordinates in [−2, 2). */
export function points(n: number, d: number, seed: string): Float32Array {
  const random = new KeyedRandom(seed, "points");
  return Float32Array.from({ length: n * d }, (_, i) => 4 * random.uniform(i) - 2);
}

/** Points as the kernels take them. */
export function blockOf(x: Float32Array, d: number) {
  const n = x.length / d;
  const norms = Float32Array.from({ length: n }, (_, i) => distance(x, d, i, -1) ** 2);
  return { x, norms, n, d };
}

/** Distance of two rows; of a row to the origin for b = −1. */
export function distance(x: ArrayLike<number>, d: number, a: number, b: number): number {
  let sum = 0;
  for (let j = 0; j < d; j++) sum += (x[a * d + j] - (b < 0 ? 0 : x[b * d + j])) ** 2;
  return Math.sqrt(sum);
}
