import { readModelFile } from "./modelFile";
import type { ComputeContext, TrainedModel } from "./port";
import { trainerEntry } from "./registry";

/** Opens a serialized model with the trainer named in its file. @throws AppError E_STORAGE when the bytes are damaged. */
export async function deserializeModel(bytes: Uint8Array, context: ComputeContext): Promise<TrainedModel> {
  const trainer = await trainerEntry(readModelFile(bytes).trainerId).load();
  return trainer.deserialize(bytes, context);
}
