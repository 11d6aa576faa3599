import { deserializeModel } from "../../models";
import type { FinishedRange, PredictPayload, PredictResult } from "../protocol";
import { classesKeyOf, putShard } from "../shardKey";
import { ShardReader } from "../shardMatrix";
import type { TaskContext } from "../taskContext";

/** Rows predicted in one piece: their features stay in the cache between reading and multiplying. */
const BLOCK_ROWS = 4_096;

/** Predicts ranges of rows with a stored model; each range is stored before it is reported. */
export async function predict(context: TaskContext, payload: PredictPayload): Promise<PredictResult> {
  const { kernels, storage } = context;
  const { features, width } = payload;
  const model = await deserializeModel(await storage.get(payload.modelKey), context);
  const reader = new ShardReader(storage, features);
  const total = payload.ranges.reduce((sum, range) => sum + range.nRows, 0);
  let done = 0;
  try {
    for (const range of payload.ranges) {
      const mark = kernels.mark();
      const x = kernels.allocF32(Math.min(BLOCK_ROWS, range.nRows) * features.dim);
      const out = kernels.allocF32(range.nRows * width);
      for (let at = 0; at < range.nRows; at += BLOCK_ROWS) {
        const n = Math.min(BLOCK_ROWS, range.nRows - at);
        await reader.readRows(range.startRow + at, range.startRow + at + n, x);
        await model.predict(x, n, out.subarray(at * width, (at + n) * width));
        done += n;
        context.progress(done, total);
      }
      context.rangeFinished(await storeRange(context, payload.shardPrefix, range, out, width));
      kernels.release(mark);
    }
    return { backend: model.backend };
  } finally {
    model.dispose();
    await reader.close();
  }
}

/** Beside the probabilities, the most probable class of each row: all that is kept of old versions. */
async function storeRange(
  { kernels, storage }: TaskContext,
  prefix: string,
  range: { startRow: number; nRows: number },
  out: Float32Array,
  width: number,
): Promise<FinishedRange> {
  const argmax = kernels.allocI32(range.nRows);
  kernels.rowStats(out, range.nRows, width, { argmax });
  const key = await putShard(storage, prefix, range, out);
  await storage.put(classesKeyOf(key), new Uint8Array(Uint16Array.from(argmax).buffer));
  return { ...range, key };
}
