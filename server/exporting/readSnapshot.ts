import type { Pool, Tx } from "../db";

/** Longest a reader may pause before its snapshot is given up: an old snapshot keeps dead rows of the whole database. */
const IDLE_MAX_MS = 10 * 60_000;

/**
 * Reads one state of the database from beginning to end, however long that takes and whatever is written meanwhile: a
 * repeatable-read, read-only transaction on a connection of its own. The transaction ends when the generator does, also
 * when its reader goes away early.
 */
export async function* readSnapshot<T>(
  db: Pool,
  read: (tx: Tx) => AsyncGenerator<T, void, undefined>,
): AsyncGenerator<T, void, undefined> {
  const client = await db.connect();
  let broken: Error | undefined = new Error("the export did not end");
  try {
    await client.query("begin isolation level repeatable read read only");
    await client.query(`set local statement_timeout = 0`);
    await client.query(`set local idle_in_transaction_session_timeout = ${IDLE_MAX_MS}`);
    yield* read(client);
    await client.query("commit");
    broken = undefined;
  } finally {
    // A connection in the middle of a transaction is not given to the next caller but closed, which ends the snapshot.
    client.release(broken);
  }
}
