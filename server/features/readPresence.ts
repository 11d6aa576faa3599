import type { ShardRef } from "../compute";
import { presenceKeyOf } from "../compute";
import type { BlobStore } from "../storage";

/** Bitmap of the rows of a shard that have a vector (bit r of word r >>> 5 is r & 31); null when all have. */
export async function readPresence(storage: BlobStore, shard: ShardRef): Promise<Uint32Array | null> {
  const key = presenceKeyOf(shard.key);
  return (await storage.stat(key)) ? new Uint32Array((await storage.get(key)).buffer) : null;
}
