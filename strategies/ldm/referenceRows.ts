import { hasBit } from "../core/bitmap";
import { KeyedRandom } from "../core/keyedRandom";
import { gatherRows } from "../core/rowMatrix";
import { sampleRows } from "../core/sampleRows";
import { embeddingInput } from "../core/scoreInputs";
import type { Pool } from "../core/types";

/**
 * Embeddings of items as they come: what a disagreement between two heads is measured on.
 *
 * The pool's own reference matrix where it has one; else of all rows that are open, labelled or pending, whatever their
 * label, the `size` of the smallest keyed draws. The draws depend on the items alone, so that the reference stays the same
 * from round to round and histograms can be compared.
 *
 * @returns m × d, m ≤ size. @throws E_EMBEDDING_ROWS when one of them holds NaN or infinity.
 */
export async function referenceRows(pool: Pool, size: number): Promise<Float32Array> {
  const matrix = pool.reference ?? pool.embeddings!;
  const all = pool.reference === undefined ? deploymentRows(pool) : Uint32Array.from({ length: matrix.n }, (_, i) => i);
  const keys = pool.reference === undefined ? pool.keys : undefined;
  const rows = sampleRows(all, size, keys, new KeyedRandom("", "ldm/reference"));
  const values = new Float32Array(rows.length * matrix.dim);
  await gatherRows(matrix, rows, values);
  const { check } = embeddingInput(pool);
  for (let i = 0; i < rows.length; i++) check(values, i, matrix.dim, rows[i]);
  return values;
}

function deploymentRows(pool: Pool): Uint32Array {
  const covered = pool.embeddings!.n;
  const isKnown = new Set<number>([...pool.labelled.rows, ...(pool.pending ?? [])]);
  let n = 0;
  for (let row = 0; row < covered; row++) if (hasBit(pool.eligible, row) || isKnown.has(row)) n++;
  const rows = new Uint32Array(n);
  let at = 0;
  for (let row = 0; row < covered; row++) if (hasBit(pool.eligible, row) || isKnown.has(row)) rows[at++] = row;
  return rows;
}
