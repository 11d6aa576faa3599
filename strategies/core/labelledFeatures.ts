import { rowsByKey } from "./itemKeys";
import { randomOf } from "./keyedRandom";
import { gatherRows } from "./rowMatrix";
import { truncateAtRandom } from "./sampleRows";
import { embeddingInput } from "./scoreInputs";
import type { Notice, Pool, SelectContext } from "./types";

/** Labelled rows that have an embedding, in ascending order of key, with what they were labelled. */
export interface LabelledFeatures {
  readonly n: number;
  /** The row of the pool behind each. */
  readonly rows: Uint32Array;
  readonly d: number;
  /** n × d. */
  readonly x: Float64Array;
  /** Class of each row; −1 in multi-label pools. */
  readonly classes: Int32Array;
  /** Multi-label pools: n × nClasses, 1 = the class applies. */
  readonly multi?: Uint8Array;
}

/**
 * Gathers the labelled rows, at most `limit` of them: more are left out at random, with a notice.
 * @throws E_EMBEDDING_ROWS when one of them holds NaN or infinity.
 */
export async function labelledFeatures(
  context: SelectContext,
  pool: Pool,
  limit: number,
  notices: Notice[],
): Promise<LabelledFeatures> {
  const { matrix, check } = embeddingInput(pool);
  const { labelled, nClasses, keys } = pool;
  const covered = labelled.rows.filter((row) => row < matrix.n);
  const random = randomOf(context, "labelled-subset");
  const rows = rowsByKey(keys, truncateAtRandom(covered, limit, "labelled", keys, random, notices));
  const positionOf = new Map<number, number>();
  labelled.rows.forEach((row, i) => {
    positionOf.set(row, i);
  });
  const at = Array.from(rows, (row) => positionOf.get(row)!);
  const d = matrix.dim;
  const x = new Float64Array(rows.length * d);
  await gatherRows(matrix, rows, x);
  for (let i = 0; i < rows.length; i++) check(x, i, d, rows[i]);
  const { multi } = labelled;
  return {
    n: rows.length,
    rows,
    d,
    x,
    classes: Int32Array.from(at, (i) => labelled.classes[i]),
    multi:
      multi &&
      Uint8Array.from({ length: rows.length * nClasses }, (_, i) => {
        return multi[at[Math.floor(i / nClasses)] * nClasses + (i % nClasses)];
      }),
  };
}
