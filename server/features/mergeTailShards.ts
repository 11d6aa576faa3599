import { createHash } from "node:crypto";
import type { ShardRef } from "../compute";
import { presenceKeyOf, shardKeyOf } from "../compute";
import type { Pool } from "../db";
import { withTransaction } from "../db";
import type { BlobStore } from "../storage";
import { featurePrefix } from "./featurePrefix";
import type { FeatureVersionRow } from "./features.db";
import { replaceFeatureShards, selectFeatureShards } from "./features.db";
import { readPresence } from "./readPresence";

/**
 * Which shards at the end are worth joining: as many as fit into one shard, while each is at most twice what follows it.
 * A row is thus copied a number of times that grows with the logarithm of the appended rows, and the number of shards
 * stays small however many small appends there are. Empty when nothing is to join.
 */
export function tailToMerge(shards: readonly ShardRef[], shardRows: number): ShardRef[] {
  let first = shards.length - 1;
  let total = shards.at(-1)?.nRows ?? 0;
  while (first > 0) {
    const before = shards[first - 1];
    if (before.nRows > 2 * total || before.nRows + total > shardRows) break;
    total += before.nRows;
    first--;
  }
  return shards.length - first >= 2 ? shards.slice(first) : [];
}

/**
 * Joins small shards at the end of a version into one. Their blobs stay, because manifests of rounds name them.
 * Memory: one shard.
 */
export async function mergeTailShards(
  { db, storage }: { db: Pool; storage: BlobStore },
  projectId: number,
  version: FeatureVersionRow,
  shardRows: number,
): Promise<void> {
  const tail = tailToMerge(await selectFeatureShards(db, projectId, version.version), shardRows);
  if (tail.length === 0) return;
  const startRow = tail[0].startRow;
  const nRows = tail.reduce((sum, shard) => sum + shard.nRows, 0);
  const bytes = new Uint8Array(nRows * version.dim * 4);
  for (const shard of tail) {
    const at = (shard.startRow - startRow) * version.dim * 4;
    await storage.readRange(shard.key, 0, bytes.subarray(at, at + shard.nRows * version.dim * 4));
  }
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  const key = shardKeyOf(featurePrefix(projectId, version.version), { startRow, nRows }, sha256);
  const present = await joinPresence(storage, tail, startRow, nRows);
  if (present) await storage.put(presenceKeyOf(key), new Uint8Array(present.buffer));
  await storage.put(key, bytes);
  await withTransaction(db, (tx) =>
    replaceFeatureShards(tx, projectId, version.version, tail, { startRow, nRows, key }),
  );
}

async function joinPresence(storage: BlobStore, tail: readonly ShardRef[], startRow: number, nRows: number) {
  const joined = new Uint32Array((nRows + 31) >>> 5);
  let isPartial = false;
  for (const shard of tail) {
    const words = await readPresence(storage, shard);
    isPartial ||= words !== null;
    for (let r = 0; r < shard.nRows; r++) {
      if (words !== null && ((words[r >>> 5] >>> (r & 31)) & 1) === 0) continue;
      const to = shard.startRow - startRow + r;
      joined[to >>> 5] |= 1 << (to & 31);
    }
  }
  return isPartial ? joined : null;
}
