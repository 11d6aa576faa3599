import type { AttachResult } from "@/contracts/ingestion";
import { requestJob } from "../jobs";
import type { VectorBytes } from "./attachVectors";
import { attachVectors, readFloats } from "./attachVectors";
import type { IngestContext } from "./ingestContext";

export interface EmbeddingsInput {
  /** Name of the set, such as the encoder's. */
  name: string;
  dim: number;
  externalIds: readonly string[];
  data: VectorBytes;
}

/**
 * Attaches vectors to items. Asks for features when the project's features are made of this set.
 * @throws E_BAD_INPUT, E_BAD_ROWS naming item and position or id, E_CONFLICT for another dimension than before.
 */
export async function attachEmbeddings(ctx: IngestContext, input: EmbeddingsInput): Promise<AttachResult> {
  const { clock, project } = ctx;
  const { name, dim, externalIds } = input;
  const values = readFloats(input.data, externalIds, dim);
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
