import { createHash } from "node:crypto";
import type { BlobKey, BlobStore } from "../storage";

const SHARD_NAME = /\/(\d+)-(\d+)-([0-9a-f]{64})\.f32/;

/** `<prefix>/<startRow>-<nRows>-<sha256>.f32`: a shard's key names its bytes, so it can be checked and never changes. */
export function shardKeyOf(prefix: string, range: { startRow: number; nRows: number }, sha256: string): BlobKey {
  return `${prefix}/${range.startRow}-${range.nRows}-${sha256}.f32`;
}

/** What a shard's key says, also that of a blob beside a shard; undefined for another kind of key. */
export function parseShardKey(key: BlobKey): { startRow: number; nRows: number; sha256: string } | undefined {
  const [, startRow, nRows, sha256] = SHARD_NAME.exec(key) ?? [];
  return sha256 === undefined ? undefined : { startRow: Number(startRow), nRows: Number(nRows), sha256 };
}

/** Stores an array as a shard and returns its key. */
export async function putShard(
  storage: BlobStore,
  prefix: string,
  range: { startRow: number; nRows: number },
  array: Float32Array,
): Promise<BlobKey> {
  const bytes = new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  const key = shardKeyOf(prefix, range, sha256);
  await storage.put(key, bytes);
  return key;
}

/** The bitmap of rows that have values, stored beside a shard when some have none. */
export function presenceKeyOf(shardKey: BlobKey): BlobKey {
  return `${shardKey}.present`;
}

/** The most probable class of each row (u16), stored beside a shard of probabilities and kept when that goes. */
export function classesKeyOf(shardKey: BlobKey): BlobKey {
  return `${shardKey}.classes`;
}
