import type { ApplyPayload, ApplyResult, TaskContext } from "../compute";
import { presenceKeyOf, putShard } from "../compute";
import { AppError, assert } from "../errors";
import { assembleEmbeddings } from "./embedding/assembleEmbeddings";
import type { Featurizer } from "./featurizer";
import type { StoredItem } from "./itemFile";
import { readItemFile } from "./itemFile";
import type { OnnxParameters } from "./learnFeatures";
import { hashModel } from "./learnFeatures";
import { createOnnxFeaturizer } from "./onnx/createOnnxFeaturizer";
import { createRecordFeaturizer } from "./record/createRecordFeaturizer";
import type { RecordParameters } from "./record/recordParameters";
import { createTextFeaturizer } from "./text/createTextFeaturizer";
import { decodeTextParameters } from "./text/textParameters";

/** Computes one shard of vectors and stores it; runs in a compute child. Rows that are not given stay zero. */
export async function applyFeatures(context: TaskContext, payload: ApplyPayload): Promise<ApplyResult> {
  const { kernels, storage } = context;
  const { nRows, dim } = payload;
  const out = kernels.allocF32(nRows * dim);
  const hasVector = new Uint8Array(nRows);
  if (payload.chunks) await assembleEmbeddings(storage, payload.chunks, payload, out, hasVector);
  else await transformItems(context, payload, out, hasVector);
  const shardKey = await putShard(storage, payload.shardPrefix, payload, out);
  const nMissing = nRows - hasVector.reduce((sum, has) => sum + has, 0);
  if (nMissing > 0) await storage.put(presenceKeyOf(shardKey), packBits(hasVector));
  return { shardKey, nMissing };
}

async function transformItems(
  context: TaskContext,
  payload: ApplyPayload,
  out: Float32Array,
  hasVector: Uint8Array,
): Promise<void> {
  assert(payload.itemsPath, "computing features needs a file of items");
  const { startRow, nRows, dim } = payload;
  const featurizer = await openFeaturizer(context, payload);
  assert(featurizer.dim === dim, `features have ${featurizer.dim} dimensions, the version says ${dim}`);
  let done = 0;
  /** Consecutive rows, so that they are written in place. */
  let run: StoredItem[] = [];
  const flush = async () => {
    if (run.length === 0) return;
    const first = run[0].row - startRow;
    const part = out.subarray(first * dim, (first + run.length) * dim);
    await featurizer.transform(run, part);
    for (let i = 0; i < run.length; i++) {
      if (isNonZero(part, i * dim, dim)) hasVector[first + i] = 1;
    }
    done += run.length;
    context.progress(done, nRows);
    run = [];
  };
  try {
    for await (const batch of readItemFile(payload.itemsPath)) {
      for (const item of batch) {
        const follows = run.length === 0 || item.row === run[run.length - 1].row + 1;
        if (!follows || run.length === featurizer.batchItems) await flush();
        run.push(item);
      }
    }
    await flush();
  } finally {
    await featurizer.dispose?.();
  }
}

function isNonZero(values: Float32Array, start: number, n: number): boolean {
  for (let j = start; j < start + n; j++) if (values[j] !== 0) return true;
  return false;
}

async function openFeaturizer(context: TaskContext, payload: ApplyPayload): Promise<Featurizer> {
  const { spec, parametersKey } = payload;
  assert(parametersKey, "learnt features need their parameters");
  const bytes = await context.storage.get(parametersKey);
  const json = () => JSON.parse(Buffer.from(bytes).toString("utf8")) as unknown;
  switch (spec.kind) {
    case "text":
      return createTextFeaturizer(context.kernels, decodeTextParameters(bytes, parametersKey));
    case "record":
      return createRecordFeaturizer(json() as RecordParameters);
    case "onnx": {
      assert(payload.modelFolder, "ONNX features need the folder of the model");
      const { modelSha256 } = json() as OnnxParameters;
      if ((await hashModel(payload.modelFolder)) !== modelSha256) {
        throw new AppError(
          "E_PRECONDITION",
          `The ONNX model in "${spec.path}" is not the one these features were begun with. Learn the features again.`,
        );
      }
      return createOnnxFeaturizer({ ...spec, folder: payload.modelFolder });
    }
    case "embedding":
      assert(false, "ingested vectors come from chunks");
  }
}

/** Bit r of word r >>> 5 is r & 31, as in the bitmaps of the strategies. */
function packBits(flags: Uint8Array): Uint8Array {
  const words = new Uint32Array((flags.length + 31) >>> 5);
  flags.forEach((flag, r) => {
    if (flag === 1) words[r >>> 5] |= 1 << (r & 31);
  });
  return new Uint8Array(words.buffer);
}
