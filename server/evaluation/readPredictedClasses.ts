import { classesKeyOf, parseShardKey } from "../compute";
import type { Db } from "../db";
import { readPresence } from "../features";
import { predictionPrefix, selectPredictionShards } from "../prediction";
import type { BlobStore } from "../storage";

const CLASSES_SUFFIX = ".classes";

/**
 * The most probable class, by column, of rows 0 … nRows − 1 by a version; −1 where it says nothing. Versions whose
 * probabilities were deleted are still known by their classes.
 */
export async function readPredictedClasses(
  { db, storage }: { db: Db; storage: BlobStore },
  projectId: number,
  version: number,
  nRows: number,
): Promise<Int32Array> {
  const predicted = new Int32Array(nRows).fill(-1);
  const shards = await selectPredictionShards(db, projectId, version);
  const keys = shards.length > 0 ? shards.map(({ key }) => key) : await keptKeys(storage, projectId, version);
  for (const key of keys) {
    const range = parseShardKey(key);
    if (!range || range.startRow >= nRows) continue;
    const classes = new Uint16Array((await storage.get(classesKeyOf(key))).buffer);
    const present = await readPresence(storage, { ...range, key });
    for (let r = 0; r < Math.min(classes.length, nRows - range.startRow); r++) {
      const isPresent = present === null || ((present[r >>> 5] >>> (r & 31)) & 1) === 1;
      if (isPresent) predicted[range.startRow + r] = classes[r];
    }
  }
  return predicted;
}

/** Keys of shards of which only the classes are left. */
async function keptKeys(storage: BlobStore, projectId: number, version: number): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of storage.list(predictionPrefix(projectId, version))) {
    if (key.endsWith(CLASSES_SUFFIX)) keys.push(key.slice(0, -CLASSES_SUFFIX.length));
  }
  return keys;
}
