import type { Db } from "../db";
import type { ProjectRow } from "../projects";
import { readPoolState, selectEmbeddingChunks } from "./features.db";
import type { EmbeddingState } from "./planBuild";
import { planBuild } from "./planBuild";

/** Whether a build would find anything to do. Reads rows only, no blobs. */
export async function areFeaturesBehind(db: Db, project: Pick<ProjectRow, "id" | "featureSpec">): Promise<boolean> {
  const state = await readPoolState(db, project.id);
  const { featureSpec: spec } = project;
  let embeddings: EmbeddingState | null = null;
  if (spec.kind === "embedding") {
    const newest = (await selectEmbeddingChunks(db, project.id, spec.name)).at(-1)?.id ?? 0;
    const active = state.versions.find((version) => version.version === state.activeFeatureVersion);
    const isKnown = active?.spec.kind === "embedding" && active.report.throughChunk === newest;
    // Without looking into the chunks: any new one is worth a look.
    embeddings = {
      throughChunk: newest,
      nRows: newest === 0 ? 0 : (active?.nRows ?? 1),
      lowestNewRow: isKnown ? Number.POSITIVE_INFINITY : 0,
    };
  }
  return planBuild(spec, state, { relearn: false, embeddings }).kind !== "nothing";
}
