import type { Clock } from "../clock";
import type { Pool } from "../db";
import { withTransaction } from "../db";
import type { ProgressReport } from "../jobs";
import { notifyProject } from "../jobs";
import { addSearchDocuments, cleanSearchIndex, markSearched, selectSearchState } from "./search.db";

/** Items per transaction. */
const BATCH_ROWS = 2_000;

export interface IndexEnvironment {
  db: Pool;
  clock: Clock;
  signal: AbortSignal;
  progress: (report: ProgressReport) => Promise<void>;
}

/**
 * Brings new items into the search index, batch by batch, up to the newest. The place reached moves in the transaction
 * of each batch, and writing a document twice is harmless, so it may be interrupted and repeated anywhere. The row
 * counter is locked for a moment at the end of each batch only: imports go on meanwhile.
 */
export async function indexItems(env: IndexEnvironment, projectId: number): Promise<{ indexed: number }> {
  const { db, signal } = env;
  let indexed = 0;
  const first = (await selectSearchState(db, projectId)).searchedThrough;
  while (true) {
    signal.throwIfAborted();
    const { searchedThrough, nextRow } = await selectSearchState(db, projectId);
    if (searchedThrough >= nextRow) break;
    const through = Math.min(searchedThrough + BATCH_ROWS, nextRow);
    indexed += await withTransaction(
      db,
      async (tx) => {
        const n = await addSearchDocuments(tx, projectId, searchedThrough, through);
        await markSearched(tx, projectId, through);
        return n;
      },
      { statementTimeoutMs: 0 },
    );
    await env.progress({ done: through - first, total: nextRow - first, message: `${through} of ${nextRow} items` });
  }
  if (indexed > 0) await cleanSearchIndex(db);
  await notifyProject(db, projectId, "items");
  return { indexed };
}
