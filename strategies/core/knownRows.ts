import { randomOf } from "./keyedRandom";
import { truncateAtRandom } from "./sampleRows";
import type { Notice, Pool, SelectContext } from "./types";

/**
 * Rows a geometric strategy counts as already chosen: labelled and pending ones that have an embedding, at most `limit`.
 * More are left out at random, with a notice.
 */
export function knownRows(context: SelectContext, pool: Pool, limit: number, notices: Notice[]): Uint32Array {
  const covered = pool.embeddings?.n ?? 0;
  const rows = new Set<number>();
  for (const row of pool.labelled.rows) if (row < covered) rows.add(row);
  for (const row of pool.pending ?? []) if (row < covered) rows.add(row);
  return truncateAtRandom(
    Uint32Array.from(rows),
    limit,
    "labelled",
    pool.keys,
    randomOf(context, "labelled-subset"),
    notices,
  );
}
