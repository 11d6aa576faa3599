import type { AttachResult } from "@/contracts/ingestion";
import { EMBEDDING_SQUARED_NORM_MAX } from "@/strategies";
import { requestJob } from "../jobs";
import type { VectorBytes } from "./attachVectors";
import { attachVectors, badNumber, readFloats } from "./attachVectors";
import type { IngestContext } from "./ingestContext";

export interface EmbeddingsInput {
  /** Name of the set, such as the encoder's. */
  name: string;
  dim: number;
  externalIds: readonly string[];
  data: VectorBytes;
}

/** Refuses vectors too long for the distances of strategies, by their own limit, naming the largest number of the item. */
function checkLengths(values: Float32Array, externalIds: readonly string[], dim: number): void {
  for (let item = 0; item < externalIds.length; item++) {
    let squared = 0;
    let largest = 0;
    for (let j = 0; j < dim; j++) {
      const value = values[item * dim + j];
      squared += value * value;
      if (Math.abs(value) > Math.abs(values[item * dim + largest])) largest = j;
    }
    if (squared <= EMBEDDING_SQUARED_NORM_MAX) continue;
    const length = Math.sqrt(squared).toPrecision(3);
    const max = Math.sqrt(EMBEDDING_SQUARED_NORM_MAX).toPrecision(3);
    const what = `${values[item * dim + largest]} makes the vector ${length} long, and distances overflow beyond ${max}; scale the vectors`;
    throw badNumber(externalIds, item, largest, what);
  }
}

/**
 * Attaches vectors to items. Asks for features when the project's features are made of this set.
 * @throws E_BAD_INPUT, E_BAD_ROWS naming item and position (not finite, or a vector too long for distances) or id, E_CONFLICT for another dimension than before.
 */
export async function attachEmbeddings(ctx: IngestContext, input: EmbeddingsInput): Promise<AttachResult> {
  const { clock, project } = ctx;
  const { name, dim, externalIds } = input;
  const values = readFloats(input.data, externalIds, dim);
  checkLengths(values, externalIds, dim);
  const spec = project.featureSpec;
  return attachVectors(ctx, {
    kind: "embedding",
    name,
    externalIds,
    values,
    width: dim,
    request: async (tx) => {
      if (spec.kind !== "embedding" || spec.name !== name) return;
      await requestJob(tx, clock, { kind: "features.build", payload: { projectId: project.id } });
    },
  });
}
