import type { Pool, SelectContext } from "@/strategies";
import { arrayMatrix, bitmapFromRows } from "@/strategies";
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
