import { trainerEntry } from "../../models";
import type { TrainPayload, TrainResult } from "../protocol";
import { ShardReader } from "../shardMatrix";
import type { TaskContext } from "../taskContext";

/** Trains one model on the rows and classes of a training set and stores it. */
export async function train(context: TaskContext, payload: TrainPayload): Promise<TrainResult> {
  const { kernels, storage } = context;
  const { features, nClasses } = payload;
  const trainSet = new Int32Array((await storage.get(payload.trainSetKey)).buffer);
  const rows = trainSet.subarray(0, trainSet.length / 2);
  const labels = trainSet.subarray(rows.length);
  const x = kernels.allocF32(rows.length * features.dim);
  const reader = new ShardReader(storage, features);
  try {
    await reader.gather(rows, x);
  } finally {
    await reader.close();
  }
  const trainer = await trainerEntry(payload.trainer.id).load();
  const { classWeights, options } = payload.trainer;
  const target = { kind: "classes" as const, labels, nClasses };
  const model = await trainer.train(
    { x, n: rows.length, d: features.dim, target, classWeights, seed: payload.seed, options },
    {
      kernels,
      monotonicMs: context.monotonicMs,
      progress: (done, total, message) => context.progress(done, total, message),
      // A child is cancelled by ending it.
      signal: { aborted: false },
    },
  );
  try {
    await storage.put(payload.modelKey, model.serialize());
    return { backend: model.backend, metrics: { ...model.metrics }, remarks: [...model.remarks] };
  } finally {
    model.dispose();
  }
}
