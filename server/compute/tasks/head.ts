import { createHash } from "node:crypto";
import type { ComputeContext, TrainedModel } from "../../models";
import { deserializeModel } from "../../models";
import type { BlobStore } from "../../storage";
import type { HeadPayload, ShardRef, StoredHead } from "../protocol";
import { parseShardKey, putShard } from "../shardKey";
import { ShardReader } from "../shardMatrix";
import type { TaskContext } from "../taskContext";

/** Rows computed in one piece. */
const BLOCK_ROWS = 4_096;

/**
 * Stores a model's last linear layer and what it reads, shard by shard beside the vectors' own shards. Shards that an
 * earlier run computed from the same vectors are taken as they are.
 */
export async function head(context: TaskContext, payload: HeadPayload): Promise<StoredHead | null> {
  const { storage } = context;
  const model = await deserializeModel(await storage.get(payload.modelKey), context as ComputeContext);
  try {
    if (!model.head || !model.headInputs) return null;
    const { reads, dim, weights, bias } = model.head;
    const shards = reads === "features" ? payload.features.shards : await storeInputs(context, payload, model, dim);
    return {
      ...{ reads, dim, nClasses: bias.length },
      weights: await putArray(storage, `${payload.prefix}/weights`, weights),
      bias: await putArray(storage, `${payload.prefix}/bias`, bias),
      inputs: { dim, shards },
    };
  } finally {
    model.dispose();
  }
}

async function storeInputs(
  { storage, kernels, progress }: TaskContext,
  { features, prefix }: HeadPayload,
  model: TrainedModel,
  dim: number,
): Promise<ShardRef[]> {
  const reader = new ShardReader(storage, features);
  const total = features.shards.reduce((sum, shard) => sum + shard.nRows, 0);
  const shards: ShardRef[] = [];
  let done = 0;
  try {
    for (const { startRow, nRows, key } of features.shards) {
      const noteKey = `${prefix}/of-${parseShardKey(key)?.sha256}.json`;
      let shardKey = await readNote(storage, noteKey);
      if (shardKey === undefined) {
        const mark = kernels.mark();
        const x = kernels.allocF32(Math.min(BLOCK_ROWS, nRows) * features.dim);
        const out = kernels.allocF32(nRows * dim);
        for (let at = 0; at < nRows; at += BLOCK_ROWS) {
          const n = Math.min(BLOCK_ROWS, nRows - at);
          await reader.readRows(startRow + at, startRow + at + n, x.subarray(0, n * features.dim));
          await model.headInputs?.(x, n, out.subarray(at * dim, (at + n) * dim));
          progress(done + at + n, total, "what the head reads");
        }
        shardKey = await putShard(storage, prefix, { startRow, nRows }, out);
        await storage.put(noteKey, new TextEncoder().encode(JSON.stringify({ key: shardKey })));
        kernels.release(mark);
      }
      done += nRows;
      shards.push({ startRow, nRows, key: shardKey });
    }
  } finally {
    await reader.close();
  }
  return shards;
}

/** Where an earlier run left the shard of the same vectors; undefined when it did not, or it was deleted since. */
async function readNote(storage: BlobStore, noteKey: string): Promise<string | undefined> {
  if ((await storage.stat(noteKey)) === undefined) return undefined;
  const { key } = JSON.parse(new TextDecoder().decode(await storage.get(noteKey))) as { key: string };
  return (await storage.stat(key)) === undefined ? undefined : key;
}

async function putArray(
  storage: BlobStore,
  name: string,
  array: Float32Array,
): Promise<{ key: string; sha256: string }> {
  const bytes = new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  const key = `${name}-${sha256}`;
  await storage.put(key, bytes);
  return { key, sha256 };
}
