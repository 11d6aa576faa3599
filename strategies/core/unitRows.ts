import type { Kernels } from "../kernels/types";
import type { EmbeddingBlock } from "./embeddingBlock";
import { gatherEmbeddings } from "./embeddingBlock";
import type { RowMatrix } from "./types";

/** Rows scaled to length 1, as a block whose origin is 0; rows of length 0 stay. @throws E_EMBEDDING_ROWS as there. */
export async function gatherUnitRows(kernels: Kernels, matrix: RowMatrix, rows: Uint32Array): Promise<EmbeddingBlock> {
  const block = await gatherEmbeddings(kernels, matrix, rows, new Float64Array(matrix.dim));
  const { n, d, x, norms } = block;
  for (let i = 0; i < n; i++) {
    const factor = norms[i] > 0 ? 1 / Math.sqrt(norms[i]) : 0;
    for (let j = i * d; j < (i + 1) * d; j++) x[j] *= factor;
  }
  kernels.rowNorms(x, n, d, norms);
  return block;
}
