import type { Pool } from "../db";
import { withTransaction } from "../db";
import type { BlobStore } from "../storage";
import { deleteOrphans, lockUploadKey, lockUploadsOf, selectOrphanKeys } from "./sweepUploads.db";

/** Files removed in one call; what is left waits for the next. */
const FILES_MAX = 1_000;

/**
 * Removes raw files that were sent before `before` and of which no import was ever made, with the notes of them. A file
 * that an import run or anything else names stays, however old; so does one that was sent again since.
 *
 * One transaction per file: an import that begins meanwhile either holds the upload, and it stays, or finds it gone. The
 * bytes go before the commit: after a crash in between, the notes are still there, and the next call ends the work.
 * @returns how many files were removed.
 */
export async function sweepUploads({ db, storage }: { db: Pool; storage: BlobStore }, before: Date): Promise<number> {
  let n = 0;
  for (const blobKey of await selectOrphanKeys(db, before, FILES_MAX)) {
    const isGone = await withTransaction(db, async (tx) => {
      await lockUploadKey(tx, blobKey);
      await lockUploadsOf(tx, blobKey);
      if ((await deleteOrphans(tx, blobKey, before)) === 0) return false;
      await storage.delete(blobKey);
      return true;
    });
    if (isGone) n++;
  }
  return n;
}
