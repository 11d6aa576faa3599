import type { Pool } from "../db";
import type { BlobStore } from "../storage";
import type { StoredVersionRow } from "./prediction.db";
import { deletePredictionShards, selectStoredVersions, selectVersionsInUse } from "./prediction.db";

/** Versions whose probabilities are kept whatever they weigh. */
const KEPT_VERSIONS_MIN = 3;
/** Probabilities kept beyond these, newest first. A hundred thousand rows of 77 classes weigh 31 MB. */
const KEPT_BYTES_MAX = 2 * 2 ** 30;

/** Which versions lose their probabilities: old ones beyond the limits, never those in use and never outside models. */
export function versionsToPrune(
  stored: readonly StoredVersionRow[],
  inUse: readonly (number | null)[],
  limits: { versionsMin: number; bytesMax: number },
): number[] {
  const pruned: number[] = [];
  let bytes = 0;
  stored.forEach((version, i) => {
    const isOver = i >= limits.versionsMin && bytes + version.bytes > limits.bytesMax;
    if (isOver && !version.isExternal && !inUse.includes(version.version)) pruned.push(version.version);
    else bytes += version.bytes;
  });
  return pruned;
}

/**
 * Deletes probabilities of old versions. Their most probable classes stay, which is what measuring needs; whoever rolls
 * back to such a version, or replays one of its rounds, has it predict again.
 */
export async function prunePredictions(
  { db, storage }: { db: Pool; storage: BlobStore },
  projectId: number,
): Promise<number[]> {
  const stored = await selectStoredVersions(db, projectId);
  const pruned = versionsToPrune(stored, await selectVersionsInUse(db, projectId), {
    versionsMin: KEPT_VERSIONS_MIN,
    bytesMax: KEPT_BYTES_MAX,
  });
  for (const version of pruned) {
    for (const shard of await deletePredictionShards(db, projectId, version)) await storage.delete(shard.key);
  }
  return pruned;
}
